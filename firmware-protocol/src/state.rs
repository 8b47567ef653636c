//! Body of `state`: the device says it is there, or its will says that it is gone; and how a command went.

use crate::cursor::{finish, is_null, open, reader, skip, writer, written};
use crate::error::{DecodeError, EncodeError};
use crate::header::Header;

/// How a command went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Outcome {
    Done = 0,
    /// The device does not know this kind of command.
    Unknown = 1,
    /// An argument is missing or outside of what the device can do.
    Refused = 2,
    /// It came too late.
    Expired = 3,
    /// The device tried and could not.
    Failed = 4,
}

impl Outcome {
    pub const ALL: [Self; 5] = [Self::Done, Self::Unknown, Self::Refused, Self::Expired, Self::Failed];

    pub const fn code(self) -> u16 {
        self as u16
    }

    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.code() == code)
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }

    /// Stable text name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Unknown => "unknown",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Failed => "failed",
        }
    }
}

/// The answer to a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    pub command_id: u64,
    /// Code of an [`Outcome`].
    pub outcome_code: u16,
}

/// A state message. As a will it is prepared at CONNECT: its header names the boot that it speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    pub header: Header,
    pub online: bool,
    /// Counts this boot's connections, so that the will of an older connection can be told from the present one.
    pub connection: u32,
    /// Of the command that the message answers, if it answers one.
    pub answer: Option<Answer>,
}

const BODY_FIELDS: u64 = 2;
const ANSWER_FIELDS: u64 = 2;

impl State {
    /// Writes `[header, [online, connection]]`, with `[command_id, outcome]` behind them where there is an answer.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, EncodeError> {
        let mut writer = writer(out);
        writer.array(2)?;
        self.header.write(&mut writer)?;
        writer.array(BODY_FIELDS + u64::from(self.answer.is_some()))?;
        writer.bool(self.online)?.u32(self.connection)?;
        if let Some(answer) = &self.answer {
            writer.array(ANSWER_FIELDS)?.u64(answer.command_id)?.u16(answer.outcome_code)?;
        }
        written(writer)
    }

    pub fn decode(payload: &[u8]) -> Result<Self, DecodeError> {
        let mut decoder = reader(payload)?;
        let added = open(&mut decoder, 2)?;
        let header = Header::read(&mut decoder)?;
        let mut body_added = open(&mut decoder, BODY_FIELDS)?;
        let online = decoder.bool()?;
        let connection = decoder.u32()?;
        let mut answer = None;
        if let Some(after_answer) = body_added.checked_sub(1) {
            answer = read_answer(&mut decoder)?;
            body_added = after_answer;
        }
        skip(&mut decoder, body_added)?;
        skip(&mut decoder, added)?;
        finish(&decoder)?;
        Ok(Self { header, online, connection, answer })
    }
}

fn read_answer(decoder: &mut minicbor::Decoder<'_>) -> Result<Option<Answer>, DecodeError> {
    if is_null(decoder)? {
        decoder.null()?;
        return Ok(None);
    }
    let added = open(decoder, ANSWER_FIELDS)?;
    let command_id = decoder.u64()?;
    let outcome_code = decoder.u16()?;
    skip(decoder, added)?;
    Ok(Some(Answer { command_id, outcome_code }))
}
