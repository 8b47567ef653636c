//! China's public holidays and the days worked instead, as data: which days, from which notice, confirmed or not.
//!
//! A year without a day here is a year whose schedule is not known: only its weekends are, and no visit is moved in it.

pub mod api;
mod edit;
mod form;
mod model;
pub mod pages;
pub mod store;

pub use edit::{add, change, remove};
pub use model::HolidayInput;
