//! The catalogue: what is offered by the seven groups of GB/T 43153, how long it takes, what it costs from which day, and how it
//! is proven.
//!
//! Invariants: a code never changes, since visits and plans name it; a price holds from a day on, and no price of a day that has
//! begun is changed, so that a visit keeps the price of its day.

pub mod api;
mod edit;
mod form;
mod model;
pub mod pages;
pub mod store;

pub use edit::{add, change, set_price};
pub use model::{PriceInput, ProofKind, ServiceCategory, ServiceInput, yuan};
