use actix_web::{HttpResponse, web};
use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::CorrectionState;
use super::ask::{Correction, ask};
use super::decide::decide;
use super::store::{self, CorrectionRow};
use crate::access::Permission;
use crate::api::{At, Endpoint, Id, Json, Once, created, fetch, instant, ok};
use crate::error::Result;
use crate::web::{Need, Visitor, Words};

const TAG: &str = "visits";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/visits/{id}/corrections", Need::May(Permission::DoVisits), || {
            web::to(create)
        })
        .about(TAG, "api.correction.ask")
        .takes::<CorrectionOfVisitInput>()
        .answers::<VisitCorrection>(201)
        .fails(409),
        Endpoint::post("/api/v1/corrections/{id}/decide", Need::May(Permission::AssignVisits), || {
            web::to(save_decision)
        })
        .about(TAG, "api.correction.decide")
        .takes::<CorrectionDecisionInput>()
        .answers::<VisitCorrection>(200)
        .fails(409),
    ]
}

/// What was wrong of what was reported. Somebody else decides.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CorrectionOfVisitInput {
    /// The version that was seen.
    #[schema(minimum = 1)]
    version: i64,
    arrived_at: Option<DateTime<FixedOffset>>,
    ended_at: Option<DateTime<FixedOffset>>,
    caregiver_id: Option<i64>,
    /// Code of why it was not done, of a visit that was not.
    fail_reason: Option<String>,
    reason: String,
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CorrectionDecisionInput {
    #[schema(minimum = 1)]
    version: i64,
    approve: bool,
    /// Needed for a refusal.
    answer: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
struct VisitCorrection {
    id: i64,
    visit_id: i64,
    state: CorrectionState,
    arrived_at: Option<At>,
    ended_at: Option<At>,
    caregiver_id: Option<i64>,
    fail_reason: Option<String>,
    reason: String,
    asked_by: String,
    asked_at: At,
    decided_by: Option<String>,
    decided_at: Option<At>,
    answer: String,
    version: i64,
}

fn view(words: &Words, row: CorrectionRow) -> VisitCorrection {
    let at = |instant| At::new(words.calendar, instant);
    VisitCorrection {
        id: row.id,
        visit_id: row.visit_id,
        state: row.state,
        arrived_at: row.arrived_at.map(at),
        ended_at: row.ended_at.map(at),
        caregiver_id: row.caregiver_id,
        fail_reason: row.fail_reason,
        reason: row.reason,
        asked_by: row.asked_by,
        asked_at: at(row.asked_at),
        decided_by: row.decided_by,
        decided_at: row.decided_at.map(at),
        answer: row.answer,
        version: row.version,
    }
}

async fn create(
    visitor: Visitor,
    Id(id): Id,
    once: Once,
    Json(input): Json<CorrectionOfVisitInput>,
) -> Result<HttpResponse> {
    let (version, wanted) = (
        input.version,
        Correction {
            arrived_at: input.arrived_at.map(instant),
            ended_at: input.ended_at.map(instant),
            caregiver_id: input.caregiver_id,
            fail_reason: input.fail_reason.clone(),
            reason: input.reason.clone(),
        },
    );
    let made = once.write(&visitor, &input, move |tx| ask(tx, id, version, &wanted)).await?;
    Ok(created(format!("/api/v1/corrections/{made}"), &find(&visitor, made, Permission::DoVisits).await?))
}

async fn save_decision(
    visitor: Visitor,
    Id(id): Id,
    Json(input): Json<CorrectionDecisionInput>,
) -> Result<HttpResponse> {
    let answer = input.answer.unwrap_or_default();
    visitor
        .app
        .write(&visitor.scope(), move |tx| decide(tx, id, input.version, input.approve, &answer))
        .await?;
    Ok(ok(&find(&visitor, id, Permission::AssignVisits).await?))
}

async fn find(visitor: &Visitor, id: i64, need: Permission) -> Result<VisitCorrection> {
    fetch(visitor, move |connection, scope, words| {
        let row = store::get(connection, scope, need, id)?;
        Ok(view(words, row))
    })
    .await
}
