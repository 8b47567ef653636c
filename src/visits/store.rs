//! Visits, their events, and what is needed to assign them.

mod listing;
mod overview;
mod people;
mod planned;
mod visits;

pub use listing::{
    VisitListed, list_visits, own_visits, visits_of_elder, visits_of_elder_before, with_names,
};
pub use overview::{DayLoad, away, loads, located};
pub use people::{
    CaregiverRow, Item, caregiver_names, caregivers_for, caregivers_in_reach, caregivers_in_town,
    elder_names, get_caregiver, get_item, items,
};
pub use planned::{Followed, PlannedRow, followed, month_totals};
pub(super) use planned::{insert_planned, put_groups, rewrite, withdraw, write_planned};
pub use visits::{
    EventRow, NewVisit, VisitRow, blocking, busy_periods, events_of, get_visit, get_visits, made_up_by,
    transitions,
};
pub(super) use visits::{
    EventToAdd, clear_assignment, insert_event, insert_visit, planned, reload, set_assignment, set_caregiver,
    set_pin, within,
};
