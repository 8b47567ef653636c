//! What phones send, and what they ask for.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{NoPosition, Outcome, StepKind};
use super::step::{Evidence, Reported, Seen, report};
use super::store::{self, StepRow};
use crate::access::Permission;
use crate::access::audit::Entry;
use crate::api::{At, Endpoint, Id, LargeJson, Once, fetch, instant, ok};
use crate::elders::cards::CodeFound;
use crate::error::{Error, Result};
use crate::text::Text;
use crate::visits::model::VisitState;
use crate::visits::proof::{Element, Strength, Verdict, store as proofs};
use crate::visits::store::{get_visit, reload};
use crate::web::{Need, Visitor};

const TAG: &str = "visits";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/visits/{id}/steps", Need::May(Permission::DoVisits), || web::to(save))
            .about(TAG, "api.visit.step")
            .takes::<VisitReportInput>()
            .answers::<VisitReport>(200)
            .fails(409),
        Endpoint::get("/api/v1/visits/{id}/proof", Need::May(Permission::SeeVisits), || web::to(show))
            .about(TAG, "api.visit.proof")
            .answers::<VisitProof>(200),
    ]
}

/// Where the phone was, in WGS-84.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PositionInput {
    #[schema(minimum = -180, maximum = 180)]
    longitude: f64,
    #[schema(minimum = -90, maximum = 90)]
    latitude: f64,
    /// Radius within which the phone is in 95 of 100 cases.
    #[schema(minimum = 0, maximum = 100_000)]
    accuracy_m: f64,
}

/// A step of a visit as the phone saw it. Needs an `Idempotency-Key`: the same key again changes nothing and is answered as
/// before; what tells of the sending (`sent_at`, `sent_ms`, `offline`) may then differ. A phone that sends later names in
/// `Songhe-User` the number of the user who made the step: where somebody else is signed in by then, the answer is 401.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VisitReportInput {
    kind: StepKind,
    /// The phone's clock at the step.
    device_at: DateTime<FixedOffset>,
    /// The phone's clock at sending: how far it is off shows, and is put right.
    sent_at: DateTime<FixedOffset>,
    /// Milliseconds of a clock that only runs forward, at the step; with `sent_ms` it tells how long ago the step was even
    /// if the phone's clock was set meanwhile.
    device_ms: Option<i64>,
    /// The same clock at sending. Leave both out if it has started anew in between.
    sent_ms: Option<i64>,
    /// The step was written down without a network: if the visit has moved on meanwhile it is kept, and not refused.
    #[serde(default)]
    offline: bool,
    /// Either this or `no_position`; neither is needed for `depart`.
    position: Option<PositionInput>,
    /// Why there is no position.
    no_position: Option<NoPosition>,
    /// The code of the card at the elder's door, however it is spaced. One that is not right refuses no step.
    code: Option<String>,
    /// JPEG, PNG or WebP in base64, 2 MB and 40 megapixels at most.
    photo: Option<String>,
    /// PNG in base64, 64 kB at most.
    signature_png: Option<String>,
    /// The path of a drawing as in SVG (`M10 10L20 20`), 64 kB at most.
    signature_path: Option<String>,
    /// Code of why it was not done; for `fail` only.
    reason: Option<String>,
    /// Code of a problem that did not keep the visit from being done.
    problem: Option<String>,
    /// At most 200 characters.
    note: Option<String>,
}

/// What became of a step.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct VisitReport {
    id: i64,
    visit_id: i64,
    /// `kept` is on record, but has not moved the visit: somebody will look at it.
    outcome: Outcome,
    /// When it happened by the server's clock.
    happened_at: At,
    /// Where the visit stands now.
    state: VisitState,
    version: i64,
    /// How well the visit is proven, once it is over.
    strength: Option<Strength>,
    /// What the code was found to be.
    code_found: Option<CodeFound>,
}

/// How well a visit is proven, and why.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct VisitProof {
    strength: Option<Strength>,
    findings: Vec<ProofFinding>,
    steps: Vec<ReportedStep>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
