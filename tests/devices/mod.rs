//! Devices: what is acknowledged, to whom, and when.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failed step is a failed test")]

mod broker;
mod client;
mod gate;
mod raw;
