//! Making a device the panel of an address.

use serde_json::json;

use super::model::{Address, Profiles};
use super::store;
use crate::access::audit::Entry;
use crate::app::Tx;
use crate::devices::model::DeviceKind;
use crate::devices::store::{find_by_code, get_device};
use crate::error::Result;
use crate::input::Checks;
use crate::text::Text;

/// The address on a panel's label and, where it is not the listener's, its dialect.
#[derive(Clone, Debug)]
pub struct PanelInput<'a> {
    /// Twelve hexadecimal digits.
    pub address: &'a str,
    pub profile: Option<&'a str>,
}

/// Makes a fire gateway the panel of an address, or changes its address and dialect.
pub fn set_panel(tx: &mut Tx<'_>, profiles: &Profiles, code: &str, input: &PanelInput<'_>) -> Result<()> {
    let (device_id, town_code, _) = find_by_code(tx.connection, code)?;
    let device = get_device(tx.connection, tx.scope, device_id)?.device;
    let address = Address::parse(input.address);
    let mut checks = Checks::default();
    checks.require("address", address.is_some(), || Text::new("rule.panel_address"));
    checks.require("code", device.kind == DeviceKind::FireSensor, || Text::new("rule.panel_kind"));
    let is_known = input.profile.is_none_or(|name| profiles.get(name).is_some());
    checks.require("profile", is_known, || Text::new("rule.panel_profile").with("names", profiles.listed()));
    checks.finish()?;
    let address = address.unwrap_or_default().to_string();
    store::put_panel(tx.connection, device_id, &address, input.profile)?;
    tx.audit(&Entry {
        action: "device.panel",
        entity: "device",
        entity_id: device_id.to_string(),
        town_code: Some(&town_code),
        detail: json!({ "code": code, "address": address, "profile": input.profile }),
    })
}
