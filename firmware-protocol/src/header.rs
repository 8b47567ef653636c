//! Identity and clocks of an upward message.

use minicbor::Decoder;

use crate::cursor::{Writer, check_version, open, optional, skip};
use crate::error::{DecodeError, EncodeError};
use crate::limits::PROTOCOL_VERSION;

/// Which of a device's two message streams a message belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Lane {
    /// Happening now. May raise and clear alerts and becomes the latest value.
    Live = 0,
    /// Kept while offline and sent later. History only.
    Backfill = 1,
}

impl Lane {
    pub const fn code(self) -> u8 {
        self as u8
    }

    pub const fn from_code(code: u64) -> Option<Self> {
        match code {
            0 => Some(Self::Live),
            1 => Some(Self::Backfill),
            _ => None,
        }
    }
}

/// First field of every upward message. (device, `boot_id`, `lane`, `seq`) names the message for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Drawn at random at every start of the device, or a counter kept in flash.
    pub boot_id: u64,
    pub lane: Lane,
    /// Counts messages from 0 in each boot and lane. A repeated message keeps its number.
    pub seq: u64,
    /// Milliseconds since this boot, when the message was made.
    pub monotonic_ms: u64,
    /// Milliseconds since 1970-01-01 UTC by the device's clock, if it has one.
    pub wall_ms: Option<u64>,
    /// Bits [`Header::CLOCK_SYNCED`] and [`Header::HISTORICAL`]; others are reserved and kept.
    pub flags: u16,
}

const FIELDS: u64 = 7;

impl Header {
    /// The wall clock was set from the server or from a time source within the last day.
    pub const CLOCK_SYNCED: u16 = 1;
    /// The values describe the past although the message travels on lane 0.
    pub const HISTORICAL: u16 = 2;

    pub const fn is_clock_synced(&self) -> bool {
        self.flags & Self::CLOCK_SYNCED != 0
    }

    pub const fn is_historical(&self) -> bool {
        self.flags & Self::HISTORICAL != 0
    }

    pub(crate) fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer
            .array(FIELDS)?
            .u8(PROTOCOL_VERSION)?
            .u64(self.boot_id)?
            .u8(self.lane.code())?
            .u64(self.seq)?
            .u64(self.monotonic_ms)?;
        match self.wall_ms {
            Some(wall_ms) => writer.u64(wall_ms)?,
            None => writer.null()?,
        };
        writer.u16(self.flags)?;
        Ok(())
    }

    pub(crate) fn read(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let added = open(decoder, FIELDS)?;
        check_version(decoder.u64()?)?;
        let boot_id = decoder.u64()?;
        let lane = decoder.u64()?;
        let lane = Lane::from_code(lane).ok_or(DecodeError::Lane(lane))?;
        let seq = decoder.u64()?;
        let monotonic_ms = decoder.u64()?;
        let wall_ms = optional(decoder)?;
        let flags = decoder.u16()?;
        skip(decoder, added)?;
        Ok(Self { boot_id, lane, seq, monotonic_ms, wall_ms, flags })
    }
}
