//! What the operator can set, and how a mistake in it is refused.
//!
//! Defaults < file < environment < flags. Invariants:
//! - a [`Config`] that [`Config::load`] returned obeys every rule of `rules.rs`: nothing later checks again;
//! - every mistake is told at once, each with the key's full path, where it was given, and what would be right;
//! - a password in a URL is shown by no message, log or print ([`SecretUrl`]);
//! - `config/songhe.toml` holds every key with its default: it is the list of keys, not a copy of one.

mod error;
mod keys;
mod layers;
mod load;
mod nearest;
mod print;
mod rules;
mod secret;
mod settings;
mod time_zone;

pub use error::{ConfigError, Origin, Problem};
pub use layers::Overrides;
pub use load::{DEFAULT_FILE, Loaded};
pub use print::annotated;
pub use rules::Refusal;
pub use secret::SecretUrl;
pub use settings::{
    Bus, BusKind, City, Config, Database, DatabaseTarget, DiskLimits, Fire, Http, Log, LogFormat, Map, Mqtt,
    MqttMode, Retention, Security, Sessions,
};

#[cfg(test)]
mod tests;
