//! Pages of assessments: the lists, one assessment, the form to fill in, the review, the printed form.

mod detail;
mod due;
mod fill;
mod list;
mod order;
mod paper;
mod review;
mod sheet;
mod steps;
mod words;

use actix_web::web;

use crate::access::Permission;
use crate::web::{Need, Route, get, list_routes, post};

pub use list::{ASSESSMENT_COLUMNS, assessment_row};
pub use words::{level_name, scale_name};

pub fn routes() -> Vec<Route> {
    let see = Need::May(Permission::SeeAssessments);
    let (assess, review) = (Need::May(Permission::Assess), Need::May(Permission::ReviewAssessment));
    let mut routes = list_routes::<list::Assessments>().to_vec();
    routes.extend(list_routes::<due::Due>());
    routes.extend([
        get("/assessments/new", assess, || web::to(order::show)),
        post("/assessments", assess, || web::to(order::save)),
        get("/assessments/{id}", see, || web::to(detail::show)),
        get("/assessments/{id}/print", see, || web::to(paper::show)),
        get("/assessments/{id}/fill", assess, || web::to(fill::show)),
        post("/assessments/{id}/fill", assess, || web::to(fill::save)),
        get("/assessments/{id}/correct", assess, || web::to(fill::show_correction)),
        post("/assessments/{id}/correct", assess, || web::to(fill::save_correction)),
        get("/assessments/{id}/review", review, || web::to(review::show)),
        post("/assessments/{id}/review", review, || web::to(review::save)),
        post("/assessments/{id}/enact", review, || web::to(review::save_enact)),
    ]);
    routes.extend(steps::routes());
    routes
}
