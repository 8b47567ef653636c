//! What happens to a stay: its end, ordered or real, leave, another bed, corrections.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::stays::{NAMES, Stay, TAG, change, find};
use crate::access::Permission;
use crate::api::{Endpoint, Id, Json, Once, instant, ok};
use crate::beds::model::{Destination, LeaveKind};
use crate::beds::{
    Correction, Departure, Going, Move, correct_stay, discharge, move_within, plan_discharge, record_death,
    start_leave,
};
use crate::error::Result;
use crate::web::{Need, Visitor};

pub fn endpoints() -> Vec<Endpoint> {
    let step = |path, handler: fn() -> actix_web::Route, about| {
        Endpoint::post(path, Need::May(Permission::ManageStays), handler)
            .about(TAG, about)
            .answers::<Stay>(200)
            .fails(409)
    };
    vec![
        step("/api/v1/stays/{id}/discharge", || web::to(leave_for_good), "api.stay.discharge")
            .takes::<DischargeInput>(),
        step("/api/v1/stays/{id}/plan-discharge", || web::to(order), "api.stay.plan_discharge")
            .takes::<PlanDischargeInput>(),
        step("/api/v1/stays/{id}/death", || web::to(die), "api.stay.death").takes::<DeathInput>(),
        step("/api/v1/stays/{id}/leave", || web::to(go), "api.stay.leave").takes::<LeaveInput>(),
        step("/api/v1/stays/{id}/move", || web::to(change_bed), "api.stay.move").takes::<MoveInput>(),
        step("/api/v1/stays/{id}/correct", || web::to(put_right), "api.stay.correct")
            .takes::<CorrectionInput>(),
    ]
}

#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DischargeInput {
    /// The version that was seen.
    #[schema(minimum = 1)]
    version: i64,
    /// When the person left: after the start and not later than now; now without it.
    ends_at: Option<DateTime<FixedOffset>>,
    destination: Option<Destination>,
    /// Needed for what is written down on a later day than it happened.
    reason: Option<String>,
}

/// Orders a discharge, or takes the order back.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PlanDischargeInput {
    #[schema(minimum = 1)]
    version: i64,
    /// Later than now; absent to take the order back.
    planned_ends_at: Option<DateTime<FixedOffset>>,
    destination: Option<Destination>,
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeathInput {
    #[schema(minimum = 1)]
    version: i64,
    ends_at: Option<DateTime<FixedOffset>>,
    reason: Option<String>,
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LeaveInput {
    #[schema(minimum = 1)]
    version: i64,
    kind: LeaveKind,
    starts_at: Option<DateTime<FixedOffset>>,
    /// When the elder is expected back.
    due_at: Option<DateTime<FixedOffset>>,
    note: Option<String>,
    reason: Option<String>,
}

#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MoveInput {
    #[schema(minimum = 1)]
    version: i64,
    /// A bed of the same institution.
    bed_id: i64,
    at: Option<DateTime<FixedOffset>>,
    reason: Option<String>,
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CorrectionInput {
    #[schema(minimum = 1)]
    version: i64,
    starts_at: DateTime<FixedOffset>,
    /// Of a stay that is over.
    ends_at: Option<DateTime<FixedOffset>>,
    reason: String,
}

async fn leave_for_good(
    visitor: Visitor,
    Id(id): Id,
    once: Once,
    Json(input): Json<DischargeInput>,
) -> Result<HttpResponse> {
    let departure = Departure {
        at: input.ends_at.map(instant),
        destination: input.destination,
        reason: input.reason.clone().unwrap_or_default(),
    };
    let version = input.version;
    let outcome = once.write(&visitor, &input, move |tx| {
        discharge(tx, id, version, &departure)?;
        Ok(id)
    });
    outcome.await.map_err(|error| error.renamed(NAMES))?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn order(visitor: Visitor, Id(id): Id, Json(input): Json<PlanDischargeInput>) -> Result<HttpResponse> {
    let at = input.planned_ends_at.map(instant);
    change(&visitor, move |tx| plan_discharge(tx, id, input.version, at, input.destination)).await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn die(visitor: Visitor, Id(id): Id, Json(input): Json<DeathInput>) -> Result<HttpResponse> {
    let departure = Departure {
        at: input.ends_at.map(instant),
        destination: None,
        reason: input.reason.unwrap_or_default(),
    };
    change(&visitor, move |tx| record_death(tx, id, input.version, &departure)).await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn go(visitor: Visitor, Id(id): Id, Json(input): Json<LeaveInput>) -> Result<HttpResponse> {
    let going = Going {
        kind: input.kind,
        from: input.starts_at.map(instant),
        due: input.due_at.map(instant),
        note: input.note.unwrap_or_default(),
        reason: input.reason.unwrap_or_default(),
    };
    change(&visitor, move |tx| start_leave(tx, id, input.version, &going)).await?;
    Ok(ok(&find(&visitor, id).await?))
}

/// Answers with the new stay.
async fn change_bed(
    visitor: Visitor,
    Id(id): Id,
    once: Once,
    Json(input): Json<MoveInput>,
) -> Result<HttpResponse> {
    let (version, to) = (
        input.version,
        Move {
            bed_id: input.bed_id,
            at: input.at.map(instant),
            reason: input.reason.clone().unwrap_or_default(),
        },
    );
    let outcome = once.write(&visitor, &input, move |tx| move_within(tx, id, version, &to)).await;
    let new_id = outcome.map_err(|error| error.renamed(NAMES))?;
    Ok(ok(&find(&visitor, new_id).await?))
}

async fn put_right(visitor: Visitor, Id(id): Id, Json(input): Json<CorrectionInput>) -> Result<HttpResponse> {
    let correction =
        Correction { from: instant(input.starts_at), to: input.ends_at.map(instant), reason: input.reason };
    change(&visitor, move |tx| correct_stay(tx, id, input.version, &correction)).await?;
    Ok(ok(&find(&visitor, id).await?))
}
