use diesel::prelude::*;

use super::model::{Age, ExceptionEvent, ExceptionState};
use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::schema::{caregivers, visit_exception_events, visit_exceptions};
use crate::db::{AnyConnection, Backend};
use crate::error::Result;
use crate::listing::{ListRequest, Listed};
use crate::visits::proof::Strength;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = visit_exceptions)]
pub struct ExceptionRow {
    pub id: i64,
    pub visit_id: i64,
    pub town_code: String,
    pub caregiver_id: Option<i64>,
    pub cause: String,
    pub causes: String,
    pub strength: Strength,
    pub state: ExceptionState,
    pub opened_at: Instant,
    pub changed_at: Instant,
    pub version: i64,
}

#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = visit_exceptions)]
pub(super) struct NewException {
    pub visit_id: i64,
    pub town_code: String,
    pub caregiver_id: Option<i64>,
    pub cause: String,
    pub causes: String,
    pub strength: Strength,
    pub state: ExceptionState,
    pub opened_at: Instant,
    pub changed_at: Instant,
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = visit_exception_events)]
pub struct ExceptionEventRow {
    pub seq: i64,
    pub kind: ExceptionEvent,
    pub at: Instant,
    pub actor: String,
    pub reason: String,
}

/// Cause or town with how many are to be decided.
pub type Count = (String, i64);

/// How many are to be decided: the most first, by age the youngest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenCounts {
    pub causes: Vec<Count>,
    pub towns: Vec<Count>,
    /// By number of the caregiver.
    pub caregivers: Vec<(i64, i64)>,
    pub ages: Vec<(Age, i64)>,
}

type Boxed<'a> = visit_exceptions::BoxedQuery<'a, Backend>;

/// An exception is in a town, or of a caregiver.
fn reached<'a>(scope: &Scope, permission: Permission) -> Result<Boxed<'a>> {
    let reach = scope.reach(permission)?;
    let query = visit_exceptions::table.into_boxed();
    if reach.city {
        return Ok(query);
    }
    let colleagues = caregivers::table
        .filter(caregivers::provider_id.eq_any(reach.providers.clone()))
        .select(caregivers::id.nullable());
    let own: Vec<Option<i64>> = reach.caregivers.iter().copied().map(Some).collect();
    let in_town = visit_exceptions::town_code.eq_any(reach.towns.clone());
    let theirs =
        visit_exceptions::caregiver_id.eq_any(colleagues).or(visit_exceptions::caregiver_id.eq_any(own));
    Ok(query.filter(in_town.nullable().or(theirs)))
}

pub(super) fn insert(connection: &mut AnyConnection, row: &NewException) -> Result<i64> {
    Ok(diesel::insert_into(visit_exceptions::table)
        .values(row.clone())
        .returning(visit_exceptions::id)
        .get_result(connection)?)
}

pub(super) fn insert_event(
    connection: &mut AnyConnection,
    (exception_id, seq): (i64, i64),
    kind: ExceptionEvent,
    (at, actor, reason): (Instant, &str, &str),
) -> Result<()> {
    diesel::insert_into(visit_exception_events::table)
        .values((
            visit_exception_events::exception_id.eq(exception_id),
            visit_exception_events::seq.eq(seq),
            visit_exception_events::kind.eq(kind),
            visit_exception_events::at.eq(at),
            visit_exception_events::actor.eq(actor),
            visit_exception_events::reason.eq(reason),
        ))
        .execute(connection)?;
    Ok(())
}

pub(super) fn set_cause(
    connection: &mut AnyConnection,
    id: i64,
    caregiver_id: Option<i64>,
    (cause, causes): (&str, &str),
    strength: Strength,
) -> Result<()> {
    diesel::update(visit_exceptions::table.filter(visit_exceptions::id.eq(id)))
        .set((
            visit_exceptions::caregiver_id.eq(caregiver_id),
            visit_exceptions::cause.eq(cause),
            visit_exceptions::causes.eq(causes),
            visit_exceptions::strength.eq(strength),
        ))
        .execute(connection)?;
    Ok(())
}

