use songhe_fire_protocol::{Bits, Content, DEVICE_BITS, PART_BITS, Profile, SYSTEM_BITS, Stamp};
use songhe_firmware_protocol::Channel;

use crate::alerts::AlertKind;

crate::text_enum! {
    /// What says something of itself.
    pub enum PartLevel {
        /// The transmission device between panel and centre.
        Device = "device",
        System = "system",
        Component = "component",
    }
}

crate::text_enum! {
    /// Why a frame was refused.
    pub enum RefusalReason {
        /// No panel has the address.
        Unknown = "unknown",
        /// Its device is out of service.
        Disabled = "disabled",
        /// The checksum does not fit.
        Corrupt = "corrupt",
        /// The lengths inside do not agree.
        Content = "content",
        /// A command that a panel does not send.
        Command = "command",
        /// The database works and does not take it.
        Unstorable = "unstorable",
    }
}

crate::text_enum! {
    /// How a guard check ended.
    pub enum GuardOutcome {
        Answered = "answered",
        /// Nobody answered in time.
        Missed = "missed",
        /// The panel refused the question.
        Refused = "refused",
        /// The panel was not there, or never said that it has the question.
        NotSent = "not_sent",
    }
}

/// The type flags of frames that the locale files name, `enums.fire_kind.kN`.
pub const FRAME_KINDS: [u8; 13] = [1, 2, 3, 4, 5, 6, 7, 8, 21, 24, 25, 26, 28];

/// Which part of a panel; numbers that a level does not have are 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PartKey {
    pub level: PartLevel,
    pub system_type: u8,
    pub system_address: u8,
    pub component_type: u8,
    pub zone: u16,
    pub place: u16,
}

impl PartKey {
    /// The transmission device itself.
    pub const DEVICE: PartKey = PartKey {
        level: PartLevel::Device,
        system_type: 0,
        system_address: 0,
        component_type: 0,
        zone: 0,
        place: 0,
    };
}

/// Most parts that a panel may have, so that their alerts have numbers of their own.
pub const PARTS_MAX: i16 = 15_000;
/// Alarms of our own protocol have the numbers above it.
const CHANNELS_BELOW: i16 = -1_000;

/// The alert channel of a part's fire; slot 0 stands for all parts beyond the last slot.
pub fn fire_channel(slot: i16) -> i16 {
    CHANNELS_BELOW - 2 * slot.clamp(0, PARTS_MAX)
}

/// The alert channel of its faults: apart, so that an acknowledged fault never hides a fire.
pub fn fault_channel(slot: i16) -> i16 {
    fire_channel(slot) - 1
}

/// Most parts of a panel with an alarm by hand: its systems, and the transmission device.
pub const PRESSES_MAX: i16 = 1_700;

/// The alert channel of the alarm by hand at a part: apart from the part's fire, because no state says that it is over. Slot 0
/// stands for all beyond the last one.
pub fn press_channel(press_slot: i16) -> i16 {
    fault_channel(PARTS_MAX) - 1 - press_slot.clamp(0, PRESSES_MAX)
}

/// What a fire bit of something of this channel is.
pub fn fire_kind(channel: Option<Channel>) -> AlertKind {
    match channel {
        Some(Channel::Smoke) => AlertKind::Smoke,
        Some(Channel::Gas | Channel::CarbonMonoxide) => AlertKind::Gas,
        _ => AlertKind::Fire,
    }
}

/// What in a frame is the most urgent fire, gas or alarm by hand, and when it was. A trial is none.
pub fn urgent_in(content: &Content, profile: &Profile) -> Option<(AlertKind, Stamp)> {
    let burns = |bits: Bits| bits.is_fire() && !bits.is_test();
    let found: Vec<(AlertKind, Stamp)> = match content {
        Content::SystemStates(all) => all
            .iter()
            .filter(|one| burns(profile.system_bits(one.of.state)))
            .map(|one| (AlertKind::Fire, one.at))
            .collect(),
        Content::ComponentStates(all) => all
            .iter()
            .filter(|one| burns(profile.part_bits(one.of.state)))
            .map(|one| (fire_kind(profile.channel(one.of.part.component_type)), one.at))
            .collect(),
        Content::DeviceStates(all) => all
            .iter()
            .filter(|one| burns(profile.device_bits(one.of)))
            .map(|one| (AlertKind::Fire, one.at))
            .collect(),
        Content::Operations(all) => all
            .iter()
            .filter(|one| profile.is_manual_alarm(one.of.flags))
            .map(|one| (AlertKind::Fire, one.at))
            .collect(),
        Content::DeviceOperations(all) => all
            .iter()
            .filter(|one| profile.is_manual_alarm(one.of.flags))
            .map(|one| (AlertKind::Fire, one.at))
            .collect(),
        _ => Vec::new(),
    };
    found.into_iter().min_by_key(|(kind, _)| *kind)
}

/// The bits of a stored state. Whether it was a test was decided when it came.
pub fn stored_bits(level: PartLevel, state: i32) -> Bits {
    let names = match level {
        PartLevel::Device => DEVICE_BITS,
        PartLevel::System => SYSTEM_BITS,
        PartLevel::Component => PART_BITS,
    };
    Bits { state: state as u16, names }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::SILENCE;

    #[test]
    fn alerts_of_parts_meet_no_other_channel() {
        let mut all = Vec::new();
        for slot in [0, 1, 2, PARTS_MAX - 1, PARTS_MAX] {
            all.extend([fire_channel(slot), fault_channel(slot)]);
        }
        all.extend([0, 1, 2, PRESSES_MAX - 1, PRESSES_MAX].map(press_channel));
        assert!(all.is_sorted_by(|higher, lower| higher > lower), "{all:?}");
        assert!(all.iter().all(|channel| (SILENCE + 1..=CHANNELS_BELOW).contains(channel)), "{all:?}");
        assert_eq!(press_channel(PRESSES_MAX + 1), press_channel(PRESSES_MAX));
    }
}
