//! Dispatch for programs: who could make a visit, giving it, pinning it, and proposals for a day.

mod proposals;

use actix_web::{HttpResponse, web};
use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::by_hand::{How, Offer, Refused, choices, give_by_hand};
use crate::access::Permission;
use crate::api::{At, Endpoint, Id, Json, fetch, instant, ok};
use crate::error::Result;
use crate::visits::api::{Visit, find};
use crate::visits::store::get_visit;
use crate::visits::{pin, unpin};
use crate::web::{Need, Visitor, Words};

const TAG: &str = "dispatch";

pub fn endpoints() -> Vec<Endpoint> {
    let need = Need::May(Permission::AssignVisits);
    let step = |path, handler: fn() -> actix_web::Route, about| {
        Endpoint::post(path, need, handler).about("visits", about).answers::<Visit>(200).fails(409)
    };
    let mut endpoints = vec![
        Endpoint::get("/api/v1/visits/{id}/candidates", need, || web::to(candidates))
            .about("visits", "api.visit.candidates")
            .answers::<VisitCandidates>(200),
        step("/api/v1/visits/{id}/assign", || web::to(give), "api.visit.assign").takes::<VisitAssignInput>(),
        step("/api/v1/visits/{id}/offer", || web::to(ask_first), "api.visit.offer")
            .takes::<VisitAssignInput>(),
        step("/api/v1/visits/{id}/pin", || web::to(save_pin), "api.visit.pin").takes::<VisitPinInput>(),
        step("/api/v1/visits/{id}/unpin", || web::to(save_unpin), "api.visit.unpin")
            .takes::<VisitUnpinInput>(),
    ];
    endpoints.extend(proposals::endpoints());
    endpoints
}

/// Who could make a visit, the best first, and who cannot.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct VisitCandidates {
    candidates: Vec<VisitCandidate>,
    rejected: Vec<VisitRejection>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
struct VisitCandidate {
    caregiver_id: i64,
    caregiver_name: String,
    starts_at: At,
    /// Position among the caregiver's visits of the day, from 1.
    position: i64,
    /// It is this caregiver's now.
    current: bool,
    /// Minutes on the road more than without it; fewer where negative.
    travel_change_min: i64,
    /// Visits to this elder in the last ninety days, and everybody's.
    visits_before: i64,
    visits_of_all: i64,
    /// Whom the care plan wishes for.
    wished: bool,
    /// Wishes of the elder that are not met.
    wishes_broken: i64,
    /// All of it in one number, of which less is better.
    cost_change: i64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
struct VisitRejection {
    caregiver_id: i64,
    caregiver_name: String,
    /// The first rule against it, in the asker's language.
    rule: String,
    /// The least that would make it possible.
    relaxation: Option<String>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VisitAssignInput {
    /// The version that was seen.
    #[schema(minimum = 1)]
    version: i64,
    caregiver_id: i64,
    /// RFC 3339 with an offset; the time that suits the caregiver's day best without it.
    starts_at: Option<DateTime<FixedOffset>>,
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VisitPinInput {
    /// The version that was seen.
    #[schema(minimum = 1)]
    version: i64,
    /// Why it is to stay; at most 100 characters.
    reason: String,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VisitUnpinInput {
    /// The version that was seen.
    #[schema(minimum = 1)]
    version: i64,
}

fn candidate(words: &Words, offer: Offer) -> VisitCandidate {
    VisitCandidate {
        caregiver_id: offer.caregiver_id,
        caregiver_name: offer.name,
        starts_at: At::new(words.calendar, offer.starts_at),
        position: offer.position as i64,
        current: offer.is_current,
        travel_change_min: offer.travel_min,
        visits_before: offer.visits_before,
        visits_of_all: offer.visits_of_all,
        wished: offer.is_wished,
        wishes_broken: offer.wishes_broken,
        cost_change: offer.cost,
    }
}

fn rejection(words: &Words, refused: Refused) -> VisitRejection {
    VisitRejection {
        caregiver_id: refused.caregiver_id,
        caregiver_name: refused.name,
        rule: refused.rule.to(words.lang),
        relaxation: refused.relaxation.map(|text| text.to(words.lang)),
    }
}

async fn candidates(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    let found = fetch(&visitor, move |connection, scope, words| {
        let at = (words.calendar, words.now);
        let visit = get_visit(connection, scope, Permission::AssignVisits, id, at)?;
        choices(connection, scope, &visit, at)
    })
    .await?;
    let words = Words::of(&visitor);
    Ok(ok(&VisitCandidates {
        candidates: found.offers.into_iter().map(|offer| candidate(&words, offer)).collect(),
        rejected: found.refused.into_iter().map(|refused| rejection(&words, refused)).collect(),
    }))
}

async fn give(visitor: Visitor, Id(id): Id, Json(input): Json<VisitAssignInput>) -> Result<HttpResponse> {
    given(&visitor, id, input, How::Assign).await
}

async fn ask_first(
    visitor: Visitor,
    Id(id): Id,
    Json(input): Json<VisitAssignInput>,
) -> Result<HttpResponse> {
    given(&visitor, id, input, How::Offer).await
}

async fn given(visitor: &Visitor, id: i64, input: VisitAssignInput, how: How) -> Result<HttpResponse> {
    let VisitAssignInput { version, caregiver_id, starts_at } = input;
    let at = starts_at.map(instant);
    visitor
        .app
        .write(&visitor.scope(), move |tx| give_by_hand(tx, (id, version), caregiver_id, at, how))
        .await?;
    Ok(ok(&find(visitor, id).await?))
}

async fn save_pin(visitor: Visitor, Id(id): Id, Json(input): Json<VisitPinInput>) -> Result<HttpResponse> {
    let VisitPinInput { version, reason } = input;
    visitor.app.write(&visitor.scope(), move |tx| pin(tx, id, version, &reason)).await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn save_unpin(
    visitor: Visitor,
    Id(id): Id,
    Json(input): Json<VisitUnpinInput>,
) -> Result<HttpResponse> {
    visitor.app.write(&visitor.scope(), move |tx| unpin(tx, id, input.version)).await?;
    Ok(ok(&find(&visitor, id).await?))
}
