//! What is done with assessments: ordered, answered, reviewed, doubted.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AssessmentDetail, AssessmentStepInput, PATH, TAG, find};
use crate::access::Permission;
use crate::api::{Endpoint, Id, Json, Once, created, ok};
use crate::assessments::model::{NoteValue, Reason};
use crate::assessments::{
    Answers, Order, correct, dispute, enact, finish, give_back, order, review, uphold, withdraw,
};
use crate::error::Result;
use crate::web::{Need, Visitor};

/// How the use cases name what this interface calls otherwise.
const NAMES: &[(&str, &str)] = &[("elder", "elder_id"), ("assess_by", "due_on")];

pub fn endpoints() -> Vec<Endpoint> {
    let (assess, decide) = (Need::May(Permission::Assess), Need::May(Permission::ReviewAssessment));
    let either = Need::Either(Permission::Assess, Permission::ReviewAssessment);
    let step = |path, need, handler: fn() -> actix_web::Route, about| {
        Endpoint::post(path, need, handler).about(TAG, about).answers::<AssessmentDetail>(200).fails(409)
    };
    vec![
        Endpoint::post(PATH, assess, || web::to(create))
            .about(TAG, "api.assessment.order")
            .takes::<AssessmentOrderInput>()
            .answers::<AssessmentDetail>(201)
            .fails(409),
        step("/api/v1/assessments/{id}/answers", assess, || web::to(answer), "api.assessment.finish")
            .takes::<AssessmentAnswersInput>(),
        step("/api/v1/assessments/{id}/correct", assess, || web::to(put_right), "api.assessment.correct")
            .takes::<AssessmentCorrectionInput>(),
        step("/api/v1/assessments/{id}/withdraw", assess, || web::to(take_back), "api.assessment.withdraw")
            .takes::<AssessmentReasonInput>(),
        step("/api/v1/assessments/{id}/review", decide, || web::to(agree), "api.assessment.review")
            .takes::<AssessmentReviewInput>(),
        step("/api/v1/assessments/{id}/give-back", decide, || web::to(return_it), "api.assessment.give_back")
            .takes::<AssessmentReasonInput>(),
        step("/api/v1/assessments/{id}/enact", decide, || web::to(put_in_force), "api.assessment.enact")
            .takes::<AssessmentStepInput>(),
        step("/api/v1/assessments/{id}/dispute", either, || web::to(doubt), "api.assessment.dispute")
            .takes::<AssessmentReasonInput>(),
        step("/api/v1/assessments/{id}/uphold", decide, || web::to(keep), "api.assessment.uphold")
            .takes::<AssessmentReasonInput>(),
    ]
}

#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AssessmentOrderInput {
    elder_id: i64,
    /// Code of the scale.
    scale: String,
    reason: Reason,
    /// When the elder's state changed; needed for the reason `immediate`.
    changed_on: Option<NaiveDate>,
    /// By when; after a change the scale may ask for an earlier day.
    due_on: Option<NaiveDate>,
    /// Needed for the reason `other` and for a repeat soon after the last one; at most 300 characters.
    #[serde(default)]
    note: String,
}

#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AssessmentAnswersInput {
    /// The version that was seen.
    #[schema(minimum = 1)]
    version: i64,
    /// Points for every item of the scale.
    answers: BTreeMap<String, i32>,
    /// Findings that may change the level; one that is absent is 0.
    #[serde(default)]
    facts: BTreeMap<String, i32>,
    /// What is written down beside the score.
    #[serde(default)]
    notes: BTreeMap<String, NoteValue>,
    /// Today without it.
    assessed_on: Option<NaiveDate>,
}

#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AssessmentCorrectionInput {
    #[schema(minimum = 1)]
    version: i64,
    /// All of them, not only those that change.
    answers: BTreeMap<String, i32>,
    #[serde(default)]
    facts: BTreeMap<String, i32>,
    #[serde(default)]
    notes: BTreeMap<String, NoteValue>,
    assessed_on: Option<NaiveDate>,
    reason: String,
}

#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AssessmentReviewInput {
    #[schema(minimum = 1)]
    version: i64,
    #[serde(default)]
    note: String,
    /// Puts it into force as well.
    #[serde(default)]
    in_force: bool,
}

#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AssessmentReasonInput {
    #[schema(minimum = 1)]
    version: i64,
    /// At most 300 characters.
    reason: String,
}

