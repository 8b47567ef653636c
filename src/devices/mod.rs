//! Devices: the broker they connect to, what happens to their messages, their pages, and a simulator of them.
//!
//! The walk of a reading: [`broker`] (or [`external`] for a broker elsewhere) -> [`ingest`] -> tables and outbox -> pages. Fire
//! panels come by a port of their own ([`gb26875`]).
//!
//! Invariants: a message acknowledged to a device is committed; a device uses its own topics only; backfill changes neither
//! latest values nor alerts; what a device measures with an elder belongs to the elder from when to when it stands there; a claim code is exchanged once;
//! a credential is shown once and stored as its hash only; rmqtt and rumqttc are named nowhere outside this folder.

pub mod api;
pub mod broker;
mod calibrate;
mod cards;
mod claim;
mod credential;
pub mod external;
mod gate;
pub mod gb26875;
pub mod ingest;
pub mod limits;
mod model;
mod office;
pub mod pages;
mod place;
pub mod presence;
mod provision;
mod quarantined;
mod readings;
mod service;
pub mod simulator;
mod spans;
pub mod storage;
pub mod store;
mod timeline;
pub mod tls;
mod vitals;

pub use calibrate::record_calibration;
pub use claim::{CLAIM_DAYS, ClaimInput, Given, claim, issue_claim};
pub use credential::{FORMER_HOURS, revoke, rotate};
pub use model::{
    Calibration, DeviceHealth, DeviceKind, DevicePlace, DeviceSheet, LimitChoice, PresenceState, Shown,
    grouped as grouped_code, is_plausible, known, shown,
};
pub use office::{NewRecord, change_device, put_in_service, register_device, remove_device};
pub use place::{follow_town, place_device};
pub use provision::{DeviceInput, add_device, disable_device, hash_token, new_token};
pub use readings::note_look;
pub use service::DeviceService;
pub use spans::ChartSpan;
pub use timeline::{READING, timeline};
pub use vitals::VitalDays;
