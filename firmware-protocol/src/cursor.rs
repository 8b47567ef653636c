//! Shared steps of reading and writing integer-indexed arrays.

use minicbor::encode::write::Cursor;
use minicbor::{Decoder, Encoder};

use crate::error::{DecodeError, EncodeError};
use crate::limits::{FRAME_BYTES_MAX, PROTOCOL_VERSION};

pub(crate) type Writer<'b> = Encoder<Cursor<&'b mut [u8]>>;

pub(crate) fn writer(out: &mut [u8]) -> Writer<'_> {
    Encoder::new(Cursor::new(out))
}

/// Length of what was written, refused when no receiver would accept it.
pub(crate) fn written(writer: Writer<'_>) -> Result<usize, EncodeError> {
    let length = writer.into_writer().position();
    if length > FRAME_BYTES_MAX { Err(EncodeError::OutOfRange) } else { Ok(length) }
}

/// A whole number of items: a length in CBOR is a `u64`, a slice length fits one on every target.
pub(crate) fn items(length: usize) -> u64 {
    length as u64
}

pub(crate) fn reader(payload: &[u8]) -> Result<Decoder<'_>, DecodeError> {
    if payload.len() > FRAME_BYTES_MAX { Err(DecodeError::TooLong) } else { Ok(Decoder::new(payload)) }
}

/// Opens an array that must hold at least `required` fields; gives the number of fields beyond them.
pub(crate) fn open(decoder: &mut Decoder<'_>, required: u64) -> Result<u64, DecodeError> {
    let length = decoder.array()?.ok_or(DecodeError::Malformed)?;
    length.checked_sub(required).ok_or(DecodeError::MissingField)
}

/// Opens an array of at most `max` items and gives their number.
pub(crate) fn open_list(decoder: &mut Decoder<'_>, max: usize) -> Result<usize, DecodeError> {
    let length = decoder.array()?.ok_or(DecodeError::Malformed)?;
    match usize::try_from(length) {
        Ok(length) if length <= max => Ok(length),
        _ => Err(DecodeError::TooMany),
    }
}

pub(crate) fn check_version(version: u64) -> Result<(), DecodeError> {
    if version == u64::from(PROTOCOL_VERSION) { Ok(()) } else { Err(DecodeError::Version(version)) }
}

/// Fields that a newer sender added are skipped, of any type but of definite length. The C implementation does the same, so
/// that both sides take the same messages. Each item is at least one byte: a false count ends at the input's end.
pub(crate) fn skip(decoder: &mut Decoder<'_>, fields: u64) -> Result<(), DecodeError> {
    let input = decoder.input();
    let mut at = decoder.position();
    let mut left = fields;
    while left > 0 {
        let item = Item::read(input.get(at..).unwrap_or_default()).ok_or(DecodeError::Malformed)?;
        at += item.bytes;
        left = (left - 1).saturating_add(item.inside);
    }
    decoder.set_position(at);
    Ok(())
}

/// The head of a CBOR item, with a string's content.
struct Item {
    bytes: usize,
    /// Items that follow inside of it.
    inside: u64,
}

impl Item {
    fn read(input: &[u8]) -> Option<Self> {
        let first = *input.first()?;
        let (major, short) = (first >> 5, first & 0x1f);
        let width = match short {
            0..=23 => 0,
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            _ => return None,
        };
        let wide = input.get(1..=width)?.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
        let argument = if width == 0 { u64::from(short) } else { wide };
        let head = 1 + width;
        match major {
            2 | 3 => {
                let bytes = usize::try_from(argument).ok()?.checked_add(head)?;
                (bytes <= input.len()).then_some(Self { bytes, inside: 0 })
            }
            4 => Some(Self { bytes: head, inside: argument }),
            5 => Some(Self { bytes: head, inside: argument.saturating_mul(2) }),
            6 => Some(Self { bytes: head, inside: 1 }),
            // Simple values below 32 have no second byte.
            7 if width == 1 && argument < 32 => None,
            _ => Some(Self { bytes: head, inside: 0 }),
        }
    }
}

/// The input must end where the message ends.
pub(crate) fn finish(decoder: &Decoder<'_>) -> Result<(), DecodeError> {
    if decoder.position() == decoder.input().len() { Ok(()) } else { Err(DecodeError::TrailingBytes) }
}

pub(crate) fn is_null(decoder: &Decoder<'_>) -> Result<bool, DecodeError> {
    Ok(decoder.datatype()? == minicbor::data::Type::Null)
}

/// An optional field: `null` or a value.
pub(crate) fn optional<'b, T: minicbor::Decode<'b, ()>>(
    decoder: &mut Decoder<'b>,
) -> Result<Option<T>, DecodeError> {
    if is_null(decoder)? {
        decoder.null()?;
        return Ok(None);
    }
    Ok(Some(decoder.decode()?))
}
