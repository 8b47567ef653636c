//! Scales as data, the one engine that scores them, and the life of an assessment.

mod contradictions;
mod due;
mod notes;
mod package;
mod package_check;
mod score;
mod state;
mod vectors;

pub use contradictions::{Contradictions, Sheet};
pub use due::{add_months, working_days_after};
pub use notes::{NoteValue, Notes, check_notes};
pub use package::{Fact, FactKind, FirstFor, Item, Names, Note, NoteKind, Package, Rule};
pub use score::{Outcome, Unscored, Values, score};
pub use state::{AssessmentEvent, AssessmentState, DueKind, IllegalStep, Reason};
pub use vectors::{VectorFailure, VectorFile};

/// Letters of a reason or a note to a step.
pub const NOTE_MAX: usize = 300;
