//! Care institutions: who runs them, where, in what state.

mod edit;
mod model;
pub mod pages;
pub mod store;

pub use edit::{add, change};
pub use model::{InstitutionInput, InstitutionKind, InstitutionState};
