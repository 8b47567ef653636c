//! Why a message could not be read or written.

use core::fmt;

/// A payload that is refused as a whole. Nothing of it may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeError {
    /// Not the CBOR this protocol uses: cut short, wrong type, indefinite length, number out of its field's width.
    Malformed,
    /// Longer than [`crate::limits::FRAME_BYTES_MAX`].
    TooLong,
    /// A header version this crate does not know.
    Version(u64),
    /// An array shorter than its required fields.
    MissingField,
    /// A lane other than 0 and 1.
    Lane(u64),
    /// More samples than [`crate::limits::SAMPLES_MAX`] or channels than [`crate::limits::CHANNELS_MAX`].
    TooMany,
    /// A field beyond its stated limit.
    OutOfRange,
    /// Bytes after the end of the message.
    TrailingBytes,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("not a message of this protocol"),
            Self::TooLong => f.write_str("message is too long"),
            Self::Version(version) => write!(f, "unknown version {version}"),
            Self::MissingField => f.write_str("a required field is missing"),
            Self::Lane(lane) => write!(f, "unknown lane {lane}"),
            Self::TooMany => f.write_str("too many items"),
            Self::OutOfRange => f.write_str("a field is out of its range"),
            Self::TrailingBytes => f.write_str("bytes after the end of the message"),
        }
    }
}

impl core::error::Error for DecodeError {}

impl From<minicbor::decode::Error> for DecodeError {
    fn from(_: minicbor::decode::Error) -> Self {
        Self::Malformed
    }
}

/// A message that was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncodeError {
    /// The buffer is too small.
    BufferFull,
    /// A field or a count beyond its limit.
    OutOfRange,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BufferFull => "the buffer is too small",
            Self::OutOfRange => "a field is out of its range",
        })
    }
}

impl core::error::Error for EncodeError {}

impl<E> From<minicbor::encode::Error<E>> for EncodeError {
    fn from(_: minicbor::encode::Error<E>) -> Self {
        Self::BufferFull
    }
}
