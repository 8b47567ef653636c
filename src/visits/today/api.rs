//! What the phone asks for beside the page.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::route::phone_for_visit;
use crate::access::Permission;
use crate::api::{Endpoint, Id, ok};
use crate::error::Result;
use crate::web::{Need, Visitor};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/visits/{id}/phone", Need::May(Permission::DoVisits), || web::to(show_phone))
            .about("visits", "api.visit.phone")
            .answers::<VisitPhone>(200),
    ]
}

/// Whom the caregiver of a visit calls.
#[derive(Serialize, ToSchema)]
struct VisitPhone {
    /// Of the elder, in clear; null where none is on file.
    phone: Option<String>,
}

async fn show_phone(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    let phone = visitor.app.write(&visitor.scope(), move |tx| phone_for_visit(tx, id)).await?;
    Ok(ok(&VisitPhone { phone }))
}
