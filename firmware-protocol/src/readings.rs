//! Body of `up` (live) and `bf` (backfill): samples.

use minicbor::Decoder;

use crate::card::CardNumber;
use crate::channel::Channel;
use crate::cursor::{finish, items, open, open_list, optional, reader, skip, writer, written};
use crate::error::{DecodeError, EncodeError};
use crate::header::Header;
use crate::limits::{SAMPLE_AGE_MS_MAX, SAMPLES_MAX};

/// One measured value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Code of a [`Channel`]. One that this crate does not know is kept: newer firmware may measure more.
    pub channel_code: u16,
    /// The value in the channel's smallest step: 36.6 degC on a channel with one decimal is 366.
    pub value_scaled: i32,
    /// How long before the header's `monotonic_ms` the value was taken.
    pub age_ms: u32,
}

const SAMPLE_FIELDS: u64 = 2;
const MESSAGE_FIELDS: u64 = 2;
/// Between the samples and the card lies a field that is reserved for ever: a golden vector of version 1 holds something there.
const MESSAGE_FIELDS_WITH_CARD: u64 = 4;

impl Sample {
    pub const fn new(channel: Channel, value_scaled: i32) -> Self {
        Self { channel_code: channel.code(), value_scaled, age_ms: 0 }
    }

    pub const fn channel(&self) -> Option<Channel> {
        Channel::from_code(self.channel_code)
    }

    fn read(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let mut added = open(decoder, SAMPLE_FIELDS)?;
        let channel_code = decoder.u16()?;
        let value_scaled = decoder.i32()?;
        let mut age_ms = 0;
        if let Some(after_age) = added.checked_sub(1) {
            age_ms = decoder.u32()?;
            added = after_age;
        }
        if age_ms > SAMPLE_AGE_MS_MAX {
            return Err(DecodeError::OutOfRange);
        }
        skip(decoder, added)?;
        Ok(Self { channel_code, value_scaled, age_ms })
    }
}

/// A readings message, checked to its last byte before anything of it is given out.
#[derive(Debug, Clone)]
pub struct Readings<'b> {
    pub header: Header,
    /// Whose values these are, on a device that many people share.
    pub card: Option<CardNumber>,
    samples: Samples<'b>,
}

impl<'b> Readings<'b> {
    /// Writes `[header, [sample, ...]]` and gives the number of bytes used.
    pub fn encode(header: &Header, samples: &[Sample], out: &mut [u8]) -> Result<usize, EncodeError> {
        Self::encode_of(header, samples, None, out)
    }

    /// Writes readings of the person with this card: `[header, [sample, ...], null, card]`.
    pub fn encode_of(
        header: &Header,
        samples: &[Sample],
        card: Option<&CardNumber>,
        out: &mut [u8],
    ) -> Result<usize, EncodeError> {
        if samples.len() > SAMPLES_MAX || samples.iter().any(|sample| sample.age_ms > SAMPLE_AGE_MS_MAX) {
            return Err(EncodeError::OutOfRange);
        }
        let mut writer = writer(out);
        writer.array(if card.is_some() { MESSAGE_FIELDS_WITH_CARD } else { MESSAGE_FIELDS })?;
        header.write(&mut writer)?;
        writer.array(items(samples.len()))?;
        for sample in samples {
            // An age of zero, the usual case, is left out.
            writer.array(if sample.age_ms == 0 { SAMPLE_FIELDS } else { SAMPLE_FIELDS + 1 })?;
            writer.u16(sample.channel_code)?.i32(sample.value_scaled)?;
            if sample.age_ms != 0 {
                writer.u32(sample.age_ms)?;
            }
        }
        if let Some(card) = card {
            writer.null()?.str(card.expose())?;
        }
        written(writer)
    }

    pub fn decode(payload: &'b [u8]) -> Result<Self, DecodeError> {
        let mut decoder = reader(payload)?;
        let added = open(&mut decoder, MESSAGE_FIELDS)?;
        let header = Header::read(&mut decoder)?;
        let count = open_list(&mut decoder, SAMPLES_MAX)?;
        let samples = Samples { decoder: decoder.clone(), left: count };
        for _ in 0..count {
            Sample::read(&mut decoder)?;
        }
        let card = read_card(&mut decoder, added)?;
        finish(&decoder)?;
        Ok(Self { header, card, samples })
    }

    /// The samples in the order sent.
    pub fn samples(&self) -> Samples<'b> {
        self.samples.clone()
    }

    pub fn len(&self) -> usize {
        self.samples.left
    }

    pub fn is_empty(&self) -> bool {
        self.samples.left == 0
    }
}

/// Reads the fields behind the samples.
fn read_card(decoder: &mut Decoder<'_>, added: u64) -> Result<Option<CardNumber>, DecodeError> {
    let Some(after_card) = added.checked_sub(2) else {
        skip(decoder, added)?;
        return Ok(None);
    };
    skip(decoder, 1)?;
    let card = match optional::<&str>(decoder)? {
        Some(text) => Some(CardNumber::parse(text).ok_or(DecodeError::OutOfRange)?),
        None => None,
    };
    skip(decoder, after_card)?;
    Ok(card)
}

/// Reads samples in place.
#[derive(Debug, Clone)]
pub struct Samples<'b> {
    decoder: Decoder<'b>,
    left: usize,
}

impl Iterator for Samples<'_> {
    type Item = Sample;

    fn next(&mut self) -> Option<Sample> {
        self.left = self.left.checked_sub(1)?;
        // `Readings::decode` read every one of them already.
        Sample::read(&mut self.decoder).ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Samples<'_> {}
