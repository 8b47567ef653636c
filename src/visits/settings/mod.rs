//! The figures of visits that the city's office sets: how far from the door is at the door, how short is too short, what is late.
//!
//! Invariants: a figure holds from a day on; what has held on a day that has begun is not changed any more, so that all visits
//! of a day are judged alike; where the office has set none, the program's own holds.

pub mod api;
mod edit;
mod model;
pub mod pages;
pub mod store;

pub use edit::change_setting;
pub use model::{Setting, SettingInput};
pub use store::{value_on, values_on};