struct ProofFinding {
    element: Element,
    verdict: Verdict,
    /// In the asker's language.
    text: String,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
struct ReportedStep {
    id: i64,
    kind: StepKind,
    outcome: Outcome,
    actor: String,
    happened_at: At,
    device_at: At,
    received_at: At,
    offline: bool,
    longitude: Option<f64>,
    latitude: Option<f64>,
    accuracy_m: Option<f64>,
    no_position: Option<NoPosition>,
    code_matches: Option<bool>,
    code_found: Option<CodeFound>,
    problem: Option<String>,
    note: String,
}

async fn save(
    visitor: Visitor,
    http: HttpRequest,
    Id(id): Id,
    once: Once,
    LargeJson(input): LargeJson<VisitReportInput>,
) -> Result<HttpResponse> {
    check_user(&visitor, &http)?;
    let (key, told) = (once.key()?, read(&input)?);
    // A phone that got no answer sends the same step again, later: only the step itself must be the same.
    let step = VisitReportInput { sent_at: input.device_at, sent_ms: None, offline: false, ..input };
    let step_id = once.write(&visitor, &step, move |tx| report(tx, id, &key, &told)).await?;
    let answer = fetch(&visitor, move |connection, _, words| {
        let step = store::get_step(connection, step_id)?;
        let visit = reload(connection, step.visit_id)?;
        let found = proofs::find(connection, step.visit_id)?;
        Ok(VisitReport {
            id: step.id,
            visit_id: step.visit_id,
            outcome: step.outcome,
            happened_at: At::new(words.calendar, step.happened_at),
            state: visit.state,
            version: visit.version,
            strength: found.map(|found| found.strength),
            code_found: step.code(),
        })
    });
    Ok(ok(&answer.await?))
}

/// A phone may have changed hands since the step: what one person did is never written down as another's.
fn check_user(visitor: &Visitor, http: &HttpRequest) -> Result<()> {
    let Some(named) = http.headers().get("songhe-user") else { return Ok(()) };
    let named = named.to_str().ok().and_then(|text| text.parse().ok());
    if named.is_some() && named == visitor.scope().user_id {
        return Ok(());
    }
    Err(Error::signed_out().context("somebody else is signed in"))
}

fn read(input: &VisitReportInput) -> Result<Reported> {
    let decoded = |field: &'static str, text: &Option<String>| match text {
        None => Ok(None),
        Some(text) => match BASE64.decode(text) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(_) => Err(Error::field(field, Text::new("step.base64"))),
        },
    };
    Ok(Reported {
        kind: input.kind,
        device_at: instant(input.device_at),
        device_ms: input.device_ms,
        sent_at: instant(input.sent_at),
        sent_ms: input.sent_ms,
        offline: input.offline,
        evidence: Evidence {
            position: input.position.map(|at| Seen {
                longitude: at.longitude,
                latitude: at.latitude,
                accuracy_m: at.accuracy_m,
            }),
            no_position: input.no_position,
            code: input.code.clone(),
            photo: decoded("photo", &input.photo)?,
            signature_png: decoded("signature_png", &input.signature_png)?,
            signature_path: input.signature_path.clone(),
        },
        reason: input.reason.clone(),
        problem: input.problem.clone(),
        note: input.note.clone().unwrap_or_default(),
    })
}

async fn show(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    let proof = fetch(&visitor, move |connection, scope, words| {
        let at = (words.calendar, words.now);
        let visit = get_visit(connection, scope, Permission::SeeVisits, id, at)?;
        let found = proofs::find(connection, visit.id)?;
        let steps = store::steps_of(connection, visit.id)?;
        let findings = found.iter().flat_map(|found| &found.findings).map(|finding| ProofFinding {
            element: finding.element,
            verdict: finding.verdict,
            text: finding.text(words.lang),
        });
        let findings = findings.collect();
        let steps = steps.into_iter().map(|step| step_view(step, words.calendar)).collect();
        Ok(VisitProof { strength: found.map(|found| found.strength), findings, steps })
    });
    Ok(ok(&proof.await?))
}

fn step_view(step: StepRow, calendar: crate::clock::Calendar) -> ReportedStep {
    let at = |instant| At::new(calendar, instant);
    let code_found = step.code();
    ReportedStep {
        id: step.id,
        kind: step.kind,
        outcome: step.outcome,
        actor: step.actor,
        happened_at: at(step.happened_at),
        device_at: at(step.device_at),
        received_at: at(step.received_at),
        offline: step.offline,
        longitude: step.longitude,
        latitude: step.latitude,
        accuracy_m: step.accuracy_m,
        no_position: step.no_position,
        code_matches: step.code_matches,
        code_found,
        problem: step.problem,
        note: step.note,
    }
}

/// A picture in clear for whoever has the visit within reach and may see elders' data; the look is written down.
pub async fn show_file(visitor: Visitor, path: web::Path<(i64, i64)>) -> Result<HttpResponse> {
    let (visit_id, file_id) = path.into_inner();
    let look = move |tx: &mut crate::app::Tx<'_>| {
        let at = (tx.calendar, tx.now);
        let visit = get_visit(tx.connection, tx.scope, Permission::AssignVisits, visit_id, at)?;
        let (file, sealed) = store::sealed_file(tx.connection, visit.id, file_id)?;
        tx.audit(&Entry {
            action: "visit.picture",
            entity: "visit",
            entity_id: visit.id.to_string(),
            town_code: Some(&visit.town_code),
            detail: serde_json::json!({ "file": file.id }),
        })?;
        Ok((file.media, tx.keys.open_bytes(store::cell(file.id), &sealed)?))
    };
    let (media, bytes) = visitor.app.write(&visitor.scope(), look).await?;
    let bytes = if media == "image/svg+xml" { drawing(&bytes) } else { bytes };
    Ok(HttpResponse::Ok()
        .content_type(media)
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(bytes))
}

/// A signature's path was checked to hold nothing but numbers and moves.
fn drawing(path: &[u8]) -> Vec<u8> {
    let path = String::from_utf8_lossy(path);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 600 300\"><rect width=\"600\" height=\"300\" fill=\"#fff\"/>\
         <path d=\"{path}\" fill=\"none\" stroke=\"#111\" stroke-width=\"3\"/></svg>"
    )
    .into_bytes()
}
