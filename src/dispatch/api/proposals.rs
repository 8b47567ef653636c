use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::TAG;
use crate::access::{Permission, Scope};
use crate::api::{At, Endpoint, Filter, FilterKind, Id, Json, Resource, created, fetch, list_endpoint, ok};
use crate::db::AnyConnection;
use crate::dispatch::model::{ProposalState, RowChange, RowDecision, SECONDS, Said};
use crate::dispatch::store::lines::{LineRow, lines_of};
use crate::dispatch::store::proposals::{ProposalRow, get_proposal, list_proposals};
use crate::dispatch::{Asked, Tally, Which, accept, ask, discard, stop};
use crate::error::Result;
use crate::listing::ListRequest;
use crate::web::{Need, Visitor, Words};

const PATH: &str = "/api/v1/proposals";

/// How the use case names what this interface calls otherwise.
const NAMES: &[(&str, &str)] = &[("seconds", "seconds_max")];

pub fn endpoints() -> Vec<Endpoint> {
    let need = Need::May(Permission::AssignVisits);
    let step = |path, handler: fn() -> actix_web::Route, about| {
        Endpoint::post(path, need, handler).about(TAG, about).answers::<DayProposal>(200).fails(409)
    };
    vec![
        list_endpoint::<Proposals>(),
        Endpoint::post(PATH, need, || web::to(create))
            .about(TAG, "api.proposal.ask")
            .takes::<DayProposalInput>()
            .answers::<DayProposal>(201)
            .fails(409),
        Endpoint::get("/api/v1/proposals/{id}", need, || web::to(show))
            .about(TAG, "api.proposal.show")
            .answers::<DayProposal>(200),
        step("/api/v1/proposals/{id}/stop", || web::to(save_stop), "api.proposal.stop"),
        step("/api/v1/proposals/{id}/discard", || web::to(save_discard), "api.proposal.discard"),
        Endpoint::post("/api/v1/proposals/{id}/accept", need, || web::to(save_accept))
            .about(TAG, "api.proposal.accept")
            .takes::<AcceptInput>()
            .answers::<Acceptance>(200)
            .fails(409),
    ]
}

/// A search for a plan of a town's day, and what it found.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct DayProposal {
    id: i64,
    town_code: String,
    day: NaiveDate,
    state: ProposalState,
    asked_by: String,
    asked_at: At,
    /// Seconds that the search may take.
    seconds_max: i32,
    elapsed_ms: i64,
    /// Less is better; null before the first plan.
    best_cost: Option<i64>,
    visit_count: i64,
    served_count: i64,
    travel_s: i64,
    /// The same for the same problem.
    problem_digest: String,
    /// One for each visit, once the search is over; left out in lists.
    rows: Option<Vec<ProposalLine>>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
