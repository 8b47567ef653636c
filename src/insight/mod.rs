//! What the city knows of itself: figures with definition, time and freshness, and the board that shows them.
//!
//! Invariants: a figure is counted, never stored; whoever sees it sees their own towns or institutions counted, no more;
//! each figure leads to the rows that it counts.

pub mod api;
mod figures;
mod model;
pub mod pages;
mod store;
mod summary;

pub use figures::ORDER;
pub use model::{Figure, Freshness, Group, Tally, Value};
pub use summary::{Summary, read, report, value_text};

use crate::web::Route;

pub fn routes() -> Vec<Route> {
    pages::routes()
}
