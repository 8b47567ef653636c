//! What the server sends besides commands: `ack` and `time`.

use crate::cursor::{check_version, finish, open, reader, skip, writer, written};
use crate::error::{DecodeError, EncodeError};
use crate::header::Lane;
use crate::limits::PROTOCOL_VERSION;

/// Every message of this boot and lane up to and including `seq` is stored: the device may forget them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ack {
    pub boot_id: u64,
    pub lane: Lane,
    pub seq: u64,
}

/// The server's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time {
    /// Milliseconds since 1970-01-01 UTC.
    pub wall_ms: u64,
}

impl Ack {
    /// Writes `[version, boot_id, lane, seq]`.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, EncodeError> {
        let mut writer = writer(out);
        writer.array(4)?.u8(PROTOCOL_VERSION)?.u64(self.boot_id)?.u8(self.lane.code())?.u64(self.seq)?;
        written(writer)
    }

    pub fn decode(payload: &[u8]) -> Result<Self, DecodeError> {
        let mut decoder = reader(payload)?;
        let added = open(&mut decoder, 4)?;
        check_version(decoder.u64()?)?;
        let boot_id = decoder.u64()?;
        let lane = decoder.u64()?;
        let lane = Lane::from_code(lane).ok_or(DecodeError::Lane(lane))?;
        let seq = decoder.u64()?;
        skip(&mut decoder, added)?;
        finish(&decoder)?;
        Ok(Self { boot_id, lane, seq })
    }
}

impl Time {
    /// Writes `[version, wall_ms]`.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, EncodeError> {
        let mut writer = writer(out);
        writer.array(2)?.u8(PROTOCOL_VERSION)?.u64(self.wall_ms)?;
        written(writer)
    }

    pub fn decode(payload: &[u8]) -> Result<Self, DecodeError> {
        let mut decoder = reader(payload)?;
        let added = open(&mut decoder, 2)?;
        check_version(decoder.u64()?)?;
        let wall_ms = decoder.u64()?;
        skip(&mut decoder, added)?;
        finish(&decoder)?;
        Ok(Self { wall_ms })
    }
}
