//! Ordering an assessment: for the first time, as a matter of routine, after a change, or in doubt.

use chrono::{NaiveDate, TimeDelta};

use super::library::Practice;
use super::model::{AssessmentEvent, AssessmentState, NOTE_MAX, Package, Reason, working_days_after};
use super::progress::move_on;
use super::store::{self, AssessmentRow, NewAssessment};
use crate::access::Permission;
use crate::app::Tx;
use crate::elders::store::{get_elder, get_person};
use crate::error::{Code, Error, Result};
use crate::input::Checks;
use crate::plans::holidays::store::holidays;
use crate::plans::model::Holidays;
use crate::text::Text;

/// How long ago a change can be that is reported now, and how far ahead a day can be set.
const CHANGE_DAYS_MAX: i64 = 366;

/// Who is to be assessed by what, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub elder_id: i64,
    pub scale: String,
    pub reason: Reason,
    /// When the elder's state changed; for the reason `immediate`.
    pub changed_on: Option<NaiveDate>,
    /// By when; the scale may ask for an earlier day after a change.
    pub due_on: Option<NaiveDate>,
    /// Why it is repeated so soon, or what another reason is.
    pub note: String,
}

/// Orders an assessment and gives its number.
pub fn order(tx: &mut Tx<'_>, practice: &Practice, order: &Order) -> Result<i64> {
    let elder = get_elder(tx.connection, tx.scope, Permission::Assess, order.elder_id, tx.now)
        .map_err(|error| unknown(error, "elder"))?;
    let today = tx.calendar.day_of(tx.now);
    if get_person(tx.connection, elder.id)?.died_at.is_some() {
        return Err(Error::field("elder", Text::new("assessment.elder_died")));
    }
    let package = practice
        .scales
        .current(&order.scale, today)
        .ok_or_else(|| Error::field("scale", Text::new("rule.choose")))?;
    check(tx, practice, order, today)?;
    // This only says it better: the database has the last word.
    if let Some(open) = store::open_of(tx.connection, elder.id, &order.scale)? {
        let text = Text::new("assessment.open_already").with("number", open.id);
        return Err(Error::taken(
            text.with("state", format!("@enums.assessment_state.{}", open.state.name())),
        ));
    }
    let current = store::current_of(tx.connection, elder.id, &order.scale)?;
    let new = NewAssessment {
        elder_id: elder.id,
        town_code: elder.town_code,
        scale: order.scale.clone(),
        reason: order.reason,
        follows_id: current.first().map(|row| row.id),
        ordered_on: today,
        changed_on: order.changed_on.filter(|_| order.reason == Reason::Immediate),
        due_on: due_on(package, &holidays(tx.connection)?, order),
    };
    let id = store::insert_assessment(tx.connection, &new)?;
    let row = bare(id, &new);
    move_on(tx, &row, AssessmentEvent::Order, order.note.trim(), None)?;
    Ok(id)
}

fn check(tx: &mut Tx<'_>, practice: &Practice, order: &Order, today: NaiveDate) -> Result<()> {
    let last = store::last_assessed_on(tx.connection, order.elder_id, &order.scale)?;
    let mut checks = Checks::default();
    checks.require("reason", order.reason != Reason::First || last.is_none(), || {
        Text::new("assessment.not_the_first")
    });
    if order.reason == Reason::Immediate {
        let earliest = today - TimeDelta::days(CHANGE_DAYS_MAX);
        let fits = order.changed_on.is_some_and(|day| day <= today && day >= earliest);
        checks.require("changed_on", fits, || Text::new("assessment.changed_on_rule"));
    }
    if let Some(day) = order.due_on {
        let fits = day >= today && day <= today + TimeDelta::days(CHANGE_DAYS_MAX);
        checks.require("assess_by", fits, || Text::new("rule.plan_day").with("days", CHANGE_DAYS_MAX));
    }
    let soon = last.filter(|day| today - *day < TimeDelta::days(i64::from(practice.repeat_days)));
    match soon {
        Some(day) if order.note.trim().is_empty() => {
            let text = Text::new("assessment.repeat_reason").with("day", day);
            checks.refuse("note", text.with("days", practice.repeat_days));
        }
        _ => checks.text("note", &order.note, usize::from(order.reason == Reason::Other), NOTE_MAX),
    }
    checks.finish()
}

/// After a change the scale's own limit holds, in working days of the public schedule; an earlier day that was set, wins.
fn due_on(package: &Package, holidays: &Holidays, order: &Order) -> Option<NaiveDate> {
    let changed_on = order.changed_on.filter(|_| order.reason == Reason::Immediate);
    let limit = changed_on
        .zip(package.after_change_working_days)
        .map(|(from, days)| working_days_after(from, days, |day| holidays.is_working_day(day)));
    match (limit, order.due_on) {
        (Some(limit), Some(set)) => Some(limit.min(set)),
        (limit, set) => limit.or(set),
    }
}

/// The row before its first event.
fn bare(id: i64, new: &NewAssessment) -> AssessmentRow {
    AssessmentRow {
        id,
        elder_id: new.elder_id,
        town_code: new.town_code.clone(),
        scale: new.scale.clone(),
        scale_version: None,
        reason: new.reason,
        follows_id: new.follows_id,
        ordered_on: new.ordered_on,
        changed_on: new.changed_on,
        due_on: new.due_on,
        draft: None,
        answers: None,
        facts: None,
        notes: None,
        parts: None,
        total: None,
        unadjusted: None,
        level: None,
        adjustments: None,
        assessed_on: None,
        assessor: None,
        reviewer: None,
        in_force_on: None,
        state: AssessmentState::Unordered,
        version: 0,
    }
}

/// What does not exist, or not for the asker, is a wrong field of the form.
fn unknown(error: Error, field: &'static str) -> Error {
    if error.code == Code::NotFound { Error::field(field, Text::new("rule.unknown_elder")) } else { error }
}
