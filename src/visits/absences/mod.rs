//! Absences of caregivers: leave, illness, training.
//!
//! Invariant: absences and visits of one caregiver never overlap, overnight included; the table of claims sees to it.

mod add;
pub mod api;
pub(super) mod model;
pub mod pages;
pub mod store;

pub use add::{Absence, add, cancel};
pub use model::AbsenceKind;
