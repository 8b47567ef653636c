//! What makes a day's work lively: who is away, who was asked, whom somebody has to call, cards at doors.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::bulk::BINDS_MAX;
use super::queries::OpenVisit;
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::{
    caregiver_absences, caregiver_claims, caregivers, door_cards, elders, fail_reasons, follow_ups,
    user_grants, users, visit_events, visits,
};
use crate::error::Result;
use crate::on_backend;

bulk!(insert_absences, caregiver_absences, AbsenceRow {
    caregiver_id: i64,
    kind: &'static str,
    starts_at: Instant,
    ends_at: Instant,
    note: &'static str,
    recorded_by: String,
    recorded_at: Instant,
});

bulk!(insert_follow_ups, follow_ups, FollowUpRow {
    visit_id: i64,
    elder_id: i64,
    town_code: String,
    kind: &'static str,
    opened_at: Instant,
    due_at: Instant,
    owner: String,
    closed_at: Option<Instant>,
    closed_by: Option<String>,
    contacted_at: Option<Instant>,
    whom: Option<String>,
    result: Option<String>,
    note: &'static str,
    version: i64,
});

bulk!(insert_cards, door_cards, CardRow {
    id: i64,
    elder_id: i64,
    code_sealed: Vec<u8>,
    code_index: Vec<u8>,
    issued_at: Instant,
    issued_by: String,
});

/// A caregiver's period.
pub(in crate::demo) type Period = (i64, Instant, Instant);

/// Who is away at some time in `[from, to)`, from when to when.
pub(in crate::demo) fn absent(
    connection: &mut AnyConnection,
    (from, to): (Instant, Instant),
) -> Result<Vec<Period>> {
    Ok(caregiver_absences::table
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

/// How many absences begin in `[from, to)`.
pub(in crate::demo) fn count_beginning(
    connection: &mut AnyConnection,
    (from, to): (Instant, Instant),
) -> Result<i64> {
    Ok(caregiver_absences::table
        .filter(caregiver_absences::starts_at.ge(from))
        .filter(caregiver_absences::starts_at.lt(to))
        .count()
        .get_result(connection)?)
}

/// What keeps caregivers at some time in `[from, to)`, visits and absences.
pub(in crate::demo) fn claimed(
    connection: &mut AnyConnection,
    (from, to): (Instant, Instant),
) -> Result<Vec<Period>> {
    Ok(caregiver_claims::table
        .filter(caregiver_claims::starts_at.lt(to))
        .filter(caregiver_claims::ends_at.gt(from))
        .select((caregiver_claims::caregiver_id, caregiver_claims::starts_at, caregiver_claims::ends_at))
        .load(connection)?)
}

/// Visits whose caregiver was asked and has not answered.
pub(in crate::demo) fn offers(connection: &mut AnyConnection) -> Result<Vec<OpenVisit>> {
    Ok(visits::table
        .filter(visits::state.eq("offered"))
        .order(visits::id)
        .select(OpenVisit::as_select())
        .load(connection)?)
}

/// A visit that was not done.
#[derive(Clone, Debug, Queryable)]
pub(in crate::demo) struct Failure {
    pub visit_id: i64,
    pub elder_id: i64,
    pub town_code: String,
    pub reason: String,
    /// When it was found out.
    pub at: Instant,
}

/// Visits from a day on that were not done and that nobody has to follow up.
pub(in crate::demo) fn failures_since(
    connection: &mut AnyConnection,
    day: NaiveDate,
) -> Result<Vec<Failure>> {
    let followed = follow_ups::table.select(follow_ups::visit_id);
    let last = visit_events::visit_id.eq(visits::id).and(visit_events::seq.eq(visits::version));
    Ok(visits::table
        .inner_join(visit_events::table.on(last))
        .filter(visits::service_on.ge(day))
        .filter(visits::state.eq("not_done"))
        .filter(visits::fail_reason.is_not_null())
        .filter(diesel::dsl::not(visits::id.eq_any(followed)))
        .order(visits::id)
        .select((
            visits::id,
            visits::elder_id,
            visits::town_code,
            visits::fail_reason.assume_not_null(),
            visit_events::at,
        ))
        .load(connection)?)
}

/// Minutes until a second contact and until somebody looks, by reason.
pub(in crate::demo) type Deadlines = HashMap<String, (Option<i32>, Option<i32>)>;

pub(in crate::demo) fn deadlines(connection: &mut AnyConnection) -> Result<Deadlines> {
    let rows: Vec<(String, Option<i32>, Option<i32>)> = fail_reasons::table
        .select((fail_reasons::code, fail_reasons::contact_within_min, fail_reasons::welfare_within_min))
        .load(connection)?;
    Ok(rows.into_iter().map(|(code, contact, welfare)| (code, (contact, welfare))).collect())
}

/// A follow-up that waits: number, version, visit, kind, since when.
pub(in crate::demo) type Unanswered = (i64, i64, i64, String, Instant);

pub(in crate::demo) fn unanswered(connection: &mut AnyConnection) -> Result<Vec<Unanswered>> {
    Ok(follow_ups::table
        .filter(follow_ups::closed_at.is_null())
        .order(follow_ups::id)
        .select((
            follow_ups::id,
            follow_ups::version,
            follow_ups::visit_id,
            follow_ups::kind,
            follow_ups::opened_at,
        ))
        .load(connection)?)
}

/// Who is visited at home, in order of number, with the town.
pub(in crate::demo) fn visited_at_home(connection: &mut AnyConnection) -> Result<Vec<(i64, String)>> {
    let visited = elders::table.filter(elders::home_visits.eq(true)).order(elders::id);
    Ok(visited.select((elders::id, elders::town_code)).load(connection)?)
}

/// The caregivers of a day's visits: number, town, state of the visit.
pub(in crate::demo) fn given_on(
    connection: &mut AnyConnection,
    day: NaiveDate,
) -> Result<Vec<(i64, String, String)>> {
    Ok(visits::table
        .inner_join(caregivers::table)
        .filter(visits::service_on.eq(day))
        .order(visits::id)
        .select((caregivers::id, caregivers::town_code, visits::state))
        .load(connection)?)
}

/// The caregivers who can sign in: user and caregiver.
pub(in crate::demo) fn signing_in(connection: &mut AnyConnection) -> Result<Vec<(i64, i64)>> {
    let rows: Vec<(i64, String)> = user_grants::table
        .filter(user_grants::place_kind.eq("own"))
        .order(user_grants::user_id)
        .select((user_grants::user_id, user_grants::place_id))
        .load(connection)?;
    Ok(rows.into_iter().filter_map(|(user, caregiver)| Some((user, caregiver.parse().ok()?))).collect())
}

/// Lets a user be this caregiver from now on, by name as well.
pub(in crate::demo) fn become_caregiver(
    connection: &mut AnyConnection,
    user_id: i64,
    caregiver_id: i64,
) -> Result<()> {
    let own =
        user_grants::table.filter(user_grants::user_id.eq(user_id)).filter(user_grants::place_kind.eq("own"));
    diesel::update(own).set(user_grants::place_id.eq(caregiver_id.to_string())).execute(connection)?;
    let name = caregiver_name(connection, caregiver_id)?;
    diesel::update(users::table.filter(users::id.eq(user_id)))
        .set(users::name.eq(name))
        .execute(connection)?;
    Ok(())
}

pub(in crate::demo) fn caregiver_name(connection: &mut AnyConnection, id: i64) -> Result<String> {
    let one = caregivers::table.filter(caregivers::id.eq(id)).select(caregivers::name);
    Ok(one.first(connection)?)
}
