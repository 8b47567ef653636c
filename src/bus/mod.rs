//! Live events: what a business transaction wrote to the outbox, told to every listener in order.
//!
//! Invariants: an event exists exactly when its transaction committed; listeners see events in the order of their numbers;
//! a listener that was away reads what it missed from the outbox. The bus only wakes readers: losing it (or Redis) delays
//! events by at most one poll, and loses none. The one exception is marked as such: [`Bus::tell_unstored`] tells of an alarm that the
//! database does not take.

mod event;
mod publisher;
mod redis_wake;
pub mod store;

pub use event::{Audience, Event, Stored, Topic};
pub use publisher::{Bus, Wake};
