//! Pages of care plans: the clients with their plans, one plan, its items and pauses.

mod item;
mod item_form;
mod list;
mod plan;
mod steps;

use actix_web::web;

pub(super) use list::balance_cell;

use crate::access::Permission;
use crate::web::{Need, Route, get, list_routes, post};

pub fn routes() -> Vec<Route> {
    let (see, edit) = (Need::May(Permission::SeePlans), Need::May(Permission::EditPlans));
    let mut routes = list_routes::<list::Clients>().to_vec();
    routes.extend([
        get("/plans/{id}", see, || web::to(plan::show)),
        post("/plans/{id}/activate", edit, || web::to(plan::save_activate)),
        post("/plans/{id}/end", edit, || web::to(plan::save_end)),
        get("/plans/{id}/items/new", edit, || web::to(item_form::show_new)),
        post("/plans/{id}/items", edit, || web::to(item_form::create)),
        post("/plans/{id}/preview", edit, || web::to(item::preview)),
        get("/plan-items/{id}", see, || web::to(item::show)),
        get("/plan-items/{id}/edit", edit, || web::to(item_form::show_edit)),
        post("/plan-items/{id}", edit, || web::to(item_form::save)),
        post("/plan-items/{id}/remove", edit, || web::to(item::save_remove)),
    ]);
    routes.extend(steps::routes());
    routes.extend(super::entitlements::pages::routes());
    routes.extend(super::holidays::pages::routes());
    routes
}
