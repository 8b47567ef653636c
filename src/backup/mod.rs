//! Backups: a folder with a consistent copy of the database, the key file, the head of the audit chain, and a manifest.
//!
//! Invariants: a backup is made while the program runs and holds every transaction committed before it began; a restore
//! changes nothing until every file's digest fits; it never replaces data that is there unless told to.

mod make;
mod manifest;
mod postgres;
mod restore;

pub use make::make;
pub use manifest::Manifest;
pub use restore::{Restored, restore};

/// Names inside a backup folder.
const SQLITE_FILE: &str = "songhe.db";
const POSTGRES_FILE: &str = "songhe.dump";
const KEY_FILE: &str = "keys.json";
const ANCHOR_FILE: &str = "audit-anchor.json";
const MANIFEST_FILE: &str = "manifest.json";
