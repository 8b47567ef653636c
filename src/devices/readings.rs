//! Looking at what was measured with an elder: health data, so that each look is written down.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::store::{Measured, hours_of};
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
    if !tx.scope.may(Permission::SeeDevices) {
        return Err(Error::forbidden());
    }
    let elder = get_elder(tx.connection, tx.scope, Permission::SeeElders, elder_id, tx.now)?;
    note_look(tx, elder_id, Some(&elder.town_code), json!({ "day": day }))?;
    Ok(Day { elder: elder.name, hours: hours_of(tx.connection, elder_id, day)? })
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
