//! Statements of the ingest writer. They take no scope: what comes in here was authenticated as a device, not as a person.

use diesel::prelude::*;

use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::{device_gaps, device_windows, devices, latest_readings, stays};
use crate::devices::model::PresenceState;
use crate::error::Result;
use crate::{in_fixed_pieces, on_backend};

/// What ingest must know of a device.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = devices)]
pub struct DeviceState {
    pub id: i64,
    pub code: String,
    pub town_code: String,
    /// Where it stands, or where the elder lives whom it stands with.
    pub institution_id: Option<i64>,
    pub elder_id: Option<i64>,
    pub presence: PresenceState,
    pub connection_id: i64,
    pub last_seen_at: Option<Instant>,
    pub disabled_at: Option<Instant>,
    /// Since when its connection to this program's broker lives.
    pub connected_at: Option<Instant>,
    /// Heard since it was offline.
    pub returning_messages: i16,
    /// It was there, is gone, and nobody was told.
    pub silence_owed: bool,
}

pub fn device_states(connection: &mut AnyConnection, ids: &[i64]) -> Result<Vec<DeviceState>> {
    let mut states: Vec<DeviceState> = devices::table
        .filter(devices::id.eq_any(ids.to_vec()))
        .select(DeviceState::as_select())
        .load(connection)?;
    let elders: Vec<i64> = states.iter().filter_map(|state| state.elder_id).collect();
    if !elders.is_empty() {
        let houses: Vec<(i64, i64)> = stays::table
            .filter(stays::elder_id.eq_any(elders))
            .filter(stays::ends_at.is_null())
            .select((stays::elder_id, stays::institution_id))
            .load(connection)?;
        for state in &mut states {
            let house = houses.iter().find(|(elder, _)| Some(*elder) == state.elder_id);
            state.institution_id = state.institution_id.or(house.map(|(_, institution)| *institution));
        }
    }
    Ok(states)
}

/// A duplicate window as it is stored. `next_seq` is one above the highest number.
#[derive(Clone, Copy, Debug, Queryable, Insertable)]
#[diesel(table_name = device_windows, treat_none_as_default_value = false)]
pub struct WindowRow {
    pub device_id: i64,
    /// The boot's 64 bits, taken as a signed number.
    pub boot_id: i64,
    pub lane: i16,
    pub next_seq: i64,
    /// The window's 64 bits, taken as a signed number.
    pub window_bits: i64,
}

pub fn windows(
    connection: &mut AnyConnection,
    device_ids: &[i64],
    boot_ids: &[i64],
) -> Result<Vec<WindowRow>> {
    Ok(device_windows::table
        .filter(device_windows::device_id.eq_any(device_ids.to_vec()))
        .filter(device_windows::boot_id.eq_any(boot_ids.to_vec()))
        .load(connection)?)
}

pub fn put_windows(connection: &mut AnyConnection, rows: &[WindowRow]) -> Result<()> {
    use device_windows as table;
    use diesel::upsert::excluded;
    in_fixed_pieces!(rows, part => on_backend!(connection, inner => diesel::insert_into(table::table)
        .values(part)
        .on_conflict((table::device_id, table::boot_id, table::lane))
        .do_update()
        .set((table::next_seq.eq(excluded(table::next_seq)), table::window_bits.eq(excluded(table::window_bits))))
        .execute(inner)?));
    Ok(())
}

/// One stream of a device: boot and lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stream {
    pub device_id: i64,
    pub boot_id: i64,
    pub lane: i16,
}

/// Numbers `[from_seq, to_seq)` that may still come although the window moved past them.
pub fn insert_gap(connection: &mut AnyConnection, stream: Stream, from_seq: i64, to_seq: i64) -> Result<()> {
    diesel::insert_into(device_gaps::table)
        .values((
            device_gaps::device_id.eq(stream.device_id),
            device_gaps::boot_id.eq(stream.boot_id),
            device_gaps::lane.eq(stream.lane),
            device_gaps::from_seq.eq(from_seq),
            device_gaps::to_seq.eq(to_seq),
        ))
        .execute(connection)?;
    Ok(())
}

