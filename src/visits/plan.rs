//! Planning a visit.

use chrono::{NaiveDate, TimeDelta};

use super::catalogue::store::price_on;
use super::model::{PLAN_DAYS_MAX, VisitEvent, VisitState};
use super::progress::move_visit;
use super::store::{self, NewVisit};
use crate::access::Permission;
use crate::app::Tx;
use crate::clock::Instant;
use crate::elders::store::get_elder;
use crate::error::{Code, Error, Result};
use crate::text::Text;

/// A visit that begins within the window, which is half-open, in minutes after midnight of the day; an end that is not
/// after the start is on the next day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub elder_id: i64,
    pub service_code: String,
    pub service_on: NaiveDate,
    pub window_starts_min: i32,
    pub window_ends_min: i32,
}

/// Plans a visit and gives its number.
pub fn plan(tx: &mut Tx<'_>, plan: &Plan) -> Result<i64> {
    plan_for(tx, plan, None)
}

/// The same for one that makes up for another.
pub(super) fn plan_for(tx: &mut Tx<'_>, plan: &Plan, makes_up_id: Option<i64>) -> Result<i64> {
    let elder = get_elder(tx.connection, tx.scope, Permission::AssignVisits, plan.elder_id, tx.now)
        .map_err(|error| unknown(error, "elder", "rule.unknown_elder"))?;
    if !elder.home_visits {
        return Err(Error::field("elder", Text::new("visit.no_home_visits")));
    }
    let item = store::get_item(tx.connection, &plan.service_code)
        .map_err(|error| unknown(error, "service_code", "rule.choose"))?;
    let (window_starts_at, window_ends_at) = window(tx, plan)?;
    let price_fen = price_on(tx.connection, &item.code, plan.service_on)?;
    let visit = NewVisit {
        elder_id: elder.id,
        town_code: elder.town_code,
        service_code: item.code,
        service_on: plan.service_on,
        window_starts_at,
        window_ends_at,
        duration_min: item.duration_min,
        price_fen,
        makes_up_id,
    };
    let id = store::insert_visit(tx.connection, &visit)?;
    move_visit(tx, (id, 0, VisitState::Unplanned, &visit.town_code), VisitEvent::Plan, None, "")?;
    Ok(id)
}

fn window(tx: &Tx<'_>, plan: &Plan) -> Result<(Instant, Instant)> {
    const DAY_MIN: i32 = 24 * 60;
    let (starts_min, mut ends_min) = (plan.window_starts_min, plan.window_ends_min);
    for (field, minutes) in [("window_from", starts_min), ("window_to", ends_min)] {
        if !(0..=DAY_MIN).contains(&minutes) {
            return Err(Error::field(field, Text::new("rule.time")));
        }
    }
    if ends_min <= starts_min {
        ends_min += DAY_MIN;
    }
    let today = tx.calendar.day_of(tx.now);
    if plan.service_on < today || plan.service_on > today + TimeDelta::days(PLAN_DAYS_MAX) {
        return Err(Error::field("service_on", Text::new("rule.plan_day").with("days", PLAN_DAYS_MAX)));
    }
    let at = |minutes| tx.calendar.at(plan.service_on, minutes);
    if at(ends_min) <= tx.now {
        return Err(Error::field("window_to", Text::new("rule.window_is_over")));
    }
    Ok((at(starts_min), at(ends_min)))
}

/// What does not exist, or not for the asker, is a wrong field of the form.
fn unknown(error: Error, field: &'static str, rule: &'static str) -> Error {
    if error.code == Code::NotFound { Error::field(field, Text::new(rule)) } else { error }
}
