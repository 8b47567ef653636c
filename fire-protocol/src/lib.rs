//! GB/T 26875.3-2011 as bytes and as what they mean: pure, without I/O, clock or database.
//!
//! Invariant: an object is read only from a frame whose start, length, end and checksum agree, and only where the number of
//! objects times their size is exactly what the data holds. That is all the protocol offers: the checksum is a sum, so that
//! 3.7 % of corruptions of two bits keep it, and a corrupted bit of a state may then read as a fire that was not sent.

mod bits;
mod content;
mod frame;
mod profile;
mod reader;
mod request;
mod stamp;
#[cfg(test)]
mod tests;
mod text;
mod types;

pub use bits::{Bits, DEVICE_BITS, PART_BITS, SYSTEM_BITS};
pub use content::{
    Analog, ComponentState, Content, ContentFault, DeviceOperation, Kind, Labelled, Operation, Part, System,
    SystemState, Timed, Version,
};
pub use frame::{Address, Command, DATA_BYTES_MAX, FRAME_BYTES_MAX, Frame, FrameFault, OVERHEAD_BYTES};
pub use profile::{Feed, Order, Profile, Profiles};
pub use reader::{Piece, Reader};
pub use request::Request;
pub use stamp::Stamp;
pub use text::{TEXT_BYTES, text_bytes, text_in_gb18030, text_of};
pub use types::{SYSTEM_TYPES, component_name};
