//! Payloads that could not be read, sealed, and devices that send too many of them.

use std::collections::{HashMap, HashSet};

use chrono::TimeDelta;
use diesel::prelude::*;

use super::registry;
use crate::access::seal::{Cell, Keys};
use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::schema::{devices, quarantine, quarantine_floods};
use crate::db::{AnyConnection, Backend};
use crate::error::Result;

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
pub(in crate::devices) fn put_aside(
    connection: &mut AnyConnection,
    keys: &Keys,
    one: &Unread<'_>,
) -> Result<PutAside> {
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

/// An unreadable message without its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantineRow {
    pub id: i64,
    pub device_id: i64,
    pub device: String,
    /// Last level of the topic.
    pub topic: String,
    pub error: String,
    pub first_at: Instant,
    pub last_at: Instant,
    pub occurrences: i64,
}

/// Unreadable messages within the asker's reach, the last first: `limit` of them from `offset` on, and how many there are.
pub fn list_quarantine(
    connection: &mut AnyConnection,
    scope: &Scope,
    (offset, limit): (i64, i64),
) -> Result<(Vec<QuarantineRow>, i64)> {
    let reached = reached(connection, scope)?;
    let total = within(reached.as_ref()).count().get_result(connection)?;
    let rows: Vec<(i64, i64, String, String, Instant, Instant, i64)> = within(reached.as_ref())
        .order((quarantine::last_at.desc(), quarantine::id.desc()))
        .offset(offset)
        .limit(limit)
        .select((
            quarantine::id,
            quarantine::device_id,
            quarantine::topic,
            quarantine::error,
            quarantine::first_at,
            quarantine::last_at,
            quarantine::occurrences,
        ))
        .load(connection)?;
    let ids: Vec<i64> = rows.iter().map(|row| row.1).collect();
    let codes: HashMap<i64, String> = devices::table
        .filter(devices::id.eq_any(ids))
        .select((devices::id, devices::code))
        .load(connection)?
        .into_iter()
        .collect();
    let row = |(id, device_id, topic, error, first_at, last_at, occurrences)| QuarantineRow {
        id,
        device_id,
        device: codes.get(&device_id).cloned().unwrap_or_default(),
        topic,
        error,
        first_at,
        last_at,
        occurrences,
    };
    Ok((rows.into_iter().map(row).collect(), total))
}

/// The payload of one within the asker's reach, opened. The caller writes down who looked.
pub fn open_quarantined(
    connection: &mut AnyConnection,
    keys: &Keys,
    scope: &Scope,
    id: i64,
) -> Result<Vec<u8>> {
    let reached = reached(connection, scope)?;
    let (sealed, open): (Option<Vec<u8>>, Vec<u8>) = within(reached.as_ref())
        .filter(quarantine::id.eq(id))
        .select((quarantine::payload_sealed, quarantine::payload))
        .first(connection)?;
    match sealed {
        Some(sealed) => keys.open_bytes(cell(id), &sealed),
        None => Ok(open),
    }
}

/// The devices within the asker's reach; none where that is all of them.
fn reached(connection: &mut AnyConnection, scope: &Scope) -> Result<Option<Vec<i64>>> {
    let reach = scope.reach(Permission::SeeDevices)?;
    if reach.city {
        return Ok(None);
    }
    let own = devices::table.filter(registry::within(&reach)).select(devices::id);
    Ok(Some(own.load(connection)?))
}

fn within(reached: Option<&Vec<i64>>) -> quarantine::BoxedQuery<'static, Backend> {
    let all = quarantine::table.into_boxed();
    match reached {
        Some(ids) => all.filter(quarantine::device_id.eq_any(ids.clone())),
        None => all,
    }
}
