//! When a measured value raises an alert, and when it is over again: pure. The numbers are the device protocol's defaults.

use songhe_firmware_protocol::{AlarmKind, Channel, Threshold};

pub use songhe_firmware_protocol::Judgement;

use super::model::AlertKind;

/// What one channel's values are judged by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    pub channel: Channel,
    pub kind: AlertKind,
    pub threshold: Threshold,
}

/// The rule of a channel, if it has one, unless the office has set another for a device.
pub fn rule_of(channel: Channel) -> Option<Rule> {
    let threshold = Threshold::default_of(channel)?;
    Some(Rule { channel, kind: kind_of(channel), threshold })
}

/// What a channel's values raise: smoke that is measured and smoke that a detector reports are one alert.
pub fn kind_of(channel: Channel) -> AlertKind {
    match AlarmKind::of_channel(channel) {
        Some(alarm) => AlertKind::of_alarm(Some(alarm)),
        None => AlertKind::Threshold,
    }
}

impl Rule {
    /// Judges a value in the channel's unit.
    pub fn judge(&self, value: f64) -> Judgement {
        self.threshold.judge(self.channel.scaled(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(channel: Channel, value: f64) -> Judgement {
        rule_of(channel).unwrap().judge(value)
    }

    #[test]
    fn a_value_between_limit_and_all_clear_changes_nothing() {
        for (value, expected) in [
            (0.3, Judgement::Clear),
            (0.31, Judgement::Keep),
            (0.49, Judgement::Keep),
            (0.5, Judgement::Raise),
        ] {
            assert_eq!(judge(Channel::Smoke, value), expected, "{value}");
        }
        for (value, expected) in [
            (8.0, Judgement::Raise),
            (9.0, Judgement::Keep),
            (10.0, Judgement::Clear),
            (33.0, Judgement::Clear),
            (34.9, Judgement::Keep),
            (35.0, Judgement::Raise),
        ] {
            assert_eq!(judge(Channel::RoomTemperature, value), expected, "{value}");
        }
        assert_eq!(judge(Channel::Sos, 0.0), Judgement::Clear);
        assert_eq!(judge(Channel::Sos, 1.0), Judgement::Raise);
    }

    #[test]
    fn a_rule_raises_what_its_alarm_would() {
        for (channel, kind) in [
            (Channel::Sos, AlertKind::Sos),
            (Channel::CallPoint, AlertKind::Fire),
            (Channel::Heat, AlertKind::Fire),
            (Channel::Smoke, AlertKind::Smoke),
            (Channel::Gas, AlertKind::Gas),
            (Channel::CarbonMonoxide, AlertKind::Gas),
            (Channel::ResidualCurrent, AlertKind::Threshold),
            (Channel::CabinetDoor, AlertKind::Threshold),
            (Channel::Pulse, AlertKind::Threshold),
        ] {
            assert_eq!(rule_of(channel).unwrap().kind, kind, "{}", channel.name());
        }
        assert_eq!(rule_of(Channel::Weight), None);
    }
}
