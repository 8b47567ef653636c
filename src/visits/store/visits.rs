use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::access::{Permission, Reach, Scope};
use crate::clock::{Calendar, Instant};
use crate::db::schema::{caregiver_claims, caregivers, visit_events, visit_transitions, visits};
use crate::db::{AnyConnection, Backend, is_unique};
use crate::error::{Conflict, Error, Result};
use crate::visits::model::{VisitEvent, VisitState};

/// Numbers listed in one statement.
const IDS_MAX: usize = 10_000;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = visits)]
pub struct VisitRow {
    pub id: i64,
    pub elder_id: i64,
    pub town_code: String,
    pub service_code: String,
    pub service_on: NaiveDate,
    /// The visit begins within `[window_starts_at, window_ends_at)`.
    pub window_starts_at: Instant,
    pub window_ends_at: Instant,
    pub duration_min: i32,
    pub caregiver_id: Option<i64>,
    pub starts_at: Option<Instant>,
    pub ends_at: Option<Instant>,
    pub state: VisitState,
    /// Number of the last event.
    pub version: i64,
    /// The price of its day.
    pub price_fen: Option<i64>,
    /// The item of a care plan that it follows from.
    pub plan_item_id: Option<i64>,
    /// Visits of one group belong together.
    pub group_id: Option<i64>,
    /// Why no proposal moves it.
    pub pinned_reason: Option<String>,
    /// When it really began and ended, and why it was not done.
    pub arrived_at: Option<Instant>,
    pub ended_at: Option<Instant>,
    pub fail_reason: Option<String>,
    /// The visit that it makes up for.
    pub makes_up_id: Option<i64>,
}

impl VisitRow {
    /// Number, version, state and town, for what moves it.
    pub(in crate::visits) fn place(&self) -> (i64, i64, VisitState, &str) {
        (self.id, self.version, self.state, &self.town_code)
    }

    /// When it should begin: as assigned, or with its window.
    pub fn expected_at(&self) -> Instant {
        self.starts_at.unwrap_or(self.window_starts_at)
    }
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = visit_events)]
pub struct EventRow {
    pub visit_id: i64,
    pub seq: i64,
    pub kind: VisitEvent,
    pub to_state: VisitState,
    pub at: Instant,
    pub actor: String,
    pub caregiver_id: Option<i64>,
    pub note: String,
    pub recorded_at: Instant,
    /// Code of why it was not done.
    pub reason: Option<String>,
    /// What a correction put right.
    pub arrived_at: Option<Instant>,
    pub ended_at: Option<Instant>,
}

/// An event that is about to be added.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = visit_events)]
pub(in crate::visits) struct EventToAdd<'a> {
    pub visit_id: i64,
    pub seq: i64,
    pub prev_seq: Option<i64>,
    pub kind: VisitEvent,
    pub from_state: VisitState,
    pub to_state: VisitState,
    pub at: Instant,
    pub recorded_at: Instant,
    pub actor: &'a str,
    pub caregiver_id: Option<i64>,
    pub note: &'a str,
    pub reason: Option<&'a str>,
    pub arrived_at: Option<Instant>,
    pub ended_at: Option<Instant>,
}

/// A visit before its first event.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = visits)]
pub struct NewVisit {
    pub elder_id: i64,
    pub town_code: String,
    pub service_code: String,
    pub service_on: NaiveDate,
    pub window_starts_at: Instant,
    pub window_ends_at: Instant,
    pub duration_min: i32,
    pub price_fen: Option<i64>,
    pub makes_up_id: Option<i64>,
}

pub(in crate::visits) type Condition = Box<dyn BoxableExpression<visits::table, Backend, SqlType = Bool>>;

