//! Alerts: what a device reported that somebody must look at.
//!
//! Invariants: a device has at most one active alert a channel, a site at most one of its silence; raised, acknowledged and over
//! are three facts, each written once; of two who acknowledge the same alert one wins and the other is told who; backfill never
//! gets here, and an alarm of the past is over from the start and waits for nobody.

mod answer;
pub mod api;
mod close;
mod model;
pub mod pages;
pub mod rules;
pub mod store;
mod timeline;

pub use answer::acknowledge;
pub use close::close_alerts;
pub use model::{AlertKind, AlertState, Channel, SILENCE, channel_of};
pub use timeline::timeline;
