//! What a batch changes in every case, as few ways to the database as each of them allows. What it changes seldom, such as alerts
//! and presence, is written where it is decided.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Nullable, SmallInt, Timestamp};
use diesel::upsert::excluded;

use super::append::{append_readings, reading_columns};
use super::batch::{Latest, NewReading, WindowRow};
use crate::bus::{Event, store as outbox};
use crate::clock::Instant;
use crate::db::schema::{device_windows, devices, latest_readings};
use crate::db::{AnyConnection, Columns, Together};
use crate::error::Result;
use crate::{in_fixed_pieces, on_backend};

/// Rows to add, and rows that take the place of those that are stored.
pub struct Changes<'a> {
    pub readings: &'a [NewReading],
    pub windows: &'a [WindowRow],
    /// Newer than the stored ones, as the same transaction saw them.
    pub latest: &'a [Latest],
    /// When devices were heard at last: an instant, and who.
    pub seen: &'a [(Instant, Vec<i64>)],
    /// What open pages are told, and when.
    pub events: (Instant, &'a [Event]),
}

pub fn write_changes(connection: &mut AnyConnection, changes: &Changes<'_>) -> Result<()> {
    let (at, events) = changes.events;
    if let AnyConnection::Postgres(inner) = connection {
        let all = Together([
            reading_columns(changes.readings),
            window_columns(changes.windows),
            latest_columns(changes.latest),
            seen_columns(changes.seen),
            outbox::columns(at, events),
        ]);
        all.execute(inner)?;
        return Ok(());
    }
    append_readings(connection, changes.readings)?;
    put_windows(connection, changes.windows)?;
    put_latest(connection, changes.latest)?;
    changes.seen.iter().try_for_each(|(at, ids)| set_last_seen(connection, ids, *at))?;
    outbox::insert_all(connection, at, events)
}

pub fn put_windows(connection: &mut AnyConnection, rows: &[WindowRow]) -> Result<()> {
    use device_windows as table;
    in_fixed_pieces!(rows, part => on_backend!(connection, inner => diesel::insert_into(table::table)
        .values(part)
        .on_conflict((table::device_id, table::boot_id, table::lane))
        .do_update()
        .set((
            table::next_seq.eq(excluded(table::next_seq)),
            table::window_bits.eq(excluded(table::window_bits)),
            table::booted_at.eq(excluded(table::booted_at)),
        ))
        .execute(inner)?));
    Ok(())
}

fn window_columns(rows: &[WindowRow]) -> Columns {
    Columns::insert(
        "INSERT INTO device_windows (device_id, boot_id, lane, next_seq, window_bits, booted_at) ",
        " ON CONFLICT (device_id, boot_id, lane) DO UPDATE SET next_seq = excluded.next_seq, \
            window_bits = excluded.window_bits, booted_at = excluded.booted_at",
    )
    .with::<BigInt, _>(rows.iter().map(|row| row.device_id))
    .with::<BigInt, _>(rows.iter().map(|row| row.boot_id))
    .with::<SmallInt, _>(rows.iter().map(|row| row.lane))
    .with::<BigInt, _>(rows.iter().map(|row| row.next_seq))
    .with::<BigInt, _>(rows.iter().map(|row| row.window_bits))
    .with::<Nullable<Timestamp>, _>(rows.iter().map(|row| row.booted_at))
}

pub fn put_latest(connection: &mut AnyConnection, rows: &[Latest]) -> Result<()> {
    use latest_readings as table;
    in_fixed_pieces!(rows, part => on_backend!(connection, inner => diesel::insert_into(table::table)
        .values(part)
        .on_conflict((table::device_id, table::channel))
        .do_update()
        .set((table::value.eq(excluded(table::value)), table::at.eq(excluded(table::at))))
        .execute(inner)?));
    Ok(())
}

fn latest_columns(rows: &[Latest]) -> Columns {
    Columns::insert(
        "INSERT INTO latest_readings (device_id, channel, value, at) ",
        " ON CONFLICT (device_id, channel) DO UPDATE SET value = excluded.value, at = excluded.at",
    )
    .with::<BigInt, _>(rows.iter().map(|row| row.device_id))
    .with::<SmallInt, _>(rows.iter().map(|row| row.channel))
    .with::<Double, _>(rows.iter().map(|row| row.value))
    .with::<Timestamp, _>(rows.iter().map(|row| row.at))
}

pub fn set_last_seen(connection: &mut AnyConnection, ids: &[i64], at: Instant) -> Result<()> {
    let older = devices::last_seen_at.is_null().or(devices::last_seen_at.lt(at).assume_not_null());
    diesel::update(devices::table.filter(devices::id.eq_any(ids.to_vec())).filter(older))
        .set(devices::last_seen_at.eq(at))
        .execute(connection)?;
    Ok(())
}

fn seen_columns(seen: &[(Instant, Vec<i64>)]) -> Columns {
    let rows = || seen.iter().flat_map(|(at, ids)| ids.iter().map(|id| (*id, *at)));
    Columns::update(
        "UPDATE devices SET last_seen_at = heard.at FROM ",
        " AS heard (id, at) WHERE devices.id = heard.id \
            AND (devices.last_seen_at IS NULL OR devices.last_seen_at < heard.at)",
    )
    .with::<BigInt, _>(rows().map(|(id, _)| id))
    .with::<Timestamp, _>(rows().map(|(_, at)| at))
}
