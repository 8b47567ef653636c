//! Who waits for a bed, and in which order.

use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::classes::{ClassRow, all_classes};
use crate::access::{Permission, Reach, Scope};
use crate::beds::model::{BedKind, CareLevel, WaitingState};
use crate::clock::Instant;
use crate::db::schema::{elders, institutions, waiting_classes, waiting_entries};
use crate::db::{AnyConnection, Backend};
use crate::elders::store::visible_names;
use crate::error::Result;
use crate::listing::{ListRequest, Listed};

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = waiting_entries)]
pub struct EntryRow {
    pub id: i64,
    pub elder_id: i64,
    pub town_code: String,
    pub institution_id: Option<i64>,
    pub bed_kind: Option<BedKind>,
    pub care_level: Option<CareLevel>,
    pub class_code: String,
    pub jump_rank: Option<i32>,
    pub place: i64,
    pub state: WaitingState,
    pub note: String,
    pub asked_at: Instant,
    pub closed_at: Option<Instant>,
    pub version: i64,
}

/// Somebody who waits, with the position in the city's list.
#[derive(Clone, Debug)]
pub struct EntryListed {
    pub entry: EntryRow,
    /// From 1, among all who wait in the city; none for one who no longer waits.
    pub position: Option<i64>,
    pub elder: Option<String>,
    pub institution: Option<String>,
    pub class: ClassRow,
}

fn within(reach: &Reach) -> Box<dyn BoxableExpression<waiting_entries::table, Backend, SqlType = Bool>> {
    if reach.city {
        return Box::new(crate::db::always());
    }
    Box::new(
        waiting_entries::town_code.eq_any(reach.towns.clone()).or(waiting_entries::institution_id
            .is_not_null()
            .and(waiting_entries::institution_id.assume_not_null().eq_any(reach.institutions.clone()))),
    )
}

pub fn get_entry(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    id: i64,
) -> Result<EntryRow> {
    let reach = scope.reach(permission)?;
    Ok(waiting_entries::table
        .filter(waiting_entries::id.eq(id))
        .filter(within(&reach))
        .select(EntryRow::as_select())
        .first(connection)?)
}

/// Numbers of all who wait, in line: by class, or by the rank of a jump, then by place.
fn line(connection: &mut AnyConnection) -> Result<Vec<i64>> {
    let mut rows: Vec<(i32, i64, i64)> = waiting_entries::table
        .inner_join(waiting_classes::table)
        .filter(waiting_entries::state.eq(WaitingState::Waiting))
        .select((
            waiting_entries::jump_rank,
            waiting_classes::rank,
            waiting_entries::place,
            waiting_entries::id,
        ))
        .load::<(Option<i32>, i32, i64, i64)>(connection)?
        .into_iter()
        .map(|(jump, rank, place, id)| (jump.unwrap_or(rank), place, id))
        .collect();
    rows.sort_unstable();
    Ok(rows.into_iter().map(|(_, _, id)| id).collect())
}

/// Who waits within reach, in line. Filters: institution, town, class, kind, state (waiting unless told otherwise).
pub fn list_entries(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
    now: Instant,
) -> Result<Listed<EntryListed>> {
    let reach = scope.reach(Permission::SeeBeds)?;
    let state = request.filter("state").unwrap_or(WaitingState::Waiting.name()).to_owned();
    let mut query =
        waiting_entries::table.filter(within(&reach)).filter(waiting_entries::state.eq(state)).into_boxed();
    if let Some(institution) = request.filter_id("institution") {
        query = query.filter(waiting_entries::institution_id.eq(institution));
    }
    if let Some(town) = request.filter("town") {
        query = query.filter(waiting_entries::town_code.eq(town.to_owned()));
    }
    if let Some(class) = request.filter("class") {
        query = query.filter(waiting_entries::class_code.eq(class.to_owned()));
    }
    if let Some(kind) = request.filter("kind") {
        query = query.filter(waiting_entries::bed_kind.eq(kind.to_owned()));
    }
    let rows: Vec<EntryRow> =
        query.order(waiting_entries::id).select(EntryRow::as_select()).load(connection)?;
    let line = line(connection)?;
    let position = |id: i64| line.iter().position(|other| *other == id).map(|index| index as i64 + 1);
    let mut rows: Vec<(Option<i64>, EntryRow)> =
        rows.into_iter().map(|row| (position(row.id), row)).collect();
    let total = rows.len() as i64;
    if let Some(after) = request.after_id {
        rows.retain(|(_, row)| row.id > after);
    } else {
        rows.sort_by_key(|(position, row)| (*position, row.id));
        rows.drain(..(request.offset as usize).min(rows.len()));
    }
    rows.truncate(request.limit as usize);
    Ok(Listed { rows: with_names(connection, scope, rows, now)?, total })
}

fn with_names(
    connection: &mut AnyConnection,
    scope: &Scope,
    rows: Vec<(Option<i64>, EntryRow)>,
    now: Instant,
) -> Result<Vec<EntryListed>> {
    let ids: Vec<i64> = rows.iter().map(|(_, row)| row.elder_id).collect();
    let names = visible_names(connection, scope, &ids, now)?;
    let houses: std::collections::HashMap<i64, String> = institutions::table
        .select((institutions::id, institutions::name))
        .load(connection)?
        .into_iter()
        .collect();
    let classes = all_classes(connection)?;
    let listed = rows.into_iter().filter_map(|(position, entry)| {
        Some(EntryListed {
            position,
            elder: names.get(&entry.elder_id).cloned(),
            institution: entry.institution_id.and_then(|id| houses.get(&id).cloned()),
            class: classes.iter().find(|class| class.code == entry.class_code)?.clone(),
            entry,
        })
    });
    Ok(listed.collect())
}

