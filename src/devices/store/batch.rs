//! Statements of the ingest writer. They take no scope: what comes in here was authenticated as a device, not as a person.

use diesel::dsl::{auto_type, case_when};
use diesel::prelude::*;

use crate::clock::Instant;
use crate::db::schema::{device_windows, devices, latest_readings, stations, stays};
use crate::db::{AnyConnection, OneOf};
use crate::devices::model::PresenceState;
use crate::error::Result;
use crate::on_backend;

/// What ingest must know of a device.
#[derive(Clone, Debug, PartialEq, Queryable)]
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
    /// Whoever runs the station where it stands.
    pub provider_id: Option<i64>,
}

pub fn device_states(connection: &mut AnyConnection, ids: &[i64]) -> Result<Vec<DeviceState>> {
    Ok(on_backend!(connection, inner => states_of(ids.to_vec()).load(inner)?))
}

#[auto_type(type_case = "PascalCase")]
pub(super) fn states_of(ids: Vec<i64>) -> _ {
    let lives = stays::elder_id.nullable().eq(devices::elder_id).and(stays::ends_at.is_null());
    let own = case_when(devices::institution_id.is_not_null(), devices::institution_id);
    let here = stations::id.nullable().eq(devices::station_id);
    let with_houses = devices::table.left_join(stays::table.on(lives)).left_join(stations::table.on(here));
    let these: OneOf<devices::id> = OneOf::new(devices::id, ids);
    with_houses.filter(these).select((
        devices::id,
        devices::code,
        devices::town_code,
        own.otherwise(stays::institution_id.nullable()),
        devices::elder_id,
        devices::presence,
        devices::connection_id,
        devices::last_seen_at,
        devices::disabled_at,
        devices::connected_at,
        devices::returning_messages,
        devices::silence_owed,
        stations::provider_id.nullable(),
    ))
}

/// A duplicate window as it is stored. `next_seq` is one above the highest number.
#[derive(Clone, Copy, Debug, Queryable)]
pub struct WindowRow {
    pub device_id: i64,
    /// The boot's 64 bits, taken as a signed number.
    pub boot_id: i64,
    pub lane: i16,
    pub next_seq: i64,
    /// The window's 64 bits, taken as a signed number.
    pub window_bits: i64,
    /// When the boot's monotonic clock began, as its births tell, or a clock that is synchronised; on the rows of both lanes that moved since.
    pub booted_at: Option<Instant>,
}

pub(super) fn windows(
    connection: &mut AnyConnection,
    device_ids: &[i64],
    boot_ids: &[i64],
) -> Result<Vec<WindowRow>> {
    let found = windows_of(device_ids.to_vec(), boot_ids.to_vec());
    Ok(on_backend!(connection, inner => found.load(inner)?))
}

#[auto_type(type_case = "PascalCase")]
pub(super) fn windows_of(device_ids: Vec<i64>, boot_ids: Vec<i64>) -> _ {
    let of_devices: OneOf<device_windows::device_id> = OneOf::new(device_windows::device_id, device_ids);
    let of_boots: OneOf<device_windows::boot_id> = OneOf::new(device_windows::boot_id, boot_ids);
    device_windows::table.filter(of_devices).filter(of_boots).select((
        device_windows::device_id,
        device_windows::boot_id,
        device_windows::lane,
        device_windows::next_seq,
        device_windows::window_bits,
        device_windows::booted_at,
    ))
}

/// One stream of a device: boot and lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stream {
    pub device_id: i64,
    pub boot_id: i64,
    pub lane: i16,
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

#[derive(Clone, Copy, Debug, PartialEq, Queryable)]
pub struct Latest {
    pub device_id: i64,
    pub channel: i16,
    pub value: f64,
    pub at: Instant,
}

pub fn latest_of(connection: &mut AnyConnection, device_ids: &[i64]) -> Result<Vec<Latest>> {
    Ok(on_backend!(connection, inner => latest_with(device_ids.to_vec()).load(inner)?))
}

#[auto_type(type_case = "PascalCase")]
pub(super) fn latest_with(device_ids: Vec<i64>) -> _ {
    let of_devices: OneOf<latest_readings::device_id> = OneOf::new(latest_readings::device_id, device_ids);
    latest_readings::table
        .filter(of_devices)
        .order((latest_readings::device_id, latest_readings::channel))
        .select((
            latest_readings::device_id,
            latest_readings::channel,
            latest_readings::value,
            latest_readings::at,
        ))
}