/// Takes a number out of the gap that it lies in; false where it lies in none.
pub fn take_from_gap(connection: &mut AnyConnection, stream: Stream, seq: i64) -> Result<bool> {
    let found: Option<(i64, i64)> = device_gaps::table
        .filter(device_gaps::device_id.eq(stream.device_id))
        .filter(device_gaps::boot_id.eq(stream.boot_id))
        .filter(device_gaps::lane.eq(stream.lane))
        .filter(device_gaps::from_seq.le(seq))
        .filter(device_gaps::to_seq.gt(seq))
        .select((device_gaps::from_seq, device_gaps::to_seq))
        .first(connection)
        .optional()?;
    let Some((from_seq, to_seq)) = found else { return Ok(false) };
    diesel::delete(device_gaps::table.find((stream.device_id, stream.boot_id, stream.lane, from_seq)))
        .execute(connection)?;
    for (from_seq, to_seq) in [(from_seq, seq), (seq + 1, to_seq)] {
        if from_seq < to_seq {
            insert_gap(connection, stream, from_seq, to_seq)?;
        }
    }
    Ok(true)
}

/// Device, boot and lane with the first number that is missing before their windows; only those that miss one.
pub fn first_gaps(connection: &mut AnyConnection, device_ids: &[i64]) -> Result<Vec<(Stream, i64)>> {
    let rows: Vec<(i64, i64, i16, Option<i64>)> = device_gaps::table
        .filter(device_gaps::device_id.eq_any(device_ids.to_vec()))
        .group_by((device_gaps::device_id, device_gaps::boot_id, device_gaps::lane))
        .select((
            device_gaps::device_id,
            device_gaps::boot_id,
            device_gaps::lane,
            diesel::dsl::min(device_gaps::from_seq),
        ))
        .load(connection)?;
    let first = |(device_id, boot_id, lane, first): (i64, i64, i16, Option<i64>)| {
        Some((Stream { device_id, boot_id, lane }, first?))
    };
    Ok(rows.into_iter().filter_map(first).collect())
}

#[derive(Clone, Debug)]
pub struct NewReading {
    pub device_id: i64,
    pub boot_id: i64,
    pub lane: i16,
    pub seq: i64,
    pub channel: i16,
    pub value: f64,
    pub at: Instant,
    pub device_at: Option<Instant>,
    pub received_at: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Queryable, Insertable)]
#[diesel(table_name = latest_readings, treat_none_as_default_value = false)]
pub struct Latest {
    pub device_id: i64,
    pub channel: i16,
    pub value: f64,
    pub at: Instant,
}

pub fn latest_of(connection: &mut AnyConnection, device_ids: &[i64]) -> Result<Vec<Latest>> {
    Ok(latest_readings::table
        .filter(latest_readings::device_id.eq_any(device_ids.to_vec()))
        .order((latest_readings::device_id, latest_readings::channel))
        .load(connection)?)
}

/// Writes latest values that are newer than the stored ones, as [`latest_of`] told in the same transaction.
pub fn put_latest(connection: &mut AnyConnection, rows: &[Latest]) -> Result<()> {
    use diesel::upsert::excluded;
    use latest_readings as table;
    in_fixed_pieces!(rows, part => on_backend!(connection, inner => diesel::insert_into(table::table)
        .values(part)
        .on_conflict((table::device_id, table::channel))
        .do_update()
        .set((table::value.eq(excluded(table::value)), table::at.eq(excluded(table::at))))
        .execute(inner)?));
    Ok(())
}

/// Something was heard from these devices.
pub fn set_last_seen(connection: &mut AnyConnection, ids: &[i64], at: Instant) -> Result<()> {
    let older = devices::last_seen_at.is_null().or(devices::last_seen_at.lt(at).assume_not_null());
    diesel::update(devices::table.filter(devices::id.eq_any(ids.to_vec())).filter(older))
        .set(devices::last_seen_at.eq(at))
        .execute(connection)?;
    Ok(())
}
