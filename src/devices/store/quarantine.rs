//! Payloads that could not be read, sealed, and devices that send too many of them.

use std::collections::{HashMap, HashSet};

use chrono::TimeDelta;
use diesel::prelude::*;

use crate::access::seal::{Cell, Keys};
use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::{devices, quarantine, quarantine_floods};
use crate::error::{Error, Result};
use crate::listing::{ListRequest, Listed};

/// What is kept of a payload at the most.
pub const PAYLOAD_BYTES_MAX: usize = 64 * 1024;
/// Unreadable messages of a device in an hour that are kept; more are only counted.
pub const KEPT_PER_HOUR_MAX: i64 = 100;
/// Rows of before the seal that are sealed at once.
const SEALED_AT_ONCE: i64 = 100;

/// A device's flood ends when it has sent nothing unreadable for so long.
pub fn flood_ends_after() -> TimeDelta {
    TimeDelta::hours(1)
}

/// A payload that could not be read or stored.
#[derive(Clone, Copy, Debug)]
pub struct Unread<'a> {
    pub device_id: i64,
    pub topic: &'a str,
    pub payload: &'a [u8],
    pub error: &'a str,
    pub at: Instant,
}

/// What became of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutAside {
    Kept,
    /// Only counted: there are too many.
    Counted,
    /// The first that was too many: the device is flagged from now on.
    Flagged,
}

fn cell(row: i64) -> Cell {
    Cell { table: "quarantine", row, column: "payload" }
}

/// Counts an unreadable message, and keeps it while its device does not send too many: one row for each device, topic and error,
/// with the first such payload.
pub fn put_aside(connection: &mut AnyConnection, keys: &Keys, one: &Unread<'_>) -> Result<PutAside> {
    let (messages, is_new) = count_flood(connection, one.device_id, one.at)?;
    if messages > KEPT_PER_HOUR_MAX {
        return Ok(if is_new { PutAside::Flagged } else { PutAside::Counted });
    }
    let known = quarantine::table
        .filter(quarantine::device_id.eq(one.device_id))
        .filter(quarantine::topic.eq(one.topic))
        .filter(quarantine::error.eq(one.error));
    let counted = diesel::update(known)
        .set((quarantine::last_at.eq(one.at), quarantine::occurrences.eq(quarantine::occurrences + 1)))
        .execute(connection)?;
    if counted > 0 {
        return Ok(PutAside::Kept);
    }
    let empty: &[u8] = &[];
    // The seal names the row, so the row comes first.
    let id: i64 = diesel::insert_into(quarantine::table)
        .values((
            quarantine::device_id.eq(one.device_id),
            quarantine::topic.eq(one.topic),
            quarantine::payload.eq(empty),
            quarantine::error.eq(one.error),
            quarantine::first_at.eq(one.at),
            quarantine::last_at.eq(one.at),
            quarantine::occurrences.eq(1),
        ))
        .returning(quarantine::id)
        .get_result(connection)?;
    seal(connection, keys, id, one.payload)?;
    Ok(PutAside::Kept)
}

fn seal(connection: &mut AnyConnection, keys: &Keys, id: i64, payload: &[u8]) -> Result<()> {
    let kept = payload.get(..PAYLOAD_BYTES_MAX).unwrap_or(payload);
    let (sealed, empty) = (keys.seal_bytes(cell(id), kept)?, Vec::<u8>::new());
    diesel::update(quarantine::table.find(id))
        .set((quarantine::payload_sealed.eq(sealed), quarantine::payload.eq(empty)))
        .execute(connection)?;
    Ok(())
}

/// Seals payloads of before there was a seal: a piece of them, gives how many.
pub fn seal_open_payloads(connection: &mut AnyConnection, keys: &Keys) -> Result<usize> {
    let open: Vec<(i64, Vec<u8>)> = quarantine::table
        .filter(quarantine::payload_sealed.is_null())
        .order(quarantine::id)
        .limit(SEALED_AT_ONCE)
        .select((quarantine::id, quarantine::payload))
        .load(connection)?;
    open.iter().try_for_each(|(id, payload)| seal(connection, keys, *id, payload))?;
    Ok(open.len())
}

/// Unreadable messages of a device in its hour with this one, and whether this one makes a flood of them.
fn count_flood(connection: &mut AnyConnection, device_id: i64, at: Instant) -> Result<(i64, bool)> {
    use quarantine_floods as table;
    let known: Option<(Instant, i64, Option<Instant>)> = table::table
        .find(device_id)
        .select((table::hour_at, table::messages, table::flagged_at))
        .first(connection)
        .optional()?;
    let Some((hour_at, before, flagged_at)) = known else {
        diesel::insert_into(table::table)
            .values((
                table::device_id.eq(device_id),
                table::hour_at.eq(at),
                table::messages.eq(1),
                table::last_at.eq(at),
            ))
            .execute(connection)?;
        return Ok((1, false));
    };
    let is_over = at - hour_at >= TimeDelta::hours(1);
    let messages = if is_over { 1 } else { before + 1 };
    let is_new = messages > KEPT_PER_HOUR_MAX && flagged_at.is_none();
    diesel::update(table::table.find(device_id))
        .set((
            table::hour_at.eq(if is_over { at } else { hour_at }),
            table::messages.eq(messages),
            table::last_at.eq(at),
            table::flagged_at.eq(if is_new { Some(at) } else { flagged_at }),
        ))
        .execute(connection)?;
    Ok((messages, is_new))
}

