//! Who is there and who has fallen silent.
//!
//! A device is online while it is heard or its connection lives, suspect once that is lost or, behind another broker, it is silent for
//! one and a half heartbeats, and offline after three heartbeats, or 90 s where that is longer. Whoever says goodbye is offline at once. Once offline it takes two
//! messages, or a connection that lives for two heartbeats, to be online again.
//!
//! Invariants: silence counts only while the program itself was receiving: not before its start, not while its broker or its
//! database was away, not while it was suspended, and not because a clock was set. A step of presence names the state that it
//! leaves and the last message that it knows, so that "gone" and "here again" cannot overtake each other. A device has at most
//! one alert of its silence an hour, and none of its own while its whole site is told to be silent.

pub mod model;
mod sweep;
mod watch;

pub use watch::{Watcher, keep_looking};
