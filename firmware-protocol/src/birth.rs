//! Body of `birth`: what the device is and what it measures, sent first after every connect.

use minicbor::Decoder;

use crate::cursor::{finish, items, open, open_list, reader, skip, writer, written};
use crate::error::{DecodeError, EncodeError};
use crate::header::Header;
use crate::limits::{CHANNELS_MAX, FIRMWARE_VERSION_BYTES_MAX};

/// A birth message, checked to its last byte.
#[derive(Debug, Clone)]
pub struct Birth<'b> {
    pub header: Header,
    /// Code of a [`crate::DeviceKind`].
    pub kind_code: u16,
    pub firmware_version: &'b str,
    /// How often the device sends something even when nothing happens.
    pub heartbeat_s: u16,
    channels: ChannelCodes<'b>,
}

const BODY_FIELDS: u64 = 4;

impl<'b> Birth<'b> {
    pub fn encode(
        header: &Header,
        kind_code: u16,
        firmware_version: &str,
        heartbeat_s: u16,
        channel_codes: &[u16],
        out: &mut [u8],
    ) -> Result<usize, EncodeError> {
        if channel_codes.len() > CHANNELS_MAX || firmware_version.len() > FIRMWARE_VERSION_BYTES_MAX {
            return Err(EncodeError::OutOfRange);
        }
        let mut writer = writer(out);
        writer.array(2)?;
        header.write(&mut writer)?;
        writer.array(BODY_FIELDS)?.u16(kind_code)?.str(firmware_version)?.u16(heartbeat_s)?;
        writer.array(items(channel_codes.len()))?;
        for code in channel_codes {
            writer.u16(*code)?;
        }
        written(writer)
    }

    pub fn decode(payload: &'b [u8]) -> Result<Self, DecodeError> {
        let mut decoder = reader(payload)?;
        let added = open(&mut decoder, 2)?;
        let header = Header::read(&mut decoder)?;
        let body_added = open(&mut decoder, BODY_FIELDS)?;
        let kind_code = decoder.u16()?;
        let firmware_version = decoder.str()?;
        if firmware_version.len() > FIRMWARE_VERSION_BYTES_MAX {
            return Err(DecodeError::OutOfRange);
        }
        let heartbeat_s = decoder.u16()?;
        let count = open_list(&mut decoder, CHANNELS_MAX)?;
        let channels = ChannelCodes { decoder: decoder.clone(), left: count };
        for _ in 0..count {
            decoder.u16()?;
        }
        skip(&mut decoder, body_added)?;
        skip(&mut decoder, added)?;
        finish(&decoder)?;
        Ok(Self { header, kind_code, firmware_version, heartbeat_s, channels })
    }

    /// Codes of the channels the device measures, in the order sent.
    pub fn channel_codes(&self) -> ChannelCodes<'b> {
        self.channels.clone()
    }
}

/// Reads channel codes in place.
#[derive(Debug, Clone)]
pub struct ChannelCodes<'b> {
    decoder: Decoder<'b>,
    left: usize,
}

impl Iterator for ChannelCodes<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        self.left = self.left.checked_sub(1)?;
        // `Birth::decode` read every one of them already.
        self.decoder.u16().ok()
    }
}
