use diesel::prelude::*;

use super::CorrectionState;
use crate::access::{Permission, Reach, Scope};
use crate::clock::Instant;
use crate::db::schema::{caregivers, visit_corrections, visits};
use crate::db::{AnyConnection, Backend};
use crate::error::Result;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = visit_corrections)]
pub struct CorrectionRow {
    pub id: i64,
    pub visit_id: i64,
    pub town_code: String,
    pub arrived_at: Option<Instant>,
    pub ended_at: Option<Instant>,
    pub caregiver_id: Option<i64>,
    pub fail_reason: Option<String>,
    pub reason: String,
    pub state: CorrectionState,
    pub asked_by: String,
    pub asked_at: Instant,
    pub decided_by: Option<String>,
    pub decided_at: Option<Instant>,
    pub answer: String,
    pub version: i64,
}

#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = visit_corrections)]
pub(super) struct NewCorrection {
    pub visit_id: i64,
    pub town_code: String,
    pub arrived_at: Option<Instant>,
    pub ended_at: Option<Instant>,
    pub caregiver_id: Option<i64>,
    pub fail_reason: Option<String>,
    pub reason: String,
    pub state: CorrectionState,
    pub asked_by: String,
    pub asked_at: Instant,
    pub answer: String,
}

pub(super) fn insert(connection: &mut AnyConnection, row: &NewCorrection) -> Result<i64> {
    Ok(diesel::insert_into(visit_corrections::table)
        .values(row.clone())
        .returning(visit_corrections::id)
        .get_result(connection)?)
}

type Boxed<'a> = visit_corrections::BoxedQuery<'a, Backend>;

/// A correction is where its visit is: in a town, or of a caregiver.
fn reached<'a>(reach: &Reach) -> Boxed<'a> {
    let query = visit_corrections::table.into_boxed();
    if reach.city {
        return query;
    }
    let colleagues = caregivers::table
        .filter(caregivers::provider_id.eq_any(reach.providers.clone()))
        .select(caregivers::id.nullable());
    let own: Vec<Option<i64>> = reach.caregivers.iter().copied().map(Some).collect();
    let theirs = visits::table
        .filter(visits::caregiver_id.eq_any(colleagues).or(visits::caregiver_id.eq_any(own)))
        .select(visits::id);
    let in_town = visit_corrections::town_code.eq_any(reach.towns.clone());
    query.filter(in_town.or(visit_corrections::visit_id.eq_any(theirs)))
}

pub fn get(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    id: i64,
) -> Result<CorrectionRow> {
    let reach = scope.reach(permission)?;
    Ok(reached(&reach)
        .filter(visit_corrections::id.eq(id))
        .select(CorrectionRow::as_select())
        .first(connection)?)
}

/// Those that wait for an answer within reach, the oldest first.
pub fn asked(connection: &mut AnyConnection, scope: &Scope, limit: i64) -> Result<Vec<CorrectionRow>> {
    let reach = scope.reach(Permission::SeeVisits)?;
    Ok(reached(&reach)
        .filter(visit_corrections::state.eq(CorrectionState::Asked))
        .order(visit_corrections::asked_at)
        .limit(limit)
        .select(CorrectionRow::as_select())
        .load(connection)?)
}

/// Of a visit that the caller has within reach.
pub fn of_visit(connection: &mut AnyConnection, visit_id: i64) -> Result<Vec<CorrectionRow>> {
    Ok(visit_corrections::table
        .filter(visit_corrections::visit_id.eq(visit_id))
        .order(visit_corrections::asked_at)
        .select(CorrectionRow::as_select())
        .load(connection)?)
}

pub(super) fn asked_of_visit(connection: &mut AnyConnection, visit_id: i64) -> Result<Option<CorrectionRow>> {
    let all = of_visit(connection, visit_id)?;
    Ok(all.into_iter().find(|row| row.state == CorrectionState::Asked))
}

pub(super) fn decide(
    connection: &mut AnyConnection,
    row: &CorrectionRow,
    state: CorrectionState,
    (now, actor, answer): (Instant, &str, &str),
    event_seq: Option<i64>,
) -> Result<bool> {
    let same = visit_corrections::table
        .filter(visit_corrections::id.eq(row.id))
        .filter(visit_corrections::version.eq(row.version));
    let changed = diesel::update(same)
        .set((
            visit_corrections::state.eq(state),
            visit_corrections::decided_by.eq(actor),
            visit_corrections::decided_at.eq(now),
            visit_corrections::answer.eq(answer),
            visit_corrections::event_seq.eq(event_seq),
            visit_corrections::version.eq(row.version + 1),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}
