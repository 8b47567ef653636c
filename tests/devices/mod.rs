//! Devices: what is acknowledged, to whom, and when.

mod broker;
mod cards;
pub mod client;
mod fire;
mod gate;
mod limits;
pub mod live;
mod presence;
mod raw;
mod simulator;
