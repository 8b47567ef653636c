//! Caregivers: what they can do, which languages they speak, when and from where they work.
//!
//! Invariant: the phone number is sealed; it is opened by one use case, [`show_phone`], which writes down who looked.

pub mod api;
mod edit;
mod form;
mod model;
pub mod pages;
pub mod restore_phone;
pub mod store;

pub use edit::{add, change, may_show_phone, remove, show_phone};
pub use model::{CaregiverInput, Gender, Language, Skill, TravelMode, Weekday};
