//! Care institutions: who runs them, where, in what state.

pub mod api;
mod edit;
mod form;
mod model;
pub mod pages;
pub mod store;

pub use edit::{add, change, remove};
pub use model::{InstitutionInput, InstitutionKind, InstitutionState};
