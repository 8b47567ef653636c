//! Any message as one type that owns what it holds: what CBOR and JSON both say.

use alloc::string::String;
use alloc::vec::Vec;

use crate::alarm::Alarm;
use crate::birth::Birth;
use crate::card::CardNumber;
use crate::command::Command;
use crate::cursor::open;
use crate::downlink::{Ack, Time};
use crate::error::{DecodeError, EncodeError};
use crate::header::{Header, Lane};
use crate::readings::{Readings, Sample};
use crate::state::State;
use crate::topic::TopicKind;

/// A message in either direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    Readings(ReadingsMessage),
    Alarm(Alarm),
    Birth(BirthMessage),
    State(State),
    Ack(Ack),
    Time(Time),
    Command(Command),
}

/// [`Readings`] that own their samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadingsMessage {
    pub header: Header,
    pub samples: Vec<Sample>,
    pub card: Option<CardNumber>,
}

/// [`Birth`] that owns its texts and lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BirthMessage {
    pub header: Header,
    pub kind_code: u16,
    pub firmware_version: String,
    pub heartbeat_s: u16,
    pub channel_codes: Vec<u16>,
    pub command_codes: Vec<u16>,
}

impl Message {
    /// Reads the CBOR payload of a topic. The topics of JSON carry none.
    pub fn decode(kind: TopicKind, payload: &[u8]) -> Result<Self, DecodeError> {
        Ok(match kind {
            TopicKind::Up | TopicKind::Backfill => {
                let readings = Readings::decode(payload)?;
                let samples = readings.samples().collect();
                Self::Readings(ReadingsMessage { header: readings.header, samples, card: readings.card })
            }
            TopicKind::Alarm => Self::Alarm(Alarm::decode(payload)?),
            TopicKind::Birth => {
                let birth = Birth::decode(payload)?;
                Self::Birth(BirthMessage {
                    header: birth.header,
                    kind_code: birth.kind_code,
                    firmware_version: birth.firmware_version.into(),
                    heartbeat_s: birth.heartbeat_s,
                    channel_codes: birth.channel_codes().collect(),
                    command_codes: birth.command_codes().collect(),
                })
            }
            TopicKind::State => Self::State(State::decode(payload)?),
            TopicKind::Ack => Self::Ack(Ack::decode(payload)?),
            TopicKind::Time => Self::Time(Time::decode(payload)?),
            TopicKind::Command => Self::Command(Command::decode(payload)?),
            TopicKind::Json | TopicKind::JsonDown => return Err(DecodeError::Malformed),
        })
    }

    /// The header of a CBOR payload that cannot be read whole, where it can be read and its number is used up: a will names
    /// the number that comes next.
    pub fn header_of_unread(kind: TopicKind, payload: &[u8]) -> Option<Header> {
        let lane = match kind {
            TopicKind::Up | TopicKind::Alarm | TopicKind::Birth | TopicKind::State => Lane::Live,
            TopicKind::Backfill => Lane::Backfill,
            _ => return None,
        };
        let mut decoder = minicbor::Decoder::new(payload);
        open(&mut decoder, 1).ok()?;
        let header = Header::read(&mut decoder).ok()?;
        if kind == TopicKind::State {
            open(&mut decoder, 1).ok()?;
            decoder.bool().ok().filter(|online| *online)?;
        }
        (header.lane == lane).then_some(header)
    }

    /// Writes CBOR.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, EncodeError> {
        match self {
            Self::Readings(readings) => {
                Readings::encode_of(&readings.header, &readings.samples, readings.card.as_ref(), out)
            }
            Self::Alarm(alarm) => alarm.encode(out),
            Self::Birth(birth) => Birth::encode_with_commands(
                &birth.header,
                birth.kind_code,
                &birth.firmware_version,
                birth.heartbeat_s,
                &birth.channel_codes,
                &birth.command_codes,
                out,
            ),
            Self::State(state) => state.encode(out),
            Self::Ack(ack) => ack.encode(out),
            Self::Time(time) => time.encode(out),
            Self::Command(command) => command.encode(out),
        }
    }

    /// The header of an upward message.
    pub fn header(&self) -> Option<&Header> {
        match self {
            Self::Readings(readings) => Some(&readings.header),
            Self::Alarm(alarm) => Some(&alarm.header),
            Self::Birth(birth) => Some(&birth.header),
            Self::State(state) => Some(&state.header),
            Self::Ack(_) | Self::Time(_) | Self::Command(_) => None,
        }
    }
}
