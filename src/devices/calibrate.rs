//! Writing down that a device was calibrated.

use serde_json::json;

use super::model::Calibration;
use super::provision::record_with;
use super::store;
use crate::access::Permission;
use crate::app::Tx;
use crate::error::Result;

/// Puts a calibration on record; the next one is due when it says, unless a later calibration is on record already. Gives its
/// number.
pub fn record_calibration(tx: &mut Tx<'_>, id: i64, done: &Calibration) -> Result<i64> {
    let device = store::get_to(tx.connection, tx.scope, Permission::ManageDevice, id)?;
    done.check(tx.calendar.day_of(tx.now))?;
    let known = store::calibrations_of(tx.connection, id)?;
    let actor = tx.scope.actor.clone();
    let row = store::insert_calibration(tx.connection, id, done, (tx.now, &actor))?;
    let mut changes = json!({});
    if known.iter().all(|other| other.done_on <= done.done_on) {
        store::set_due(tx.connection, id, done.next_due_on)?;
        let due = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        changes = json!({ "calibration_due_on": [due(device.calibration_due_on), due(done.next_due_on)] });
    }
    let detail = json!({ "version": device.version + 1, "done_on": done.done_on, "changes": changes });
    record_with(tx, "device.calibrate", (id, &device.code), &device.placement(), detail)?;
    Ok(row)
}
