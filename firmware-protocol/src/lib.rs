//! What a device and Songhe say to each other over MQTT.
//!
//! `no_std`, no allocation: the firmware encodes into its own buffer, the server decodes in place.
//! `README.md` is the specification; `vectors/` holds its golden bytes.
//!
//! * [`topic`]: where a message goes, and who may send it there
//! * [`header`]: identity and clocks, the same in every upward message
//! * [`readings`]: the body of `up` and `bf`
//! * [`alarm`], [`birth`], [`state`]: the other upward bodies
//! * [`downlink`]: what the server sends
//! * [`channel`]: what can be measured, its unit, its decimals and its plausible range
#![no_std]

pub mod alarm;
pub mod birth;
pub mod channel;
mod cursor;
pub mod device_kind;
pub mod downlink;
pub mod error;
pub mod header;
pub mod limits;
pub mod readings;
pub mod state;
pub mod topic;

pub use alarm::{Alarm, AlarmKind};
pub use birth::Birth;
pub use channel::Channel;
pub use device_kind::DeviceKind;
pub use error::{DecodeError, EncodeError};
pub use header::{Header, Lane};
pub use readings::{Readings, Sample};
pub use state::State;
pub use topic::{Topic, TopicKind};
