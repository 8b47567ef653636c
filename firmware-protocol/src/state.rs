//! Body of `state`: the device says it is there, or its will says that it is gone.

use crate::cursor::{finish, open, reader, skip, writer, written};
use crate::error::{DecodeError, EncodeError};
use crate::header::Header;

/// A state message. As a will it is prepared at CONNECT: its header names the boot that it speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    pub header: Header,
    pub online: bool,
    /// Counts this boot's connections, so that the will of an older connection can be told from the present one.
    pub connection: u32,
}

impl State {
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, EncodeError> {
        let mut writer = writer(out);
        writer.array(2)?;
        self.header.write(&mut writer)?;
        writer.array(2)?.bool(self.online)?.u32(self.connection)?;
        written(writer)
    }

    pub fn decode(payload: &[u8]) -> Result<Self, DecodeError> {
        let mut decoder = reader(payload)?;
        let added = open(&mut decoder, 2)?;
        let header = Header::read(&mut decoder)?;
        let body_added = open(&mut decoder, 2)?;
        let online = decoder.bool()?;
        let connection = decoder.u32()?;
        skip(&mut decoder, body_added)?;
        skip(&mut decoder, added)?;
        finish(&decoder)?;
        Ok(Self { header, online, connection })
    }
}