/// The part of the table within reach: by town, by the caregiver's provider, or one's own of today. An own visit that began
/// before midnight stays within reach while it lasts, and what is offered to somebody until they have answered.
pub(in crate::visits) fn within(reach: &Reach, calendar: Calendar, now: Instant) -> Condition {
    if reach.city {
        return Box::new(crate::db::always());
    }
    let today = calendar.day_of(now);
    let (midnight, _) = calendar.bounds(today);
    let yesterday = today.pred_opt().unwrap_or(today);
    let colleagues = caregivers::table
        .filter(caregivers::provider_id.eq_any(reach.providers.clone()))
        .select(caregivers::id.nullable());
    let own = visits::caregiver_id.eq_any(reach.caregivers.iter().copied().map(Some).collect::<Vec<_>>());
    let lasts = visits::state.eq(VisitState::Arrived).or(visits::ends_at.gt(midnight).assume_not_null());
    let of_today = visits::service_on.eq(today).or(visits::service_on.eq(yesterday).and(lasts));
    let asked = visits::state.eq(VisitState::Offered).and(visits::service_on.ge(today));
    Box::new(
        visits::town_code
            .eq_any(reach.towns.clone())
            .or(visits::caregiver_id
                .is_not_null()
                .and(visits::caregiver_id.eq_any(colleagues).assume_not_null()))
            .or(visits::caregiver_id.is_not_null().and(own.assume_not_null()).and(of_today.or(asked))),
    )
}

/// Visits without their first event do not exist for anybody.
pub(in crate::visits) fn planned() -> Condition {
    Box::new(visits::state.ne(VisitState::Unplanned))
}

pub fn get_visit(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    id: i64,
    (calendar, now): (Calendar, Instant),
) -> Result<VisitRow> {
    let reach = scope.reach(permission)?;
    Ok(visits::table
        .filter(visits::id.eq(id))
        .filter(planned())
        .filter(within(&reach, calendar, now))
        .select(VisitRow::as_select())
        .first(connection)?)
}

/// Visits that the caller has within reach, or whose proposal is.
pub fn get_visits(connection: &mut AnyConnection, ids: &[i64]) -> Result<Vec<VisitRow>> {
    let mut found = Vec::new();
    for part in ids.chunks(IDS_MAX) {
        let rows: Vec<VisitRow> = visits::table
            .filter(visits::id.eq_any(part.to_vec()))
            .order(visits::id)
            .select(VisitRow::as_select())
            .load(connection)?;
        found.extend(rows);
    }
    Ok(found)
}

/// Pins a visit, or takes the pin away.
pub(in crate::visits) fn set_pin(
    connection: &mut AnyConnection,
    id: i64,
    reason: Option<&str>,
) -> Result<()> {
    diesel::update(visits::table.filter(visits::id.eq(id)))
        .set(visits::pinned_reason.eq(reason))
        .execute(connection)?;
    Ok(())
}

/// What happened to a visit that the caller has within reach, in order.
pub fn events_of(connection: &mut AnyConnection, visit_id: i64) -> Result<Vec<EventRow>> {
    Ok(visit_events::table
        .filter(visit_events::visit_id.eq(visit_id))
        .order(visit_events::seq)
        .select(EventRow::as_select())
        .load(connection)?)
}

/// The legal moves as the database knows them.
pub fn transitions(connection: &mut AnyConnection) -> Result<Vec<(String, String, String)>> {
    Ok(visit_transitions::table.load(connection)?)
}

/// When a caregiver is busy or away between `from` and `to`, apart from one visit.
pub fn busy_periods(
    connection: &mut AnyConnection,
    caregiver_ids: &[i64],
    (from, to): (Instant, Instant),
    except_visit: i64,
) -> Result<Vec<(i64, Instant, Instant)>> {
    let itself = caregiver_claims::kind.eq("visit").and(caregiver_claims::source_id.eq(except_visit));
    Ok(caregiver_claims::table
        .filter(caregiver_claims::caregiver_id.eq_any(caregiver_ids.to_vec()))
        .filter(diesel::dsl::not(itself))
        .filter(caregiver_claims::starts_at.lt(to))
        .filter(caregiver_claims::ends_at.gt(from))
        .order(caregiver_claims::starts_at)
        .select((caregiver_claims::caregiver_id, caregiver_claims::starts_at, caregiver_claims::ends_at))
        .load(connection)?)
}

