//! Shared steps of reading and writing integer-indexed arrays.

use minicbor::encode::write::Cursor;
use minicbor::{Decoder, Encoder};

use crate::error::{DecodeError, EncodeError};
use crate::limits::FRAME_BYTES_MAX;

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

/// Fields that a newer sender added are skipped. Each is at least one byte, so a false count ends at the input's end.
pub(crate) fn skip(decoder: &mut Decoder<'_>, fields: u64) -> Result<(), DecodeError> {
    for _ in 0..fields {
        decoder.skip()?;
    }
    Ok(())
}

/// The input must end where the message ends.
pub(crate) fn finish(decoder: &Decoder<'_>) -> Result<(), DecodeError> {
    if decoder.position() == decoder.input().len() { Ok(()) } else { Err(DecodeError::TrailingBytes) }
}

/// An optional field: `null` or a value.
pub(crate) fn optional<'b, T: minicbor::Decode<'b, ()>>(
    decoder: &mut Decoder<'b>,
) -> Result<Option<T>, DecodeError> {
    if decoder.datatype()? == minicbor::data::Type::Null {
        decoder.null()?;
        return Ok(None);
    }
    Ok(Some(decoder.decode()?))
}
