//! Putting devices on file, changing what is on file, and taking them off.

use diesel::prelude::*;

use super::places::{Placement, insert_place, placement_of};
use super::registry::{DeviceRow, within};
use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::schema::{device_calibrations, device_claims, device_places, devices};
use crate::db::{AnyConnection, in_use, is_unique};
use crate::devices::model::{DeviceKind, DevicePlace, DeviceSheet, PresenceState};
use crate::error::{Error, Result};
use crate::text::Text;

/// A device to be added.
#[derive(Clone, Debug)]
pub struct NewDevice<'a> {
    pub code: &'a str,
    pub kind: DeviceKind,
    pub name: &'a str,
    pub town_code: &'a str,
    pub place: DevicePlace,
    /// Empty where somebody is to claim it.
    pub token_hash: &'a [u8],
    pub now: Instant,
    /// Who adds it.
    pub actor: &'a str,
}

pub fn insert_device(connection: &mut AnyConnection, device: &NewDevice<'_>) -> Result<i64> {
    let unknown = || Error::field("place", Text::new("rule.device_place"));
    let placement = placement_of(connection, device.place)?.ok_or_else(unknown)?;
    let claimed_at = (!device.token_hash.is_empty()).then_some(device.now);
    let id = diesel::insert_into(devices::table)
        .values((
            devices::code.eq(device.code),
            devices::kind.eq(device.kind),
            devices::name.eq(device.name),
            devices::town_code.eq(device.town_code),
            devices::station_id.eq(placement.station_id),
            devices::institution_id.eq(placement.institution_id),
            devices::room_id.eq(placement.room_id),
            devices::elder_id.eq(placement.elder_id),
            devices::token_hash.eq(device.token_hash),
            devices::claimed_at.eq(claimed_at),
            devices::token_set_at.eq(claimed_at),
            devices::presence.eq(PresenceState::Never),
            devices::presence_at.eq(device.now),
            devices::created_at.eq(device.now),
        ))
        .returning(devices::id)
        .get_result(connection)
        .map_err(|failure| {
            if is_unique(&failure) {
                Error::field("code", Text::new("rule.device_code_taken").with("code", device.code))
            } else {
                failure.into()
            }
        })?;
    insert_place(connection, id, &placement, (device.now, device.actor))?;
    Ok(id)
}

/// Writes over version `seen` what the office can change; false where that is no longer the current one.
pub(in crate::devices) fn update_sheet(
    connection: &mut AnyConnection,
    (id, seen): (i64, i64),
    sheet: &DeviceSheet,
) -> Result<bool> {
    let target = devices::table.filter(devices::id.eq(id)).filter(devices::version.eq(seen));
    let changed = diesel::update(target)
        .set((
            devices::name.eq(sheet.name.trim()),
            devices::serial_number.eq(sheet.serial_number.trim()),
            devices::firmware.eq(sheet.firmware.trim()),
            devices::installed_on.eq(sheet.installed_on),
            devices::calibration_due_on.eq(sheet.calibration_due_on),
            devices::heartbeat_s.eq(sheet.heartbeat_s),
            devices::note.eq(sheet.note.trim()),
            devices::version.eq(seen + 1),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}

/// What a birth message says of its device, where that is new.
pub(in crate::devices) fn note_birth(
    connection: &mut AnyConnection,
    id: i64,
    firmware: &str,
    heartbeat_s: i32,
) -> Result<()> {
    // Neither database takes every character that a device may send, nor does a page.
    let firmware: String = firmware.chars().filter(|letter| !letter.is_control()).collect();
    let row = || devices::table.filter(devices::id.eq(id));
    diesel::update(row().filter(devices::firmware.ne(&firmware)))
        .set(devices::firmware.eq(&firmware))
        .execute(connection)?;
    // A device without a heartbeat says nothing of it.
    if heartbeat_s > 0 {
        let other = devices::heartbeat_s.is_null().or(devices::heartbeat_s.assume_not_null().ne(heartbeat_s));
        diesel::update(row().filter(other)).set(devices::heartbeat_s.eq(heartbeat_s)).execute(connection)?;
    }
    Ok(())
}

/// A device within reach by its code, and whether there is one elsewhere.
pub fn find_called(
    connection: &mut AnyConnection,
    scope: &Scope,
    need: Permission,
    code: &str,
) -> Result<Option<DeviceRow>> {
    let reach = scope.reach(need)?;
    let one = devices::table.filter(devices::code.eq(code)).filter(within(&reach));
    Ok(one.select(DeviceRow::as_select()).first(connection).optional()?)
}

/// Takes a device off the books that nothing was ever heard of; false where it is not at version `seen`.
pub(in crate::devices) fn delete_device(
    connection: &mut AnyConnection,
    (id, seen): (i64, i64),
) -> Result<bool> {
    let known = devices::table.filter(devices::id.eq(id)).filter(devices::version.eq(seen));
    let is_known: i64 = known.count().get_result(connection)?;
    if is_known == 0 {
        return Ok(false);
    }
    diesel::delete(device_claims::table.filter(device_claims::device_id.eq(id))).execute(connection)?;
    diesel::delete(device_calibrations::table.filter(device_calibrations::device_id.eq(id)))
        .execute(connection)?;
    diesel::delete(device_places::table.filter(device_places::device_id.eq(id))).execute(connection)?;
    Ok(diesel::delete(known).execute(connection).map_err(in_use)? == 1)
}

/// Number and place of a device by its code, for use cases of the program itself.
pub fn find_by_code(connection: &mut AnyConnection, code: &str) -> Result<(i64, Placement)> {
    let row: DeviceRow =
        devices::table.filter(devices::code.eq(code)).select(DeviceRow::as_select()).first(connection)?;
    Ok((row.id, row.placement()))
}

/// Refuses the device from now on, or takes it back into service; false where it is so already.
pub fn set_disabled(connection: &mut AnyConnection, id: i64, at: Option<Instant>) -> Result<bool> {
    let other = devices::disabled_at.is_null().eq(at.is_some());
    let changed = diesel::update(devices::table.filter(devices::id.eq(id)).filter(other))
        .set((devices::disabled_at.eq(at), devices::version.eq(devices::version + 1)))
        .execute(connection)?;
    Ok(changed == 1)
}
