//! What was measured with cards that nobody has, for programs.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::TAG;
use crate::access::{Permission, Scope};
use crate::api::{At, Endpoint, Filter, FilterKind, Id, Json, Resource, list_endpoint, ok};
use crate::db::AnyConnection;
use crate::devices::cards::{claim, dismiss, show, take_back};
use crate::devices::model::CardState;
use crate::devices::store::{OpenCard, open_cards};
use crate::error::Result;
use crate::listing::ListRequest;
use crate::web::{Need, Visitor, Words};

pub fn endpoints() -> Vec<Endpoint> {
    let need = Need::May(Permission::EditElder);
    vec![
        list_endpoint::<OpenCards>(),
        Endpoint::get("/api/v1/card-readings/{id}", need, || web::to(look))
            .about(TAG, "api.card_reading.show")
            .answers::<CardReadings>(200)
            .fails(409),
        Endpoint::post("/api/v1/card-readings/{id}/claim", need, || web::to(save_claim))
            .about(TAG, "api.card_reading.claim")
            .takes::<CardClaimInput>()
            .answers::<CardSettled>(200)
            .fails(409),
        Endpoint::post("/api/v1/card-readings/{id}/dismiss", need, || web::to(save_dismissal))
            .about(TAG, "api.card_reading.dismiss")
            .takes::<CardDismissInput>()
            .answers::<CardSettled>(200)
            .fails(409),
        Endpoint::post("/api/v1/card-readings/{id}/take-back", need, || web::to(undo))
            .about(TAG, "api.card_reading.take_back")
            .answers::<CardTakenBack>(200)
            .fails(409),
    ]
}

/// A card that nobody has, and how much was measured with it.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct UnclaimedCard {
    /// The first of its readings: it stands for the card.
    id: i64,
    device_id: i64,
    device_name: String,
    town_code: String,
    readings: i64,
    first_at: At,
    last_at: At,
}

/// What was measured with a card that nobody has.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct CardReadings {
    /// The last digits of the number.
    card: String,
    /// Whether somebody has said whose it is.
    state: CardState,
    /// Whose it is, by what was said.
    elder_id: Option<i64>,
    /// Login of whoever said so.
    settled_by: Option<String>,
    settled_at: Option<At>,
    /// Why it is nobody's.
    dismissed_reason: Option<String>,
    /// How many values there are.
    total: i64,
    /// The newest of them, 200 at most, the newest first.
    readings: Vec<CardValue>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
struct CardValue {
    device_id: i64,
    /// Number of the channel in the device protocol.
    channel: i16,
    /// In the unit of the channel.
    value: f64,
    at: At,
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CardClaimInput {
    /// Whose card it is: everything that was measured with it is theirs, and will be.
    elder_id: i64,
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CardDismissInput {
    /// Why it is nobody's.
    reason: String,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
struct CardSettled {
    /// How many values.
    readings: i64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
struct CardTakenBack {
    /// How many values are nobody's again.
    readings: i64,
    /// How many values stay the elder's: of the hours in which they count, not every single value is kept any more
    /// (`retention.readings_days`).
    kept: i64,
}

struct OpenCards;

impl Resource for OpenCards {
    const PATH: &'static str = "/api/v1/card-readings";
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.card_reading.list";
    const NEED: Permission = Permission::EditElder;
    const FILTERS: &'static [Filter] = &[Filter::new(
        "state",
        FilterKind::OneOf(CardState::NAMES),
        "Whether somebody has said whose it is; open without it.",
    )];
    type Item = UnclaimedCard;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Vec<UnclaimedCard>> {
        let rows = open_cards(connection, scope, request, words.now)?.rows;
        Ok(rows.into_iter().map(|row| view(row, words)).collect())
    }

    fn number(item: &UnclaimedCard) -> i64 {
        item.id
    }
}

fn view(card: OpenCard, words: &Words) -> UnclaimedCard {
    UnclaimedCard {
        id: card.id,
        device_id: card.device_id,
        device_name: card.device,
        town_code: card.town_code,
        readings: card.readings,
        first_at: At::new(words.calendar, card.first_at),
        last_at: At::new(words.calendar, card.last_at),
    }
}

async fn look(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    let found = visitor.app.write(&visitor.scope(), move |tx| show(tx, id)).await?;
    let value = |(reading, _): (crate::devices::store::CardReading, String)| CardValue {
        device_id: reading.device_id,
        channel: reading.channel,
        value: reading.value,
        at: At::new(visitor.app.calendar, reading.at),
    };
    Ok(ok(&CardReadings {
        card: found.card,
        state: found.state,
        elder_id: found.one.elder_id,
        settled_by: found.one.settled_by,
        settled_at: found.one.settled_at.map(|at| At::new(visitor.app.calendar, at)),
        dismissed_reason: found.one.dismissed_reason,
        total: found.total,
        readings: found.readings.into_iter().map(value).collect(),
    }))
}

async fn undo(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    let taken = visitor.app.write(&visitor.scope(), move |tx| take_back(tx, id)).await?;
    Ok(ok(&CardTakenBack { readings: taken.readings as i64, kept: taken.kept as i64 }))
}

async fn save_claim(visitor: Visitor, Id(id): Id, Json(input): Json<CardClaimInput>) -> Result<HttpResponse> {
    let work = move |tx: &mut crate::app::Tx<'_>| claim(tx, id, input.elder_id);
    let readings = visitor.app.write(&visitor.scope(), work).await? as i64;
    Ok(ok(&CardSettled { readings }))
}

async fn save_dismissal(
    visitor: Visitor,
    Id(id): Id,
    Json(input): Json<CardDismissInput>,
) -> Result<HttpResponse> {
    let work = move |tx: &mut crate::app::Tx<'_>| dismiss(tx, id, &input.reason);
    let readings = visitor.app.write(&visitor.scope(), work).await? as i64;
    Ok(ok(&CardSettled { readings }))
}
