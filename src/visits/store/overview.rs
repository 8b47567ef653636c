//! Visits by caregiver and day, and where they are.

use chrono::NaiveDate;
use diesel::dsl::{count_star, sum};
use diesel::prelude::*;

use super::VisitListed;
use super::listing::with_names;
use super::visits::{VisitRow, planned, within};
use crate::access::{Permission, Scope};
use crate::clock::{Calendar, Instant};
use crate::db::AnyConnection;
use crate::db::schema::{caregiver_absences, visits};
use crate::elders::place_on;
use crate::error::Result;
use crate::visits::model::VisitState;

/// The visits of one caregiver, or of nobody, on one day in one state.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct DayLoad {
    pub caregiver_id: Option<i64>,
    pub day: NaiveDate,
    pub state: VisitState,
    pub visits: i64,
    pub minutes: Option<i64>,
}

/// What everybody of a town has to do from the first day to the last.
pub fn loads(
    connection: &mut AnyConnection,
    scope: &Scope,
    (town_code, first, last): (&str, NaiveDate, NaiveDate),
    (calendar, now): (Calendar, Instant),
) -> Result<Vec<DayLoad>> {
    let reach = scope.reach(Permission::SeeVisits)?;
    Ok(visits::table
        .filter(visits::town_code.eq(town_code))
        .filter(visits::service_on.between(first, last))
        .filter(planned())
        .filter(within(&reach, calendar, now))
        .group_by((visits::caregiver_id, visits::service_on, visits::state))
        .order((visits::caregiver_id, visits::service_on, visits::state))
        .select((
            visits::caregiver_id,
            visits::service_on,
            visits::state,
            count_star(),
            sum(visits::duration_min),
        ))
        .load(connection)?)
}

/// When these caregivers are away in `[from, to)`.
pub fn away(
    connection: &mut AnyConnection,
    caregivers: &[i64],
    (from, to): (Instant, Instant),
) -> Result<Vec<(i64, Instant, Instant)>> {
    Ok(caregiver_absences::table
        .filter(caregiver_absences::caregiver_id.eq_any(caregivers.to_vec()))
        .filter(caregiver_absences::cancelled_at.is_null())
        .filter(caregiver_absences::starts_at.lt(to))
        .filter(caregiver_absences::ends_at.gt(from))
        .select((
            caregiver_absences::caregiver_id,
            caregiver_absences::starts_at,
            caregiver_absences::ends_at,
        ))
        .load(connection)?)
}

/// A day's visits with longitude and latitude, of a town or of all within reach.
pub fn located(
    connection: &mut AnyConnection,
    scope: &Scope,
    (day, town_code): (NaiveDate, Option<&str>),
    (calendar, now): (Calendar, Instant),
) -> Result<Vec<(VisitListed, f64, f64)>> {
    let reach = scope.reach(Permission::SeeVisits)?;
    let mut query = visits::table
        .filter(visits::service_on.eq(day))
        .filter(planned())
        .filter(within(&reach, calendar, now))
        .into_boxed();
    if let Some(code) = town_code {
        query = query.filter(visits::town_code.eq(code.to_owned()));
    }
    let rows: Vec<VisitRow> =
        query.order((visits::window_starts_at, visits::id)).select(VisitRow::as_select()).load(connection)?;
    let ids: Vec<i64> = rows.iter().map(|visit| visit.elder_id).collect();
    let places = place_on(connection, &ids, day)?;
    let listed = with_names(connection, rows)?;
    let place = |visit: VisitListed| {
        let place = places.get(&visit.visit.elder_id)?;
        Some((visit, place.longitude, place.latitude))
    };
    Ok(listed.into_iter().filter_map(place).collect())
}
