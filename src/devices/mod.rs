//! Devices: the broker they connect to, what happens to their messages, and a simulator of them.
//!
//! Invariants: a message acknowledged to a device is committed; a device uses its own topics only; rmqtt and rumqttc are
//! named nowhere outside this folder.

pub mod broker;
pub mod ingest;
pub mod simulator;
