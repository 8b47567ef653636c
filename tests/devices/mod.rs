//! Devices: what is acknowledged, to whom, and when.

mod broker;
mod client;
mod fire;
mod gate;
mod live;
mod raw;
mod simulator;
