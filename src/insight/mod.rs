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

use crate::db::AnyConnection;
use crate::error::Result;
use crate::web::Route;

/// Registered residents aged 60 and over of the whole city, as last published by `day`.
pub fn registered_elders(connection: &mut AnyConnection, day: chrono::NaiveDate) -> Result<Option<i64>> {
    Ok(store::registered_elders(connection, day)?.map(|number| number.value))
}

pub fn routes() -> Vec<Route> {
    pages::routes()
}