/// The visit that keeps a caregiver from another one in `[from, to)`.
pub fn blocking(
    connection: &mut AnyConnection,
    caregiver_id: i64,
    (from, to): (Instant, Instant),
    except_visit: i64,
) -> Result<Option<VisitRow>> {
    Ok(visits::table
        .filter(visits::caregiver_id.eq(caregiver_id))
        .filter(visits::id.ne(except_visit))
        .filter(visits::state.ne(VisitState::NotDone))
        .filter(visits::starts_at.lt(to))
        .filter(visits::ends_at.gt(from))
        .order(visits::starts_at)
        .select(VisitRow::as_select())
        .first(connection)
        .optional()?)
}

pub(in crate::visits) fn insert_visit(connection: &mut AnyConnection, visit: &NewVisit) -> Result<i64> {
    Ok(diesel::insert_into(visits::table)
        .values(visit.clone())
        .returning(visits::id)
        .get_result(connection)?)
}

/// Gives version `seen` of a visit to a caregiver; false where another version is stored.
pub(in crate::visits) fn set_assignment(
    connection: &mut AnyConnection,
    (id, seen): (i64, i64),
    caregiver_id: i64,
    (starts_at, ends_at): (Instant, Instant),
) -> Result<bool> {
    let changed = diesel::update(visits::table.filter(visits::id.eq(id)).filter(visits::version.eq(seen)))
        .set((
            visits::caregiver_id.eq(caregiver_id),
            visits::starts_at.eq(starts_at),
            visits::ends_at.eq(ends_at),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}

/// Takes version `seen` of a visit from its caregiver; false where another version is stored.
pub(in crate::visits) fn clear_assignment(
    connection: &mut AnyConnection,
    id: i64,
    seen: i64,
) -> Result<bool> {
    let nobody: (Option<i64>, Option<Instant>, Option<Instant>) = (None, None, None);
    let changed = diesel::update(visits::table.filter(visits::id.eq(id)).filter(visits::version.eq(seen)))
        .set((
            visits::caregiver_id.eq(nobody.0),
            visits::starts_at.eq(nobody.1),
            visits::ends_at.eq(nobody.2),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}

/// Adds an event; a trigger moves the visit's state and facts.
pub(in crate::visits) fn insert_event(connection: &mut AnyConnection, event: &EventToAdd<'_>) -> Result<()> {
    diesel::insert_into(visit_events::table).values(event.clone()).execute(connection).map_err(
        |failure| {
            if is_unique(&failure) {
                Error::stale(Conflict::default()).because(failure)
            } else {
                failure.into()
            }
        },
    )?;
    Ok(())
}

/// The visit after its last event, for whoever has it within reach already.
pub(in crate::visits) fn reload(connection: &mut AnyConnection, id: i64) -> Result<VisitRow> {
    Ok(visits::table.filter(visits::id.eq(id)).select(VisitRow::as_select()).first(connection)?)
}

/// The visit that makes up for this one, which the caller has within reach.
pub fn made_up_by(connection: &mut AnyConnection, missed_id: i64) -> Result<Option<i64>> {
    let one = visits::table.filter(visits::makes_up_id.eq(missed_id)).select(visits::id);
    Ok(one.first(connection).optional()?)
}

/// Gives version `seen` of a visit to another caregiver at the same times: for corrections.
pub(in crate::visits) fn set_caregiver(
    connection: &mut AnyConnection,
    (id, seen): (i64, i64),
    caregiver_id: i64,
) -> Result<bool> {
    let same = visits::table.filter(visits::id.eq(id)).filter(visits::version.eq(seen));
    let change = visits::caregiver_id.eq(caregiver_id);
    Ok(diesel::update(same).set(change).execute(connection)? == 1)
}
