//! Visits, their events, and what is needed to assign them.

mod listing;
mod people;
mod planned;
mod visits;

pub use listing::{VisitListed, list_visits, own_visits, visits_of_elder, with_names};
pub use people::{
    CaregiverRow, Item, caregiver_names, caregivers_for, caregivers_in_reach, get_caregiver, get_item, items,
};
pub use planned::{Followed, PlannedRow, followed, month_totals};
pub(super) use planned::{insert_planned, put_groups, rewrite, withdraw, write_planned};
pub use visits::{
    EventRow, NewVisit, VisitRow, blocking, busy_periods, events_of, get_visit, get_visits, transitions,
};
pub(super) use visits::{clear_assignment, insert_event, insert_visit, set_assignment, set_pin};
