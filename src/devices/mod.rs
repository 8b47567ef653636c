//! Devices: the broker they connect to, what happens to their messages, their pages, and a simulator of them.
//!
//! The walk of a reading: [`broker`] (or [`external`] for a broker elsewhere) -> [`ingest`] -> tables and outbox -> pages. Fire
//! panels come by a port of their own ([`gb26875`]).
//!
//! Invariants: a message acknowledged to a device is committed; a device uses its own topics only; backfill changes neither
//! latest values nor alerts; what a device measures with an elder belongs to the elder from when to when it stands there; rmqtt and rumqttc are named nowhere outside this folder.

pub mod api;
pub mod broker;
mod cards;
pub mod external;
mod gate;
pub mod gb26875;
pub mod ingest;
pub mod limits;
mod model;
pub mod pages;
mod place;
pub mod presence;
mod provision;
mod readings;
mod service;
pub mod simulator;
pub mod storage;
pub mod store;
mod timeline;
pub mod tls;

pub use model::{DeviceKind, DevicePlace, LimitChoice, PresenceState, Shown, is_plausible, known, shown};
pub use place::place_device;
pub use provision::{DeviceInput, add_device, disable_device, hash_token, new_token};
pub use service::DeviceService;
pub use timeline::timeline;
