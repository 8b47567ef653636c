//! Plans as a whole, with their items, pauses and next visits.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::items::{Pause, PlanItem};
use super::{NAMES, TAG};
use crate::access::{Permission, Scope};
use crate::api::{
    At, Endpoint, Filter, FilterKind, Id, Json, Once, Patch, Resource, created, fetch, list_endpoint, ok,
};
use crate::app::Tx;
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::listing::ListRequest;
use crate::plans::model::{PlanInput, PlanState};
use crate::plans::preview::plan_preview;
use crate::plans::store::{Sources, get_plan, list_plans, sources};
use crate::plans::{activate, begin, change, end, words};
use crate::visits::WithdrawReason;
use crate::web::{Need, Visitor, Words};

const PATH: &str = "/api/v1/plans";
const ONE: &str = "/api/v1/plans/{id}";

pub fn endpoints() -> Vec<Endpoint> {
    let (see, edit) = (Need::May(Permission::SeePlans), Need::May(Permission::EditPlans));
    let step = |path, handler: fn() -> actix_web::Route, about| {
        Endpoint::post(path, edit, handler)
            .about(TAG, about)
            .takes::<PlanStepInput>()
            .answers::<CarePlan>(200)
            .fails(409)
    };
    vec![
        list_endpoint::<Plans>(),
        Endpoint::get(ONE, see, || web::to(show)).about(TAG, "api.plan.show").answers::<CarePlan>(200),
        Endpoint::get("/api/v1/plans/{id}/preview", see, || web::to(preview))
            .about(TAG, "api.plan.preview")
            .answers::<PlanPreview>(200),
        Endpoint::post(PATH, edit, || web::to(create))
            .about(TAG, "api.plan.begin")
            .takes::<PlanBeginInput>()
            .answers::<CarePlan>(201)
            .fails(409),
        Endpoint::patch(ONE, edit, || web::to(update))
            .about(TAG, "api.plan.change")
            .patches::<PlanInput>()
            .answers::<CarePlan>(200),
        step("/api/v1/plans/{id}/activate", || web::to(start), "api.plan.activate"),
        step("/api/v1/plans/{id}/end", || web::to(finish), "api.plan.end"),
    ]
}

/// What an elder is to get at home.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CarePlan {
    pub id: i64,
    pub elder_id: i64,
    pub town_code: String,
    pub state: PlanState,
    pub starts_on: NaiveDate,
    /// The last day.
    pub ends_on: Option<NaiveDate>,
    pub note: String,
    pub items: Vec<PlanItem>,
    pub pauses: Vec<Pause>,
    /// To be sent with a change of the plan as a whole.
    pub version: i64,
    pub updated_at: At,
}

/// The next visits of a plan, with the days that are left out between them.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PlanPreview {
    pub visits: Vec<PreviewDay>,
    /// Why the elder gets none at all now.
    pub blocked: Option<String>,
    /// Years among them whose public schedule is not known: only their weekends are.
    pub unknown_years: Vec<i32>,
}

/// A day that a rule gives, and what becomes of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PreviewDay {
    pub item_id: i64,
    /// The rule's own day.
    pub occurrence_on: NaiveDate,
    /// Absent where there is no visit.
    pub service_on: Option<NaiveDate>,
    /// Why it is another day or none, for people.
    pub why: Option<String>,
}

/// A new plan for an elder who has none.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PlanBeginInput {
    elder_id: i64,
    starts_on: NaiveDate,
    /// The last day.
    ends_on: Option<NaiveDate>,
    #[serde(default)]
    note: String,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PlanStepInput {
    /// The version that was seen.
    #[schema(minimum = 1)]
    version: i64,
}

impl CarePlan {
    fn new(source: Sources, words: &Words) -> CarePlan {
        let Sources { plan, client, items, pauses, .. } = source;
        let items = items.into_iter().filter(|item| !item.removed);
        CarePlan {
            id: plan.id,
            elder_id: plan.elder_id,
            town_code: client.town_code,
            state: plan.state,
            starts_on: plan.starts_on,
            ends_on: plan.ends_on,
            note: plan.note,
            items: items.map(|item| PlanItem::new(item, words)).collect(),
            pauses: pauses.into_iter().map(Pause::new).collect(),
            version: plan.version,
            updated_at: At::new(words.calendar, plan.updated_at),
        }
    }
}

