use diesel::prelude::*;

use super::answer::Answer;
use super::model::{FollowUpKind, FollowUpResult, Whom};
use crate::access::{Permission, Reach, Scope};
use crate::clock::Instant;
use crate::db::schema::{caregivers, follow_ups, visits};
use crate::db::{AnyConnection, Backend};
use crate::error::Result;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = follow_ups)]
pub struct FollowUpRow {
    pub id: i64,
    pub visit_id: i64,
    pub elder_id: i64,
    pub town_code: String,
    pub kind: FollowUpKind,
    pub opened_at: Instant,
    pub due_at: Instant,
    pub owner: String,
    pub closed_at: Option<Instant>,
    pub closed_by: Option<String>,
    pub contacted_at: Option<Instant>,
    pub whom: Option<Whom>,
    pub result: Option<FollowUpResult>,
    pub note: String,
    pub version: i64,
}

#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = follow_ups)]
pub(super) struct NewFollowUp {
    pub visit_id: i64,
    pub elder_id: i64,
    pub town_code: String,
    pub kind: FollowUpKind,
    pub opened_at: Instant,
    pub due_at: Instant,
    pub owner: String,
    pub note: String,
}

pub(super) fn insert(connection: &mut AnyConnection, row: &NewFollowUp) -> Result<()> {
    diesel::insert_into(follow_ups::table).values(row.clone()).execute(connection)?;
    Ok(())
}

type Boxed<'a> = follow_ups::BoxedQuery<'a, Backend>;

/// A follow-up is where its visit is: in a town, or of a provider's caregiver.
fn reached<'a>(reach: &Reach) -> Boxed<'a> {
    let query = follow_ups::table.into_boxed();
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
    let in_town = follow_ups::town_code.eq_any(reach.towns.clone());
    query.filter(in_town.or(follow_ups::visit_id.eq_any(theirs)))
}

pub fn get(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    id: i64,
) -> Result<FollowUpRow> {
    let reach = scope.reach(permission)?;
    Ok(reached(&reach).filter(follow_ups::id.eq(id)).select(FollowUpRow::as_select()).first(connection)?)
}

/// Open ones within reach, the longest due first; of one town where it is named.
pub fn open(
    connection: &mut AnyConnection,
    scope: &Scope,
    town: Option<&str>,
    limit: i64,
) -> Result<Vec<FollowUpRow>> {
    let reach = scope.reach(Permission::SeeVisits)?;
    let mut query = reached(&reach).filter(follow_ups::closed_at.is_null());
    if let Some(town) = town {
        query = query.filter(follow_ups::town_code.eq(town.to_owned()));
    }
    Ok(query.order(follow_ups::due_at).limit(limit).select(FollowUpRow::as_select()).load(connection)?)
}

/// Of an elder, opened before an instant, the newest first: for the timeline.
pub(super) fn of_elder_before(
    connection: &mut AnyConnection,
    scope: &Scope,
    (elder_id, before, limit): (i64, Instant, i64),
) -> Result<Vec<FollowUpRow>> {
    let reach = scope.reach(Permission::SeeVisits)?;
    let query = reached(&reach)
        .filter(follow_ups::elder_id.eq(elder_id))
        .filter(follow_ups::opened_at.lt(before))
        .order((follow_ups::opened_at.desc(), follow_ups::id.desc()));
    Ok(query.limit(limit).select(FollowUpRow::as_select()).load(connection)?)
}

/// All of a visit that the caller has within reach.
pub fn of_visit(connection: &mut AnyConnection, visit_id: i64) -> Result<Vec<FollowUpRow>> {
    Ok(follow_ups::table
        .filter(follow_ups::visit_id.eq(visit_id))
        .order(follow_ups::opened_at)
        .select(FollowUpRow::as_select())
        .load(connection)?)
}

pub(super) fn open_of_visit(connection: &mut AnyConnection, visit_id: i64) -> Result<Vec<FollowUpRow>> {
    let rows = of_visit(connection, visit_id)?;
    Ok(rows.into_iter().filter(|row| row.closed_at.is_none()).collect())
}

/// Past their deadline and open, for the timer: visit, kind, deadline.
pub(in crate::visits) fn overdue(
    connection: &mut AnyConnection,
    now: Instant,
) -> Result<Vec<(i64, FollowUpKind, String, Instant)>> {
    Ok(follow_ups::table
        .filter(follow_ups::closed_at.is_null())
        .filter(follow_ups::due_at.le(now))
        .order(follow_ups::due_at)
        .select((follow_ups::visit_id, follow_ups::kind, follow_ups::town_code, follow_ups::due_at))
        .load(connection)?)
}

pub(super) fn close(
    connection: &mut AnyConnection,
    row: &FollowUpRow,
    (now, actor): (Instant, &str),
    answer: &Answer,
    contacted_at: Instant,
) -> Result<bool> {
    let same = follow_ups::table
        .filter(follow_ups::id.eq(row.id))
        .filter(follow_ups::version.eq(row.version))
        .filter(follow_ups::closed_at.is_null());
    let changed = diesel::update(same)
        .set((
            follow_ups::closed_at.eq(now),
            follow_ups::closed_by.eq(actor),
            follow_ups::contacted_at.eq(contacted_at),
            follow_ups::whom.eq(answer.whom),
            follow_ups::result.eq(answer.result),
            follow_ups::note.eq(answer.note.trim()),
            follow_ups::version.eq(row.version + 1),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}
