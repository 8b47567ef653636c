//! What can be measured. Codes are for ever: never reuse one.

/// Unit of a channel's value after its decimals are applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    MillimetreOfMercury,
    PerMinute,
    Percent,
    MillimolePerLitre,
    DegreeCelsius,
    Kilogram,
    RelativeHumidity,
    /// 0 or 1.
    Switch,
    DecibelPerMetre,
    PartsPerMillion,
    PercentLowerExplosiveLimit,
    Megapascal,
    Metre,
    Milliampere,
}

impl Unit {
    /// Symbol as printed after a value; empty for a switch.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::MillimetreOfMercury => "mmHg",
            Self::PerMinute => "/min",
            Self::Percent => "%",
            Self::MillimolePerLitre => "mmol/L",
            Self::DegreeCelsius => "\u{b0}C",
            Self::Kilogram => "kg",
            Self::RelativeHumidity => "%RH",
            Self::Switch => "",
            Self::DecibelPerMetre => "dB/m",
            Self::PartsPerMillion => "ppm",
            Self::PercentLowerExplosiveLimit => "%LEL",
            Self::Megapascal => "MPa",
            Self::Metre => "m",
            Self::Milliampere => "mA",
        }
    }
}

/// Everything fixed about a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    pub code: u16,
    /// Stable text name, for storage and exports.
    pub name: &'static str,
    pub unit: Unit,
    /// Decimal places of a scaled value: 1 means that 366 is 36.6.
    pub decimals: u8,
    /// Smallest and largest plausible scaled value. Outside of it the sensor, not the world, is suspect.
    pub plausible_scaled: (i32, i32),
}

macro_rules! channels {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $name:literal, $unit:ident, $decimals:literal, $low:literal ..= $high:literal;)+) => {
        /// A measured quantity.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Channel {
            $($(#[$doc])* $variant = $code,)+
        }

        impl Channel {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            pub const fn facts(self) -> Facts {
                match self {
                    $(Self::$variant => Facts {
                        code: $code,
                        name: $name,
                        unit: Unit::$unit,
                        decimals: $decimals,
                        plausible_scaled: ($low, $high),
                    },)+
                }
            }

            pub const fn from_code(code: u16) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

channels! {
    // Vital signs, 1-.
    BloodPressureSystolic = 1, "blood_pressure_systolic", MillimetreOfMercury, 0, 40..=300;
    BloodPressureDiastolic = 2, "blood_pressure_diastolic", MillimetreOfMercury, 0, 20..=200;
    Pulse = 3, "pulse", PerMinute, 0, 20..=300;
    OxygenSaturation = 4, "oxygen_saturation", Percent, 0, 50..=100;
    Glucose = 5, "glucose", MillimolePerLitre, 1, 5..=400;
    BodyTemperature = 6, "body_temperature", DegreeCelsius, 1, 300..=450;
    Weight = 7, "weight", Kilogram, 1, 20..=3_500;
    // A room and who is in it, 32-.
    RoomTemperature = 32, "room_temperature", DegreeCelsius, 1, -400..=850;
    RoomHumidity = 33, "room_humidity", RelativeHumidity, 1, 0..=1_000;
    /// 1 is open.
    Door = 34, "door", Switch, 0, 0..=1;
    /// 1 is somebody there.
    Presence = 35, "presence", Switch, 0, 0..=1;
    /// 1 is pressed.
    Sos = 36, "sos", Switch, 0, 0..=1;
    // Fire safety, 64-.
    Smoke = 64, "smoke", DecibelPerMetre, 2, 0..=1_000;
    Heat = 65, "heat", DegreeCelsius, 1, -400..=3_000;
    CarbonMonoxide = 66, "carbon_monoxide", PartsPerMillion, 0, 0..=2_000;
    Gas = 67, "gas", PercentLowerExplosiveLimit, 1, 0..=1_000;
    WaterPressure = 68, "water_pressure", Megapascal, 3, 0..=4_000;
    TankLevel = 69, "tank_level", Metre, 2, 0..=2_000;
    ResidualCurrent = 70, "residual_current", Milliampere, 0, 0..=30_000;
    /// 1 is open.
    CabinetDoor = 71, "cabinet_door", Switch, 0, 0..=1;
    /// 1 is pressed.
    CallPoint = 72, "call_point", Switch, 0, 0..=1;
}

impl Channel {
    pub const fn code(self) -> u16 {
        self as u16
    }

    /// Stable text name.
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    pub const fn unit(self) -> Unit {
        self.facts().unit
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|channel| channel.name() == name)
    }

    pub const fn is_plausible(self, value_scaled: i32) -> bool {
        let (low, high) = self.facts().plausible_scaled;
        low <= value_scaled && value_scaled <= high
    }

    /// The value in the channel's unit.
    pub fn value(self, value_scaled: i32) -> f64 {
        f64::from(value_scaled) / self.divisor()
    }

    /// The nearest scaled value, saturating at the ends of the type. Not a number becomes 0.
    pub fn scaled(self, value: f64) -> i32 {
        let steps = value * self.divisor();
        // Half away from zero; `f64::round` needs the standard library.
        (if steps < 0.0 { steps - 0.5 } else { steps + 0.5 }) as i32
    }

    /// Steps in one unit.
    pub(crate) const fn divisor(self) -> f64 {
        match self.facts().decimals {
            0 => 1.0,
            1 => 10.0,
            2 => 100.0,
            _ => 1_000.0,
        }
    }
}
