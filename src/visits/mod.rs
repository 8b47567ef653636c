//! Visits: what is planned for an elder at home, who does it, and what happened.
//!
//! Invariants: a visit moves only along the transitions of [`VisitState::apply`], which are those of the database; its
//! history is only ever added to and its state follows from it; a caregiver is in one place at a time; a caregiver reaches
//! only their own visits of today.

pub mod api;
mod assign;
mod day;
mod model;
pub mod pages;
mod plan;
mod progress;
pub mod store;
mod timeline;

pub use assign::{Candidate, assign, candidates, release};
pub use model::{FailReason, Refusal, Skill, VisitEvent, VisitState};
pub use plan::{Plan, plan};
pub use progress::{Step, progress};
pub use timeline::timeline;
