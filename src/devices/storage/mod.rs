//! Where readings are kept once they are committed: the log is summed up by the quarter hour and the hour, what is older than the
//! office keeps is forgotten, and the disk is watched.
//!
//! Invariants: every reading of the log counts exactly once in its quarter hour and its hour, whatever is killed and however many
//! programs run; no reading is forgotten that is not summed up; what measured with elders (`elder_hours`) are records of care and are
//! not forgotten here.

mod compact;
mod disk;
mod retention;
mod sums;

pub use compact::{Piece, Step, compact_once, gather, keep_compacting, put};
pub use disk::{Disk, Space};
pub use retention::{Forgotten, keep_forgetting, prepare_days_now, tidy};
