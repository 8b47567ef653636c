//! The JSON twin: the same messages for third parties that have no CBOR.
//!
//! One object a message, `message` says which. Codes that this version knows are written as their names, values in the
//! channel's unit. Members that are not known are skipped, as added fields are in CBOR.

mod read;
mod write;

use alloc::string::String;
use core::fmt;

use self::read::Object;
use crate::error::EncodeError;
use crate::header::Header;
use crate::limits::JSON_BYTES_MAX;
use crate::message::Message;

/// Why a JSON payload is refused as a whole. The texts come from a fixed list: a log or a table of faults stays small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonError {
    /// Longer than [`JSON_BYTES_MAX`].
    TooLong,
    /// Not one JSON object.
    Syntax,
    /// A member that breaks its rule.
    Member { name: &'static str, rule: &'static str },
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => f.write_str("message is too long"),
            Self::Syntax => f.write_str("not a JSON object"),
            Self::Member { name, rule } => write!(f, "{name} {rule}"),
        }
    }
}

impl core::error::Error for JsonError {}

pub fn decode(payload: &[u8]) -> Result<Message, JsonError> {
    if payload.len() > JSON_BYTES_MAX {
        return Err(JsonError::TooLong);
    }
    let value: serde_json::Value = serde_json::from_slice(payload).map_err(|_| JsonError::Syntax)?;
    Object::root(&value)?.message()
}

/// The header of a payload that cannot be read whole, where it can be read and its number is used up.
pub fn header_of_unread(payload: &[u8]) -> Option<Header> {
    let value: serde_json::Value = serde_json::from_slice(payload).ok()?;
    Object::root(&value).ok()?.header_of_unread()
}

/// Writes a message without blanks. One that is too long as JSON, though not as CBOR, is refused.
pub fn encode(message: &Message) -> Result<String, EncodeError> {
    // The limits of CBOR hold for both.
    message.encode(&mut [0; crate::limits::FRAME_BYTES_MAX])?;
    let text = write::text(message);
    if text.len() > JSON_BYTES_MAX { Err(EncodeError::OutOfRange) } else { Ok(text) }
}