pub(super) fn set_state(
    connection: &mut AnyConnection,
    row: &ExceptionRow,
    state: ExceptionState,
    now: Instant,
) -> Result<bool> {
    let same = visit_exceptions::table
        .filter(visit_exceptions::id.eq(row.id))
        .filter(visit_exceptions::version.eq(row.version));
    let changed = diesel::update(same)
        .set((
            visit_exceptions::state.eq(state),
            visit_exceptions::changed_at.eq(now),
            visit_exceptions::version.eq(row.version + 1),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}

pub fn get(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    id: i64,
) -> Result<ExceptionRow> {
    let one = reached(scope, permission)?.filter(visit_exceptions::id.eq(id));
    Ok(one.select(ExceptionRow::as_select()).first(connection)?)
}

/// Of a visit that the caller has within reach.
pub fn of_visit(connection: &mut AnyConnection, visit_id: i64) -> Result<Option<ExceptionRow>> {
    let one = visit_exceptions::table.filter(visit_exceptions::visit_id.eq(visit_id));
    Ok(one.select(ExceptionRow::as_select()).first(connection).optional()?)
}

/// What happened to an exception that the caller has within reach.
pub fn events_of(connection: &mut AnyConnection, id: i64) -> Result<Vec<ExceptionEventRow>> {
    Ok(visit_exception_events::table
        .filter(visit_exception_events::exception_id.eq(id))
        .order(visit_exception_events::seq)
        .select(ExceptionEventRow::as_select())
        .load(connection)?)
}

/// Filters: state (open and asked without one), cause, town, caregiver, strength, age. Sorts: age, cause, strength, caregiver,
/// town, state.
pub fn list(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
    now: Instant,
) -> Result<Listed<ExceptionRow>> {
    let query =
        || -> Result<Boxed<'_>> { Ok(filtered(reached(scope, Permission::SeeVisits)?, request, now)) };
    let total = query()?.count().get_result(connection)?;
    let rows = if let Some(after) = request.after_id {
        query()?.filter(visit_exceptions::id.gt(after)).order(visit_exceptions::id)
    } else {
        ordered(query()?, request).then_order_by(visit_exceptions::id).offset(request.offset)
    };
    let rows = rows.limit(request.limit).select(ExceptionRow::as_select()).load(connection)?;
    Ok(Listed { rows, total })
}

fn filtered<'a>(mut query: Boxed<'a>, request: &ListRequest, now: Instant) -> Boxed<'a> {
    query = match request.filter("state") {
        Some("all") => query,
        Some(state) => query.filter(visit_exceptions::state.eq(state.to_owned())),
        None => query.filter(visit_exceptions::state.eq_any([ExceptionState::Open, ExceptionState::Asked])),
    };
    if let Some(cause) = request.filter("cause") {
        query = query.filter(visit_exceptions::cause.eq(cause.to_owned()));
    }
    if let Some(strength) = request.filter("strength") {
        query = query.filter(visit_exceptions::strength.eq(strength.to_owned()));
    }
    if let Some(town) = request.filter("town") {
        query = query.filter(visit_exceptions::town_code.eq(town.to_owned()));
    }
    if let Some(caregiver) = request.filter_id("caregiver") {
        query = query.filter(visit_exceptions::caregiver_id.eq(caregiver));
    }
    if let Some(age) = request.filter("age") {
        let Some(age) = Age::parse(age) else { return query.filter(visit_exceptions::id.eq(-1)) };
        let (after, until) = age.opened(now);
        query = query.filter(visit_exceptions::opened_at.le(until));
        if let Some(after) = after {
            query = query.filter(visit_exceptions::opened_at.gt(after));
        }
    }
    query
}

fn ordered<'a>(query: Boxed<'a>, request: &ListRequest) -> Boxed<'a> {
    let caregiver = || {
        let same = caregivers::id.nullable().eq(visit_exceptions::caregiver_id);
        caregivers::table.filter(same).select(caregivers::name).single_value()
    };
    match request.sort_or("age") {
        ("cause", false) => query.order(visit_exceptions::cause.asc()),
        ("cause", true) => query.order(visit_exceptions::cause.desc()),
        ("strength", false) => query.order(visit_exceptions::strength.asc()),
        ("strength", true) => query.order(visit_exceptions::strength.desc()),
        ("caregiver", false) => query.order(caregiver().asc()),
        ("caregiver", true) => query.order(caregiver().desc()),
        ("town", false) => query.order(visit_exceptions::town_code.asc()),
        ("town", true) => query.order(visit_exceptions::town_code.desc()),
        ("state", false) => query.order(visit_exceptions::state.asc()),
        ("state", true) => query.order(visit_exceptions::state.desc()),
        (_, true) => query.order(visit_exceptions::opened_at.desc()),
        (_, false) => query.order(visit_exceptions::opened_at.asc()),
    }
}

/// How many are to be decided within reach, by cause, town, caregiver and age.
pub fn open_counts(connection: &mut AnyConnection, scope: &Scope, now: Instant) -> Result<OpenCounts> {
    let rows: Vec<(String, String, Option<i64>, Instant)> = reached(scope, Permission::SeeVisits)?
        .filter(visit_exceptions::state.eq_any([ExceptionState::Open, ExceptionState::Asked]))
        .select((
            visit_exceptions::cause,
            visit_exceptions::town_code,
            visit_exceptions::caregiver_id,
            visit_exceptions::opened_at,
        ))
        .load(connection)?;
    let ages = Age::ALL.iter().map(|age| {
        let count = rows.iter().filter(|(.., opened_at)| Age::of(*opened_at, now) == *age).count();
        (*age, count as i64)
    });
    Ok(OpenCounts {
        ages: ages.collect(),
        causes: tally(rows.iter().map(|(cause, ..)| cause.clone())),
        towns: tally(rows.iter().map(|(_, town, ..)| town.clone())),
        caregivers: tally(rows.iter().filter_map(|(_, _, caregiver, _)| *caregiver)),
    })
}

/// Number of the visit by number of the exception, of those within reach.
pub fn visits_of(connection: &mut AnyConnection, scope: &Scope, ids: &[i64]) -> Result<Vec<(i64, i64)>> {
    let found = reached(scope, Permission::SeeVisits)?.filter(visit_exceptions::id.eq_any(ids.to_vec()));
    Ok(found.select((visit_exceptions::id, visit_exceptions::visit_id)).load(connection)?)
}

fn tally<K: Ord + Clone>(keys: impl Iterator<Item = K>) -> Vec<(K, i64)> {
    let mut counts = std::collections::BTreeMap::new();
    for key in keys {
        *counts.entry(key).or_insert(0_i64) += 1;
    }
    let mut counts: Vec<(K, i64)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}
