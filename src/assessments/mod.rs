//! Assessments: what an elder can do by themselves, by scales that are data, and which level that comes to.
//!
//! Invariants: a scale is a versioned package without holes, or the program does not start; the server scores, and a record
//! keeps the version, the answers and the sums that its level came from; an assessment moves only along the transitions of
//! [`AssessmentState::apply`], which are those of the database, and its state follows from its events; whoever reviews is
//! not whoever assessed; a reviewed result is never changed; of one elder and scale one assessment is in force and one is
//! open at a time.

pub mod api;
mod compare;
mod dispute;
mod fill;
mod library;
mod model;
mod order;
pub mod pages;
mod progress;
mod review;
pub mod store;
mod timeline;

/// The scale of the ability of older adults, GB/T 42195.
pub const ABILITY_SCALE: &str = "gbt42195";

pub use dispute::{dispute, uphold, withdraw};
pub use fill::{Answers, correct, finish, keep_draft};
pub use library::{Library, Practice, check_file};
pub use model::{
    AssessmentEvent, AssessmentState, DueKind, IllegalStep, NoteKind, NoteValue, Notes, Outcome, Package,
    Reason, Rule, Unscored, Values, VectorFile, score,
};
pub use order::{Order, order};
pub use review::{enact, give_back, review};
pub use store::{CurrentLevel, current_levels, levels_on};
pub use timeline::timeline;
