//! States of parts, and the alerts that follow from them.

use songhe_firmware_protocol::Channel;

use super::{Taking, system_key};
use crate::alerts::AlertKind;
use crate::app::Tx;
use crate::clock::Instant;
use crate::devices::gb26875::model::{
    Bits, ComponentState, Part, PartKey, PartLevel, Stamp, SystemState, TEXT_BYTES, fault_channel,
    fire_channel, fire_kind, text_of,
};
use crate::devices::gb26875::store;
use crate::devices::ingest::batch::By;
use crate::devices::store::Latest;
use crate::error::Result;

impl Taking<'_> {
    pub(super) fn system_state(&mut self, tx: &mut Tx<'_>, of: SystemState, at: Stamp) -> Result<()> {
        let bits = self.arrival.profile.system_bits(of.state);
        let at = self.time(tx, at);
        self.state(tx, system_key(of.system.system_type, of.system.address), (bits, at), (None, ""))?;
        if bits.has("reset") && !bits.is_fire() && !bits.is_test() {
            self.system_reset(tx, (of.system.system_type, of.system.address), at)?;
        }
        Ok(())
    }

    pub(super) fn component_state(&mut self, tx: &mut Tx<'_>, of: &ComponentState, at: Stamp) -> Result<()> {
        let bits = self.arrival.profile.part_bits(of.state);
        let channel = self.arrival.profile.channel(of.part.component_type);
        let at = self.time(tx, at);
        self.state(tx, self.component_key(of.part), (bits, at), (channel, &text_of(&of.text)))
    }

    pub(super) fn device_state(&mut self, tx: &mut Tx<'_>, state: u8, at: Stamp) -> Result<()> {
        let at = self.time(tx, at);
        self.state(tx, PartKey::DEVICE, (self.arrival.profile.device_bits(state), at), (None, ""))
    }

    pub(super) fn component_key(&self, part: Part) -> PartKey {
        let (zone, place) = self.arrival.profile.place(&part);
        PartKey {
            level: PartLevel::Component,
            system_type: part.system.system_type,
            system_address: part.system.address,
            component_type: part.component_type,
            zone,
            place,
        }
    }

    pub(super) fn label(&mut self, tx: &mut Tx<'_>, part: Part, text: &[u8; TEXT_BYTES]) -> Result<()> {
        let found = store::part(tx.connection, self.device(), &self.component_key(part))?;
        let label = text_of(text);
        match found {
            Some(found) if found.label != label => store::set_label(tx.connection, found.id, &label),
            _ => Ok(()),
        }
    }

    pub(super) fn device(&self) -> i64 {
        self.arrival.sender.device_id
    }

    /// A part's new state. An older one than is known changes neither state nor the end of an alert, but a fire in it is raised
    /// all the same.
    fn state(
        &mut self,
        tx: &mut Tx<'_>,
        key: PartKey,
        (bits, at): (Bits, Instant),
        (channel, label): (Option<Channel>, &str),
    ) -> Result<()> {
        let part = store::part(tx.connection, self.device(), &key)?;
        let is_newest = part.as_ref().is_none_or(|part| part.state_at.is_none_or(|known| known <= at));
        if let Some(part) = &part {
            if !label.is_empty() && part.label != label {
                store::set_label(tx.connection, part.id, label)?;
            }
            if is_newest {
                store::set_state(tx.connection, part.id, (bits.state, bits.is_test()), at)?;
            }
        }
        // A trial neither raises nor ends anything.
        if bits.is_test() {
            return Ok(());
        }
        let slot = part.as_ref().map_or(0, |part| part.slot);
        let faults = bits.set().filter(|name| name.ends_with("_fault"));
        let alarms = [
            (bits.is_fire(), fire_kind(channel), fire_channel(slot), detail(key, label, [])),
            (bits.is_fault(), AlertKind::Fault, fault_channel(slot), detail(key, label, faults)),
        ];
        for (is_raised, kind, channel, detail) in alarms {
            let device_id = self.device();
            if is_raised {
                let cause = Latest { device_id, channel, value: 1.0, at };
                self.batch.alert(tx.connection, (kind, By::State), cause, &detail)?;
                if kind == AlertKind::Fault && is_newest && slot > 0 {
                    self.batch.say(tx.connection, (device_id, channel), &detail)?;
                }
            } else if is_newest && slot > 0 {
                self.batch.over_before(tx.connection, (device_id, channel), at)?;
            }
        }
        Ok(())
    }
}

/// Where exactly and what: numbers and labels need no language, names in braces are put into words where they are shown.
pub(super) fn detail<'a>(key: PartKey, label: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let place = match key.level {
        PartLevel::Device => "{device}".to_owned(),
        PartLevel::System => format!("{}#{}", key.system_type, key.system_address),
        PartLevel::Component => format!("{}-{}", key.zone, key.place),
    };
    let mut detail = format!("{place} {label}").trim().to_owned();
    for name in names {
        detail = format!("{detail} {{{name}}}");
    }
    detail
}
