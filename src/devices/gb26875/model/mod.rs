//! What the gateway makes of the protocol (`fire-protocol/`): parts and their alerts, whose time is used, and rates. Pure.

mod fault;
mod parts;
mod rate;
mod times;

pub use fault::Fault;
pub use parts::{
    FRAME_KINDS, GuardOutcome, PARTS_MAX, PRESSES_MAX, PartKey, PartLevel, RefusalReason, fault_channel,
    fire_channel, fire_kind, press_channel, stored_bits, urgent_in,
};
pub use rate::Rate;
pub use songhe_fire_protocol::*;
pub use times::{is_clock_due, is_repeated, tells_clock, time_used};
