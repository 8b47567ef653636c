//! Body of `alarm`: something that must be looked at now.

use crate::channel::Channel;
use crate::cursor::{finish, open, optional, reader, skip, writer, written};
use crate::error::{DecodeError, EncodeError};
use crate::header::Header;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum AlarmKind {
    /// A person pressed a call-for-help button.
    Sos = 1,
    /// A person fell.
    Fall = 2,
    /// Fire confirmed by a panel.
    Fire = 16,
    Smoke = 17,
    Heat = 18,
    CarbonMonoxide = 19,
    Gas = 20,
    /// A fire call point was pressed.
    CallPoint = 21,
    /// Fire water below its pressure.
    WaterPressure = 32,
    /// Fire water tank outside its level.
    TankLevel = 33,
    ResidualCurrent = 34,
    /// The equipment cabinet was opened.
    CabinetDoor = 35,
    /// The device was opened or moved.
    Tamper = 48,
    /// The device cannot measure.
    Fault = 49,
}

impl AlarmKind {
    pub const ALL: [Self; 14] = [
        Self::Sos,
        Self::Fall,
        Self::Fire,
        Self::Smoke,
        Self::Heat,
        Self::CarbonMonoxide,
        Self::Gas,
        Self::CallPoint,
        Self::WaterPressure,
        Self::TankLevel,
        Self::ResidualCurrent,
        Self::CabinetDoor,
        Self::Tamper,
        Self::Fault,
    ];

    pub const fn code(self) -> u16 {
        self as u16
    }

    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The alarm that a channel's value beyond its limit means, where there is one.
    pub const fn of_channel(channel: Channel) -> Option<Self> {
        Some(match channel {
            Channel::Sos => Self::Sos,
            Channel::Smoke => Self::Smoke,
            Channel::Heat => Self::Heat,
            Channel::CarbonMonoxide => Self::CarbonMonoxide,
            Channel::Gas => Self::Gas,
            Channel::CallPoint => Self::CallPoint,
            Channel::WaterPressure => Self::WaterPressure,
            Channel::TankLevel => Self::TankLevel,
            Channel::ResidualCurrent => Self::ResidualCurrent,
            Channel::CabinetDoor => Self::CabinetDoor,
            _ => return None,
        })
    }

    /// Stable text name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sos => "sos",
            Self::Fall => "fall",
            Self::Fire => "fire",
            Self::Smoke => "smoke",
            Self::Heat => "heat",
            Self::CarbonMonoxide => "carbon_monoxide",
            Self::Gas => "gas",
            Self::CallPoint => "call_point",
            Self::WaterPressure => "water_pressure",
            Self::TankLevel => "tank_level",
            Self::ResidualCurrent => "residual_current",
            Self::CabinetDoor => "cabinet_door",
            Self::Tamper => "tamper",
            Self::Fault => "fault",
        }
    }

    /// Signs of fire, which a fire duty must see.
    pub const fn is_fire(self) -> bool {
        matches!(
            self,
            Self::Fire | Self::Smoke | Self::Heat | Self::CarbonMonoxide | Self::Gas | Self::CallPoint
        )
    }
}

/// An alarm message. A repetition keeps the header's identity and counts `attempt` up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alarm {
    pub header: Header,
    /// Code of an [`AlarmKind`]. An unknown one is kept and is still an alarm.
    pub kind_code: u16,
    /// `true`: began; `false`: over.
    pub raised: bool,
    /// The channel that caused it, and its value in that channel's smallest step.
    pub cause: Option<(u16, i32)>,
    /// 0 for the first transmission.
    pub attempt: u16,
}

const BODY_FIELDS: u64 = 5;

impl Alarm {
    pub fn kind(&self) -> Option<AlarmKind> {
        AlarmKind::from_code(self.kind_code)
    }

    /// Writes `[header, [kind, raised, channel or null, value or null, attempt]]`.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, EncodeError> {
        let mut writer = writer(out);
        writer.array(2)?;
        self.header.write(&mut writer)?;
        writer.array(BODY_FIELDS)?.u16(self.kind_code)?.bool(self.raised)?;
        match self.cause {
            Some((channel_code, value_scaled)) => writer.u16(channel_code)?.i32(value_scaled)?,
            None => writer.null()?.null()?,
        };
        writer.u16(self.attempt)?;
        written(writer)
    }

    pub fn decode(payload: &[u8]) -> Result<Self, DecodeError> {
        let mut decoder = reader(payload)?;
        let added = open(&mut decoder, 2)?;
        let header = Header::read(&mut decoder)?;
        let body_added = open(&mut decoder, BODY_FIELDS)?;
        let kind_code = decoder.u16()?;
        let raised = decoder.bool()?;
        let channel_code: Option<u16> = optional(&mut decoder)?;
        let value_scaled: Option<i32> = optional(&mut decoder)?;
        let attempt = decoder.u16()?;
        skip(&mut decoder, body_added)?;
        skip(&mut decoder, added)?;
        finish(&decoder)?;
        let cause = match (channel_code, value_scaled) {
            (Some(channel_code), Some(value_scaled)) => Some((channel_code, value_scaled)),
            (None, None) => None,
            _ => return Err(DecodeError::MissingField),
        };
        Ok(Self { header, kind_code, raised, cause, attempt })
    }
}
