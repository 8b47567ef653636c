//! What the planner and the mover read.

use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;

use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::{
    care_plans, caregivers, devices, elders, fire_panels, service_items, visit_steps, visits,
};
use crate::elders::{Gender, place_on, wishes_of};
use crate::error::{Error, Result};

/// What a service takes.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = service_items)]
pub(in crate::demo) struct Service {
    pub code: String,
    pub duration_min: i32,
    pub skill: String,
}

pub(in crate::demo) fn services(connection: &mut AnyConnection) -> Result<Vec<Service>> {
    Ok(service_items::table.order(service_items::code).select(Service::as_select()).load(connection)?)
}

/// A client of home visits.
#[derive(Clone, Debug)]
pub(in crate::demo) struct Client {
    pub id: i64,
    pub town_code: String,
    /// Where they are found on the day.
    pub longitude: f64,
    pub latitude: f64,
    /// Caregivers who cannot be sent: by a bar, or by a wish that must be met.
    pub barred: Vec<i64>,
}

pub(in crate::demo) fn clients(connection: &mut AnyConnection, day: NaiveDate) -> Result<Vec<Client>> {
    let rows: Vec<(i64, String)> = elders::table
        .filter(elders::home_visits.eq(true))
        .order(elders::id)
        .select((elders::id, elders::town_code))
        .load(connection)?;
    let ids: Vec<i64> = rows.iter().map(|(id, _)| *id).collect();
    let (places, mut wishes) = (place_on(connection, &ids, day)?, wishes_of(connection, &ids)?);
    let genders: Vec<(i64, Gender)> =
        caregivers::table.select((caregivers::id, caregivers::gender)).load(connection)?;
    let client = |(id, town_code): (i64, String)| {
        let (place, wishes) = (places.get(&id)?, wishes.remove(&id).unwrap_or_default());
        let wished = wishes.gender.filter(|_| wishes.gender_is_hard);
        let others = genders.iter().filter(|(_, gender)| wished.is_some_and(|wished| wished != *gender));
        let barred = wishes.barred_caregivers.into_iter().chain(others.map(|(id, _)| *id)).collect();
        Some(Client { id, town_code, longitude: place.longitude, latitude: place.latitude, barred })
    };
    Ok(rows.into_iter().filter_map(client).collect())
}

/// A caregiver as the planner sees them.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = caregivers)]
pub(in crate::demo) struct Worker {
    pub id: i64,
    pub town_code: String,
    pub skills: String,
    pub shift_days: String,
    pub shift_starts_min: i32,
    pub shift_ends_min: i32,
    pub travel_mode: String,
    pub longitude: f64,
    pub latitude: f64,
}

pub(in crate::demo) fn workers(connection: &mut AnyConnection) -> Result<Vec<Worker>> {
    Ok(caregivers::table
        .filter(caregivers::active.eq(true))
        .order(caregivers::id)
        .select(Worker::as_select())
        .load(connection)?)
}

/// Who is taken when on a day.
pub(in crate::demo) fn engagements(
    connection: &mut AnyConnection,
    day: NaiveDate,
) -> Result<Vec<(i64, Instant, Instant)>> {
    let rows: Vec<(Option<i64>, Option<Instant>, Option<Instant>)> = visits::table
        .filter(visits::service_on.eq(day))
        .filter(visits::state.ne("not_done"))
        .filter(visits::caregiver_id.is_not_null())
        .select((visits::caregiver_id, visits::starts_at, visits::ends_at))
        .load(connection)?;
    Ok(rows.into_iter().filter_map(|(caregiver, starts, ends)| Some((caregiver?, starts?, ends?))).collect())
}

/// A visit of a day that waits for a caregiver.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = visits)]
pub(in crate::demo) struct Waiting {
    pub id: i64,
    pub elder_id: i64,
    pub service_code: String,
    pub window_starts_at: Instant,
    pub window_ends_at: Instant,
    pub duration_min: i32,
    pub version: i64,
    pub group_id: Option<i64>,
}

/// The visits of a day that are only planned.
pub(in crate::demo) fn waiting(connection: &mut AnyConnection, day: NaiveDate) -> Result<Vec<Waiting>> {
    Ok(visits::table
        .filter(visits::service_on.eq(day))
        .filter(visits::state.eq("planned"))
        .order(visits::id)
        .select(Waiting::as_select())
        .load(connection)?)
}

/// Gives a waiting visit to a caregiver, and its window to the hours of the demo's day.
pub(in crate::demo) fn give(
    connection: &mut AnyConnection,
    id: i64,
    window: (Instant, Instant),
    (caregiver, starts_at, ends_at): (i64, Instant, Instant),
) -> Result<()> {
    diesel::update(visits::table.filter(visits::id.eq(id)))
        .set((
            visits::window_starts_at.eq(window.0),
            visits::window_ends_at.eq(window.1),
            visits::caregiver_id.eq(caregiver),
            visits::starts_at.eq(starts_at),
            visits::ends_at.eq(ends_at),
        ))
        .execute(connection)?;
    Ok(())
}

/// Item, day of the rule, and part.
pub(in crate::demo) type Occurrence = (Option<i64>, Option<NaiveDate>, i32);

/// What the visits of a day follow from.
pub(in crate::demo) fn followed_on(
    connection: &mut AnyConnection,
    day: NaiveDate,
) -> Result<Vec<Occurrence>> {
    Ok(visits::table
        .filter(visits::service_on.eq(day))
        .filter(visits::plan_item_id.is_not_null())
        .select((visits::plan_item_id, visits::occurrence_on, visits::occurrence_part))
        .load(connection)?)
}

