//! Holds and outages of beds, and leaves inside stays.

use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::BedRow;
use crate::access::{Permission, Reach, Scope};
use crate::beds::model::{HoldOutcome, LeaveKind, OutageReason};
use crate::clock::Instant;
use crate::db::schema::{holds, leaves, outages};
use crate::db::{AnyConnection, Backend};
use crate::error::Result;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = holds)]
pub struct HoldRow {
    pub id: i64,
    pub bed_id: i64,
    pub elder_id: i64,
    pub institution_id: i64,
    pub town_code: String,
    pub starts_at: Instant,
    pub ends_at: Instant,
    pub outcome: Option<HoldOutcome>,
    pub note: String,
    pub version: i64,
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = outages)]
pub struct OutageRow {
    pub id: i64,
    pub bed_id: i64,
    pub institution_id: i64,
    pub town_code: String,
    pub reason: OutageReason,
    pub note: String,
    pub starts_at: Instant,
    pub due_at: Option<Instant>,
    pub ends_at: Option<Instant>,
    pub version: i64,
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = leaves)]
pub struct LeaveRow {
    pub id: i64,
    pub stay_id: i64,
    pub kind: LeaveKind,
    pub starts_at: Instant,
    pub due_at: Option<Instant>,
    pub ends_at: Option<Instant>,
    pub note: String,
    pub version: i64,
}

fn within_holds(reach: &Reach) -> Box<dyn BoxableExpression<holds::table, Backend, SqlType = Bool>> {
    if reach.city {
        return Box::new(crate::db::always());
    }
    Box::new(
        holds::town_code
            .eq_any(reach.towns.clone())
            .or(holds::institution_id.eq_any(reach.institutions.clone())),
    )
}

fn within_outages(reach: &Reach) -> Box<dyn BoxableExpression<outages::table, Backend, SqlType = Bool>> {
    if reach.city {
        return Box::new(crate::db::always());
    }
    Box::new(
        outages::town_code
            .eq_any(reach.towns.clone())
            .or(outages::institution_id.eq_any(reach.institutions.clone())),
    )
}

pub fn get_hold(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    id: i64,
) -> Result<HoldRow> {
    let reach = scope.reach(permission)?;
    Ok(holds::table
        .filter(holds::id.eq(id))
        .filter(within_holds(&reach))
        .select(HoldRow::as_select())
        .first(connection)?)
}

pub fn get_outage(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    id: i64,
) -> Result<OutageRow> {
    let reach = scope.reach(permission)?;
    Ok(outages::table
        .filter(outages::id.eq(id))
        .filter(within_outages(&reach))
        .select(OutageRow::as_select())
        .first(connection)?)
}

/// A leave of a stay within reach.
pub fn get_leave(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    id: i64,
) -> Result<LeaveRow> {
    let leave: LeaveRow =
        leaves::table.filter(leaves::id.eq(id)).select(LeaveRow::as_select()).first(connection)?;
    super::get_stay(connection, scope, permission, leave.stay_id)?;
    Ok(leave)
}

/// Leaves of a stay, newest first.
pub fn leaves_of(connection: &mut AnyConnection, stay_id: i64) -> Result<Vec<LeaveRow>> {
    Ok(leaves::table
        .filter(leaves::stay_id.eq(stay_id))
        .order(leaves::starts_at.desc())
        .limit(super::HISTORY_MAX)
        .select(LeaveRow::as_select())
        .load(connection)?)
}

/// Leaves of these stays that touch `[from, to)`, in order of their starts. For a caller who has reached the beds already.
pub fn leaves_between(
    connection: &mut AnyConnection,
    stay_ids: &[i64],
    from: Instant,
    to: Instant,
) -> Result<Vec<LeaveRow>> {
    let mut found = Vec::new();
    for part in stay_ids.chunks(super::IDS_MAX) {
        let rows: Vec<LeaveRow> = leaves::table
            .filter(leaves::stay_id.eq_any(part.to_vec()))
            .filter(leaves::starts_at.lt(to))
            .filter(leaves::ends_at.is_null().or(leaves::ends_at.gt(from)))
            .order(leaves::starts_at)
            .select(LeaveRow::as_select())
            .load(connection)?;
        found.extend(rows);
    }
    Ok(found)
}

/// Holds within reach that are open at `now`, the next to expire first.
pub fn open_holds(
    connection: &mut AnyConnection,
    scope: &Scope,
    institution: Option<i64>,
    now: Instant,
) -> Result<Vec<HoldRow>> {
    let reach = scope.reach(Permission::SeeBeds)?;
    let mut query = holds::table
        .filter(within_holds(&reach))
        .filter(holds::outcome.is_null())
        .filter(holds::ends_at.gt(now))
        .into_boxed();
    if let Some(institution) = institution {
        query = query.filter(holds::institution_id.eq(institution));
    }
    Ok(query.order((holds::ends_at, holds::id)).limit(1_000).select(HoldRow::as_select()).load(connection)?)
}

pub(super) fn holds_by_number(connection: &mut AnyConnection, ids: &[i64]) -> Result<Vec<HoldRow>> {
    Ok(holds::table.filter(holds::id.eq_any(ids.to_vec())).select(HoldRow::as_select()).load(connection)?)
}

/// Holds of an elder that are not over at `now`.
pub(in crate::beds) fn holds_of_elder(
    connection: &mut AnyConnection,
    elder_id: i64,
    now: Instant,
) -> Result<Vec<HoldRow>> {
    Ok(holds::table
        .filter(holds::elder_id.eq(elder_id))
        .filter(holds::outcome.is_null())
        .filter(holds::ends_at.gt(now))
        .select(HoldRow::as_select())
        .load(connection)?)
}

