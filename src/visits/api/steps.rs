//! What is done with visits: planned, assigned, and what is told of them on the day.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{PATH, TAG, Visit, find, find_after};
use crate::access::Permission;
use crate::api::{Endpoint, Id, Json, created, ok};
use crate::error::Result;
use crate::visits::{Plan, Step, accept, check_code, decline, plan, progress, release};
use crate::web::{Need, Visitor};

/// How the use cases name what this interface calls otherwise.
const NAMES: &[(&str, &str)] =
    &[("elder", "elder_id"), ("window_from", "window_starts_min"), ("window_to", "window_ends_min")];

pub fn endpoints() -> Vec<Endpoint> {
    let (office, field) = (Need::May(Permission::AssignVisits), Need::May(Permission::DoVisits));
    let step = |path, need, handler: fn() -> actix_web::Route, about| {
        Endpoint::post(path, need, handler).about(TAG, about).answers::<Visit>(200).fails(409)
    };
    vec![
        Endpoint::post(PATH, office, || web::to(create))
            .about(TAG, "api.visit.plan")
            .takes::<VisitPlanInput>()
            .answers::<Visit>(201),
        step("/api/v1/visits/{id}/release", office, || web::to(take_back), "api.visit.release")
            .takes::<VisitStepInput>(),
        step("/api/v1/visits/{id}/accept", field, || web::to(take), "api.visit.accept")
            .takes::<VisitStepInput>(),
        step("/api/v1/visits/{id}/decline", field, || web::to(turn_down), "api.visit.decline")
            .takes::<VisitDeclineInput>(),
        step("/api/v1/visits/{id}/depart", field, || web::to(depart), "api.visit.depart")
            .takes::<VisitStepInput>(),
        step("/api/v1/visits/{id}/arrive", field, || web::to(arrive), "api.visit.arrive")
            .takes::<VisitArriveInput>(),
        step("/api/v1/visits/{id}/finish", field, || web::to(finish), "api.visit.finish")
            .takes::<VisitStepInput>(),
        step("/api/v1/visits/{id}/fail", field, || web::to(fail), "api.visit.fail").takes::<VisitFailInput>(),
    ]
}

/// A visit that begins within the window of the day.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VisitPlanInput {
    elder_id: i64,
    /// Code of the service item.
    service_code: String,
    /// Today or later.
    service_on: NaiveDate,
    /// Minutes after midnight.
    #[schema(minimum = 0, maximum = 1440)]
    window_starts_min: i32,
    /// Minutes after midnight; an end that is not after the start is on the next day.
    #[schema(minimum = 0, maximum = 1440)]
    window_ends_min: i32,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VisitStepInput {
    /// The version that was seen.
    #[schema(minimum = 1)]
    version: i64,
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VisitArriveInput {
    /// The version that was seen.
    #[schema(minimum = 1)]
    version: i64,
    /// The code on the day's sheet; a wrong one is refused.
    code: Option<String>,
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VisitDeclineInput {
    /// The version that was seen.
    #[schema(minimum = 1)]
    version: i64,
    /// At most 200 characters.
    note: Option<String>,
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VisitFailInput {
    /// The version that was seen.
    #[schema(minimum = 1)]
    version: i64,
    /// Code of a reason of `/api/v1/fail-reasons`.
    reason: String,
    /// Required for some reasons, such as `other`; at most 200 characters.
    #[serde(default)]
    note: String,
}

async fn create(visitor: Visitor, Json(input): Json<VisitPlanInput>) -> Result<HttpResponse> {
    let wanted = Plan {
        elder_id: input.elder_id,
        service_code: input.service_code,
        service_on: input.service_on,
        window_starts_min: input.window_starts_min,
        window_ends_min: input.window_ends_min,
    };
    let outcome = visitor.app.write(&visitor.scope(), move |tx| plan(tx, &wanted)).await;
    let id = outcome.map_err(|error| error.renamed(NAMES))?;
    Ok(created(format!("{PATH}/{id}"), &find(&visitor, id).await?))
}

async fn take_back(visitor: Visitor, Id(id): Id, Json(input): Json<VisitStepInput>) -> Result<HttpResponse> {
    visitor.app.write(&visitor.scope(), move |tx| release(tx, id, input.version)).await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn take(visitor: Visitor, Id(id): Id, Json(input): Json<VisitStepInput>) -> Result<HttpResponse> {
    visitor.app.write(&visitor.scope(), move |tx| accept(tx, id, input.version)).await?;
    Ok(ok(&find_after(&visitor, id).await?))
}

async fn turn_down(
    visitor: Visitor,
    Id(id): Id,
    Json(input): Json<VisitDeclineInput>,
) -> Result<HttpResponse> {
    let note = input.note.unwrap_or_default();
    // Whoever declines it has it no longer within reach: it is shown as it was left.
    visitor.app.write(&visitor.scope(), move |tx| decline(tx, id, input.version, &note)).await?;
    Ok(ok(&find_after(&visitor, id).await?))
}

async fn depart(visitor: Visitor, Id(id): Id, Json(input): Json<VisitStepInput>) -> Result<HttpResponse> {
    walk(&visitor, id, input.version, Step::Depart).await
}

async fn arrive(visitor: Visitor, Id(id): Id, Json(input): Json<VisitArriveInput>) -> Result<HttpResponse> {
    let VisitArriveInput { version, code } = input;
    visitor
        .app
        .write(&visitor.scope(), move |tx| {
            progress(tx, id, version, &Step::Arrive)?;
            code.as_deref().map_or(Ok(()), |code| check_code(tx.keys, id, code))
        })
        .await?;
    Ok(ok(&find_after(&visitor, id).await?))
}

async fn finish(visitor: Visitor, Id(id): Id, Json(input): Json<VisitStepInput>) -> Result<HttpResponse> {
    walk(&visitor, id, input.version, Step::Finish).await
}

async fn fail(visitor: Visitor, Id(id): Id, Json(input): Json<VisitFailInput>) -> Result<HttpResponse> {
    walk(&visitor, id, input.version, Step::Fail { reason: input.reason, note: input.note }).await
}

async fn walk(visitor: &Visitor, id: i64, version: i64, step: Step) -> Result<HttpResponse> {
    visitor.app.write(&visitor.scope(), move |tx| progress(tx, id, version, &step)).await?;
    Ok(ok(&find(visitor, id).await?))
}
