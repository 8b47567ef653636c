//! The registry: towns, villages, institutions, stations, providers, caregivers.
//!
//! Invariants: every record belongs to a town; an edit names the version it saw and loses against a newer one, whose author
//! and changes the loser is shown; what changed is in the audit row of the same transaction.

pub mod caregivers;
pub mod change;
pub mod codes;
pub mod institutions;
pub mod map;
pub mod pages;
pub(crate) mod parts;
pub mod providers;
pub mod readings;
pub mod stations;
pub mod store;
pub mod towns;
pub mod villages;

pub use parts::villages as village_names_in_towns;

use crate::api::Endpoint;
use crate::web::Route;

/// All operations of the registry.
pub fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = Vec::new();
    endpoints.extend(towns::api::endpoints());
    endpoints.extend(villages::api::endpoints());
    endpoints.extend(institutions::api::endpoints());
    endpoints.extend(stations::api::endpoints());
    endpoints.extend(providers::api::endpoints());
    endpoints.extend(caregivers::api::endpoints());
    endpoints
}

/// All pages of the registry.
pub fn routes() -> Vec<Route> {
    let mut routes = pages::routes();
    routes.extend(towns::pages::routes());
    routes.extend(villages::pages::routes());
    routes.extend(institutions::pages::routes());
    routes.extend(stations::pages::routes());
    routes.extend(providers::pages::routes());
    routes.extend(caregivers::pages::routes());
    routes.extend(map::pages::routes());
    routes
}