/// Numbers of the active plans.
pub(in crate::demo) fn active_plans(connection: &mut AnyConnection) -> Result<Vec<i64>> {
    let active = care_plans::table.filter(care_plans::state.eq("active"));
    Ok(active.order(care_plans::id).select(care_plans::id).load(connection)?)
}

/// How many visits of a day somebody was given.
pub(in crate::demo) fn count_given(connection: &mut AnyConnection, day: NaiveDate) -> Result<i64> {
    Ok(visits::table
        .filter(visits::service_on.eq(day))
        .filter(visits::caregiver_id.is_not_null())
        .count()
        .get_result(connection)?)
}

/// How many visits of a day have a window around `at`.
pub(in crate::demo) fn count_visits_around(
    connection: &mut AnyConnection,
    day: NaiveDate,
    at: Instant,
) -> Result<i64> {
    Ok(visits::table
        .filter(visits::service_on.eq(day))
        .filter(visits::window_starts_at.le(at))
        .filter(visits::window_ends_at.ge(at))
        .count()
        .get_result(connection)?)
}

pub(in crate::demo) fn next_visit_id(connection: &mut AnyConnection) -> Result<i64> {
    let last: Option<i64> = visits::table.select(diesel::dsl::max(visits::id)).first(connection)?;
    Ok(last.unwrap_or(0) + 1)
}

/// A visit that is not finished.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = visits)]
pub(in crate::demo) struct OpenVisit {
    pub id: i64,
    pub window_ends_at: Instant,
    pub caregiver_id: Option<i64>,
    pub starts_at: Option<Instant>,
    pub ends_at: Option<Instant>,
    pub state: String,
    pub version: i64,
}

/// States from which a visit goes on by itself.
const MOVING: [&str; 4] = ["planned", "assigned", "on_the_way", "arrived"];
/// Nobody sets off earlier.
const SET_OFF_MIN: i64 = 30;

/// Visits of the days up to `day` that are not finished and should have begun by `at`, oldest first.
pub(in crate::demo) fn visits_due(
    connection: &mut AnyConnection,
    day: NaiveDate,
    at: Instant,
    limit: i64,
) -> Result<Vec<OpenVisit>> {
    Ok(visits::table
        .filter(visits::service_on.le(day))
        .filter(visits::state.eq_any(MOVING))
        .filter(
            // Who sets off does so before the visit begins.
            visits::starts_at
                .le(at + TimeDelta::minutes(SET_OFF_MIN))
                .or(visits::starts_at.is_null().and(visits::window_ends_at.le(at))),
        )
        .order((visits::starts_at, visits::id))
        .limit(limit)
        .select(OpenVisit::as_select())
        .load(connection)?)
}

/// The visit as it is now; the caller's transaction keeps it so.
pub(in crate::demo) fn find_open_visit(connection: &mut AnyConnection, id: i64) -> Result<Option<OpenVisit>> {
    Ok(visits::table
        .filter(visits::id.eq(id))
        .filter(visits::state.eq_any(MOVING))
        .select(OpenVisit::as_select())
        .first(connection)
        .optional()?)
}

/// A visit that is done and has no evidence yet.
#[derive(Clone, Debug, Queryable)]
pub(in crate::demo) struct ProvenVisit {
    pub id: i64,
    pub version: i64,
    pub caregiver_id: Option<i64>,
    pub arrived_at: Instant,
    pub ended_at: Instant,
    pub longitude: f64,
    pub latitude: f64,
}

/// The visits of a day that were done last, without reports of a phone.
pub(in crate::demo) fn proven_visits(
    connection: &mut AnyConnection,
    day: NaiveDate,
    limit: i64,
) -> Result<Vec<ProvenVisit>> {
    let reported = visit_steps::table.select(visit_steps::visit_id);
    Ok(visits::table
        .inner_join(elders::table)
        .filter(visits::service_on.eq(day))
        .filter(visits::state.eq("done"))
        .filter(visits::arrived_at.is_not_null().and(visits::ended_at.is_not_null()))
        .filter(diesel::dsl::not(visits::id.eq_any(reported)))
        .order(visits::ended_at.desc())
        .limit(limit)
        .select((
            visits::id,
            visits::version,
            visits::caregiver_id,
            visits::arrived_at.assume_not_null(),
            visits::ended_at.assume_not_null(),
            elders::longitude,
            elders::latitude,
        ))
        .load(connection)?)
}

/// The elder of a visit, and where they are found on its day.
pub(in crate::demo) fn elder_of(connection: &mut AnyConnection, visit_id: i64) -> Result<(i64, f64, f64)> {
    let (elder, day): (i64, NaiveDate) = visits::table
        .filter(visits::id.eq(visit_id))
        .select((visits::elder_id, visits::service_on))
        .first(connection)?;
    let place = place_on(connection, &[elder], day)?.remove(&elder).ok_or_else(Error::not_found)?;
    Ok((elder, place.longitude, place.latitude))
}

/// Code and stored kind of every device, in order of code.
pub(in crate::demo) fn device_codes(connection: &mut AnyConnection) -> Result<Vec<(String, String)>> {
    let panels = fire_panels::table.select(fire_panels::device_id);
    Ok(devices::table
        .filter(diesel::dsl::not(devices::id.eq_any(panels)))
        .order(devices::code)
        .select((devices::code, devices::kind))
        .load(connection)?)
}

/// Addresses of the fire panels.
pub(in crate::demo) fn panel_addresses(connection: &mut AnyConnection) -> Result<Vec<String>> {
    Ok(fire_panels::table.order(fire_panels::device_id).select(fire_panels::address).load(connection)?)
}
