//! Making a device the panel of an address.

use serde_json::json;

use super::model::{Address, Profiles};
use super::store;
use crate::access::Permission;
use crate::access::audit::Entry;
use crate::app::Tx;
use crate::bus::{Event, Topic};
use crate::devices::model::DeviceKind;
use crate::devices::store::{DeviceRow, audience_of, find_by_code, get_to, raise_version};
use crate::error::Result;
use crate::input::Checks;
use crate::registry::change::stale;
use crate::text::Text;

/// The address on a panel's label and, where it is not the listener's, its dialect.
#[derive(Clone, Debug)]
pub struct PanelInput<'a> {
    /// Twelve hexadecimal digits.
    pub address: &'a str,
    pub profile: Option<&'a str>,
}

/// Makes a fire gateway the panel of an address, or changes its address and dialect; for the command line.
pub fn set_panel(tx: &mut Tx<'_>, profiles: &Profiles, code: &str, input: &PanelInput<'_>) -> Result<()> {
    let (id, _) = find_by_code(tx.connection, code)?;
    let device = get_to(tx.connection, tx.scope, Permission::PlaceDevice, id)?;
    put(tx, profiles, &device, input)
}

/// The same of version `seen` of a device within reach.
pub(super) fn set_panel_of(
    tx: &mut Tx<'_>,
    profiles: &Profiles,
    (id, seen): (i64, i64),
    input: &PanelInput<'_>,
) -> Result<()> {
    let device = get_to(tx.connection, tx.scope, Permission::PlaceDevice, id)?;
    if device.version != seen {
        return Err(stale(tx.connection, "device", id, seen)?);
    }
    put(tx, profiles, &device, input)
}

fn put(tx: &mut Tx<'_>, profiles: &Profiles, device: &DeviceRow, input: &PanelInput<'_>) -> Result<()> {
    let address = Address::parse(input.address);
    let mut checks = Checks::default();
    checks.require("address", address.is_some(), || Text::new("rule.panel_address"));
    checks.require("code", device.kind == DeviceKind::FireSensor, || Text::new("rule.panel_kind"));
    let is_known = input.profile.is_none_or(|name| profiles.get(name).is_some());
    checks.require("profile", is_known, || Text::new("rule.panel_profile").with("names", profiles.listed()));
    checks.finish()?;
    let address = address.unwrap_or_default().to_string();
    if !raise_version(tx.connection, (device.id, device.version))? {
        return Err(stale(tx.connection, "device", device.id, device.version)?);
    }
    store::put_panel(tx.connection, device.id, &address, input.profile)?;
    tx.audit(&Entry {
        action: "device.panel",
        entity: "device",
        entity_id: device.id.to_string(),
        town_code: Some(&device.town_code),
        detail: json!({
            "code": device.code, "version": device.version + 1, "address": address, "profile": input.profile,
        }),
    })?;
    let payload = json!({ "id": device.id, "code": device.code, "disabled": false });
    let told = audience_of(tx.connection, &device.placement())?;
    tx.publish(&Event::to(Topic::Device, &told, device.id, payload))
}
