//! What happens to a device's message between the broker and the database.
//!
//! The walk: [`Ingest::submit`] puts it into a bounded queue; one writer takes what is there and commits it in one
//! transaction ([`batch`]); only then is the sender answered.
//!
//! Invariants: an answer of `Ok` means committed; one message that cannot be stored does not hold back the others of its
//! batch; that a device came or went is kept until it is committed; a writer that panicked is started again and says so in the
//! health answer.

pub mod batch;
pub mod clock_rule;
mod doubts;
mod figures;
mod health;
mod links;
pub mod message;
mod queue;
mod unsaved;
pub mod window;
mod writer;

pub use batch::{What, Work};
pub use figures::{Committed, Figures, HISTORY_S, Second, Snapshot};
pub use health::Health;
pub use queue::{Downlink, Ingest};
pub use writer::Writer;