/// Holds whose time is over and that nobody has closed.
pub(in crate::beds) fn due_holds(connection: &mut AnyConnection, now: Instant) -> Result<Vec<HoldRow>> {
    Ok(holds::table
        .filter(holds::outcome.is_null())
        .filter(holds::ends_at.le(now))
        .order(holds::id)
        .limit(500)
        .select(HoldRow::as_select())
        .load(connection)?)
}

pub(in crate::beds) fn insert_hold(
    connection: &mut AnyConnection,
    bed: &BedRow,
    elder_id: i64,
    from: Instant,
    to: Instant,
    note: &str,
) -> Result<i64> {
    Ok(diesel::insert_into(holds::table)
        .values((
            holds::bed_id.eq(bed.id),
            holds::elder_id.eq(elder_id),
            holds::institution_id.eq(bed.institution_id),
            holds::town_code.eq(&bed.town_code),
            holds::starts_at.eq(from),
            holds::ends_at.eq(to),
            holds::note.eq(note),
        ))
        .returning(holds::id)
        .get_result(connection)?)
}

/// Closes version `seen` of an open hold; it ends at `at`, or where it starts if that is later.
pub(in crate::beds) fn close_hold(
    connection: &mut AnyConnection,
    hold: &HoldRow,
    at: Instant,
    outcome: HoldOutcome,
) -> Result<bool> {
    let current = holds::table
        .filter(holds::id.eq(hold.id))
        .filter(holds::version.eq(hold.version))
        .filter(holds::outcome.is_null());
    let ends_at = at.clamp(hold.starts_at, hold.ends_at);
    let changed = diesel::update(current)
        .set((holds::ends_at.eq(ends_at), holds::outcome.eq(outcome), holds::version.eq(hold.version + 1)))
        .execute(connection)?;
    Ok(changed == 1)
}

/// Opens version `seen` of a hold that an admission ended again, until `ends_at`.
pub(in crate::beds) fn reopen_hold(
    connection: &mut AnyConnection,
    id: i64,
    seen: i64,
    ends_at: Instant,
) -> Result<bool> {
    let current = holds::table
        .filter(holds::id.eq(id))
        .filter(holds::version.eq(seen))
        .filter(holds::outcome.is_not_null());
    let changed = diesel::update(current)
        .set((
            holds::ends_at.eq(ends_at),
            holds::outcome.eq(None::<HoldOutcome>),
            holds::version.eq(seen + 1),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}

pub(in crate::beds) fn insert_outage(
    connection: &mut AnyConnection,
    bed: &BedRow,
    reason: OutageReason,
    note: &str,
    from: Instant,
    due_at: Option<Instant>,
) -> Result<i64> {
    Ok(diesel::insert_into(outages::table)
        .values((
            outages::bed_id.eq(bed.id),
            outages::institution_id.eq(bed.institution_id),
            outages::town_code.eq(&bed.town_code),
            outages::reason.eq(reason),
            outages::note.eq(note),
            outages::starts_at.eq(from),
            outages::due_at.eq(due_at),
        ))
        .returning(outages::id)
        .get_result(connection)?)
}

/// Ends version `seen` of an outage that goes on.
pub(in crate::beds) fn end_outage(
    connection: &mut AnyConnection,
    id: i64,
    seen: i64,
    to: Instant,
) -> Result<bool> {
    let current = outages::table
        .filter(outages::id.eq(id))
        .filter(outages::version.eq(seen))
        .filter(outages::ends_at.is_null());
    let changed = diesel::update(current)
        .set((outages::ends_at.eq(to), outages::version.eq(seen + 1)))
        .execute(connection)?;
    Ok(changed == 1)
}

pub(in crate::beds) fn insert_leave(
    connection: &mut AnyConnection,
    stay_id: i64,
    kind: LeaveKind,
    from: Instant,
    due_at: Option<Instant>,
    note: &str,
) -> Result<i64> {
    Ok(diesel::insert_into(leaves::table)
        .values((
            leaves::stay_id.eq(stay_id),
            leaves::kind.eq(kind),
            leaves::starts_at.eq(from),
            leaves::due_at.eq(due_at),
            leaves::note.eq(note),
        ))
        .returning(leaves::id)
        .get_result(connection)?)
}

/// Ends version `seen` of a leave that goes on.
pub(in crate::beds) fn end_leave(
    connection: &mut AnyConnection,
    id: i64,
    seen: i64,
    to: Instant,
) -> Result<bool> {
    let current = leaves::table
        .filter(leaves::id.eq(id))
        .filter(leaves::version.eq(seen))
        .filter(leaves::ends_at.is_null());
    let changed = diesel::update(current)
        .set((leaves::ends_at.eq(to), leaves::version.eq(seen + 1)))
        .execute(connection)?;
    Ok(changed == 1)
}

/// The first leave of a stay that goes on at `from` or begins later.
pub(in crate::beds) fn leave_after(
    connection: &mut AnyConnection,
    stay_id: i64,
    from: Instant,
) -> Result<Option<LeaveRow>> {
    Ok(leaves::table
        .filter(leaves::stay_id.eq(stay_id))
        .filter(leaves::ends_at.is_null().or(leaves::ends_at.gt(from)))
        .order(leaves::starts_at)
        .select(LeaveRow::as_select())
        .first(connection)
        .optional()?)
}
