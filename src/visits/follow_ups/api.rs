use actix_web::{HttpResponse, web};
use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{FollowUpKind, FollowUpResult, Whom};
use super::store::{self, FollowUpListed, with_names};
use super::{Answer, answer, hand_over, take};
use crate::access::{Permission, Scope};
use crate::api::{At, Endpoint, Filter, FilterKind, Id, Json, Resource, fetch, instant, list_endpoint, ok};
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::listing::ListRequest;
use crate::web::{Need, Visitor, Words};

const TAG: &str = "visits";

pub fn endpoints() -> Vec<Endpoint> {
    let (see, office) = (Need::May(Permission::SeeVisits), Need::May(Permission::AssignVisits));
    let step = |path, handler: fn() -> actix_web::Route, about| {
        Endpoint::post(path, office, handler).about(TAG, about).answers::<FollowUp>(200).fails(409)
    };
    vec![
        list_endpoint::<FollowUps>(),
        Endpoint::get("/api/v1/follow-ups/{id}", see, || web::to(show))
            .about(TAG, "api.follow_up.show")
            .answers::<FollowUp>(200),
        Endpoint::get("/api/v1/follow-ups/{id}/holders", office, || web::to(holders))
            .about(TAG, "api.follow_up.holders")
            .answers::<FollowUpHolders>(200),
        step("/api/v1/follow-ups/{id}/answer", || web::to(save_answer), "api.follow_up.answer")
            .takes::<FollowUpAnswerInput>(),
        step("/api/v1/follow-ups/{id}/take", || web::to(save_take), "api.follow_up.take")
            .takes::<FollowUpTakeInput>(),
        step("/api/v1/follow-ups/{id}/hand-over", || web::to(save_hand_over), "api.follow_up.hand_over")
            .takes::<FollowUpHandOverInput>(),
    ]
}

/// What has to be done after a visit that was not done.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct FollowUp {
    id: i64,
    visit_id: i64,
    elder_id: i64,
    elder_name: String,
    town_code: String,
    kind: FollowUpKind,
    opened_at: At,
    due_at: At,
    /// Open and past its deadline.
    overdue: bool,
    /// Number of the user who has it; null while it waits in the office of its town.
    holder_id: Option<i64>,
    holder_name: Option<String>,
    held_since: Option<At>,
    closed_at: Option<At>,
    closed_by: Option<String>,
    contacted_at: Option<At>,
    whom: Option<Whom>,
    result: Option<FollowUpResult>,
    note: String,
    /// To be sent with the next step.
    version: i64,
}

/// Who can have it: whoever assigns visits in its town, or for its visit's provider.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct FollowUpHolders {
    items: Vec<FollowUpHolder>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
struct FollowUpHolder {
    id: i64,
    login: String,
    name: String,
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FollowUpAnswerInput {
    /// The version that was seen.
    #[schema(minimum = 1)]
    version: i64,
    result: FollowUpResult,
    /// Needed where somebody was reached.
    whom: Option<Whom>,
    /// When they were reached; now without it.
    contacted_at: Option<DateTime<FixedOffset>>,
    /// Needed for `needs_help` and `not_needed`; at most 200 characters.
    #[serde(default)]
    note: String,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FollowUpTakeInput {
    /// The version that was seen.
    #[schema(minimum = 1)]
    version: i64,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FollowUpHandOverInput {
    /// The version that was seen.
    #[schema(minimum = 1)]
    version: i64,
    /// Number of the user who has it from now on; the office of its town without one.
    holder_id: Option<i64>,
}

struct FollowUps;

impl Resource for FollowUps {
    const PATH: &'static str = "/api/v1/follow-ups";
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.follow_up.list";
    const NEED: Permission = Permission::SeeVisits;
    const FILTERS: &'static [Filter] = &[
        Filter::new("state", FilterKind::OneOf(&["open", "closed", "all"]), "The open ones without it."),
        Filter::new(
            "holder",
            FilterKind::OneOf(&["mine", "nobody"]),
            "The asker's own, or those that nobody has yet.",
        ),
        Filter::new("overdue", FilterKind::Flag, "Whether it is open and past its deadline."),
        Filter::new("kind", FilterKind::OneOf(FollowUpKind::NAMES), "What is to be done."),
        Filter::new("town", FilterKind::Text, "Code of the town."),
    ];
    type Item = FollowUp;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Vec<FollowUp>> {
        let rows = store::list(connection, scope, request, words.now)?.rows;
        Ok(rows.into_iter().map(|listed| view(listed, words)).collect())
    }

    fn number(item: &FollowUp) -> i64 {
        item.id
    }
}

fn view(listed: FollowUpListed, words: &Words) -> FollowUp {
    let at = |instant| At::new(words.calendar, instant);
    let FollowUpListed { row, elder, holder, .. } = listed;
    FollowUp {
        id: row.id,
        visit_id: row.visit_id,
        elder_id: row.elder_id,
        elder_name: elder,
        town_code: row.town_code,
        kind: row.kind,
        opened_at: at(row.opened_at),
        due_at: at(row.due_at),
        overdue: row.closed_at.is_none() && row.due_at <= words.now,
        holder_id: row.held_by,
        holder_name: holder,
        held_since: row.held_since.map(at),
        closed_at: row.closed_at.map(at),
        closed_by: row.closed_by,
        contacted_at: row.contacted_at.map(at),
        whom: row.whom,
        result: row.result,
        note: row.note,
        version: row.version,
    }
}

async fn find(visitor: &Visitor, id: i64) -> Result<FollowUp> {
    fetch(visitor, move |connection, scope, words| {
        let row = store::get(connection, scope, Permission::SeeVisits, id)?;
        let listed = with_names(connection, vec![row])?.pop().ok_or_else(Error::not_found)?;
        Ok(view(listed, words))
    })
    .await
}

async fn show(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    Ok(ok(&find(&visitor, id).await?))
}

async fn holders(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    let found = fetch(&visitor, move |connection, scope, _| {
        let row = store::get(connection, scope, Permission::AssignVisits, id)?;
        store::possible_holders(connection, &row)
    })
    .await?;
    let items = found.into_iter().map(|(id, login, name)| FollowUpHolder { id, login, name });
    Ok(ok(&FollowUpHolders { items: items.collect() }))
}

async fn save_answer(
    visitor: Visitor,
    Id(id): Id,
    Json(input): Json<FollowUpAnswerInput>,
) -> Result<HttpResponse> {
    let version = input.version;
    let found = Answer {
        result: input.result,
        whom: input.whom,
        contacted_at: input.contacted_at.map(instant),
        note: input.note,
    };
    let outcome = visitor.app.write(&visitor.scope(), move |tx| answer(tx, id, version, &found)).await;
    outcome.map_err(|error| error.renamed(&[("at_time", "contacted_at")]))?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn save_take(
    visitor: Visitor,
    Id(id): Id,
    Json(input): Json<FollowUpTakeInput>,
) -> Result<HttpResponse> {
    visitor.app.write(&visitor.scope(), move |tx| take(tx, id, input.version)).await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn save_hand_over(
    visitor: Visitor,
    Id(id): Id,
    Json(input): Json<FollowUpHandOverInput>,
) -> Result<HttpResponse> {
    let FollowUpHandOverInput { version, holder_id } = input;
    visitor.app.write(&visitor.scope(), move |tx| hand_over(tx, id, version, holder_id)).await?;
    Ok(ok(&find(&visitor, id).await?))
}
