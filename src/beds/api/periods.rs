//! Holds, outages, and leaves.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::stays::{NAMES, change, whom};
use crate::access::{Permission, Scope};
use crate::api::{
    At, Endpoint, Filter, FilterKind, Id, Json, Once, Resource, created, fetch, instant, list_endpoint, ok,
    part_of,
};
use crate::beds::model::{HoldOutcome, LeaveKind, OutageReason};
use crate::beds::store::{HoldRow, LeaveRow, OutageRow, get_hold, get_leave, get_outage, open_holds};
use crate::beds::{Holding, Taking, end_leave, hold, put_back, release_hold, take_out};
use crate::db::AnyConnection;
use crate::elders::store::visible_names;
use crate::error::Result;
use crate::listing::ListRequest;
use crate::web::{Need, Visitor, Words};

const TAG: &str = "beds";

pub fn endpoints() -> Vec<Endpoint> {
    let (see, manage) = (Need::May(Permission::SeeBeds), Need::May(Permission::ManageStays));
    vec![
        list_endpoint::<Holds>(),
        Endpoint::get("/api/v1/holds/{id}", see, || web::to(show_hold))
            .about(TAG, "api.hold.show")
            .answers::<Hold>(200),
        Endpoint::post("/api/v1/holds", manage, || web::to(keep))
            .about(TAG, "api.hold.add")
            .takes::<HoldInput>()
            .answers::<Hold>(201)
            .fails(404)
            .fails(409),
        Endpoint::post("/api/v1/holds/{id}/release", manage, || web::to(let_go))
            .about(TAG, "api.hold.release")
            .takes::<ReleaseInput>()
            .answers::<Hold>(200)
            .fails(409),
        Endpoint::get("/api/v1/outages/{id}", see, || web::to(show_outage))
            .about(TAG, "api.outage.show")
            .answers::<Outage>(200),
        Endpoint::post("/api/v1/outages", manage, || web::to(take))
            .about(TAG, "api.outage.begin")
            .takes::<OutageInput>()
            .answers::<Outage>(201)
            .fails(404)
            .fails(409),
        Endpoint::post("/api/v1/outages/{id}/end", manage, || web::to(give_back))
            .about(TAG, "api.outage.end")
            .takes::<EndInput>()
            .answers::<Outage>(200)
            .fails(409),
        Endpoint::get("/api/v1/leaves/{id}", see, || web::to(show_leave))
            .about(TAG, "api.leave.show")
            .answers::<Leave>(200),
        Endpoint::post("/api/v1/leaves/{id}/return", manage, || web::to(come_back))
            .about(TAG, "api.leave.end")
            .takes::<EndInput>()
            .answers::<Leave>(200)
            .fails(409),
    ]
}

/// A bed that is kept for somebody until an instant.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Hold {
    pub id: i64,
    pub bed_id: i64,
    pub institution_id: i64,
    /// Where the asker may see the elder.
    pub elder_id: Option<i64>,
    pub starts_at: At,
    pub ends_at: At,
    /// Absent while it is open.
    pub outcome: Option<HoldOutcome>,
    pub note: String,
    pub version: i64,
}

/// A bed that cannot be used.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Outage {
    pub id: i64,
    pub bed_id: i64,
    pub institution_id: i64,
    pub reason: OutageReason,
    pub note: String,
    pub starts_at: At,
    pub due_at: Option<At>,
    pub ends_at: Option<At>,
    pub version: i64,
}

/// Somebody away from a bed that stays theirs.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Leave {
    pub id: i64,
    pub stay_id: i64,
    pub kind: LeaveKind,
    pub starts_at: At,
    pub due_at: Option<At>,
    pub ends_at: Option<At>,
    pub note: String,
    pub version: i64,
}

/// Exactly one of `elder_id` and `identity` is given.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HoldInput {
    bed_id: i64,
    elder_id: Option<i64>,
    identity: Option<String>,
    /// At most 30 days ahead.
    ends_at: DateTime<FixedOffset>,
    note: Option<String>,
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReleaseInput {
    #[schema(minimum = 1)]
    version: i64,
    reason: Option<String>,
}

#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OutageInput {
    bed_id: i64,
    /// What keeps it out of service.
    why: OutageReason,
    starts_at: Option<DateTime<FixedOffset>>,
    due_at: Option<DateTime<FixedOffset>>,
    note: Option<String>,
    reason: Option<String>,
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EndInput {
    #[schema(minimum = 1)]
    version: i64,
    /// Now without it.
    ends_at: Option<DateTime<FixedOffset>>,
    reason: Option<String>,
}

impl Hold {
    fn new(row: HoldRow, is_visible: bool, words: &Words) -> Hold {
        Hold {
            id: row.id,
            bed_id: row.bed_id,
            institution_id: row.institution_id,
            elder_id: is_visible.then_some(row.elder_id),
            starts_at: At::new(words.calendar, row.starts_at),
            ends_at: At::new(words.calendar, row.ends_at),
            outcome: row.outcome,
            note: row.note,
            version: row.version,
        }
    }
}

