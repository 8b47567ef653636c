//! The embedded MQTT broker (3.1.1 and 5).
//!
//! Invariants:
//! * PUBACK is written after [`Gate::receive`] returned `Ok` and never otherwise. A message the gate refuses is refused with
//!   reason 0x97 (MQTT 5) or by closing the connection (3.1.1), so that the device keeps it and sends it again.
//! * A connection's client id, user name and device code are one and the same; it publishes to that device's upward topics,
//!   subscribes to its downward ones, and its will goes to its own state topic. No wildcards.
//! * A device that sends faster than it may is held back: nothing of it is lost or refused for that.
//! * No session is ever a superuser: the broker skips its checks for those.
//!
//! The broker runs on threads of its own, so that neither a slow page nor a slow commit stalls the other side. Its library
//! logs through `log`; without a bridge to `tracing` it is silent, and what matters is logged here.

mod counters;
mod front;
mod gate;
mod hooks;
mod pace;
mod roster;
mod server;

pub use counters::CounterSnapshot;
pub use gate::{Credentials, Departure, Device, Gate, Message, Presence, Refused};
pub use pace::Rates;
pub use server::{Broker, BrokerError, BrokerSettings};
