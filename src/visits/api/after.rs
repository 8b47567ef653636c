//! What the office does after a visit.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{PATH, RowOutcomes, TAG, Visit, find};
use crate::access::Permission;
use crate::api::{Endpoint, Id, Json, Once, created, ok};
use crate::error::Result;
use crate::visits::{MakeUp, confirm, confirm_each, make_up, reopen};
use crate::web::{Need, Visitor};

/// How the use cases name what this interface calls otherwise.
const NAMES: &[(&str, &str)] = &[("window_from", "window_starts_min"), ("window_to", "window_ends_min")];

pub fn endpoints() -> Vec<Endpoint> {
    let office = Need::May(Permission::AssignVisits);
    vec![
        Endpoint::post("/api/v1/visits/{id}/confirm", office, || web::to(save_confirm))
            .about(TAG, "api.visit.confirm")
            .takes::<VisitConfirmInput>()
            .answers::<Visit>(200)
            .fails(409),
        Endpoint::post("/api/v1/visits/confirm", office, || web::to(save_confirm_each))
            .about(TAG, "api.visit.confirm_each")
            .takes::<VisitsConfirmInput>()
            .answers::<RowOutcomes>(200),
        Endpoint::post("/api/v1/visits/{id}/reopen", office, || web::to(save_reopen))
            .about(TAG, "api.visit.reopen")
            .takes::<VisitReopenInput>()
            .answers::<Visit>(200)
            .fails(409),
        Endpoint::post("/api/v1/visits/{id}/make-up", office, || web::to(save_make_up))
            .about(TAG, "api.visit.make_up")
            .takes::<VisitMakeUpInput>()
            .answers::<Visit>(201)
            .fails(409),
    ]
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VisitConfirmInput {
    /// The version that was seen.
    #[schema(minimum = 1)]
    version: i64,
    /// At most 200 characters.
    #[serde(default)]
    note: String,
}

/// Visits that were done and whose proof is strong, each confirmed by itself.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VisitsConfirmInput {
    /// At most 200.
    visits: Vec<SeenVisit>,
    /// At most 200 characters.
    #[serde(default)]
    note: String,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SeenVisit {
    id: i64,
    /// The version that was seen.
    #[schema(minimum = 1)]
    version: i64,
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VisitReopenInput {
    /// The version that was seen.
    #[schema(minimum = 1)]
    version: i64,
    reason: String,
}

/// When the visit is made up for.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VisitMakeUpInput {
    /// Today or later.
    service_on: NaiveDate,
    /// Minutes after midnight.
    #[schema(minimum = 0, maximum = 1440)]
    window_starts_min: i32,
    /// Minutes after midnight; an end that is not after the start is on the next day.
    #[schema(minimum = 0, maximum = 1440)]
    window_ends_min: i32,
}

async fn save_confirm(
    visitor: Visitor,
    Id(id): Id,
    Json(input): Json<VisitConfirmInput>,
) -> Result<HttpResponse> {
    visitor.app.write(&visitor.scope(), move |tx| confirm(tx, id, input.version, &input.note)).await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn save_confirm_each(visitor: Visitor, Json(input): Json<VisitsConfirmInput>) -> Result<HttpResponse> {
    let seen: Vec<(i64, i64)> = input.visits.iter().map(|one| (one.id, one.version)).collect();
    let work = move |tx: &mut crate::app::Tx<'_>| confirm_each(tx, &seen, &input.note);
    let outcomes = visitor.app.write(&visitor.scope(), work).await?;
    Ok(ok(&RowOutcomes::new(&visitor, outcomes)))
}

async fn save_reopen(
    visitor: Visitor,
    Id(id): Id,
    Json(input): Json<VisitReopenInput>,
) -> Result<HttpResponse> {
    visitor.app.write(&visitor.scope(), move |tx| reopen(tx, id, input.version, &input.reason)).await?;
    Ok(ok(&find(&visitor, id).await?))
}

/// Answers with the new visit.
async fn save_make_up(
    visitor: Visitor,
    Id(id): Id,
    once: Once,
    Json(input): Json<VisitMakeUpInput>,
) -> Result<HttpResponse> {
    let wanted = MakeUp {
        service_on: input.service_on,
        window_starts_min: input.window_starts_min,
        window_ends_min: input.window_ends_min,
    };
    let outcome = once.write(&visitor, &input, move |tx| make_up(tx, id, &wanted)).await;
    let made = outcome.map_err(|error| error.renamed(NAMES))?;
    Ok(created(format!("{PATH}/{made}"), &find(&visitor, made).await?))
}
