//! The office's side of a device: putting it on file, changing what is on file, taking it out of service and back.

use serde_json::json;
use songhe_firmware_protocol::topic::is_device_id;

use super::model::{DeviceKind, DevicePlace, DeviceSheet};
use super::place::within_reach;
use super::provision::{record, record_with};
use super::store::{self, NewDevice};
use crate::access::Permission;
use crate::alerts::close_alerts;
use crate::app::Tx;
use crate::error::{Code, Error, Result};
use crate::input::Checks;
use crate::registry::change::{differences, stale};
use crate::text::Text;

/// A device to be put on file: it is nobody's until it is claimed.
#[derive(Clone, Debug)]
pub struct NewRecord {
    /// The name in its topics; see [`is_device_id`].
    pub code: String,
    pub kind: DeviceKind,
    pub place: DevicePlace,
    pub sheet: DeviceSheet,
}

/// Puts a device on file at a place within reach, without a credential; gives its number.
pub fn register_device(tx: &mut Tx<'_>, new: &NewRecord) -> Result<i64> {
    tx.scope.reach(Permission::ManageDevice)?;
    let mut checks = Checks::default();
    checks.require("code", is_device_id(&new.code), || Text::new("rule.device_code"));
    checks.finish()?;
    new.sheet.check(tx.calendar.day_of(tx.now))?;
    let placement = within_reach(tx, Permission::ManageDevice, new.place)?;
    let actor = tx.scope.actor.clone();
    let device = NewDevice {
        code: &new.code,
        kind: new.kind,
        name: new.sheet.name.trim(),
        town_code: &placement.town_code,
        place: new.place,
        token_hash: &[],
        now: tx.now,
        actor: &actor,
    };
    let id = store::insert_device(tx.connection, &device)?;
    store::update_sheet(tx.connection, (id, 1), &new.sheet)?;
    record(tx, "device.add", (id, &new.code), &placement)?;
    Ok(id)
}

/// Changes version `seen` of what is on file of a device; a newer version wins and is shown to the loser.
pub fn change_device(tx: &mut Tx<'_>, id: i64, seen: i64, sheet: &DeviceSheet) -> Result<()> {
    let before = store::get_to(tx.connection, tx.scope, Permission::ManageDevice, id)?;
    sheet.check(tx.calendar.day_of(tx.now))?;
    if before.version != seen || !store::update_sheet(tx.connection, (id, seen), sheet)? {
        return Err(stale(tx.connection, "device", id, seen)?);
    }
    let changes = differences(&before.sheet().written(), &sheet.written());
    let detail = json!({ "version": seen + 1, "changes": changes });
    record_with(tx, "device.change", (id, &before.code), &before.placement(), detail)
}

/// Takes a device out of service, so that it is refused at once, or back into it.
pub fn put_in_service(tx: &mut Tx<'_>, id: i64, serves: bool) -> Result<()> {
    let device = store::get_to(tx.connection, tx.scope, Permission::ManageDevice, id)?;
    let disabled_at = (!serves).then_some(tx.now);
    if store::set_disabled(tx.connection, id, disabled_at)? {
        let action = if serves { "device.enable" } else { "device.disable" };
        record(tx, action, (id, &device.code), &device.placement())?;
        if !serves {
            // Nothing it says counts any more, the end of an alarm included.
            close_alerts(tx, id, None)?;
        }
    }
    Ok(())
}

/// Takes version `seen` of a device off the books, as if it had never been there: only of one that nothing was heard of.
pub fn remove_device(tx: &mut Tx<'_>, id: i64, seen: i64) -> Result<()> {
    let device = store::get_to(tx.connection, tx.scope, Permission::ManageDevice, id)?;
    if device.claimed_at.is_some() || device.last_seen_at.is_some() {
        return Err(Error::new(Code::IllegalMove, Text::new("rule.device_in_use")));
    }
    if !store::delete_device(tx.connection, (id, seen))? {
        return Err(stale(tx.connection, "device", id, seen)?);
    }
    record(tx, "device.remove", (id, &device.code), &device.placement())
}

/// As [`remove_device`], of the version that is stored: what somebody changed on file of a mistake is a mistake too.
pub fn remove_mistaken(tx: &mut Tx<'_>, id: i64) -> Result<()> {
    let device = store::get_to(tx.connection, tx.scope, Permission::ManageDevice, id)?;
    remove_device(tx, id, device.version)
}
