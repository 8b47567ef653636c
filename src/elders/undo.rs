//! Taking back what an import wrote of an elder.

use serde_json::{Map, Value, json};

use super::model::ElderInput;
use super::register::{Checked, edit};
use super::store::{self, ElderRow, PersonalColumns};
use crate::access::Permission;
use crate::app::Tx;
use crate::devices::{DevicePlace, follow_town};
use crate::error::{Error, Result};
use crate::registry::change::{differences, record, stale};

/// What [`restore`] needs to put an elder back as it is now; sealed values stay sealed.
pub fn keep(tx: &mut Tx<'_>, row: &ElderRow) -> Result<Value> {
    let sealed = store::sealed_of(tx.connection, row.id)?;
    let hex = |value: Option<Vec<u8>>| value.map(hex::encode);
    Ok(json!({
        "input": row.input(), "town_code": row.town_code, "coordinate_source": row.coordinate_source,
        "identity_sealed": hex(sealed.identity_sealed), "identity_index": hex(sealed.identity_index),
        "phone_sealed": hex(sealed.phone_sealed), "address_sealed": hex(sealed.address_sealed),
        "door_note_sealed": hex(sealed.door_note_sealed),
    }))
}

/// Puts back what [`keep`] kept over version `seen`. It was on file, so no rule is asked again.
pub fn restore(tx: &mut Tx<'_>, id: i64, seen: i64, kept: &Value) -> Result<()> {
    let fault = || Error::internal("a kept elder");
    let before = store::get_elder_to_edit(tx.connection, tx.scope, id)?;
    let input: ElderInput =
        serde_json::from_value(kept["input"].clone()).map_err(|error| fault().because(error))?;
    let source = serde_json::from_value(kept["coordinate_source"].clone());
    let checked = Checked {
        town_code: kept["town_code"].as_str().ok_or_else(fault)?.to_owned(),
        longitude: input.longitude.ok_or_else(fault)?,
        latitude: input.latitude.ok_or_else(fault)?,
        source: source.map_err(|error| fault().because(error))?,
        input,
    };
    if before.version != seen || !store::update_elder(tx.connection, (id, seen), &checked, tx.now)? {
        return Err(stale(tx.connection, "elder", id, seen)?);
    }
    if before.town_code != checked.town_code {
        follow_town(tx, DevicePlace::Elder(id), &checked.town_code)?;
    }
    let sealed = |column: &str| -> Result<Option<Vec<u8>>> {
        let text = kept[column].as_str();
        text.map(|text| hex::decode(text).map_err(|error| fault().because(error))).transpose()
    };
    let columns = PersonalColumns {
        identity_sealed: sealed("identity_sealed")?,
        identity_index: sealed("identity_index")?,
        phone_sealed: sealed("phone_sealed")?,
        address_sealed: sealed("address_sealed")?,
        door_note_sealed: sealed("door_note_sealed")?,
    };
    store::set_sealed(tx.connection, id, &columns)?;
    let changes = differences(&before.input().written(), &checked.input.written());
    record(tx, "elder.change", &edit(id, &checked.town_code, seen + 1), changes)
}

/// Takes version `seen` of an elder off the books again, as if never put on file: for what was added by mistake.
pub fn remove(tx: &mut Tx<'_>, id: i64, seen: i64) -> Result<()> {
    // Somebody who was admitted is reached by the stay, which is gone by now: who may admit may take it back.
    let version = store::version_of(tx.connection, id)?;
    let reach = tx.scope.reach(Permission::EditElder)?;
    let Some((version, town_code)) = version else { return Err(Error::not_found()) };
    if !reach.has_town(&town_code) && !tx.scope.may(Permission::ManageStays) {
        return Err(Error::not_found());
    }
    if version != seen || !store::delete_elder(tx.connection, id, seen)? {
        return Err(stale(tx.connection, "elder", id, seen)?);
    }
    record(tx, "elder.remove", &edit(id, &town_code, seen), Map::new())
}
