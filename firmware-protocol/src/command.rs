//! Body of `cmd`: the server asks a device to do something.

use crate::cursor::{check_version, finish, items, open, open_list, optional, reader, skip, writer, written};
use crate::error::{DecodeError, EncodeError};
use crate::limits::{ARGUMENTS_MAX, PROTOCOL_VERSION};

/// What a device can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum CommandKind {
    /// Blink or sound for `[seconds]`, so that somebody finds the device.
    Identify = 1,
    /// Send a birth message and the present value of every channel.
    Report = 2,
    /// Send `[channel, seconds]` that often; channel 0 means all.
    Interval = 3,
    /// Somebody has taken on the alarm of `[alarm kind]`: show it, silence the sounder.
    AlarmAnswered = 4,
    /// Test the sensors; what fails is a fault alarm.
    SelfTest = 5,
    /// Answer, then start anew.
    Restart = 6,
    /// Raise the device's own alarm by `[channel, 0 low / 1 high, raise, clear]`; without the last two never.
    Limits = 7,
}

impl CommandKind {
    pub const ALL: [Self; 7] = [
        Self::Identify,
        Self::Report,
        Self::Interval,
        Self::AlarmAnswered,
        Self::SelfTest,
        Self::Restart,
        Self::Limits,
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

    /// Stable text name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identify => "identify",
            Self::Report => "report",
            Self::Interval => "interval",
            Self::AlarmAnswered => "alarm_answered",
            Self::SelfTest => "self_test",
            Self::Restart => "restart",
            Self::Limits => "limits",
        }
    }

    /// Arguments that must be there; a device refuses the command without them.
    pub const fn arguments_min(self) -> usize {
        match self {
            Self::Report | Self::SelfTest | Self::Restart => 0,
            Self::Identify | Self::AlarmAnswered => 1,
            Self::Interval | Self::Limits => 2,
        }
    }
}

/// Up to [`ARGUMENTS_MAX`] numbers. What each means is said by the command's kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Arguments {
    values: [i32; ARGUMENTS_MAX],
    count: usize,
}

impl Arguments {
    pub fn new(values: &[i32]) -> Result<Self, EncodeError> {
        let mut arguments = Self::default();
        arguments.values.get_mut(..values.len()).ok_or(EncodeError::OutOfRange)?.copy_from_slice(values);
        arguments.count = values.len();
        Ok(arguments)
    }

    pub fn as_slice(&self) -> &[i32] {
        &self.values[..self.count]
    }
}

/// A command message. The device answers it in a `state` message, once done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command {
    /// Names the command: one that comes again is answered again and not carried out twice.
    pub id: u64,
    /// Code of a [`CommandKind`].
    pub kind_code: u16,
    pub arguments: Arguments,
    /// A device with a synchronised clock does not carry it out at or after this instant.
    pub expires_wall_ms: Option<u64>,
}

const FIELDS: u64 = 5;

impl Command {
    pub fn kind(&self) -> Option<CommandKind> {
        CommandKind::from_code(self.kind_code)
    }

    /// Whether it comes too late, by the device's synchronised clock. Without one nothing is too late.
    pub const fn is_expired(&self, synced_wall_ms: Option<u64>) -> bool {
        matches!((self.expires_wall_ms, synced_wall_ms), (Some(expires_ms), Some(now_ms)) if expires_ms <= now_ms)
    }

    /// Writes `[version, id, kind, [argument, ...], expires_wall_ms or null]`.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, EncodeError> {
        let mut writer = writer(out);
        writer.array(FIELDS)?.u8(PROTOCOL_VERSION)?.u64(self.id)?.u16(self.kind_code)?;
        writer.array(items(self.arguments.count))?;
        for argument in self.arguments.as_slice() {
            writer.i32(*argument)?;
        }
        match self.expires_wall_ms {
            Some(expires_ms) => writer.u64(expires_ms)?,
            None => writer.null()?,
        };
        written(writer)
    }

    pub fn decode(payload: &[u8]) -> Result<Self, DecodeError> {
        let mut decoder = reader(payload)?;
        let added = open(&mut decoder, FIELDS)?;
        check_version(decoder.u64()?)?;
        let id = decoder.u64()?;
        let kind_code = decoder.u16()?;
        let mut arguments =
            Arguments { count: open_list(&mut decoder, ARGUMENTS_MAX)?, ..Arguments::default() };
        for value in &mut arguments.values[..arguments.count] {
            *value = decoder.i32()?;
        }
        let expires_wall_ms = optional(&mut decoder)?;
        skip(&mut decoder, added)?;
        finish(&decoder)?;
        Ok(Self { id, kind_code, arguments, expires_wall_ms })
    }
}
