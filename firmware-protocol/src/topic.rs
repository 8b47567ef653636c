//! Topic names: `songhe/v1/{device}/{kind}`.

use core::fmt;

use crate::limits::{DEVICE_ID_BYTES_MAX, TOPIC_BYTES_MAX};

const PREFIX: &str = "songhe/v1/";

/// Last level of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TopicKind {
    /// Live readings.
    Up,
    /// Readings kept while offline.
    Backfill,
    Alarm,
    Birth,
    /// Presence, will and answers to commands.
    State,
    /// Any upward message as JSON.
    Json,
    /// Server to device: stored up to here.
    Ack,
    /// Server to device: do this.
    Command,
    /// Server to device: the time.
    Time,
    /// Server to device: any downward message as JSON, for a device that sends JSON.
    JsonDown,
}

impl TopicKind {
    pub const ALL: [Self; 10] = [
        Self::Up,
        Self::Backfill,
        Self::Alarm,
        Self::Birth,
        Self::State,
        Self::Json,
        Self::Ack,
        Self::Command,
        Self::Time,
        Self::JsonDown,
    ];

    /// Text of the last level.
    pub const fn level(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Backfill => "bf",
            Self::Alarm => "alarm",
            Self::Birth => "birth",
            Self::State => "state",
            Self::Json => "json",
            Self::Ack => "ack",
            Self::Command => "cmd",
            Self::Time => "time",
            Self::JsonDown => "json-down",
        }
    }

    /// Whether devices publish to it. The others they subscribe to.
    pub const fn is_upward(self) -> bool {
        !matches!(self, Self::Ack | Self::Command | Self::Time | Self::JsonDown)
    }
}

/// A topic of this protocol. It always names one device: a filter with a wildcard is not a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Topic<'d> {
    device: &'d str,
    kind: TopicKind,
}

/// Why a text is not a topic, or not this device's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TopicError {
    /// Not `songhe/v1/{device}/{kind}`.
    Unknown,
    /// Empty, longer than [`DEVICE_ID_BYTES_MAX`], or with a character other than `A-Z a-z 0-9 - _ .`
    DeviceId,
    /// It belongs to another device.
    Foreign,
}

impl fmt::Display for TopicError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "not a topic of this protocol",
            Self::DeviceId => "not a device id",
            Self::Foreign => "topic of another device",
        })
    }
}

impl core::error::Error for TopicError {}

/// Letters, digits, `-`, `_` and `.` only, so an id can neither open a level nor be a wildcard.
pub fn is_device_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= DEVICE_ID_BYTES_MAX
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

impl<'d> Topic<'d> {
    pub fn new(device: &'d str, kind: TopicKind) -> Result<Self, TopicError> {
        if is_device_id(device) { Ok(Self { device, kind }) } else { Err(TopicError::DeviceId) }
    }

    pub fn parse(text: &'d str) -> Result<Self, TopicError> {
        let rest = text.strip_prefix(PREFIX).ok_or(TopicError::Unknown)?;
        let (device, level) = rest.split_once('/').ok_or(TopicError::Unknown)?;
        let kind =
            TopicKind::ALL.into_iter().find(|kind| kind.level() == level).ok_or(TopicError::Unknown)?;
        Self::new(device, kind)
    }

    /// Parses a topic that must be the given device's own.
    pub fn parse_own(text: &'d str, own_device: &str) -> Result<Self, TopicError> {
        let topic = Self::parse(text)?;
        if topic.device == own_device { Ok(topic) } else { Err(TopicError::Foreign) }
    }

    pub const fn device(&self) -> &'d str {
        self.device
    }

    pub const fn kind(&self) -> TopicKind {
        self.kind
    }

    /// Writes the topic into the device's buffer; [`TOPIC_BYTES_MAX`] bytes are always enough.
    pub fn write<'o>(&self, out: &'o mut [u8; TOPIC_BYTES_MAX]) -> &'o str {
        let mut length = 0;
        for part in [PREFIX, self.device, "/", self.kind.level()] {
            out[length..length + part.len()].copy_from_slice(part.as_bytes());
            length += part.len();
        }
        // ASCII was copied, so the text is whole.
        core::str::from_utf8(&out[..length]).unwrap_or_default()
    }
}

impl fmt::Display for Topic<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}/{}", self.device, self.kind.level())
    }
}
