//! What a phone reports of a visit: when, where, with which evidence.
//!
//! Invariants: a key has one effect; what was reported stays as it was reported; a late step is ordered by the corrected time
//! of the phone; a step that the state does not allow is kept, never lost; a photo is never decoded, and is stored sealed.

pub mod api;
pub(super) mod model;
mod step;
pub mod store;

pub use model::{FileKind, NoPosition, Outcome, StepKind, TimeBasis};
pub use step::{Evidence, Reported, Seen, report};
