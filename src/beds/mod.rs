//! Beds and stays: who lives where.
//!
//! Invariants: a bed holds one stay at a time and an elder is in one bed at a time (the database refuses anything else);
//! stays are half-open `[starts_at, ends_at)`; whether a bed is free is asked at an instant, never stored.

mod admit;
pub mod api;
mod discharge;
mod model;
pub mod pages;
pub mod store;

pub use admit::{Admission, Whom, admit};
pub use discharge::discharge;
pub use model::{BedKind, BedState};
