//! What a plan or an item that is being written would give: the next visits, with what is left out and why.

use chrono::{Datelike, NaiveDate};

use super::model::{Holidays, ItemInput, Occurrence, PauseReason, PlanState, Span, Wish, next};
use super::store::{ItemRow, PlanRow, items_of, pauses_of, sources};
use super::wanted::{Surroundings, block, wish};
use crate::clock::{Calendar, Instant};
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::visits::WithdrawReason;

/// Visits of a preview.
pub const NEXT_VISITS: usize = 10;

/// The next days of one item.
pub struct Preview {
    pub occurrences: Vec<Occurrence>,
    pub holidays: Holidays,
    /// Years among them whose public schedule is not known.
    pub unknown_years: Vec<i32>,
}

/// The next visits of an item as it is being written. For a caller who reaches the plan.
pub fn preview(
    connection: &mut AnyConnection,
    plan: &PlanRow,
    input: &ItemInput,
    (calendar, now): (Calendar, Instant),
) -> Result<Preview> {
    let rule = input.check()?;
    let pauses: Vec<(Span, PauseReason)> =
        pauses_of(connection, plan.id)?.iter().map(|pause| (pause.span(), pause.reason)).collect();
    let wish = Wish {
        rule,
        span: Span { from: input.starts_on, to: input.ends_on },
        plan: plan.span(),
        holiday_rule: input.holiday_rule,
        tolerance_days: input.tolerance_days,
        pauses,
    };
    let holidays = super::holidays::store::holidays(connection)?;
    Ok(of_wish(&wish, holidays, calendar.day_of(now)))
}

fn of_wish(wish: &Wish, holidays: Holidays, today: NaiveDate) -> Preview {
    let occurrences = next(wish, &holidays, today.max(wish.plan.from), NEXT_VISITS);
    let mut unknown_years: Vec<i32> =
        occurrences.iter().map(|one| one.shown_on().year()).filter(|year| !holidays.knows(*year)).collect();
    unknown_years.dedup();
    Preview { occurrences, holidays, unknown_years }
}

/// The next visits of all items of a plan.
pub struct PlanPreview {
    /// Item and day, in order; the first ten visits.
    pub visits: Vec<(ItemRow, Occurrence)>,
    pub holidays: Holidays,
    pub unknown_years: Vec<i32>,
    /// Why the elder gets none at all now.
    pub blocked: Option<WithdrawReason>,
}

pub fn plan_preview(
    connection: &mut AnyConnection,
    plan: &PlanRow,
    (calendar, now): (Calendar, Instant),
) -> Result<PlanPreview> {
    let around = Surroundings::load(connection, calendar)?;
    let source = sources(connection, &[plan.id])?.pop().ok_or_else(Error::not_found)?;
    let today = calendar.day_of(now);
    let mut visits = Vec::new();
    let mut unknown_years = Vec::new();
    for item in items_of(connection, plan.id)? {
        let Some(wish) = wish(&source, &item) else { continue };
        let found = of_wish(&wish, around.holidays.clone(), today);
        unknown_years.extend(found.unknown_years);
        visits.extend(found.occurrences.into_iter().map(|one| (item.clone(), one)));
    }
    visits.sort_by_key(|(item, one)| (one.shown_on(), item.window_starts_min, item.id));
    let mut shown = 0;
    visits.retain(|(_, one)| {
        let fits = shown < NEXT_VISITS;
        shown += usize::from(one.service_on.is_some());
        fits
    });
    unknown_years.sort_unstable();
    unknown_years.dedup();
    let blocked = block(&source, now).filter(|_| plan.state != PlanState::Ended);
    Ok(PlanPreview { visits, holidays: around.holidays, unknown_years, blocked })
}