/// The entry of an elder who waits.
pub(in crate::beds) fn entry_of_elder(
    connection: &mut AnyConnection,
    elder_id: i64,
) -> Result<Option<EntryRow>> {
    Ok(waiting_entries::table
        .filter(waiting_entries::elder_id.eq(elder_id))
        .filter(waiting_entries::state.eq(WaitingState::Waiting))
        .select(EntryRow::as_select())
        .first(connection)
        .optional()?)
}

/// Puts an elder at the end of the line.
pub(in crate::beds) fn insert_entry(
    connection: &mut AnyConnection,
    elder_id: i64,
    institution_id: Option<i64>,
    wish: (Option<BedKind>, Option<CareLevel>),
    class_code: &str,
    note: &str,
    now: Instant,
) -> Result<i64> {
    let last: Option<i64> =
        waiting_entries::table.select(diesel::dsl::max(waiting_entries::place)).first(connection)?;
    let town: String =
        elders::table.filter(elders::id.eq(elder_id)).select(elders::town_code).first(connection)?;
    Ok(diesel::insert_into(waiting_entries::table)
        .values((
            waiting_entries::elder_id.eq(elder_id),
            waiting_entries::town_code.eq(town),
            waiting_entries::institution_id.eq(institution_id),
            waiting_entries::bed_kind.eq(wish.0),
            waiting_entries::care_level.eq(wish.1),
            waiting_entries::class_code.eq(class_code),
            waiting_entries::place.eq(last.unwrap_or(0) + 1),
            waiting_entries::state.eq(WaitingState::Waiting),
            waiting_entries::note.eq(note),
            waiting_entries::asked_at.eq(now),
        ))
        .returning(waiting_entries::id)
        .get_result(connection)?)
}

/// Ends the waiting of version `seen`.
pub(in crate::beds) fn close_entry(
    connection: &mut AnyConnection,
    id: i64,
    seen: i64,
    state: WaitingState,
    now: Instant,
) -> Result<bool> {
    let waiting = waiting_entries::table
        .filter(waiting_entries::id.eq(id))
        .filter(waiting_entries::version.eq(seen))
        .filter(waiting_entries::state.eq(WaitingState::Waiting));
    let changed = diesel::update(waiting)
        .set((
            waiting_entries::state.eq(state),
            waiting_entries::closed_at.eq(now),
            waiting_entries::version.eq(seen + 1),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}

/// An entry by its number, wherever it is: for what the caller has reached already.
pub(in crate::beds) fn find_entry(connection: &mut AnyConnection, id: i64) -> Result<EntryRow> {
    Ok(waiting_entries::table
        .filter(waiting_entries::id.eq(id))
        .select(EntryRow::as_select())
        .first(connection)?)
}

/// Puts version `seen` of an entry that an admission ended back to its place in line.
pub(in crate::beds) fn reopen_entry(connection: &mut AnyConnection, id: i64, seen: i64) -> Result<bool> {
    let current = waiting_entries::table
        .filter(waiting_entries::id.eq(id))
        .filter(waiting_entries::version.eq(seen))
        .filter(waiting_entries::state.eq(WaitingState::Admitted));
    let changed = diesel::update(current)
        .set((
            waiting_entries::state.eq(WaitingState::Waiting),
            waiting_entries::closed_at.eq(None::<Instant>),
            waiting_entries::version.eq(seen + 1),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}

/// Takes version `seen` of an entry out of the line as if it had never been there.
pub(in crate::beds) fn delete_entry(connection: &mut AnyConnection, id: i64, seen: i64) -> Result<bool> {
    let current = waiting_entries::table
        .filter(waiting_entries::id.eq(id))
        .filter(waiting_entries::version.eq(seen))
        .filter(waiting_entries::state.eq(WaitingState::Waiting));
    Ok(diesel::delete(current).execute(connection)? == 1)
}

/// Moves version `seen` of an entry in front of another one: everybody from there on moves back by one.
pub(in crate::beds) fn jump_before(
    connection: &mut AnyConnection,
    id: i64,
    seen: i64,
    before: &EntryRow,
) -> Result<bool> {
    let class_rank: i32 = waiting_classes::table
        .filter(waiting_classes::code.eq(&before.class_code))
        .select(waiting_classes::rank)
        .first(connection)?;
    diesel::update(waiting_entries::table.filter(waiting_entries::place.ge(before.place)))
        .set(waiting_entries::place.eq(waiting_entries::place + 1))
        .execute(connection)?;
    let current = waiting_entries::table
        .filter(waiting_entries::id.eq(id))
        .filter(waiting_entries::version.eq(seen))
        .filter(waiting_entries::state.eq(WaitingState::Waiting));
    let changed = diesel::update(current)
        .set((
            waiting_entries::jump_rank.eq(before.jump_rank.unwrap_or(class_rank)),
            waiting_entries::place.eq(before.place),
            waiting_entries::version.eq(seen + 1),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}
