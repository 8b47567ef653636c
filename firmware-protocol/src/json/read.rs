//! Messages from JSON, member by member.

use alloc::vec::Vec;

use serde_json::{Map, Value};

use super::JsonError;
use crate::alarm::{Alarm, AlarmKind};
use crate::card::CardNumber;
use crate::channel::Channel;
use crate::command::{Arguments, Command, CommandKind};
use crate::device_kind::DeviceKind;
use crate::downlink::{Ack, Time};
use crate::header::{Header, Lane};
use crate::limits::{
    ARGUMENTS_MAX, CHANNELS_MAX, COMMANDS_MAX, FIRMWARE_VERSION_BYTES_MAX, PROTOCOL_VERSION,
    SAMPLE_AGE_MS_MAX, SAMPLES_MAX,
};
use crate::message::{BirthMessage, Message, ReadingsMessage};
use crate::readings::Sample;
use crate::state::{Answer, Outcome, State};

type Result<T> = core::result::Result<T, JsonError>;

const MISSING: &str = "is missing";
const NOT_WHOLE: &str = "is not a whole number of its range";
const NOT_A_NUMBER: &str = "is not a number of its range";
const NOT_A_SWITCH: &str = "is neither true nor false";
const NOT_TEXT: &str = "is not a text of its length";
const NOT_A_LIST: &str = "is not a list of its length";
const NOT_AN_OBJECT: &str = "is not an object";
const NOT_KNOWN: &str = "is a name that is not known";
const NOT_A_CARD: &str = "is not 1 to 32 of A-Z a-z 0-9 -";

fn fault<T>(name: &'static str, rule: &'static str) -> Result<T> {
    Err(JsonError::Member { name, rule })
}

/// An object that is being read.
pub(super) struct Object<'v>(&'v Map<alloc::string::String, Value>);

impl<'v> Object<'v> {
    pub fn root(value: &'v Value) -> Result<Self> {
        value.as_object().map(Self).ok_or(JsonError::Syntax)
    }

    pub fn message(&self) -> Result<Message> {
        if self.whole("version", u64::MAX)? != u64::from(PROTOCOL_VERSION) {
            return fault("version", "is not known");
        }
        match self.get("message")?.as_str() {
            Some("readings") => self.readings(),
            Some("alarm") => self.alarm(),
            Some("birth") => self.birth(),
            Some("state") => self.state(),
            Some("ack") => {
                let (boot_id, lane) = (self.whole("boot_id", u64::MAX)?, self.lane()?);
                Ok(Message::Ack(Ack { boot_id, lane, seq: self.whole("seq", u64::MAX)? }))
            }
            Some("time") => Ok(Message::Time(Time { wall_ms: self.whole("wall_ms", u64::MAX)? })),
            Some("command") => self.command(),
            _ => fault("message", NOT_KNOWN),
        }
    }

    pub fn header_of_unread(&self) -> Option<Header> {
        let version = self.whole("version", u64::MAX).ok()?;
        let header = self.header().ok().filter(|_| version == u64::from(PROTOCOL_VERSION))?;
        let is_numbered = match self.get("message").ok()?.as_str()? {
            "readings" => true,
            "alarm" | "birth" => header.lane == Lane::Live,
            // A will names the number that comes next.
            "state" => header.lane == Lane::Live && self.switch("online").ok()?,
            _ => false,
        };
        is_numbered.then_some(header)
    }

    fn readings(&self) -> Result<Message> {
        let header = self.header()?;
        let read = |value: &Value| Object(value.as_object().ok_or(NOT_AN_OBJECT_IN_SAMPLES)?).sample();
        let samples = self.list("samples", SAMPLES_MAX)?.iter().map(read).collect::<Result<_>>()?;
        let card = match self.find("card") {
            None => None,
            Some(value) => match value.as_str().and_then(CardNumber::parse) {
                Some(card) => Some(card),
                None => return fault("card", NOT_A_CARD),
            },
        };
        Ok(Message::Readings(ReadingsMessage { header, samples, card }))
    }

    fn sample(&self) -> Result<Sample> {
        let channel_code = code("channel", self.get("channel")?, channel_code)?;
        let value_scaled = self.scaled(channel_code)?;
        let age_ms = self.optional("age_ms", SAMPLE_AGE_MS_MAX.into())?.unwrap_or(0);
        Ok(Sample { channel_code, value_scaled, age_ms: age_ms as u32 })
    }

    /// `value` in the channel's smallest step. One of a channel that is not known is in that step already.
    fn scaled(&self, channel_code: u16) -> Result<i32> {
        let value = self.get("value")?;
        let scaled = match Channel::from_code(channel_code) {
            Some(channel) => value.as_f64().and_then(|value| exactly_scaled(channel, value)),
            None => value.as_i64().and_then(|value| i32::try_from(value).ok()),
        };
        scaled.map_or_else(|| fault("value", NOT_A_NUMBER), Ok)
    }

    fn alarm(&self) -> Result<Message> {
        let header = self.header()?;
        let kind_code =
            code("kind", self.get("kind")?, |name| AlarmKind::from_name(name).map(AlarmKind::code))?;
        let raised = self.switch("raised")?;
        let cause = match (self.find("channel"), self.find("value")) {
            (None, None) => None,
            (Some(channel), _) => {
                let channel_code = code("channel", channel, channel_code)?;
                Some((channel_code, self.scaled(channel_code)?))
            }
            (None, Some(_)) => return fault("channel", MISSING),
        };
        let attempt = self.optional("attempt", u16::MAX.into())?.unwrap_or(0) as u16;
        Ok(Message::Alarm(Alarm { header, kind_code, raised, cause, attempt }))
    }

