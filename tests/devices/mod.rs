//! Devices: what is acknowledged, to whom, and when.

mod broker;
pub mod client;
mod faults;
mod fire;
mod gate;
pub mod live;
mod raw;
mod simulator;
mod storage;
