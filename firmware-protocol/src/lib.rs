//! What a device and Songhe say to each other over MQTT.
//!
//! `no_std`, no allocation: the firmware encodes into its own buffer, the server decodes in place.
//! `README.md` is the specification, `songhe.cddl` its grammar; `vectors/` holds its golden bytes, `c/` the same in C99.
//!
//! * [`topic`]: where a message goes, and who may send it there
//! * [`header`]: identity and clocks, the same in every upward message
//! * [`readings`]: the body of `up` and `bf`
//! * [`alarm`], [`birth`], [`state`]: the other upward bodies
//! * [`downlink`], [`command`]: what the server sends
//! * [`channel`]: what can be measured, its unit, its decimals and its plausible range
//! * [`threshold`]: when a value is out of bounds, unless an office says otherwise
//! * `message` and `json` (feature `json`, for the server): messages that own what they hold, and their JSON twin
#![no_std]

#[cfg(feature = "json")]
extern crate alloc;

pub mod alarm;
pub mod birth;
pub mod card;
pub mod channel;
pub mod command;
mod cursor;
pub mod device_kind;
pub mod downlink;
pub mod error;
pub mod header;
#[cfg(feature = "json")]
pub mod json;
pub mod limits;
#[cfg(feature = "json")]
pub mod message;
pub mod readings;
pub mod state;
pub mod threshold;
pub mod topic;

pub use alarm::{Alarm, AlarmKind};
pub use birth::Birth;
pub use card::CardNumber;
pub use channel::Channel;
pub use command::{Command, CommandKind};
pub use device_kind::DeviceKind;
pub use error::{DecodeError, EncodeError};
pub use header::{Header, Lane};
#[cfg(feature = "json")]
pub use message::Message;
pub use readings::{Readings, Sample};
pub use state::{Answer, Outcome, State};
pub use threshold::{Judgement, Limit, Threshold};
pub use topic::{Topic, TopicKind};
