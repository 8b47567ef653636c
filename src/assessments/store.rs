//! Assessments, their events, who is due, and which levels hold.

mod due;
mod levels;
mod listing;
mod rows;

pub use due::{DueRow, due_list};
pub use levels::{CurrentLevel, current_levels, levels_on};
pub use listing::{
    AssessmentListed, actor_names, assessments_of_elder, events_of_elder_before, list_assessments, with_names,
};
pub use rows::{
    AssessmentRow, EventRow, Written, events_of, get_assessment, previous_of, standing_sheets, transitions,
};
pub(super) use rows::{
    Content, EventValues, NewAssessment, current_of, insert_assessment, insert_event, last_assessed_on,
    open_of, set_content, set_draft, set_in_force_on, set_reviewer,
};