impl Outage {
    fn new(row: OutageRow, words: &Words) -> Outage {
        Outage {
            id: row.id,
            bed_id: row.bed_id,
            institution_id: row.institution_id,
            reason: row.reason,
            note: row.note,
            starts_at: At::new(words.calendar, row.starts_at),
            due_at: row.due_at.map(|at| At::new(words.calendar, at)),
            ends_at: row.ends_at.map(|at| At::new(words.calendar, at)),
            version: row.version,
        }
    }
}

impl Leave {
    fn new(row: LeaveRow, words: &Words) -> Leave {
        Leave {
            id: row.id,
            stay_id: row.stay_id,
            kind: row.kind,
            starts_at: At::new(words.calendar, row.starts_at),
            due_at: row.due_at.map(|at| At::new(words.calendar, at)),
            ends_at: row.ends_at.map(|at| At::new(words.calendar, at)),
            note: row.note,
            version: row.version,
        }
    }
}

struct Holds;

impl Resource for Holds {
    const PATH: &'static str = "/api/v1/holds";
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.hold.list";
    const NEED: Permission = Permission::SeeBeds;
    const FILTERS: &'static [Filter] =
        &[Filter::new("institution", FilterKind::Id, "Number of the institution.")];
    type Item = Hold;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Vec<Hold>> {
        let mut rows = open_holds(connection, scope, request.filter_id("institution"), words.now)?;
        rows.sort_by_key(|row| row.id);
        let rows = part_of(rows, request, |row| row.id);
        let elders: Vec<i64> = rows.iter().map(|row| row.elder_id).collect();
        let names = visible_names(connection, scope, &elders, words.now)?;
        Ok(rows
            .into_iter()
            .map(|row| Hold::new(row.clone(), names.contains_key(&row.elder_id), words))
            .collect())
    }

    fn number(item: &Hold) -> i64 {
        item.id
    }
}

async fn show_hold(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    Ok(ok(&find_hold(&visitor, id).await?))
}

async fn find_hold(visitor: &Visitor, id: i64) -> Result<Hold> {
    fetch(visitor, move |connection, scope, words| {
        let row = get_hold(connection, scope, Permission::SeeBeds, id)?;
        let names = visible_names(connection, scope, &[row.elder_id], words.now)?;
        Ok(Hold::new(row, !names.is_empty(), words))
    })
    .await
}

async fn keep(visitor: Visitor, once: Once, Json(input): Json<HoldInput>) -> Result<HttpResponse> {
    let holding = Holding {
        whom: whom(&visitor, input.elder_id, input.identity.clone()).await?,
        bed_id: input.bed_id,
        until: instant(input.ends_at),
        note: input.note.clone().unwrap_or_default(),
    };
    let outcome = once.write(&visitor, &input, move |tx| hold(tx, &holding)).await;
    let id = outcome.map_err(|error| error.renamed(NAMES))?;
    Ok(created(format!("/api/v1/holds/{id}"), &find_hold(&visitor, id).await?))
}

async fn let_go(visitor: Visitor, Id(id): Id, Json(input): Json<ReleaseInput>) -> Result<HttpResponse> {
    let reason = input.reason.unwrap_or_default();
    visitor.app.write(&visitor.scope(), move |tx| release_hold(tx, id, input.version, &reason)).await?;
    Ok(ok(&find_hold(&visitor, id).await?))
}

async fn show_outage(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    Ok(ok(&find_outage(&visitor, id).await?))
}

async fn find_outage(visitor: &Visitor, id: i64) -> Result<Outage> {
    fetch(visitor, move |connection, scope, words| {
        Ok(Outage::new(get_outage(connection, scope, Permission::SeeBeds, id)?, words))
    })
    .await
}

async fn take(visitor: Visitor, once: Once, Json(input): Json<OutageInput>) -> Result<HttpResponse> {
    let bed_id = input.bed_id;
    let taking = Taking {
        why: input.why,
        from: input.starts_at.map(instant),
        due: input.due_at.map(instant),
        note: input.note.clone().unwrap_or_default(),
        reason: input.reason.clone().unwrap_or_default(),
    };
    let outcome = once.write(&visitor, &input, move |tx| take_out(tx, bed_id, &taking)).await;
    let id = outcome.map_err(|error| error.renamed(NAMES))?;
    Ok(created(format!("/api/v1/outages/{id}"), &find_outage(&visitor, id).await?))
}

async fn give_back(visitor: Visitor, Id(id): Id, Json(input): Json<EndInput>) -> Result<HttpResponse> {
    let (at, reason) = (input.ends_at.map(instant), input.reason.unwrap_or_default());
    change(&visitor, move |tx| put_back(tx, id, input.version, at, &reason)).await?;
    Ok(ok(&find_outage(&visitor, id).await?))
}

async fn show_leave(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    Ok(ok(&find_leave(&visitor, id).await?))
}

async fn find_leave(visitor: &Visitor, id: i64) -> Result<Leave> {
    fetch(visitor, move |connection, scope, words| {
        Ok(Leave::new(get_leave(connection, scope, Permission::SeeBeds, id)?, words))
    })
    .await
}

async fn come_back(visitor: Visitor, Id(id): Id, Json(input): Json<EndInput>) -> Result<HttpResponse> {
    let (at, reason) = (input.ends_at.map(instant), input.reason.unwrap_or_default());
    change(&visitor, move |tx| end_leave(tx, id, input.version, at, &reason)).await?;
    Ok(ok(&find_leave(&visitor, id).await?))
}
