//! Devices: what is acknowledged, to whom, and when.

mod broker;
mod charts;
mod claim;
pub mod client;
mod fire;
mod gate;
mod ingest_page;
pub mod live;
mod office;
mod raw;
mod simulator;
