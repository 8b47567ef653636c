//! Visits, their events, and what is needed to assign them.

mod listing;
mod people;
mod visits;

pub use listing::{
    VisitListed, list_visits, own_visits, visits_of_elder, visits_of_elder_before, with_names,
};
pub use people::{
    CaregiverRow, Item, caregiver_names, caregivers_for, caregivers_in_reach, get_caregiver, get_item, items,
    last_caregivers,
};
pub use visits::{EventRow, NewVisit, VisitRow, blocking, busy_periods, events_of, get_visit, transitions};
pub(super) use visits::{clear_assignment, insert_event, insert_visit, set_assignment};