async fn create(
    visitor: Visitor,
    once: Once,
    Json(input): Json<AssessmentOrderInput>,
) -> Result<HttpResponse> {
    let wanted = Order {
        elder_id: input.elder_id,
        scale: input.scale.clone(),
        reason: input.reason,
        changed_on: input.changed_on,
        due_on: input.due_on,
        note: input.note.clone(),
    };
    let practice = visitor.app.assessing.clone();
    let outcome = once.write(&visitor, &input, move |tx| order(tx, &practice, &wanted)).await;
    let id = outcome.map_err(|error| error.renamed(NAMES))?;
    Ok(created(format!("{PATH}/{id}"), &find(&visitor, id).await?))
}

async fn answer(
    visitor: Visitor,
    Id(id): Id,
    once: Once,
    Json(input): Json<AssessmentAnswersInput>,
) -> Result<HttpResponse> {
    let practice = visitor.app.assessing.clone();
    let (version, given) = (
        input.version,
        Answers {
            answers: input.answers.clone(),
            facts: input.facts.clone(),
            notes: input.notes.clone(),
            assessed_on: input.assessed_on,
        },
    );
    let outcome = once.write(&visitor, &input, move |tx| {
        finish(tx, &practice, id, version, &given)?;
        Ok(id)
    });
    outcome.await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn put_right(
    visitor: Visitor,
    Id(id): Id,
    once: Once,
    Json(input): Json<AssessmentCorrectionInput>,
) -> Result<HttpResponse> {
    let practice = visitor.app.assessing.clone();
    let (version, reason, given) = (
        input.version,
        input.reason.clone(),
        Answers {
            answers: input.answers.clone(),
            facts: input.facts.clone(),
            notes: input.notes.clone(),
            assessed_on: input.assessed_on,
        },
    );
    let outcome = once.write(&visitor, &input, move |tx| {
        correct(tx, &practice, id, version, &given, &reason)?;
        Ok(id)
    });
    outcome.await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn agree(
    visitor: Visitor,
    Id(id): Id,
    once: Once,
    Json(input): Json<AssessmentReviewInput>,
) -> Result<HttpResponse> {
    let AssessmentReviewInput { version, note, in_force } = input.clone();
    let outcome = once.write(&visitor, &input, move |tx| {
        review(tx, id, version, &note, in_force)?;
        Ok(id)
    });
    outcome.await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn put_in_force(
    visitor: Visitor,
    Id(id): Id,
    once: Once,
    Json(input): Json<AssessmentStepInput>,
) -> Result<HttpResponse> {
    let outcome = once.write(&visitor, &input, move |tx| {
        enact(tx, id, input.version)?;
        Ok(id)
    });
    outcome.await?;
    Ok(ok(&find(&visitor, id).await?))
}

/// A step that needs nothing but a reason.
type ReasonStep = fn(&mut crate::app::Tx<'_>, i64, i64, &str) -> Result<()>;

async fn with_reason(
    visitor: &Visitor,
    id: i64,
    once: Once,
    input: &AssessmentReasonInput,
    step: ReasonStep,
) -> Result<HttpResponse> {
    let AssessmentReasonInput { version, reason } = input.clone();
    let outcome = once.write(visitor, input, move |tx| {
        step(tx, id, version, &reason)?;
        Ok(id)
    });
    outcome.await?;
    Ok(ok(&find(visitor, id).await?))
}

async fn return_it(
    visitor: Visitor,
    Id(id): Id,
    once: Once,
    Json(input): Json<AssessmentReasonInput>,
) -> Result<HttpResponse> {
    with_reason(&visitor, id, once, &input, give_back).await
}

async fn doubt(
    visitor: Visitor,
    Id(id): Id,
    once: Once,
    Json(input): Json<AssessmentReasonInput>,
) -> Result<HttpResponse> {
    with_reason(&visitor, id, once, &input, dispute).await
}

async fn keep(
    visitor: Visitor,
    Id(id): Id,
    once: Once,
    Json(input): Json<AssessmentReasonInput>,
) -> Result<HttpResponse> {
    with_reason(&visitor, id, once, &input, uphold).await
}

async fn take_back(
    visitor: Visitor,
    Id(id): Id,
    once: Once,
    Json(input): Json<AssessmentReasonInput>,
) -> Result<HttpResponse> {
    with_reason(&visitor, id, once, &input, withdraw).await
}
