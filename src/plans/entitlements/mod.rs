//! What elders are entitled to in a month, as data of the office, and how much of it is planned and done.
//!
//! Invariant: more than is entitled is shown with how much, and never silently cut.

pub mod api;
mod balance;
mod edit;
mod form;
pub mod pages;
pub mod store;

pub use balance::balances;
pub(super) use balance::over_entitlement;
pub use edit::{add, change};
