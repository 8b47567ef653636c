//! Pages of visits: the list, one visit, the forms, and the steps of whoever works without a script.

mod actions;
mod after;
mod day;
mod desk;
mod detail;
mod evidence;
mod forms;
mod list;
mod map;
mod week;

use actix_web::web;

use crate::access::Permission;
use crate::web::{List, Need, Route, bulk_routes, get, post};

pub use evidence::strength_tone;
pub use list::{VISIT_COLUMNS, named_visits, tone, visit_row};

pub fn routes() -> Vec<Route> {
    let (assign, work) = (Need::May(Permission::AssignVisits), Need::May(Permission::DoVisits));
    // Whoever has visits of their own is sent on to their day.
    let mut routes = bulk_routes::<list::Visits>();
    routes.retain(|route| route.path != list::Visits::PATH);
    routes.push(get(list::Visits::PATH, Need::May(Permission::SeeVisits), || web::to(day::list_or_day)));
    routes.extend(after::routes());
    routes.extend(super::absences::pages::routes());
    routes.extend(super::corrections::pages::routes());
    routes.extend(super::exceptions::pages::routes());
    routes.extend(super::follow_ups::pages::routes());
    routes.extend(super::today::pages::routes());
    routes.extend(super::reasons::pages::routes());
    routes.extend(super::settings::pages::routes());
    routes.extend([
        get("/visits/new", assign, || web::to(forms::show_plan)),
        post("/visits", assign, || web::to(forms::save_plan)),
        get("/visits/week", Need::May(Permission::SeeVisits), || web::to(week::show)),
        get("/visits/map", Need::May(Permission::SeeVisits), || web::to(map::show)),
        get("/visits/points.json", Need::May(Permission::SeeVisits), || web::to(map::points)),
        get("/visits/{id}", Need::May(Permission::SeeVisits), || web::to(detail::show)),
        post("/visits/{id}/release", assign, || web::to(detail::save_release)),
        post("/visits/{id}/arrive", work, || web::to(day::save_arrive)),
        post("/visits/{id}/finish", work, || web::to(day::save_finish)),
        get("/visits/{id}/fail", work, || web::to(forms::show_fail)),
        post("/visits/{id}/fail", work, || web::to(forms::save_fail)),
        get("/visits/day", Need::May(Permission::SeeVisits), || web::to(desk::show)),
        post("/visits/{id}/depart", work, || web::to(day::save_depart)),
        post("/visits/{id}/accept", work, || web::to(day::save_accept)),
        post("/visits/{id}/confirm", assign, || web::to(detail::save_confirm)),
        get("/visits/{id}/files/{file}", assign, || web::to(super::checkin::api::show_file)),
    ]);
    routes
}

/// `08:30–10:00` on the city's clocks.
fn period(
    calendar: crate::clock::Calendar,
    from: crate::clock::Instant,
    to: crate::clock::Instant,
) -> String {
    format!("{}–{}", calendar.show_time(from), calendar.show_time(to))
}
