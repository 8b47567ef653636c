//! Home-care service stations: in which village, run by whom, offering what.

pub mod api;
mod edit;
mod form;
mod model;
pub mod pages;
pub mod store;

pub use edit::{add, change, remove};
pub use model::{StationInput, StationService};
