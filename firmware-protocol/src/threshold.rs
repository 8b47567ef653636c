//! When a value is out of bounds: the default of each channel, which holds until an office sets another for a device.
//!
//! `README.md` says where each number comes from; a test keeps both equal.

use crate::channel::Channel;

/// A limit and the value at which it counts as kept again; the space between, the hysteresis, keeps an alert from flapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// At this value already beyond the limit.
    pub raise_scaled: i32,
    /// At this value inside again.
    pub clear_scaled: i32,
}

/// The limits of one channel, in its smallest step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold {
    pub low: Option<Limit>,
    pub high: Option<Limit>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// Beyond a limit.
    Raise,
    /// Between limit and all-clear: whatever is, stays.
    Keep,
    /// Well inside.
    Clear,
}

const fn low(raise_scaled: i32, clear_scaled: i32) -> Threshold {
    Threshold { low: Some(Limit { raise_scaled, clear_scaled }), high: None }
}

const fn high(raise_scaled: i32, clear_scaled: i32) -> Threshold {
    Threshold { low: None, high: Some(Limit { raise_scaled, clear_scaled }) }
}

const fn within(below: (i32, i32), above: (i32, i32)) -> Threshold {
    Threshold { low: low(below.0, below.1).low, high: high(above.0, above.1).high }
}

/// 1 raises, 0 clears.
const SWITCH: Threshold = high(1, 0);

impl Threshold {
    /// What holds for a channel without any setting; nothing for a channel whose value alone says nothing.
    #[expect(
        clippy::match_same_arms,
        reason = "a row a channel: equal numbers of two units are not the same"
    )]
    pub const fn default_of(channel: Channel) -> Option<Self> {
        Some(match channel {
            Channel::BloodPressureSystolic => within((90, 95), (180, 170)),
            Channel::BloodPressureDiastolic => within((50, 55), (110, 105)),
            Channel::Pulse => within((40, 45), (131, 121)),
            Channel::OxygenSaturation => low(91, 94),
            Channel::Glucose => within((39, 44), (167, 139)),
            Channel::BodyTemperature => within((350, 355), (385, 380)),
            Channel::RoomTemperature => within((80, 100), (350, 330)),
            Channel::Smoke => high(50, 30),
            Channel::Heat => high(570, 500),
            Channel::CarbonMonoxide => high(50, 30),
            Channel::Gas => high(100, 50),
            Channel::WaterPressure => low(100, 140),
            Channel::TankLevel => low(50, 70),
            Channel::ResidualCurrent => high(300, 250),
            Channel::Sos | Channel::CabinetDoor | Channel::CallPoint => SWITCH,
            Channel::Weight | Channel::RoomHumidity | Channel::Door | Channel::Presence => return None,
        })
    }

    pub const fn judge(&self, value_scaled: i32) -> Judgement {
        let (below, above_low) = match self.low {
            Some(limit) => (value_scaled <= limit.raise_scaled, value_scaled >= limit.clear_scaled),
            None => (false, true),
        };
        let (above, below_high) = match self.high {
            Some(limit) => (value_scaled >= limit.raise_scaled, value_scaled <= limit.clear_scaled),
            None => (false, true),
        };
        if below || above {
            Judgement::Raise
        } else if above_low && below_high {
            Judgement::Clear
        } else {
            Judgement::Keep
        }
    }

    /// Whether it can raise and clear: room between each limit and its all-clear, and values between both all-clears.
    pub const fn is_sound(&self) -> bool {
        match (self.low, self.high) {
            (None, None) => false,
            (Some(low), None) => low.raise_scaled < low.clear_scaled,
            (None, Some(high)) => high.clear_scaled < high.raise_scaled,
            (Some(low), Some(high)) => {
                low.raise_scaled < low.clear_scaled
                    && low.clear_scaled <= high.clear_scaled
                    && high.clear_scaled < high.raise_scaled
            }
        }
    }
}
