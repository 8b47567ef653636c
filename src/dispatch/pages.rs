//! Pages of dispatch: giving a visit by hand, proposals for a day, and the day on paper.

mod assign;
mod list;
mod new;
mod pin;
mod proposal;
mod rows;
mod sheets;

use actix_web::web;

use crate::access::Permission;
use crate::web::{Need, Route, get, list_routes, post};

pub fn routes() -> Vec<Route> {
    let need = Need::May(Permission::AssignVisits);
    let mut routes = list_routes::<list::Proposals>().to_vec();
    routes.extend([
        get("/proposals/new", need, || web::to(new::show)),
        post("/proposals", need, || web::to(new::save)),
        get("/proposals/{id}", need, || web::to(proposal::show)),
        post("/proposals/{id}/stop", need, || web::to(proposal::save_stop)),
        post("/proposals/{id}/accept", need, || web::to(proposal::save_accept)),
        post("/proposals/{id}/discard", need, || web::to(proposal::save_discard)),
        get("/visits/{id}/assign", need, || web::to(assign::show)),
        post("/visits/{id}/assign", need, || web::to(assign::save)),
        get("/visits/{id}/pin", need, || web::to(pin::show)),
        post("/visits/{id}/pin", need, || web::to(pin::save)),
        post("/visits/{id}/unpin", need, || web::to(pin::save_unpin)),
        get("/day-sheets", need, || web::to(sheets::show)),
    ]);
    routes
}
