//! Adding devices and revoking them.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use songhe_firmware_protocol::topic::is_device_id;

use super::model::{DeviceKind, DevicePlace};
use super::store::{self, NewDevice, Placement};
use crate::access::audit::Entry;
use crate::access::seal::random;
use crate::alerts::close_alerts;
use crate::app::Tx;
use crate::bus::{Event, Topic};
use crate::error::{Error, Result};
use crate::input::Checks;
use crate::text::Text;

/// What names a device and where it stands.
#[derive(Clone, Debug)]
pub struct DeviceInput<'a> {
    /// The name in its topics; see [`is_device_id`].
    pub code: &'a str,
    pub kind: DeviceKind,
    pub name: &'a str,
    pub place: DevicePlace,
}

/// A token of 256 random bits and its hash. The token is shown once and stored nowhere.
pub fn new_token() -> Result<(String, Vec<u8>)> {
    let token = hex::encode(random::<32>()?);
    let hash = hash_token(token.as_bytes());
    Ok((token, hash))
}

/// What is stored of a token. It is random and long, so that a plain hash cannot be turned back.
pub fn hash_token(token: &[u8]) -> Vec<u8> {
    Sha256::digest(token).to_vec()
}

/// Adds a device in the town of its place; gives its number.
pub fn add_device(tx: &mut Tx<'_>, input: &DeviceInput<'_>, token_hash: &[u8]) -> Result<i64> {
    let mut checks = Checks::default();
    checks.require("code", is_device_id(input.code), || Text::new("rule.device_code"));
    checks.text("name", input.name, 1, 60);
    checks.finish()?;
    let placement = store::placement_of(tx.connection, input.place)?
        .ok_or_else(|| Error::field("place", Text::new("rule.device_place")))?;
    let actor = tx.scope.actor.clone();
    let device = NewDevice {
        code: input.code,
        kind: input.kind,
        name: input.name.trim(),
        town_code: &placement.town_code,
        place: input.place,
        token_hash,
        now: tx.now,
        actor: &actor,
    };
    let id = store::insert_device(tx.connection, &device)?;
    record(tx, "device.add", (id, input.code), &placement)?;
    Ok(id)
}

/// Refuses a device from now on. A connection it has is ended by the process that holds it.
pub fn disable_device(tx: &mut Tx<'_>, code: &str) -> Result<()> {
    let (id, placement) = store::find_by_code(tx.connection, code)?;
    if store::set_disabled(tx.connection, id, Some(tx.now))? {
        record(tx, "device.disable", (id, code), &placement)?;
        close_alerts(tx, id, None)?;
    }
    Ok(())
}

pub(super) fn record(
    tx: &mut Tx<'_>,
    action: &'static str,
    (id, code): (i64, &str),
    placement: &Placement,
) -> Result<()> {
    record_with(tx, action, (id, code), placement, json!({}))
}

/// The same with more to say than the code.
pub(super) fn record_with(
    tx: &mut Tx<'_>,
    action: &'static str,
    (id, code): (i64, &str),
    placement: &Placement,
    mut detail: Value,
) -> Result<()> {
    detail["code"] = code.into();
    tx.audit(&Entry {
        action,
        entity: "device",
        entity_id: id.to_string(),
        town_code: Some(&placement.town_code),
        detail,
    })?;
    // A connection that the device has is ended where this says so.
    let is_over = matches!(action, "device.disable" | "device.revoke");
    let payload = json!({ "id": id, "code": code, "disabled": is_over });
    let told = store::audience_of(tx.connection, placement)?;
    tx.publish(&Event::to(Topic::Device, &told, id, payload))
}
