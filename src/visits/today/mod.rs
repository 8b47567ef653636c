//! A caregiver's day on the phone: the route in order with what is needed at each door, and the shell that works without a network.
//!
//! Invariants: only one's own visits of today are shown; since the phone keeps the page, elders' names on it are masked, phone
//! numbers are not on it, and an address is only while its visit is still to be done.

pub mod api;
mod model;
pub mod pages;
mod route;
mod store;

pub use model::Problem;
