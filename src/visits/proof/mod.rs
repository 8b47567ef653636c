//! How well a visit is proven, and why.
//!
//! Invariants: the rules are pure; what is stored follows from the evidence and is found anew whenever that changes; nothing
//! here keeps anybody from caring for an elder.

pub(super) mod model;
mod refresh;
pub mod store;

pub use model::{Element, Strength, Verdict};
pub use refresh::refresh;
pub(super) use refresh::{refresh_with_neighbours, rules_on};
