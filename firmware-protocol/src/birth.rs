//! Body of `birth`: what the device is and what it measures, sent first after every connect.

use minicbor::Decoder;

use crate::cursor::{Writer, finish, items, open, open_list, reader, skip, writer, written};
use crate::error::{DecodeError, EncodeError};
use crate::header::Header;
use crate::limits::{CHANNELS_MAX, COMMANDS_MAX, FIRMWARE_VERSION_BYTES_MAX};

/// A birth message, checked to its last byte.
#[derive(Debug, Clone)]
pub struct Birth<'b> {
    pub header: Header,
    /// Code of a [`crate::DeviceKind`].
    pub kind_code: u16,
    pub firmware_version: &'b str,
    /// How often the device sends something even when nothing happens.
    pub heartbeat_s: u16,
    channels: Codes<'b>,
    commands: Codes<'b>,
}

const BODY_FIELDS: u64 = 4;

impl<'b> Birth<'b> {
    /// Writes `[header, [kind, firmware version, heartbeat, [channel, ...]]]`.
    pub fn encode(
        header: &Header,
        kind_code: u16,
        firmware_version: &str,
        heartbeat_s: u16,
        channel_codes: &[u16],
        out: &mut [u8],
    ) -> Result<usize, EncodeError> {
        let commands = &[];
        Self::encode_with_commands(
            header,
            kind_code,
            firmware_version,
            heartbeat_s,
            channel_codes,
            commands,
            out,
        )
    }

    /// Writes the same with the list of commands that the device carries out, if there are any.
    pub fn encode_with_commands(
        header: &Header,
        kind_code: u16,
        firmware_version: &str,
        heartbeat_s: u16,
        channel_codes: &[u16],
        command_codes: &[u16],
        out: &mut [u8],
    ) -> Result<usize, EncodeError> {
        if channel_codes.len() > CHANNELS_MAX
            || command_codes.len() > COMMANDS_MAX
            || firmware_version.len() > FIRMWARE_VERSION_BYTES_MAX
        {
            return Err(EncodeError::OutOfRange);
        }
        let mut writer = writer(out);
        writer.array(2)?;
        header.write(&mut writer)?;
        writer.array(BODY_FIELDS + u64::from(!command_codes.is_empty()))?;
        writer.u16(kind_code)?.str(firmware_version)?.u16(heartbeat_s)?;
        write_codes(&mut writer, channel_codes)?;
        if !command_codes.is_empty() {
            write_codes(&mut writer, command_codes)?;
        }
        written(writer)
    }

    pub fn decode(payload: &'b [u8]) -> Result<Self, DecodeError> {
        let mut decoder = reader(payload)?;
        let added = open(&mut decoder, 2)?;
        let header = Header::read(&mut decoder)?;
        let mut body_added = open(&mut decoder, BODY_FIELDS)?;
        let kind_code = decoder.u16()?;
        let firmware_version = decoder.str()?;
        if firmware_version.len() > FIRMWARE_VERSION_BYTES_MAX {
            return Err(DecodeError::OutOfRange);
        }
        let heartbeat_s = decoder.u16()?;
        let channels = Codes::read(&mut decoder, CHANNELS_MAX)?;
        let mut commands = Codes { decoder: Decoder::new(&[]), left: 0 };
        if let Some(after_commands) = body_added.checked_sub(1) {
            commands = Codes::read(&mut decoder, COMMANDS_MAX)?;
            body_added = after_commands;
        }
        skip(&mut decoder, body_added)?;
        skip(&mut decoder, added)?;
        finish(&decoder)?;
        Ok(Self { header, kind_code, firmware_version, heartbeat_s, channels, commands })
    }

    /// Codes of the channels the device measures, in the order sent.
    pub fn channel_codes(&self) -> Codes<'b> {
        self.channels.clone()
    }

    /// Codes of the commands the device carries out, in the order sent; none from one that does not say.
    pub fn command_codes(&self) -> Codes<'b> {
        self.commands.clone()
    }
}

fn write_codes(writer: &mut Writer<'_>, codes: &[u16]) -> Result<(), EncodeError> {
    writer.array(items(codes.len()))?;
    for code in codes {
        writer.u16(*code)?;
    }
    Ok(())
}

/// Reads codes in place.
#[derive(Debug, Clone)]
pub struct Codes<'b> {
    decoder: Decoder<'b>,
    left: usize,
}

impl<'b> Codes<'b> {
    fn read(decoder: &mut Decoder<'b>, max: usize) -> Result<Self, DecodeError> {
        let left = open_list(decoder, max)?;
        let codes = Self { decoder: decoder.clone(), left };
        for _ in 0..left {
            decoder.u16()?;
        }
        Ok(codes)
    }
}

impl Iterator for Codes<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        self.left = self.left.checked_sub(1)?;
        // `Birth::decode` read every one of them already.
        self.decoder.u16().ok()
    }
}
