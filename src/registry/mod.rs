//! The registry: towns, villages, institutions, stations, providers, caregivers.
//!
//! Invariants: every record belongs to a town; an edit names the version it saw and loses against a newer one, whose author
//! and changes the loser is shown; what changed is in the audit row of the same transaction.

pub mod change;
pub mod institutions;
pub mod store;

use crate::api::Endpoint;
use crate::web::Route;

/// All operations of the registry.
pub fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = Vec::new();
    endpoints.extend(institutions::api::endpoints());
    endpoints
}

/// All pages of the registry.
pub fn routes() -> Vec<Route> {
    let mut routes = Vec::new();
    routes.extend(institutions::pages::routes());
    routes
}
