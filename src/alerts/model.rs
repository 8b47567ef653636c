use songhe_firmware_protocol::{AlarmKind, Channel as Measured};

crate::text_enum! {
    /// What happened, from the most urgent on.
    pub enum AlertKind {
        Sos = "sos",
        Fall = "fall",
        Fire = "fire",
        Smoke = "smoke",
        Gas = "gas",
        Threshold = "threshold",
        /// The device was tampered with or cannot measure.
        Fault = "fault",
        /// An alarm of a kind that this version does not know.
        Other = "other",
        /// A device was there and is silent.
        Offline = "offline",
        /// Many devices of one site fell silent together.
        SiteSilent = "site_silent",
    }
}

crate::text_enum! {
    /// How far an alert has come; for filters.
    pub enum AlertState {
        /// Not both acknowledged and over: somebody still has to look.
        Open = "open",
        /// Acknowledged, and the cause still there.
        Acknowledged = "acknowledged",
        /// The cause is gone.
        Cleared = "cleared",
        All = "all",
    }
}

/// Number of the channel that an alert belongs to. Alarms without a channel have numbers below zero, one a kind.
pub type Channel = i16;

/// The channel of a device's silence, and of a site's: of no kind of alarm.
pub const SILENCE: Channel = i16::MIN + 1;

impl AlertKind {
    /// The kind of a device's alarm message.
    pub fn of_alarm(kind: Option<AlarmKind>) -> AlertKind {
        match kind {
            Some(AlarmKind::Sos) => AlertKind::Sos,
            Some(AlarmKind::Fall) => AlertKind::Fall,
            Some(AlarmKind::Fire | AlarmKind::Heat | AlarmKind::CallPoint) => AlertKind::Fire,
            Some(AlarmKind::Smoke) => AlertKind::Smoke,
            Some(AlarmKind::CarbonMonoxide | AlarmKind::Gas) => AlertKind::Gas,
            Some(
                AlarmKind::WaterPressure
                | AlarmKind::TankLevel
                | AlarmKind::ResidualCurrent
                | AlarmKind::CabinetDoor,
            ) => AlertKind::Threshold,
            Some(AlarmKind::Tamper | AlarmKind::Fault) => AlertKind::Fault,
            None => AlertKind::Other,
        }
    }

    /// Whether its value is one that was measured.
    pub fn is_measured(self) -> bool {
        !matches!(self, AlertKind::Offline | AlertKind::SiteSilent)
    }

    /// Life is in danger: shown in the strongest tone.
    pub fn is_urgent(self) -> bool {
        matches!(self, AlertKind::Sos | AlertKind::Fall | AlertKind::Fire | AlertKind::Smoke | AlertKind::Gas)
    }
}

/// The channel of an alarm: the one that caused it, or the one that such an alarm is about.
pub fn channel_of(kind_code: u16, cause: Option<u16>) -> Channel {
    let natural = || {
        Some(match AlarmKind::from_code(kind_code)? {
            AlarmKind::Sos => Measured::Sos,
            AlarmKind::Smoke => Measured::Smoke,
            AlarmKind::Heat => Measured::Heat,
            AlarmKind::CarbonMonoxide => Measured::CarbonMonoxide,
            AlarmKind::Gas => Measured::Gas,
            AlarmKind::CallPoint => Measured::CallPoint,
            AlarmKind::WaterPressure => Measured::WaterPressure,
            AlarmKind::TankLevel => Measured::TankLevel,
            AlarmKind::ResidualCurrent => Measured::ResidualCurrent,
            AlarmKind::CabinetDoor => Measured::CabinetDoor,
            AlarmKind::Fall | AlarmKind::Fire | AlarmKind::Tamper | AlarmKind::Fault => return None,
        })
    };
    let natural = || natural().map(Measured::code);
    match cause.or_else(natural).and_then(|code| i16::try_from(code).ok()) {
        Some(channel) => channel,
        None => match i16::try_from(kind_code).map_or(i16::MIN, |kind| -kind) {
            SILENCE => i16::MIN,
            channel => channel,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_without_a_cause_has_its_own_channel() {
        assert_eq!(channel_of(AlarmKind::Sos.code(), None), Measured::Sos.code() as i16);
        assert_eq!(channel_of(AlarmKind::Fall.code(), None), -2);
        assert_eq!(channel_of(AlarmKind::Fall.code(), Some(35)), 35);
        assert_eq!(channel_of(900, None), -900);
        assert_eq!(channel_of(SILENCE.unsigned_abs(), None), i16::MIN, "no alarm is a device's silence");
        assert_eq!(channel_of(u16::MAX, Some(u16::MAX)), i16::MIN);
    }

    #[test]
    fn every_alarm_is_an_alert() {
        let kinds: Vec<AlertKind> =
            AlarmKind::ALL.iter().map(|kind| AlertKind::of_alarm(Some(*kind))).collect();
        assert!(!kinds.contains(&AlertKind::Other));
        assert_eq!(AlertKind::of_alarm(None), AlertKind::Other);
    }
}
