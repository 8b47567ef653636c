//! Cards on paper, eight to a page.

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::list::{Asked, asked};
use super::{DoorCard, door_card, phones};
use crate::app::Tx;
use crate::elders::cards::issue::{CARDS_MAX, reveal_cards};
use crate::error::Result;
use crate::listing::ListRequest;
use crate::web::{Input, Page, Visitor, html, own_address};

#[derive(Template)]
#[template(path = "door_card_sheet.html")]
struct SheetPage {
    page: Page,
    how: String,
    /// There are more than were printed.
    note: Option<String>,
    cards: Vec<DoorCard>,
}

/// The cards of those who were ticked, or of all that the filter finds.
pub async fn show(visitor: Visitor, http: HttpRequest) -> Result<HttpResponse> {
    let Asked { request, chosen } = asked(&Input::parse(http.query_string())?)?;
    let request = if chosen.is_empty() { request } else { ListRequest::default() };
    let load = move |tx: &mut Tx<'_>| {
        let rows = reveal_cards(tx, &request, &chosen)?;
        let towns = rows.iter().map(|(row, _)| row.town_code.clone());
        let phones = phones(tx.connection, towns)?;
        Ok((rows, phones))
    };
    let (rows, phones) = visitor.app.write(&visitor.scope(), load).await?;
    let address = own_address(&visitor, &http);
    let cards = rows.iter().map(|(row, code)| {
        let phone = phones.get(&row.town_code).and_then(Option::as_deref);
        door_card(&visitor, &address, (row.elder_id, &row.name, &row.village), (code, phone))
    });
    let cards = cards.collect::<Result<Vec<_>>>()?;
    let is_cut = cards.len() as i64 >= CARDS_MAX;
    html(&SheetPage {
        page: Page::new(&visitor, &visitor.t("card.list_heading")),
        how: visitor.lang.fill("card.sheet_how", &[("n", &cards.len().to_string())]),
        note: is_cut.then(|| visitor.lang.fill("card.cut", &[("max", &CARDS_MAX.to_string())])),
        cards,
    })
}
