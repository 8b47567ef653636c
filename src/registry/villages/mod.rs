//! Villages and communities: which of them have a station.

mod model;
pub mod pages;
pub mod store;

pub use model::VillageKind;
