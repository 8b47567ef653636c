//! The exception desk: visits whose proof is weak or contradicts itself, until somebody has decided.
//!
//! Invariants: a visit has one exception at most; each decision is kept as an event with who and why; an exception that the
//! evidence no longer supports is settled by itself, unless somebody has decided already.

pub mod api;
mod decide;
pub(super) mod model;
pub mod pages;
pub mod store;

pub use decide::{MANY_MAX, decide, decide_each, decide_many};
pub(super) use decide::{close_as_corrected, follow};
pub use model::{Age, Decision, ExceptionEvent, ExceptionState};
