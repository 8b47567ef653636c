//! What a batch changes in every case, as few ways to the database as each of them allows. What it changes seldom, such as alerts
//! and presence, is written where it is decided.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Nullable, SmallInt, Timestamp};

use super::append::{append_readings, reading_columns};
use super::batch::{Latest, NewReading, WindowRow};
use crate::bus::{Event, store as outbox};
use crate::clock::Instant;
use crate::db::schema::devices;
use crate::db::{AnyConnection, Columns, Together, Written, write_rows};
use crate::error::Result;
use crate::written;

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
            WindowRow::columns(changes.windows),
            Latest::columns(changes.latest),
            seen_columns(changes.seen),
            outbox::columns(at, events),
        ]);
        all.execute(inner)?;
        return Ok(());
    }
    append_readings(connection, changes.readings)?;
    write_rows(connection, changes.windows)?;
    write_rows(connection, changes.latest)?;
    changes.seen.iter().try_for_each(|(at, ids)| set_last_seen(connection, ids, *at))?;
    outbox::insert_all(connection, at, events)
}

written!(
    WindowRow,
    "device_windows",
    " ON CONFLICT (device_id, boot_id, lane) DO UPDATE SET next_seq = excluded.next_seq, \
        window_bits = excluded.window_bits, booted_at = excluded.booted_at",
    {
        device_id: BigInt,
        boot_id: BigInt,
        lane: SmallInt,
        next_seq: BigInt,
        window_bits: BigInt,
        booted_at: Nullable<Timestamp>,
    }
);

written!(
    Latest,
    "latest_readings",
    " ON CONFLICT (device_id, channel) DO UPDATE SET value = excluded.value, at = excluded.at",
    { device_id: BigInt, channel: SmallInt, value: Double, at: Timestamp }
);

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
