use std::fmt;

use crate::stamp::Stamp;

/// Most bytes of data in a frame.
pub const DATA_BYTES_MAX: usize = 1024;
/// Everything around the data.
pub const OVERHEAD_BYTES: usize = 30;
pub const FRAME_BYTES_MAX: usize = OVERHEAD_BYTES + DATA_BYTES_MAX;

pub(crate) const START: [u8; 2] = *b"@@";
pub(crate) const END: [u8; 2] = *b"##";
/// Where the length stands.
const LENGTH_AT: usize = 24;
const COMMAND_AT: usize = 26;
const DATA_AT: usize = 27;
/// Bytes after which the length is known.
pub(crate) const HEAD_BYTES: usize = LENGTH_AT + 2;

/// Six bytes as they are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address(pub [u8; 6]);

impl Address {
    /// Twelve hexadecimal digits, in the order of sending.
    pub fn parse(text: &str) -> Option<Address> {
        let bytes = hex::decode(text.trim()).ok()?;
        bytes.try_into().ok().map(Address)
    }

    /// The same bytes in the other order.
    #[must_use]
    pub fn reversed(self) -> Address {
        let mut bytes = self.0;
        bytes.reverse();
        Address(bytes)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    Control,
    Send,
    Confirm,
    Request,
    Answer,
    Deny,
    /// Reserved, or a vendor's.
    Other(u8),
}

impl Command {
    pub fn code(self) -> u8 {
        match self {
            Command::Control => 1,
            Command::Send => 2,
            Command::Confirm => 3,
            Command::Request => 4,
            Command::Answer => 5,
            Command::Deny => 6,
            Command::Other(code) => code,
        }
    }

    pub fn from_code(code: u8) -> Command {
        match code {
            1 => Command::Control,
            2 => Command::Send,
            3 => Command::Confirm,
            4 => Command::Request,
            5 => Command::Answer,
            6 => Command::Deny,
            other => Command::Other(other),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub seq: u16,
    /// The protocol's, 1, and the vendor's.
    pub version: [u8; 2],
    pub time: Stamp,
    pub source: Address,
    pub destination: Address,
    pub command: Command,
    pub data: Vec<u8>,
}

/// Why bytes are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameFault {
    #[error("a frame has at least {OVERHEAD_BYTES} bytes")]
    Short,
    #[error("a frame begins with 40 40")]
    Start,
    #[error("the length is {0}, above {DATA_BYTES_MAX}")]
    TooLong(u16),
    #[error("the length does not lead to the end 23 23")]
    Length,
    #[error("the checksum is {found}, not {expected}")]
    Checksum { expected: u8, found: u8 },
}

/// Length of a whole frame by its head.
pub(crate) fn length_of(head: &[u8]) -> Result<usize, FrameFault> {
    let Some([low, high]) = head.get(LENGTH_AT..HEAD_BYTES) else { return Err(FrameFault::Short) };
    let length = u16::from_le_bytes([*low, *high]);
    if usize::from(length) > DATA_BYTES_MAX {
        return Err(FrameFault::TooLong(length));
    }
    Ok(OVERHEAD_BYTES + usize::from(length))
}

fn checksum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte))
}

impl Frame {
    /// The frame's bytes; data above the maximum is cut, which no caller in this program sends.
    pub fn encode(&self) -> Vec<u8> {
        let data = &self.data[..self.data.len().min(DATA_BYTES_MAX)];
        let mut bytes = Vec::with_capacity(OVERHEAD_BYTES + data.len());
        bytes.extend(START);
        bytes.extend(self.seq.to_le_bytes());
        bytes.extend(self.version);
        bytes.extend(self.time.0);
        bytes.extend(self.source.0);
        bytes.extend(self.destination.0);
        bytes.extend((data.len() as u16).to_le_bytes());
        bytes.push(self.command.code());
        bytes.extend(data);
        bytes.push(checksum(&bytes[START.len()..]));
        bytes.extend(END);
        bytes
    }

    /// Reads exactly one frame.
    pub fn decode(bytes: &[u8]) -> Result<Frame, FrameFault> {
        if bytes.len() < OVERHEAD_BYTES {
            return Err(FrameFault::Short);
        }
        if bytes[..2] != START {
            return Err(FrameFault::Start);
        }
        let length = length_of(bytes)?;
        if bytes.len() != length || bytes[length - 2..] != END {
            return Err(FrameFault::Length);
        }
        let (expected, found) = (checksum(&bytes[2..length - 3]), bytes[length - 3]);
        if expected != found {
            return Err(FrameFault::Checksum { expected, found });
        }
        Ok(Frame::read(bytes))
    }

    /// What a frame with a wrong checksum looks like, to be refused: nothing in it may be believed.
    pub fn of_corrupt(bytes: &[u8]) -> Option<Frame> {
        matches!(Frame::decode(bytes), Err(FrameFault::Checksum { .. })).then(|| Frame::read(bytes))
    }

    /// Fields by their places, of bytes whose lengths agree.
    fn read(bytes: &[u8]) -> Frame {
        Frame {
            seq: u16::from_le_bytes([bytes[2], bytes[3]]),
            version: [bytes[4], bytes[5]],
            time: Stamp(six(&bytes[6..12])),
            source: Address(six(&bytes[12..18])),
            destination: Address(six(&bytes[18..24])),
            command: Command::from_code(bytes[COMMAND_AT]),
            data: bytes[DATA_AT..bytes.len() - 3].to_vec(),
        }
    }

    /// An answer without data: the same number, the addresses exchanged.
    #[must_use]
    pub fn answer(&self, command: Command, time: Stamp) -> Frame {
        Frame {
            seq: self.seq,
            version: self.version,
            time,
            source: self.destination,
            destination: self.source,
            command,
            data: Vec::new(),
        }
    }

    /// A sign of life: nothing is said in it.
    pub fn is_heartbeat(&self) -> bool {
        self.command == Command::Send && self.data.is_empty()
    }
}

pub(crate) fn six(bytes: &[u8]) -> [u8; 6] {
    let mut six = [0; 6];
    six.copy_from_slice(&bytes[..6]);
    six
}