    fn birth(&self) -> Result<Message> {
        let kind = |name: &str| DeviceKind::from_name(name).map(DeviceKind::code);
        let firmware_version = match self.get("firmware")?.as_str() {
            Some(text) if text.len() <= FIRMWARE_VERSION_BYTES_MAX => text.into(),
            _ => return fault("firmware", NOT_TEXT),
        };
        let command = |name: &str| CommandKind::from_name(name).map(CommandKind::code);
        let command_codes = match self.find("commands") {
            Some(_) => self.codes("commands", COMMANDS_MAX, command)?,
            None => Vec::new(),
        };
        Ok(Message::Birth(BirthMessage {
            header: self.header()?,
            kind_code: code("kind", self.get("kind")?, kind)?,
            firmware_version,
            heartbeat_s: self.whole("heartbeat_s", u16::MAX.into())? as u16,
            channel_codes: self.codes("channels", CHANNELS_MAX, channel_code)?,
            command_codes,
        }))
    }

    fn state(&self) -> Result<Message> {
        let outcome = |name: &str| Outcome::from_name(name).map(Outcome::code);
        let answer = match self.find("answer") {
            None => None,
            Some(Value::Object(members)) => {
                let answer = Object(members);
                let command_id = answer.whole("command", u64::MAX)?;
                let outcome_code = code("outcome", answer.get("outcome")?, outcome)?;
                Some(Answer { command_id, outcome_code })
            }
            Some(_) => return fault("answer", NOT_AN_OBJECT),
        };
        let connection = self.whole("connection", u32::MAX.into())? as u32;
        Ok(Message::State(State {
            header: self.header()?,
            online: self.switch("online")?,
            connection,
            answer,
        }))
    }

    fn command(&self) -> Result<Message> {
        let argument = |value: &Value| {
            let value = value.as_i64().and_then(|value| i32::try_from(value).ok());
            value.map_or_else(|| fault("arguments", NOT_WHOLE), Ok)
        };
        let arguments = match self.find("arguments") {
            Some(_) => self.list("arguments", ARGUMENTS_MAX)?.iter().map(argument).collect::<Result<_>>()?,
            None => Vec::new(),
        };
        let Ok(arguments) = Arguments::new(&arguments) else { return fault("arguments", NOT_A_LIST) };
        let kind = |name: &str| CommandKind::from_name(name).map(CommandKind::code);
        Ok(Message::Command(Command {
            id: self.whole("id", u64::MAX)?,
            kind_code: code("kind", self.get("kind")?, kind)?,
            arguments,
            expires_wall_ms: self.optional("expires_wall_ms", u64::MAX)?,
        }))
    }

    fn header(&self) -> Result<Header> {
        Ok(Header {
            boot_id: self.whole("boot_id", u64::MAX)?,
            lane: self.lane()?,
            seq: self.whole("seq", u64::MAX)?,
            monotonic_ms: self.whole("monotonic_ms", u64::MAX)?,
            wall_ms: self.optional("wall_ms", u64::MAX)?,
            flags: self.optional("flags", u16::MAX.into())?.unwrap_or(0) as u16,
        })
    }

    fn lane(&self) -> Result<Lane> {
        Lane::from_code(self.whole("lane", u64::MAX)?).map_or_else(|| fault("lane", "is neither 0 nor 1"), Ok)
    }

    /// A member that is there and not null.
    fn find(&self, name: &'static str) -> Option<&'v Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn get(&self, name: &'static str) -> Result<&'v Value> {
        self.find(name).map_or_else(|| fault(name, MISSING), Ok)
    }

    fn whole(&self, name: &'static str, max: u64) -> Result<u64> {
        self.get(name).and_then(|value| whole(name, value, max))
    }

    fn optional(&self, name: &'static str, max: u64) -> Result<Option<u64>> {
        self.find(name).map(|value| whole(name, value, max)).transpose()
    }

    fn switch(&self, name: &'static str) -> Result<bool> {
        self.get(name)?.as_bool().map_or_else(|| fault(name, NOT_A_SWITCH), Ok)
    }

    fn list(&self, name: &'static str, max: usize) -> Result<&'v [Value]> {
        match self.get(name)?.as_array() {
            Some(items) if items.len() <= max => Ok(items),
            _ => fault(name, NOT_A_LIST),
        }
    }

    fn codes(&self, name: &'static str, max: usize, known: impl Fn(&str) -> Option<u16>) -> Result<Vec<u16>> {
        self.list(name, max)?.iter().map(|item| code(name, item, &known)).collect()
    }
}

const NOT_AN_OBJECT_IN_SAMPLES: JsonError = JsonError::Member { name: "samples", rule: NOT_AN_OBJECT };

/// A whole number, as a number or as text of decimal digits.
fn whole(name: &'static str, value: &Value, max: u64) -> Result<u64> {
    let number = match value {
        // `parse` alone would take a plus sign.
        Value::String(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
        value => value.as_u64(),
    };
    number.filter(|number| *number <= max).map_or_else(|| fault(name, NOT_WHOLE), Ok)
}

/// A known name, or any number.
fn code(name: &'static str, value: &Value, known: impl Fn(&str) -> Option<u16>) -> Result<u16> {
    match value {
        Value::String(text) => known(text).map_or_else(|| fault(name, NOT_KNOWN), Ok),
        value => Ok(whole(name, value, u16::MAX.into())? as u16),
    }
}

fn channel_code(name: &str) -> Option<u16> {
    Channel::from_name(name).map(Channel::code)
}

/// The nearest step, unless it is outside of what a value can hold.
fn exactly_scaled(channel: Channel, value: f64) -> Option<i32> {
    let steps = value * channel.divisor();
    let range = f64::from(i32::MIN) - 0.5..f64::from(i32::MAX) + 0.5;
    (range.contains(&steps) && steps > range.start).then(|| channel.scaled(value))
}
