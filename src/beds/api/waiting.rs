//! The waiting list.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::stays::{NAMES, change};
use crate::access::{Permission, Scope};
use crate::api::{
    At, Endpoint, Filter, FilterKind, Id, Json, Once, Resource, created, fetch, list_endpoint, ok,
};
use crate::beds::model::{BedKind, CareLevel, WaitingState};
use crate::beds::store::{EntryListed, get_entry, list_entries};
use crate::beds::{Waiting, Whom, ask_for_bed, jump, withdraw};
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::listing::ListRequest;
use crate::web::{Need, Visitor, Words};

const TAG: &str = "waiting";

pub fn endpoints() -> Vec<Endpoint> {
    let manage = Need::May(Permission::ManageWaiting);
    vec![
        list_endpoint::<Entries>(),
        Endpoint::get("/api/v1/waiting/{id}", Need::May(Permission::SeeBeds), || web::to(show))
            .about(TAG, "api.waiting.show")
            .answers::<WaitingEntry>(200),
        Endpoint::post("/api/v1/waiting", manage, || web::to(ask))
            .about(TAG, "api.waiting.ask")
            .takes::<WaitingInput>()
            .answers::<WaitingEntry>(201)
            .fails(409),
        Endpoint::post("/api/v1/waiting/{id}/withdraw", manage, || web::to(stop))
            .about(TAG, "api.waiting.withdraw")
            .takes::<WithdrawInput>()
            .answers::<WaitingEntry>(200)
            .fails(409),
        Endpoint::post("/api/v1/waiting/{id}/jump", manage, || web::to(move_up))
            .about(TAG, "api.waiting.jump")
            .takes::<JumpInput>()
            .answers::<WaitingEntry>(200)
            .fails(409),
    ]
}

/// Somebody who waits for a bed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WaitingEntry {
    pub id: i64,
    /// Where the asker may see the elder.
    pub elder_id: Option<i64>,
    pub town_code: String,
    /// Where the elder wishes to live; anywhere without it.
    pub institution_id: Option<i64>,
    pub bed_kind: Option<BedKind>,
    pub care_level: Option<CareLevel>,
    pub class_code: String,
    /// In the whole city, from 1; absent for one who no longer waits.
    pub position: Option<i64>,
    /// Moved ahead of the class, with a reason that the audit log keeps.
    pub has_jumped: bool,
    pub state: WaitingState,
    pub note: String,
    pub asked_at: At,
    pub version: i64,
}

#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WaitingInput {
    elder_id: i64,
    institution_id: Option<i64>,
    bed_kind: Option<BedKind>,
    care_level: Option<CareLevel>,
    /// The first class that the elder's categories give, without it.
    class_code: Option<String>,
    note: Option<String>,
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WithdrawInput {
    #[schema(minimum = 1)]
    version: i64,
    reason: String,
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct JumpInput {
    #[schema(minimum = 1)]
    version: i64,
    /// The entry in front of which it goes.
    before_id: i64,
    reason: String,
}

impl WaitingEntry {
    fn new(listed: EntryListed, words: &Words) -> WaitingEntry {
        let EntryListed { entry, position, elder, .. } = listed;
        WaitingEntry {
            id: entry.id,
            elder_id: elder.map(|_| entry.elder_id),
            town_code: entry.town_code,
            institution_id: entry.institution_id,
            bed_kind: entry.bed_kind,
            care_level: entry.care_level,
            class_code: entry.class_code,
            position,
            has_jumped: entry.jump_rank.is_some(),
            state: entry.state,
            note: entry.note,
            asked_at: At::new(words.calendar, entry.asked_at),
            version: entry.version,
        }
    }
}

struct Entries;

impl Resource for Entries {
    const PATH: &'static str = "/api/v1/waiting";
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.waiting.list";
    const NEED: Permission = Permission::SeeBeds;
    const FILTERS: &'static [Filter] = &[
        Filter::new("institution", FilterKind::Id, "Number of the institution that is wished for."),
        Filter::new("town", FilterKind::Text, "Code of the elder's town."),
        Filter::new("class", FilterKind::Text, "Code of the class."),
        Filter::new("kind", FilterKind::OneOf(BedKind::NAMES), "Kind of bed that is wished for."),
        Filter::new("state", FilterKind::OneOf(WaitingState::NAMES), "Waiting, unless told otherwise."),
    ];
    type Item = WaitingEntry;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Vec<WaitingEntry>> {
        let rows = list_entries(connection, scope, request, words.now)?.rows;
        Ok(rows.into_iter().map(|row| WaitingEntry::new(row, words)).collect())
    }

    fn number(item: &WaitingEntry) -> i64 {
        item.id
    }
}

async fn show(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    Ok(ok(&find(&visitor, id).await?))
}

async fn find(visitor: &Visitor, id: i64) -> Result<WaitingEntry> {
    fetch(visitor, move |connection, scope, words| {
        let entry = get_entry(connection, scope, Permission::SeeBeds, id)?;
        let filters = [("state".to_owned(), entry.state.name().to_owned())].into();
        let one = ListRequest { filters, after_id: Some(id - 1), limit: 1, ..ListRequest::default() };
        let listed = list_entries(connection, scope, &one, words.now)?.rows.pop();
        Ok(WaitingEntry::new(listed.ok_or_else(Error::not_found)?, words))
    })
    .await
}

async fn ask(visitor: Visitor, once: Once, Json(input): Json<WaitingInput>) -> Result<HttpResponse> {
    let waiting = Waiting {
        whom: Whom::Elder(input.elder_id),
        institution_id: input.institution_id,
        bed_kind: input.bed_kind,
        care_level: input.care_level,
        class_code: input.class_code.clone(),
        note: input.note.clone().unwrap_or_default(),
    };
    let outcome = once.write(&visitor, &input, move |tx| ask_for_bed(tx, &waiting)).await;
    let id = outcome.map_err(|error| error.renamed(NAMES))?;
    Ok(created(format!("/api/v1/waiting/{id}"), &find(&visitor, id).await?))
}

async fn stop(visitor: Visitor, Id(id): Id, Json(input): Json<WithdrawInput>) -> Result<HttpResponse> {
    visitor.app.write(&visitor.scope(), move |tx| withdraw(tx, id, input.version, &input.reason)).await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn move_up(visitor: Visitor, Id(id): Id, Json(input): Json<JumpInput>) -> Result<HttpResponse> {
    change(&visitor, move |tx| jump(tx, id, input.version, input.before_id, &input.reason)).await?;
    Ok(ok(&find(&visitor, id).await?))
}
