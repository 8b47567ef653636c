//! Devices: what is acknowledged, to whom, and when.

mod broker;
mod cards;
pub mod client;
mod clients;
mod faults;
mod fire;
mod gate;
mod limits;
pub mod live;
mod presence;
mod rates;
mod raw;
mod simulator;
mod storage;
mod tls;
