mod rows;

use diesel::prelude::*;
use diesel::sql_types::Bool;

pub use rows::{
    Counts, NewRow, RowRow, add_part, counts, delete_rows, filled_rows, good_numbers, insert_rows, list_rows,
    made_of, mark, part, parts, undo_numbers, wipe_parts,
};

use super::model::{BatchState, ImportKind};
use crate::access::{Permission, Reach, Scope};
use crate::clock::Instant;
use crate::db::schema::imports;
use crate::db::{AnyConnection, Backend};
use crate::error::Result;
use crate::listing::{ListRequest, Listed};

/// A batch as it is stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = imports)]
pub struct BatchRow {
    pub id: i64,
    pub kind: ImportKind,
    pub state: BatchState,
    pub file_name: String,
    pub user_id: Option<i64>,
    pub actor: String,
    pub institution_id: Option<i64>,
    /// JSON; so are mapping and remarks.
    pub headings: String,
    pub mapping: String,
    pub remarks: String,
    pub total_rows: i64,
    pub created_at: Instant,
    pub changed_at: Instant,
    pub runner: String,
    pub runner_until: Option<Instant>,
    pub wiped_at: Option<Instant>,
}

impl BatchRow {
    /// Somebody was working on it and the program was ended.
    pub fn is_stopped(&self, now: Instant) -> bool {
        self.runner_until.is_some_and(|until| until <= now)
    }
}

/// What a new batch holds.
pub struct NewBatch<'a> {
    pub kind: ImportKind,
    pub file_name: &'a str,
    pub institution_id: Option<i64>,
    pub headings: &'a str,
    pub mapping: &'a str,
    pub remarks: &'a str,
    pub total_rows: i64,
}

/// One's own batches, those of an institution within reach, and all of them for whoever reaches the whole city.
fn within(
    scope: &Scope,
    reach: &Reach,
) -> Box<dyn BoxableExpression<imports::table, Backend, SqlType = Bool>> {
    if reach.city {
        return Box::new(crate::db::always());
    }
    let own = imports::user_id
        .is_not_null()
        .and(imports::user_id.assume_not_null().eq(scope.user_id.unwrap_or(-1)));
    let of_house = imports::institution_id
        .is_not_null()
        .and(imports::institution_id.assume_not_null().eq_any(reach.institutions.clone()));
    Box::new(own.or(of_house))
}

pub fn get_batch(connection: &mut AnyConnection, scope: &Scope, id: i64) -> Result<BatchRow> {
    let reach = scope.reach(Permission::ImportRecords)?;
    Ok(imports::table
        .filter(imports::id.eq(id))
        .filter(within(scope, &reach))
        .select(BatchRow::as_select())
        .first(connection)?)
}

/// Filters: kind, state. The newest first.
pub fn list_batches(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
) -> Result<Listed<BatchRow>> {
    let reach = scope.reach(Permission::ImportRecords)?;
    let filtered = || {
        let mut query = imports::table.filter(within(scope, &reach)).into_boxed();
        if let Some(kind) = request.filter("kind") {
            query = query.filter(imports::kind.eq(kind.to_owned()));
        }
        if let Some(state) = request.filter("state") {
            query = query.filter(imports::state.eq(state.to_owned()));
        }
        query
    };
    let total = filtered().count().get_result(connection)?;
    let query = match request.after_id {
        Some(after) => filtered().filter(imports::id.gt(after)).order(imports::id.asc()),
        None => filtered().order(imports::id.desc()).offset(request.offset),
    };
    let rows = query.limit(request.limit).select(BatchRow::as_select()).load(connection)?;
    Ok(Listed { rows, total })
}

pub(super) fn insert_batch(
    connection: &mut AnyConnection,
    scope: &Scope,
    new: &NewBatch<'_>,
    now: Instant,
) -> Result<i64> {
    Ok(diesel::insert_into(imports::table)
        .values((
            imports::kind.eq(new.kind),
            imports::state.eq(BatchState::Uploaded),
            imports::file_name.eq(new.file_name),
            imports::user_id.eq(scope.user_id),
            imports::actor.eq(&scope.actor),
            imports::institution_id.eq(new.institution_id),
            imports::headings.eq(new.headings),
            imports::mapping.eq(new.mapping),
            imports::remarks.eq(new.remarks),
            imports::total_rows.eq(new.total_rows),
            imports::created_at.eq(now),
            imports::changed_at.eq(now),
            imports::runner.eq(""),
        ))
        .returning(imports::id)
        .get_result(connection)?)
}

/// Makes `runner` the one who works on a batch that is as `seen` until `until`; false where somebody else was first.
pub(super) fn claim(
    connection: &mut AnyConnection,
    seen: &BatchRow,
    state: BatchState,
    runner: &str,
    (now, until): (Instant, Instant),
) -> Result<bool> {
    let target = imports::table
        .filter(imports::id.eq(seen.id))
        .filter(imports::state.eq(seen.state))
        .filter(imports::runner.eq(&seen.runner));
    let changed = diesel::update(target)
        .set((
            imports::state.eq(state),
            imports::runner.eq(runner),
            imports::runner_until.eq(until),
            imports::changed_at.eq(now),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}

/// Keeps the claim of `runner`; false where it has lost it.
pub(super) fn renew(connection: &mut AnyConnection, id: i64, runner: &str, until: Instant) -> Result<bool> {
    let target = imports::table.filter(imports::id.eq(id)).filter(imports::runner.eq(runner));
    Ok(diesel::update(target).set(imports::runner_until.eq(until)).execute(connection)? == 1)
}

/// Ends the work of `runner`.
pub(super) fn release(
    connection: &mut AnyConnection,
    id: i64,
    runner: &str,
    state: BatchState,
    now: Instant,
) -> Result<bool> {
    let target = imports::table.filter(imports::id.eq(id)).filter(imports::runner.eq(runner));
    let changed = diesel::update(target)
        .set((
            imports::state.eq(state),
            imports::runner.eq(""),
            imports::runner_until.eq(None::<Instant>),
            imports::changed_at.eq(now),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}

pub(super) fn set_mapping(connection: &mut AnyConnection, id: i64, mapping: &str) -> Result<()> {
    diesel::update(imports::table.filter(imports::id.eq(id)))
        .set(imports::mapping.eq(mapping))
        .execute(connection)?;
    Ok(())
}

pub(super) fn set_discarded(connection: &mut AnyConnection, seen: &BatchRow, now: Instant) -> Result<bool> {
    let target = imports::table
        .filter(imports::id.eq(seen.id))
        .filter(imports::state.eq(seen.state))
        .filter(imports::runner.eq(""));
    let changed = diesel::update(target)
        .set((imports::state.eq(BatchState::Discarded), imports::changed_at.eq(now)))
        .execute(connection)?;
    Ok(changed == 1)
}

pub(super) fn set_wiped(connection: &mut AnyConnection, id: i64, now: Instant) -> Result<()> {
    diesel::update(imports::table.filter(imports::id.eq(id)))
        .set(imports::wiped_at.eq(now))
        .execute(connection)?;
    Ok(())
}

/// Batches made before `before` whose rows are still there and on which nobody works.
pub(super) fn due_wipes(connection: &mut AnyConnection, before: Instant, now: Instant) -> Result<Vec<i64>> {
    Ok(imports::table
        .filter(imports::wiped_at.is_null())
        .filter(imports::created_at.lt(before))
        .filter(imports::runner_until.is_null().or(imports::runner_until.assume_not_null().lt(now)))
        .order(imports::id)
        .select(imports::id)
        .load(connection)?)
}
