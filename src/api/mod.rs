//! The JSON interface `/api/v1`: what its operations share, and its description.
//!
//! Invariants: an operation is an [`Endpoint`], which is both its row in the route table and its entry in the OpenAPI
//! document, so that neither can miss the other; inputs are strict, and an error names the field and the rule in the
//! asker's language; lists are walked by cursor. The operations of a domain are in that domain's `api.rs`.

mod docs;
mod document;
mod endpoint;
mod json;
mod listing;
mod once;
mod problem;
mod store;
mod strict;
mod values;

pub use document::document;
pub use endpoint::Endpoint;
pub use json::{Json, LargeJson, Patch};
pub use listing::{Filter, FilterKind, Page, Resource, list_endpoint, part_of, whole};
pub use once::Once;
pub use problem::Problem;
pub use values::{At, Id, Items, PathCode, RowId, created, fetch, instant, ok};

use crate::web::Route;

/// Every operation of the interface.
pub fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = Vec::new();
    endpoints.extend(docs::endpoints());
    endpoints.extend(crate::access::api::endpoints());
    endpoints.extend(crate::registry::endpoints());
    endpoints.extend(crate::elders::api::endpoints());
    endpoints.extend(crate::assessments::api::endpoints());
    endpoints.extend(crate::beds::api::endpoints());
    endpoints.extend(crate::visits::api::endpoints());
    endpoints.extend(crate::visits::catalogue::api::endpoints());
    endpoints.extend(crate::dispatch::api::endpoints());
    endpoints.extend(crate::plans::api::endpoints());
    endpoints.extend(crate::devices::api::endpoints());
    endpoints.extend(crate::devices::gb26875::api::endpoints());
    endpoints.extend(crate::alerts::api::endpoints());
    endpoints.extend(crate::imports::api::endpoints());
    endpoints.extend(crate::insight::api::endpoints());
    endpoints
}

/// The operations as routes, and the pages that show their description.
pub fn routes() -> Vec<Route> {
    let mut routes: Vec<Route> = endpoints().into_iter().map(|endpoint| endpoint.route).collect();
    routes.extend(docs::routes());
    routes
}