struct Plans;

impl Resource for Plans {
    const PATH: &'static str = PATH;
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.plan.list";
    const NEED: Permission = Permission::SeePlans;
    const FILTERS: &'static [Filter] = &[
        Filter::new("elder", FilterKind::Id, "Number of the elder."),
        Filter::new("town", FilterKind::Text, "Code of the elder's town."),
        Filter::new("state", FilterKind::OneOf(PlanState::NAMES), "Where it stands."),
    ];
    type Item = CarePlan;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Vec<CarePlan>> {
        let ids = list_plans(connection, scope, request, words.now)?;
        let rows = sources(connection, &ids)?;
        Ok(rows.into_iter().map(|source| CarePlan::new(source, words)).collect())
    }

    fn number(item: &CarePlan) -> i64 {
        item.id
    }
}

pub(super) async fn find(visitor: &Visitor, id: i64) -> Result<CarePlan> {
    fetch(visitor, move |connection, scope, words| {
        get_plan(connection, scope, Permission::SeePlans, id, words.now)?;
        let source = sources(connection, &[id])?.pop().ok_or_else(Error::not_found)?;
        Ok(CarePlan::new(source, words))
    })
    .await
}

async fn show(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    Ok(ok(&find(&visitor, id).await?))
}

async fn preview(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    let preview = fetch(&visitor, move |connection, scope, words| {
        let plan = get_plan(connection, scope, Permission::SeePlans, id, words.now)?;
        let found = plan_preview(connection, &plan, (words.calendar, words.now))?;
        let visits = found.visits.iter().map(|(item, one)| PreviewDay {
            item_id: item.id,
            occurrence_on: one.occurrence_on,
            service_on: one.service_on,
            why: one.why.map(|_| words::why(words.lang, one, &found.holidays)),
        });
        Ok(PlanPreview {
            visits: visits.collect(),
            blocked: found
                .blocked
                .map(|reason: WithdrawReason| words.name_of("withdraw_reason", reason.name())),
            unknown_years: found.unknown_years,
        })
    });
    Ok(ok(&preview.await?))
}

async fn create(visitor: Visitor, once: Once, Json(input): Json<PlanBeginInput>) -> Result<HttpResponse> {
    let elder = input.elder_id;
    let values = PlanInput { starts_on: input.starts_on, ends_on: input.ends_on, note: input.note.clone() };
    let outcome = once.write(&visitor, &input, move |tx| {
        begin(tx, elder, &values).map_err(|error| match error.code {
            crate::error::Code::NotFound => {
                Error::field("elder_id", crate::text::Text::new("rule.unknown_elder"))
            }
            _ => error,
        })
    });
    let id = outcome.await.map_err(|error| error.renamed(NAMES))?;
    Ok(created(format!("{PATH}/{id}"), &find(&visitor, id).await?))
}

async fn update(visitor: Visitor, Id(id): Id, patch: Patch<PlanInput>) -> Result<HttpResponse> {
    let work = move |tx: &mut Tx<'_>| {
        let before = get_plan(tx.connection, tx.scope, Permission::EditPlans, id, tx.now)?;
        change(tx, id, patch.version, &patch.over(&before.input())?)
    };
    visitor.app.write(&visitor.scope(), work).await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn start(visitor: Visitor, Id(id): Id, Json(input): Json<PlanStepInput>) -> Result<HttpResponse> {
    visitor.app.write(&visitor.scope(), move |tx| activate(tx, id, input.version)).await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn finish(visitor: Visitor, Id(id): Id, Json(input): Json<PlanStepInput>) -> Result<HttpResponse> {
    visitor.app.write(&visitor.scope(), move |tx| end(tx, id, input.version)).await?;
    Ok(ok(&find(&visitor, id).await?))
}
