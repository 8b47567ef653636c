//! Body of `up` (live) and `bf` (backfill): samples.

use minicbor::Decoder;

use crate::channel::Channel;
use crate::cursor::{finish, items, open, open_list, reader, skip, writer, written};
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
    samples: Samples<'b>,
}

impl<'b> Readings<'b> {
    /// Writes `[header, [sample, ...]]` and gives the number of bytes used.
    pub fn encode(header: &Header, samples: &[Sample], out: &mut [u8]) -> Result<usize, EncodeError> {
        if samples.len() > SAMPLES_MAX || samples.iter().any(|sample| sample.age_ms > SAMPLE_AGE_MS_MAX) {
            return Err(EncodeError::OutOfRange);
        }
        let mut writer = writer(out);
        writer.array(MESSAGE_FIELDS)?;
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
        skip(&mut decoder, added)?;
        finish(&decoder)?;
        Ok(Self { header, samples })
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
