//! Villages and communities: which of them have a station.

pub mod api;
mod model;
pub mod pages;
pub mod store;

pub use model::VillageKind;
