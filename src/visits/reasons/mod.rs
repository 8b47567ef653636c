//! Why a visit was not done, as rows of the city's office: what each is called, what follows from it, and which are no longer
//! chosen.
//!
//! Invariants: a reason is closed and never removed, and its code never changes, so that old visits go on naming it; one that
//! a person can choose is always left; a reason that the program gives by itself cannot be closed.

pub mod api;
mod edit;
mod model;
pub mod pages;
pub mod store;

pub use edit::{add_reason, change_reason, reason_input};
pub use model::FailReasonInput;
