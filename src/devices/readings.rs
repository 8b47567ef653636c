//! Looking at what was measured with an elder: health data, so that each look is written down.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::store::{Measured, hours_of};
use super::vitals::{self, VitalDays, Vitals};
use crate::access::Permission;
use crate::access::audit::Entry;
use crate::app::Tx;
use crate::elders::store::get_elder;
use crate::error::{Error, Result};

/// A day of an elder whom the asker may see.
pub struct Day {
    pub elder: String,
    pub hours: Vec<Measured>,
}

/// What was measured with an elder on a day, for somebody who may see both the elder and devices.
pub fn read_day(tx: &mut Tx<'_>, elder_id: i64, day: NaiveDate) -> Result<Day> {
    let elder = reach(tx, elder_id, json!({ "day": day }))?;
    Ok(Day { elder, hours: hours_of(tx.connection, elder_id, day)? })
}

/// An elder's vital signs over days, for the same people.
pub fn read_vitals(tx: &mut Tx<'_>, elder_id: i64, days: VitalDays) -> Result<Vitals> {
    reach(tx, elder_id, json!({ "days": days }))?;
    vitals::load(tx.connection, elder_id, days, (tx.calendar, tx.now))
}

/// The same to keep.
pub fn export_vitals(tx: &mut Tx<'_>, elder_id: i64, days: VitalDays) -> Result<Vitals> {
    reach(tx, elder_id, json!({ "days": days, "export": true }))?;
    vitals::load(tx.connection, elder_id, days, (tx.calendar, tx.now))
}

/// Both, as one look.
pub fn read_both(
    tx: &mut Tx<'_>,
    elder_id: i64,
    (day, days): (NaiveDate, VitalDays),
) -> Result<(Day, Vitals)> {
    let elder = reach(tx, elder_id, json!({ "day": day, "days": days }))?;
    let hours = hours_of(tx.connection, elder_id, day)?;
    let vitals = vitals::load(tx.connection, elder_id, days, (tx.calendar, tx.now))?;
    Ok((Day { elder, hours }, vitals))
}

/// Writes the look down; gives the elder's name.
fn reach(tx: &mut Tx<'_>, elder_id: i64, detail: Value) -> Result<String> {
    if !tx.scope.may(Permission::SeeDevices) {
        return Err(Error::forbidden());
    }
    let elder = get_elder(tx.connection, tx.scope, Permission::SeeElders, elder_id, tx.now)?;
    note_look(tx, elder_id, Some(&elder.town_code), detail)?;
    Ok(elder.name)
}

/// Somebody looks at what is measured with an elder.
pub fn note_look(tx: &mut Tx<'_>, elder_id: i64, town_code: Option<&str>, detail: Value) -> Result<()> {
    tx.audit(&Entry {
        action: "elder.readings",
        entity: "elder",
        entity_id: elder_id.to_string(),
        town_code,
        detail,
    })
}
