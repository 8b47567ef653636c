//! Door cards for programs.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::issue::{issue, issue_missing, reveal_card, revoke};
use super::model::CardEnding;
use super::store::{self, CardRow};
use crate::access::Permission;
use crate::api::{At, Endpoint, Id, Json, Once, created, fetch, ok};
use crate::elders::store::get_elder_to_edit;
use crate::error::{Error, Result};
use crate::listing::ListRequest;
use crate::text::Text;
use crate::web::{Need, Visitor, Words, own_address};

const TAG: &str = "elders";
const ONE: &str = "/api/v1/elders/{id}/card";
/// Elders named in one request.
const ELDERS_MAX: usize = 400;

pub fn endpoints() -> Vec<Endpoint> {
    let edit = Need::May(Permission::EditElder);
    vec![
        Endpoint::get(ONE, edit, || web::to(show)).about(TAG, "api.card.list").answers::<ElderCards>(200),
        Endpoint::post(ONE, edit, || web::to(create))
            .about(TAG, "api.card.issue")
            .takes::<CardIssueInput>()
            .answers::<ElderCards>(201)
            .fails(409),
        Endpoint::post("/api/v1/elders/{id}/card/revoke", edit, || web::to(end))
            .about(TAG, "api.card.revoke")
            .takes::<CardRevokeInput>()
            .answers::<ElderCards>(200)
            .fails(409),
        Endpoint::post("/api/v1/elders/{id}/card/show", edit, || web::to(tell))
            .about(TAG, "api.card.show")
            .answers::<CardCode>(200),
        Endpoint::post("/api/v1/door-cards", edit, || web::to(create_missing))
            .about(TAG, "api.card.issue_missing")
            .takes::<CardsInput>()
            .answers::<CardsIssued>(200),
    ]
}

/// The cards that an elder has had, the newest first, without their numbers.
#[derive(Serialize, ToSchema)]
struct ElderCards {
    elder_id: i64,
    cards: Vec<DoorCard>,
}

#[derive(Serialize, ToSchema)]
struct DoorCard {
    id: i64,
    issued_at: At,
    issued_by: String,
    /// Absent for the one that counts.
    ended_at: Option<At>,
    ended_by: Option<String>,
    ending: Option<CardEnding>,
}

#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CardIssueInput {
    /// The card that counts, as it was seen: it stops at once. Null where none did.
    seen_id: Option<i64>,
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CardRevokeInput {
    /// The card that counts, as it was seen.
    seen_id: i64,
}

/// What stands on the card that counts.
#[derive(Serialize, ToSchema)]
struct CardCode {
    /// Eight digits.
    code: String,
    /// The address in its code: it shows a stranger nothing.
    url: String,
}

/// Either a town or elders by their numbers.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CardsInput {
    town_code: Option<String>,
    /// 400 at most.
    elder_ids: Option<Vec<i64>>,
}

#[derive(Serialize, ToSchema)]
struct CardsIssued {
    issued: i64,
}

fn view(words: &Words, row: CardRow) -> DoorCard {
    let at = |instant| At::new(words.calendar, instant);
    DoorCard {
        id: row.id,
        issued_at: at(row.issued_at),
        issued_by: row.issued_by,
        ended_at: row.ended_at.map(at),
        ended_by: row.ended_by,
        ending: row.ending,
    }
}

async fn find(visitor: &Visitor, id: i64) -> Result<ElderCards> {
    fetch(visitor, move |connection, scope, words| {
        get_elder_to_edit(connection, scope, id)?;
        let cards = store::cards_of(connection, id)?.into_iter().map(|row| view(words, row)).collect();
        Ok(ElderCards { elder_id: id, cards })
    })
    .await
}

async fn show(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    Ok(ok(&find(&visitor, id).await?))
}

async fn create(
    visitor: Visitor,
    Id(id): Id,
    once: Once,
    Json(input): Json<CardIssueInput>,
) -> Result<HttpResponse> {
    let seen = input.seen_id;
    once.write(&visitor, &input, move |tx| issue(tx, id, seen)).await?;
    Ok(created(ONE.replace("{id}", &id.to_string()), &find(&visitor, id).await?))
}

async fn end(visitor: Visitor, Id(id): Id, Json(input): Json<CardRevokeInput>) -> Result<HttpResponse> {
    visitor.app.write(&visitor.scope(), move |tx| revoke(tx, id, input.seen_id)).await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn tell(visitor: Visitor, http: HttpRequest, Id(id): Id) -> Result<HttpResponse> {
    let code = visitor.app.write(&visitor.scope(), move |tx| reveal_card(tx, id)).await?;
    let code = code.ok_or_else(Error::not_found)?;
    let url = format!("{}/card/{code}", own_address(&visitor, &http));
    Ok(ok(&CardCode { code, url }))
}

async fn create_missing(visitor: Visitor, once: Once, Json(input): Json<CardsInput>) -> Result<HttpResponse> {
    let elders = input.elder_ids.clone().unwrap_or_default();
    if input.town_code.is_some() != elders.is_empty() {
        return Err(Error::field("elder_ids", Text::new("rule.town_or_elders")));
    }
    if elders.len() > ELDERS_MAX {
        return Err(Error::field("elder_ids", Text::new("rule.too_many").with("max", ELDERS_MAX)));
    }
    let mut request = ListRequest::default();
    if let Some(town) = &input.town_code {
        request.filters.insert("town".to_owned(), town.clone());
    }
    let work = move |tx: &mut crate::app::Tx<'_>| Ok(issue_missing(tx, &request, &elders)? as i64);
    let issued = once.write(&visitor, &input, work).await?;
    Ok(ok(&CardsIssued { issued }))
}