/// Which of these devices send too many unreadable messages.
pub fn flooding(connection: &mut AnyConnection, ids: &[i64], now: Instant) -> Result<HashSet<i64>> {
    let found: Vec<i64> = quarantine_floods::table
        .filter(quarantine_floods::device_id.eq_any(ids.to_vec()))
        .filter(quarantine_floods::flagged_at.is_not_null())
        .filter(quarantine_floods::last_at.ge(now - flood_ends_after()))
        .select(quarantine_floods::device_id)
        .load(connection)?;
    Ok(found.into_iter().collect())
}

/// One kind of unreadable message of a device, without its payload.
#[derive(Clone, Debug)]
pub struct QuarantineRow {
    pub id: i64,
    pub device_id: i64,
    pub device_code: String,
    pub device_name: String,
    pub topic: String,
    pub error: String,
    pub first_at: Instant,
    pub last_at: Instant,
    pub occurrences: i64,
}

/// What is stored of it, without the payload.
#[derive(Queryable, Selectable)]
#[diesel(table_name = quarantine)]
struct Stored {
    id: i64,
    device_id: i64,
    topic: String,
    error: String,
    first_at: Instant,
    last_at: Instant,
    occurrences: i64,
}

fn named(connection: &mut AnyConnection, stored: Vec<Stored>) -> Result<Vec<QuarantineRow>> {
    let ids: Vec<i64> = stored.iter().map(|row| row.device_id).collect();
    let names: Vec<(i64, String, String)> = devices::table
        .filter(devices::id.eq_any(ids))
        .select((devices::id, devices::code, devices::name))
        .load(connection)?;
    let names: HashMap<i64, (String, String)> =
        names.into_iter().map(|(id, code, name)| (id, (code, name))).collect();
    let row = |row: Stored| {
        let (device_code, device_name) = names.get(&row.device_id).cloned().unwrap_or_default();
        QuarantineRow {
            id: row.id,
            device_id: row.device_id,
            device_code,
            device_name,
            topic: row.topic,
            error: row.error,
            first_at: row.first_at,
            last_at: row.last_at,
            occurrences: row.occurrences,
        }
    };
    Ok(stored.into_iter().map(row).collect())
}

/// The devices where the asker may do so; written out, since a boxed condition cannot stand in an inner query.
macro_rules! reached {
    ($reach:expr) => {{
        let institutions: Vec<Option<i64>> = $reach.institutions.iter().copied().map(Some).collect();
        diesel::IntoSql::into_sql::<diesel::sql_types::Bool>($reach.city)
            .or(devices::town_code.eq_any($reach.towns.clone()))
            .or(devices::institution_id.eq_any(institutions).assume_not_null())
    }};
}

/// Filters: q (code or name of the device), device. The last first.
pub fn list_quarantine(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
) -> Result<Listed<QuarantineRow>> {
    let reach = scope.reach(Permission::ManageDevice)?;
    let pattern = request.search_pattern().unwrap_or_else(|| "%".to_owned());
    let filtered = || {
        let named = devices::name.like(pattern.clone()).escape('\\');
        let called = named.or(devices::code.like(pattern.clone()).escape('\\'));
        let of = devices::table.filter(reached!(reach)).filter(called).select(devices::id);
        let mut query = quarantine::table.filter(quarantine::device_id.eq_any(of)).into_boxed();
        if let Some(device) = request.filter("device") {
            query = query.filter(quarantine::device_id.eq(device.parse::<i64>().unwrap_or(-1)));
        }
        query
    };
    let total = filtered().count().get_result(connection)?;
    let query = match request.after_id {
        Some(after) => filtered().filter(quarantine::id.gt(after)).order(quarantine::id.asc()),
        None => filtered()
            .order(quarantine::last_at.desc())
            .then_order_by(quarantine::id.desc())
            .offset(request.offset),
    };
    let rows = query.limit(request.limit).select(Stored::as_select()).load(connection)?;
    Ok(Listed { rows: named(connection, rows)?, total })
}

pub fn get_quarantined(connection: &mut AnyConnection, scope: &Scope, id: i64) -> Result<QuarantineRow> {
    let reach = scope.reach(Permission::ManageDevice)?;
    let reached = devices::table.filter(reached!(reach)).select(devices::id);
    let found = quarantine::table
        .filter(quarantine::device_id.eq_any(reached))
        .filter(quarantine::id.eq(id))
        .select(Stored::as_select())
        .first(connection)?;
    named(connection, vec![found])?.pop().ok_or_else(Error::not_found)
}

/// The first such payload. Whoever asks for it writes the look down.
pub fn open_quarantined(connection: &mut AnyConnection, keys: &Keys, row: &QuarantineRow) -> Result<Vec<u8>> {
    let (sealed, open): (Option<Vec<u8>>, Vec<u8>) = quarantine::table
        .find(row.id)
        .select((quarantine::payload_sealed, quarantine::payload))
        .first(connection)?;
    match sealed {
        Some(sealed) => keys.open_bytes(cell(row.id), &sealed),
        None => Ok(open),
    }
}
