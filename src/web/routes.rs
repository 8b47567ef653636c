//! The one table of routes: what each needs is declared beside it, and the gate reads it from here.

use actix_web::http::Method;

use crate::access::Permission;

/// What a request must bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing.
    Open,
    /// A session of any role.
    SignedIn,
    /// A session with a role that holds the permission somewhere; the stores then see to where.
    May(Permission),
    /// A session with a role that holds one of the two.
    Either(Permission, Permission),
    /// A connection from this machine, unless the configuration says that anyone may.
    Local,
}

/// One operation at one address.
#[derive(Clone)]
pub struct Route {
    pub method: Method,
    pub path: &'static str,
    pub need: Need,
    pub handler: fn() -> actix_web::Route,
}

pub fn get(path: &'static str, need: Need, handler: fn() -> actix_web::Route) -> Route {
    Route { method: Method::GET, path, need, handler }
}

pub fn post(path: &'static str, need: Need, handler: fn() -> actix_web::Route) -> Route {
    Route { method: Method::POST, path, need, handler }
}

pub fn patch(path: &'static str, need: Need, handler: fn() -> actix_web::Route) -> Route {
    Route { method: Method::PATCH, path, need, handler }
}

pub fn delete(path: &'static str, need: Need, handler: fn() -> actix_web::Route) -> Route {
    Route { method: Method::DELETE, path, need, handler }
}

/// Every route of the program.
pub fn all() -> Vec<Route> {
    let mut routes = Vec::new();
    routes.extend(super::home::routes());
    routes.extend(super::assets::routes());
    routes.extend(super::health::routes());
    routes.extend(super::live::routes());
    routes.extend(crate::access::pages::routes());
    routes.extend(crate::access::users::pages::routes());
    routes.extend(crate::access::sessions::pages::routes());
    routes.extend(crate::access::audit_log::pages::routes());
    routes.extend(crate::access::account::pages::routes());
    routes.extend(crate::insight::routes());
    routes.extend(crate::registry::routes());
    routes.extend(crate::api::routes());
    routes.extend(crate::elders::pages::routes());
    routes.extend(crate::assessments::pages::routes());
    routes.extend(crate::beds::pages::routes());
    routes.extend(crate::imports::pages::routes());
    routes.extend(crate::visits::pages::routes());
    routes.extend(crate::visits::catalogue::pages::routes());
    routes.extend(crate::dispatch::pages::routes());
    routes.extend(crate::plans::pages::routes());
    routes.extend(crate::devices::pages::routes());
    routes.extend(crate::alerts::pages::routes());
    routes
}
