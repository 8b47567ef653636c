//! What is told to caregivers for a day, for paper.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::day::check_town;
use crate::access::Scope;
use crate::db::AnyConnection;
use crate::db::schema::visits;
use crate::error::Result;
use crate::visits::VisitState;
use crate::visits::store::VisitRow;

/// The visits of a town's day that somebody has been told of, by caregiver and time.
pub fn told_visits(
    connection: &mut AnyConnection,
    scope: &Scope,
    (town_code, day): (&str, NaiveDate),
    caregiver_id: Option<i64>,
) -> Result<Vec<VisitRow>> {
    check_town(connection, scope, town_code)?;
    let mut query = visits::table
        .filter(visits::town_code.eq(town_code.to_owned()))
        .filter(visits::service_on.eq(day))
        .filter(visits::caregiver_id.is_not_null())
        .filter(visits::state.ne_all([VisitState::Unplanned, VisitState::NotDone]))
        .into_boxed();
    if let Some(id) = caregiver_id {
        query = query.filter(visits::caregiver_id.eq(id));
    }
    let ordered = query.order((visits::caregiver_id, visits::starts_at, visits::id));
    Ok(ordered.select(VisitRow::as_select()).load(connection)?)
}
