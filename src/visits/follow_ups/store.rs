use std::collections::HashMap;

use diesel::prelude::*;

use super::answer::Answer;
use super::model::{FollowUpKind, FollowUpResult, Whom};
use crate::access::store::{user_names, users_who_may};
use crate::access::{Permission, Reach, Scope};
use crate::clock::Instant;
use crate::db::schema::{caregivers, follow_ups, visits};
use crate::db::{AnyConnection, Backend};
use crate::error::Result;
use crate::listing::{ListRequest, Listed};
use crate::registry::store::names_of_towns;
use crate::visits::store::elder_names;

/// Numbers listed in one statement.
const IDS_MAX: usize = 10_000;

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
    /// Number of the user who has it; with nobody it waits in the office of its town.
    pub held_by: Option<i64>,
    pub held_since: Option<Instant>,
}

/// A follow-up with the names of those it concerns.
#[derive(Clone, Debug)]
pub struct FollowUpListed {
    pub row: FollowUpRow,
    pub elder: String,
    pub town_zh: String,
    pub town_en: String,
    pub holder: Option<String>,
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
    pub held_by: Option<i64>,
    pub held_since: Option<Instant>,
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

/// Filters: state (open without one, closed, all), holder (mine, nobody), kind, town, overdue. Sorts: due, kind, town, since.
pub fn list(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
    now: Instant,
) -> Result<Listed<FollowUpListed>> {
    let reach = scope.reach(Permission::SeeVisits)?;
    let query = || filtered(reached(&reach), scope, request, now);
    let total = query().count().get_result(connection)?;
    let rows = if let Some(after) = request.after_id {
        query().filter(follow_ups::id.gt(after)).order(follow_ups::id)
    } else {
        ordered(query(), request).then_order_by(follow_ups::id).offset(request.offset)
    };
    let rows = rows.limit(request.limit).select(FollowUpRow::as_select()).load(connection)?;
    Ok(Listed { rows: with_names(connection, rows)?, total })
}

fn filtered<'a>(mut query: Boxed<'a>, scope: &Scope, request: &ListRequest, now: Instant) -> Boxed<'a> {
    query = match request.filter("state") {
        Some("all") => query,
        Some("closed") => query.filter(follow_ups::closed_at.is_not_null()),
        _ => query.filter(follow_ups::closed_at.is_null()),
    };
    query = match request.filter("holder") {
        Some("mine") => query.filter(follow_ups::held_by.eq(scope.user_id.unwrap_or_default())),
        Some("nobody") => query.filter(follow_ups::held_by.is_null()),
        Some(_) => query.filter(follow_ups::id.eq(-1)),
        None => query,
    };
    if let Some(kind) = request.filter("kind") {
        query = query.filter(follow_ups::kind.eq(kind.to_owned()));
    }
    if let Some(town) = request.filter("town") {
        query = query.filter(follow_ups::town_code.eq(town.to_owned()));
    }
    let is_overdue = || follow_ups::closed_at.is_null().and(follow_ups::due_at.le(now));
    match request.filter_flag("overdue") {
        Some(true) => query.filter(is_overdue()),
        Some(false) => query.filter(diesel::dsl::not(is_overdue())),
        None => query,
    }
}

fn ordered<'a>(query: Boxed<'a>, request: &ListRequest) -> Boxed<'a> {
    match request.sort_or("due") {
        ("kind", false) => query.order(follow_ups::kind.asc()),
        ("kind", true) => query.order(follow_ups::kind.desc()),
        ("town", false) => query.order(follow_ups::town_code.asc()),
        ("town", true) => query.order(follow_ups::town_code.desc()),
        ("since", false) => query.order(follow_ups::held_since.asc()),
        ("since", true) => query.order(follow_ups::held_since.desc()),
        (_, true) => query.order(follow_ups::due_at.desc()),
        (_, false) => query.order(follow_ups::due_at.asc()),
    }
}

/// Rows that the caller has within reach, with the names of those they concern.
pub fn with_names(connection: &mut AnyConnection, rows: Vec<FollowUpRow>) -> Result<Vec<FollowUpListed>> {
    let mut elders = HashMap::new();
    let mut holders = HashMap::new();
    for part in rows.chunks(IDS_MAX) {
        elders.extend(elder_names(connection, &part.iter().map(|row| row.elder_id).collect::<Vec<_>>())?);
        holders
            .extend(user_names(connection, &part.iter().filter_map(|row| row.held_by).collect::<Vec<_>>())?);
    }
    let towns = names_of_towns(connection)?;
    let listed = rows.into_iter().map(|row| {
        let town = towns.get(&row.town_code);
        FollowUpListed {
            elder: elders.get(&row.elder_id).cloned().unwrap_or_default(),
            town_zh: town.map(|town| town.zh.clone()).unwrap_or_default(),
            town_en: town.map(|town| town.en.clone()).unwrap_or_default(),
            holder: row.held_by.and_then(|id| holders.get(&id)).map(|(_, name)| name.clone()),
            row,
        }
    });
    Ok(listed.collect())
}

/// Number, login and name of those who can have a follow-up: whoever assigns visits in its town, or for its visit's provider.
pub fn possible_holders(
    connection: &mut AnyConnection,
    row: &FollowUpRow,
) -> Result<Vec<(i64, String, String)>> {
    let provider: Option<i64> = visits::table
        .inner_join(caregivers::table)
        .filter(visits::id.eq(row.visit_id))
        .select(caregivers::provider_id)
        .first(connection)
        .optional()?;
    users_who_may(connection, Permission::AssignVisits, &row.town_code, provider)
}

/// Gives an open follow-up to a user, or back to the office of its town; false where another version is stored.
pub(super) fn set_holder(
    connection: &mut AnyConnection,
    row: &FollowUpRow,
    holder: Option<i64>,
    now: Instant,
) -> Result<bool> {
    let same = follow_ups::table
        .filter(follow_ups::id.eq(row.id))
        .filter(follow_ups::version.eq(row.version))
        .filter(follow_ups::closed_at.is_null());
    let changed = diesel::update(same)
        .set((
            follow_ups::held_by.eq(holder),
            follow_ups::held_since.eq(holder.map(|_| now)),
            follow_ups::version.eq(row.version + 1),
        ))
        .execute(connection)?;
    Ok(changed == 1)
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
