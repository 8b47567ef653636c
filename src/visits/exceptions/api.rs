use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::decide::{decide_each, decide_many};
use super::model::{Age, Decision, ExceptionState};
use super::store::{self, ExceptionRow, OpenCounts};
use crate::access::{Permission, Scope};
use crate::api::{At, Endpoint, Filter, FilterKind, Json, Resource, fetch, list_endpoint, ok};
use crate::db::AnyConnection;
use crate::error::Result;
use crate::listing::ListRequest;
use crate::visits::api::RowOutcomes;
use crate::visits::proof::{Element, Strength};
use crate::web::{Need, Visitor, Words};

const TAG: &str = "visits";
const STATES: &[&str] = &["open", "asked", "approved", "corrected", "rejected", "settled", "all"];

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        list_endpoint::<Exceptions>(),
        Endpoint::post("/api/v1/visit-exceptions/decide", Need::May(Permission::AssignVisits), || {
            web::to(save)
        })
        .about(TAG, "api.exception.decide")
        .takes::<ExceptionDecisionInput>()
        .answers_nothing()
        .fails(409),
        Endpoint::post("/api/v1/visit-exceptions/decide-each", Need::May(Permission::AssignVisits), || {
            web::to(save_each)
        })
        .about(TAG, "api.exception.decide_each")
        .takes::<ExceptionDecisionInput>()
        .answers::<RowOutcomes>(200),
        Endpoint::get("/api/v1/visit-exceptions/figures", Need::May(Permission::SeeVisits), || {
            web::to(figures)
        })
        .about(TAG, "api.exception.figures")
        .answers::<ExceptionFigures>(200),
    ]
}

/// A visit whose proof somebody has to look at.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct VisitException {
    id: i64,
    visit_id: i64,
    town_code: String,
    caregiver_id: Option<i64>,
    /// The worst of the causes.
    cause: String,
    causes: Vec<String>,
    strength: Strength,
    state: ExceptionState,
    opened_at: At,
    changed_at: At,
    version: i64,
}

/// What is decided of which; `decide` decides all of them or none, `decide-each` each by itself.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ExceptionDecisionInput {
    /// At most 200.
    exceptions: Vec<SeenException>,
    decision: Decision,
    reason: String,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SeenException {
    id: i64,
    /// The version that was seen.
    version: i64,
}

/// How many are to be decided, the most first; by age the youngest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct ExceptionFigures {
    causes: Vec<ExceptionCount>,
    ages: Vec<ExceptionCount>,
    /// By number of the caregiver.
    caregivers: Vec<ExceptionCount>,
    /// By code of the town.
    towns: Vec<ExceptionCount>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
struct ExceptionCount {
    /// The value of the list's filter of the same name.
    key: String,
    count: i64,
}

struct Exceptions;

impl Resource for Exceptions {
    const PATH: &'static str = "/api/v1/visit-exceptions";
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.exception.list";
    const NEED: Permission = Permission::SeeVisits;
    const FILTERS: &'static [Filter] = &[
        Filter::new("state", FilterKind::OneOf(STATES), "Where it stands; those to be decided without it."),
        Filter::new("cause", FilterKind::OneOf(Element::NAMES), "The worst cause."),
        Filter::new("strength", FilterKind::OneOf(Strength::NAMES), "How well the visit is proven."),
        Filter::new(
            "age",
            FilterKind::OneOf(Age::NAMES),
            "How long it has waited: under a day, 1 to 3 days, 3 to 7, more.",
        ),
        Filter::new("town", FilterKind::Text, "Code of the town."),
        Filter::new("caregiver", FilterKind::Id, "Number of the caregiver."),
    ];
    type Item = VisitException;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Vec<VisitException>> {
        let rows = store::list(connection, scope, request, words.now)?.rows;
        Ok(rows.into_iter().map(|row| view(row, words)).collect())
    }

    fn number(item: &VisitException) -> i64 {
        item.id
    }
}

fn view(row: ExceptionRow, words: &Words) -> VisitException {
    VisitException {
        id: row.id,
        visit_id: row.visit_id,
        town_code: row.town_code,
        caregiver_id: row.caregiver_id,
        cause: row.cause,
        causes: row.causes.split(',').map(str::to_owned).collect(),
        strength: row.strength,
        state: row.state,
        opened_at: At::new(words.calendar, row.opened_at),
        changed_at: At::new(words.calendar, row.changed_at),
        version: row.version,
    }
}

async fn save(visitor: Visitor, Json(input): Json<ExceptionDecisionInput>) -> Result<HttpResponse> {
    let seen: Vec<(i64, i64)> = input.exceptions.iter().map(|one| (one.id, one.version)).collect();
    let (decision, reason) = (input.decision, input.reason);
    visitor.app.write(&visitor.scope(), move |tx| decide_many(tx, &seen, decision, &reason)).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn save_each(visitor: Visitor, Json(input): Json<ExceptionDecisionInput>) -> Result<HttpResponse> {
    let seen: Vec<(i64, i64)> = input.exceptions.iter().map(|one| (one.id, one.version)).collect();
    let (decision, reason) = (input.decision, input.reason);
    let work = move |tx: &mut crate::app::Tx<'_>| decide_each(tx, &seen, decision, &reason);
    let outcomes = visitor.app.write(&visitor.scope(), work).await?;
    Ok(ok(&RowOutcomes::new(&visitor, outcomes)))
}

async fn figures(visitor: Visitor) -> Result<HttpResponse> {
    let now = visitor.now;
    let look = move |connection: &mut AnyConnection, scope: &Scope, _: &Words| {
        store::open_counts(connection, scope, now)
    };
    let OpenCounts { causes, towns, caregivers, ages } = fetch(&visitor, look).await?;
    let count = |(key, count): (String, i64)| ExceptionCount { key, count };
    Ok(ok(&ExceptionFigures {
        causes: causes.into_iter().map(count).collect(),
        ages: ages.into_iter().map(|(age, n)| count((age.name().to_owned(), n))).collect(),
        caregivers: caregivers.into_iter().map(|(id, n)| count((id.to_string(), n))).collect(),
        towns: towns.into_iter().map(count).collect(),
    }))
}