struct ProposalLine {
    visit_id: i64,
    change: RowChange,
    /// Pinned, under way or done: not to be moved.
    fixed: bool,
    caregiver_before_id: Option<i64>,
    starts_before_at: Option<At>,
    caregiver_after_id: Option<i64>,
    starts_after_at: Option<At>,
    /// Why nobody can make it, in the asker's language.
    reasons: Vec<String>,
    decision: RowDecision,
    /// The rule by which it was refused, in the asker's language.
    refusal: Option<String>,
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DayProposalInput {
    /// Code of the town.
    town_code: String,
    /// Today or later.
    day: NaiveDate,
    /// Seconds that the search may take; 10 without it.
    #[schema(minimum = 1, maximum = 300)]
    seconds_max: Option<i32>,
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AcceptInput {
    /// Numbers of the visits whose rows are accepted; all that change something without it.
    visits: Option<Vec<i64>>,
}

/// What became of the rows; the refused ones say why.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct Acceptance {
    accepted: i64,
    refused: i64,
    proposal: DayProposal,
}

impl DayProposal {
    fn new(row: ProposalRow, lines: Option<Vec<LineRow>>, words: &Words) -> DayProposal {
        let rows = lines.map(|lines| lines.into_iter().map(|one| line(one, words)).collect());
        DayProposal {
            id: row.id,
            town_code: row.town_code,
            day: row.day,
            state: row.state,
            asked_by: row.asked_by,
            asked_at: At::new(words.calendar, row.asked_at),
            seconds_max: row.seconds_max,
            elapsed_ms: row.elapsed_ms,
            best_cost: row.best_cost,
            visit_count: row.visit_count,
            served_count: row.served_count,
            travel_s: row.travel_s,
            problem_digest: row.problem_digest,
            rows,
        }
    }
}

fn line(line: LineRow, words: &Words) -> ProposalLine {
    let at = |at: Option<_>| at.map(|at| At::new(words.calendar, at));
    let reasons: Vec<Said> = serde_json::from_str(&line.reasons).unwrap_or_default();
    let refusal: Option<Said> = serde_json::from_str(&line.refusal).ok();
    ProposalLine {
        visit_id: line.visit_id,
        change: line.change,
        fixed: line.fixed,
        caregiver_before_id: line.caregiver_before_id,
        starts_before_at: at(line.starts_before_at),
        caregiver_after_id: line.caregiver_after_id,
        starts_after_at: at(line.starts_after_at),
        reasons: reasons.iter().map(|said| said.to(words.lang)).collect(),
        decision: line.decision,
        refusal: refusal.map(|said| said.to(words.lang)),
    }
}

struct Proposals;

impl Resource for Proposals {
    const PATH: &'static str = PATH;
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.proposal.list";
    const NEED: Permission = Permission::AssignVisits;
    const FILTERS: &'static [Filter] = &[
        Filter::new("day", FilterKind::Day, "The day that is planned."),
        Filter::new("town", FilterKind::Text, "Code of the town."),
        Filter::new("state", FilterKind::OneOf(ProposalState::NAMES), "Where it stands."),
    ];
    type Item = DayProposal;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Vec<DayProposal>> {
        let rows = list_proposals(connection, scope, request)?.rows;
        Ok(rows.into_iter().map(|listed| DayProposal::new(listed.proposal, None, words)).collect())
    }

    fn number(item: &DayProposal) -> i64 {
        item.id
    }
}

async fn load(visitor: &Visitor, id: i64) -> Result<DayProposal> {
    fetch(visitor, move |connection, scope, words| {
        let listed = get_proposal(connection, scope, id)?;
        let lines = lines_of(connection, id)?;
        Ok(DayProposal::new(listed.proposal, Some(lines), words))
    })
    .await
}

async fn create(visitor: Visitor, Json(input): Json<DayProposalInput>) -> Result<HttpResponse> {
    let seconds = input.seconds_max.unwrap_or(SECONDS);
    let asked = Asked { town_code: input.town_code, day: input.day, seconds };
    let outcome = visitor.app.write(&visitor.scope(), move |tx| ask(tx, &asked)).await;
    let id = outcome.map_err(|error| error.renamed(NAMES))?;
    visitor.app.planner.wake();
    Ok(created(format!("{PATH}/{id}"), &load(&visitor, id).await?))
}

async fn show(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    Ok(ok(&load(&visitor, id).await?))
}

async fn save_stop(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    visitor.app.write(&visitor.scope(), move |tx| stop(tx, id)).await?;
    visitor.app.planner.stop(id);
    Ok(ok(&load(&visitor, id).await?))
}

async fn save_discard(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    visitor.app.write(&visitor.scope(), move |tx| discard(tx, id)).await?;
    Ok(ok(&load(&visitor, id).await?))
}

async fn save_accept(visitor: Visitor, Id(id): Id, Json(input): Json<AcceptInput>) -> Result<HttpResponse> {
    let which = input.visits.map_or(Which::All, Which::Visits);
    let Tally { accepted, refused } = accept(&visitor.app, &visitor.scope(), id, which).await?;
    Ok(ok(&Acceptance { accepted, refused, proposal: load(&visitor, id).await? }))
}
