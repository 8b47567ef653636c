//! When a measured value raises an alert, and when it is over again: pure, one table.

use songhe_firmware_protocol::Channel;

use super::model::AlertKind;

/// A limit and the value at which it counts as kept again; the space between keeps an alert from flapping.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    pub raise: f64,
    pub clear: f64,
}

/// The limits of one channel, in its unit. At the limit already counts as beyond it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    pub channel: Channel,
    pub kind: AlertKind,
    pub low: Option<Limit>,
    pub high: Option<Limit>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Beyond a limit.
    Raise,
    /// Between limit and all-clear: whatever is, stays.
    Keep,
    /// Well inside.
    Clear,
}

const fn high(channel: Channel, kind: AlertKind, raise: f64, clear: f64) -> Rule {
    Rule { channel, kind, low: None, high: Some(Limit { raise, clear }) }
}

const fn low(channel: Channel, kind: AlertKind, raise: f64, clear: f64) -> Rule {
    Rule { channel, kind, low: Some(Limit { raise, clear }), high: None }
}

const fn within(channel: Channel, low: (f64, f64), high: (f64, f64)) -> Rule {
    Rule {
        channel,
        kind: AlertKind::Threshold,
        low: Some(Limit { raise: low.0, clear: low.1 }),
        high: Some(Limit { raise: high.0, clear: high.1 }),
    }
}

/// The limits that hold without any setting.
pub const DEFAULTS: [Rule; 17] = [
    high(Channel::Sos, AlertKind::Sos, 1.0, 0.0),
    high(Channel::CallPoint, AlertKind::Fire, 1.0, 0.0),
    high(Channel::Heat, AlertKind::Fire, 57.0, 50.0),
    high(Channel::Smoke, AlertKind::Smoke, 0.5, 0.3),
    high(Channel::Gas, AlertKind::Gas, 10.0, 5.0),
    high(Channel::CarbonMonoxide, AlertKind::Gas, 50.0, 30.0),
    high(Channel::ResidualCurrent, AlertKind::Threshold, 300.0, 250.0),
    low(Channel::WaterPressure, AlertKind::Threshold, 0.1, 0.14),
    low(Channel::TankLevel, AlertKind::Threshold, 0.5, 0.7),
    within(Channel::RoomTemperature, (8.0, 10.0), (35.0, 33.0)),
    within(Channel::BloodPressureSystolic, (80.0, 85.0), (180.0, 170.0)),
    within(Channel::BloodPressureDiastolic, (45.0, 50.0), (110.0, 105.0)),
    within(Channel::Pulse, (45.0, 50.0), (130.0, 120.0)),
    low(Channel::OxygenSaturation, AlertKind::Threshold, 88.0, 91.0),
    within(Channel::Glucose, (3.9, 4.4), (16.7, 13.9)),
    within(Channel::BodyTemperature, (35.0, 35.5), (38.5, 38.0)),
    high(Channel::CabinetDoor, AlertKind::Threshold, 1.0, 0.0),
];

/// The rule of a channel, if it has one.
pub fn rule_of(channel: Channel) -> Option<&'static Rule> {
    DEFAULTS.iter().find(|rule| rule.channel == channel)
}

impl Rule {
    pub fn judge(&self, value: f64) -> Judgement {
        let beyond = self.high.is_some_and(|limit| value >= limit.raise)
            || self.low.is_some_and(|limit| value <= limit.raise);
        let inside = self.high.is_none_or(|limit| value <= limit.clear)
            && self.low.is_none_or(|limit| value >= limit.clear);
        match (beyond, inside) {
            (true, _) => Judgement::Raise,
            (false, true) => Judgement::Clear,
            (false, false) => Judgement::Keep,
        }
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
    fn every_rule_is_reachable_and_leaves_room_against_flapping() {
        for (index, rule) in DEFAULTS.iter().enumerate() {
            assert!(DEFAULTS[..index].iter().all(|other| other.channel != rule.channel), "{rule:?}");
            assert!(rule.low.is_some() || rule.high.is_some(), "{rule:?}");
            assert!(rule.high.is_none_or(|limit| limit.clear < limit.raise), "{rule:?}");
            assert!(rule.low.is_none_or(|limit| limit.clear > limit.raise), "{rule:?}");
            for limit in [rule.low, rule.high].into_iter().flatten() {
                assert!(rule.channel.is_plausible(rule.channel.scaled(limit.raise)), "{rule:?}");
            }
        }
    }
}
