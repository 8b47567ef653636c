//! Care plans: what an elder is to get at home, on which days, and the visits that follow from it.
//!
//! Invariants: an elder has one plan that is not ended; an item has a window; a visit of a plan is known by its item, the day of the
//! rule and its part, which is unique, so that generating twice makes nothing twice; a change of a plan withdraws and replaces
//! only visits that are merely planned and whose window has not begun: what a caregiver was told is left to the coordinator, and
//! what is over is never rewritten.

pub mod api;
mod demand;
mod edit;
pub mod entitlements;
pub mod holidays;
pub mod model;
pub mod pages;
mod preview;
pub mod store;
mod timer;
mod wanted;
mod words;

pub use demand::{DAYS_AHEAD, DAYS_AHEAD_MAX, Tally, ToSettle, generate, generate_plans};
pub use edit::{
    activate, add_item, begin, change, change_item, change_pause, end, pause, remove_item, remove_pause,
};
pub use timer::keep_generating;
pub use wanted::asked_for;
