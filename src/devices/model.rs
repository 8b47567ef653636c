mod claim_code;
mod notation;
mod sheet;

pub use claim_code::{code_of_number, grouped, normal};
pub use notation::notation_of;
pub use sheet::{Calibration, DeviceSheet};

use songhe_firmware_protocol::Channel;
use songhe_firmware_protocol::channel::Unit;

crate::text_enum! {
    /// Where a device stands and what it is for.
    pub enum DeviceKind {
        SmartStation = "smart_station",
        FireSensor = "fire_sensor",
        HomeDevice = "home_device",
    }
}

crate::text_enum! {
    pub enum PresenceState {
        /// Not heard since it was added.
        Never = "never",
        Online = "online",
        /// Its connection was lost, or it is silent for longer than it should be.
        Suspect = "suspect",
        Offline = "offline",
    }
}

crate::text_enum! {
    /// What raises an alert on a device's channel.
    pub enum LimitChoice {
        /// The device protocol's limits.
        Default = "default",
        /// Limits of the device's own.
        Own = "own",
        /// No value at all.
        None = "none",
    }
}

crate::text_enum! {
    /// Whether somebody has said whose a card is; for filters.
    pub enum CardState {
        Open = "open",
        /// It is an elder's.
        Claimed = "claimed",
        /// It is nobody's.
        Dismissed = "dismissed",
    }
}

/// So many days before a calibration is due it is soon.
pub const CALIBRATION_SOON_DAYS: u64 = 30;

crate::text_enum! {
    /// What somebody should look after; for filters and chips, from the most pressing on.
    pub enum DeviceHealth {
        /// Out of service: refused.
        Disabled = "disabled",
        /// Nobody has claimed it with its code yet.
        Unclaimed = "unclaimed",
        /// Its credential was revoked, and it has no other.
        NoCredential = "no_credential",
        /// It sends messages that cannot be read.
        Garbling = "garbling",
        /// Not heard of late although it is in service.
        Silent = "silent",
        CalibrationOverdue = "calibration_overdue",
        /// Due within thirty days.
        CalibrationSoon = "calibration_soon",
    }
}

impl DeviceHealth {
    pub fn tone(self) -> &'static str {
        match self {
            DeviceHealth::Disabled => "off",
            DeviceHealth::Unclaimed => "wait",
            DeviceHealth::NoCredential | DeviceHealth::Garbling | DeviceHealth::CalibrationOverdue => "bad",
            DeviceHealth::Silent | DeviceHealth::CalibrationSoon => "warn",
        }
    }
}

/// Where a device stands: exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DevicePlace {
    Station(i64),
    Institution(i64),
    /// A room of an institution.
    Room(i64),
    /// With an elder, wherever they live: what it measures is theirs.
    Elder(i64),
}

/// A value as people read it. Switches are words in each language; all else is the same in both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Number and unit.
    Text(String),
    /// Part of the text key of the word: `enums.switch.NAME`.
    Word(&'static str),
}

/// How a channel's value is shown. An unknown channel shows its bare number.
pub fn shown(channel: i16, value: f64) -> Shown {
    let Some(known) = known(channel) else { return Shown::Text(format!("{value}")) };
    let facts = known.facts();
    if facts.unit == Unit::Switch {
        return Shown::Word(switch_word(known, value >= 0.5));
    }
    let decimals = usize::from(facts.decimals);
    Shown::Text(format!("{value:.decimals$} {}", facts.unit.symbol()))
}

/// The channel of a stored number, where this version knows it.
pub fn known(channel: i16) -> Option<Channel> {
    Channel::from_code(channel as u16)
}

/// Whether the value can be true; an unknown channel is not doubted.
pub fn is_plausible(channel: i16, value: f64) -> bool {
    known(channel).is_none_or(|known| known.is_plausible(known.scaled(value)))
}

/// The channels of which the first that a device has stands for it in a list.
pub const MAIN_CHANNELS: [Channel; 4] =
    [Channel::RoomTemperature, Channel::Smoke, Channel::WaterPressure, Channel::Pulse];

fn switch_word(channel: Channel, on: bool) -> &'static str {
    match (channel, on) {
        (Channel::Door | Channel::CabinetDoor, true) => "door_open",
        (Channel::Door | Channel::CabinetDoor, false) => "door_closed",
        (Channel::Presence, true) => "somebody",
        (Channel::Presence, false) => "nobody",
        (Channel::Sos | Channel::CallPoint, true) => "pressed",
        (Channel::Sos | Channel::CallPoint, false) => "not_pressed",
        (_, true) => "on",
        (_, false) => "off",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_with_their_decimals_and_unit() {
        let text = |channel: Channel, value| shown(channel.code() as i16, value);
        assert_eq!(text(Channel::RoomTemperature, 23.0), Shown::Text("23.0 °C".into()));
        assert_eq!(text(Channel::Pulse, 72.0), Shown::Text("72 /min".into()));
        assert_eq!(text(Channel::Door, 1.0), Shown::Word("door_open"));
        assert_eq!(shown(-1, 5.0), Shown::Text("5".into()));
    }

    #[test]
    fn an_impossible_value_is_doubted() {
        let pulse = Channel::Pulse.code() as i16;
        assert!(is_plausible(pulse, 72.0) && !is_plausible(pulse, 900.0) && is_plausible(1_234, 9e9));
    }
}
