//! Pages of door cards: one elder's, the list of those who have one or lack one, and the cards on paper.

mod list;
mod sheet;

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::check::early_code;
use super::issue::{issue, reveal_card, revoke};
use super::model::{grouped, masked_name};
use super::store::{self, CardRow};
use crate::access::Permission;
use crate::access::store::phone_of_coordinator;
use crate::app::Tx;
use crate::db::AnyConnection;
use crate::elders::store::{ElderListed, get_elder_to_edit, with_places};
use crate::error::{Error, Result};
use crate::text::{Lang, Text};
use crate::web::{
    Action, Cell, Column, Context, Input, Need, Page, QrDrawing, Route, Row, TableView, Visitor, draw_qr,
    get, html, own_address, post, redirect, table,
};

pub fn routes() -> Vec<Route> {
    let edit = Need::May(Permission::EditElder);
    vec![
        get("/elders/cards", edit, || web::to(list::show)),
        post("/elders/cards", edit, || web::to(list::save)),
        get("/elders/cards/sheet", edit, || web::to(sheet::show)),
        get("/elders/{id}/card", edit, || web::to(show)),
        post("/elders/{id}/card", edit, || web::to(save)),
        post("/elders/{id}/card/revoke", edit, || web::to(save_revoke)),
    ]
}

/// A card as it is printed. It hangs at a door in the city: its words are Chinese, whoever prints it.
struct DoorCard {
    /// Whose it is in full, on a strip that is cut off before it is hung up.
    slip: String,
    title: Cow<'static, str>,
    name: String,
    number: String,
    code: String,
    how: Cow<'static, str>,
    call: Cow<'static, str>,
    phone: String,
    label: String,
    drawn: QrDrawing,
}

/// Where phones of coordinators are looked up, by town.
type Phones = HashMap<String, Option<String>>;

fn phones(connection: &mut AnyConnection, towns: impl Iterator<Item = String>) -> Result<Phones> {
    let mut phones = Phones::new();
    for town in towns {
        if let Entry::Vacant(unknown) = phones.entry(town) {
            let phone = phone_of_coordinator(connection, unknown.key())?;
            unknown.insert(phone);
        }
    }
    Ok(phones)
}

/// Whose card it is: number, name, village.
type Whose<'a> = (i64, &'a str, &'a str);

fn door_card(
    context: &Context,
    address: &str,
    (elder_id, name, village): Whose<'_>,
    (code, phone): (&str, Option<&str>),
) -> Result<DoorCard> {
    let chinese = Lang::Chinese;
    let phone = phone.unwrap_or(&context.app.config.city.help_phone);
    Ok(DoorCard {
        slip: context.lang.fill("card.slip", &[("name", name), ("village", village)]),
        title: chinese.t("card.title"),
        name: masked_name(name),
        number: chinese.fill("card.number", &[("n", &elder_id.to_string())]),
        how: chinese.t("card.how"),
        call: chinese.t("card.call_on_card"),
        phone: phone.to_owned(),
        label: context.lang.fill("card.qr", &[("code", &grouped(code))]),
        drawn: draw_qr(&format!("{address}/card/{code}"))?,
        code: grouped(code),
    })
}

#[derive(Template)]
#[template(path = "door_card.html")]
struct CardPage {
    page: Page,
    heading: String,
    back_href: String,
    actions: Vec<Action>,
    cards: Vec<DoorCard>,
    /// What is said where there is no card.
    note: Option<String>,
    history: Option<TableView>,
}

async fn show(visitor: Visitor, http: HttpRequest, id: web::Path<i64>) -> Result<HttpResponse> {
    let id = id.into_inner();
    let load = move |tx: &mut Tx<'_>| {
        let elder = get_elder_to_edit(tx.connection, tx.scope, id)?;
        let listed = with_places(tx.connection, vec![elder], (tx.calendar, tx.now))?.pop();
        let listed = listed.ok_or_else(Error::not_found)?;
        let code = reveal_card(tx, id)?;
        let phone = phone_of_coordinator(tx.connection, &listed.elder.town_code)?;
        Ok((listed, code, phone, store::cards_of(tx.connection, id)?))
    };
    let (listed, code, phone, rows) = visitor.app.write(&visitor.scope(), load).await?;
    let ElderListed { elder, village, .. } = &listed;
    let address = own_address(&visitor, &http);
    let whose = (id, elder.name.as_str(), village.as_str());
    let card =
        code.map(|code| door_card(&visitor, &address, whose, (&code, phone.as_deref()))).transpose()?;
    let note = match (&card, rows.is_empty()) {
        (Some(_), _) => None,
        (None, false) => Some(visitor.t("card.revoked").into_owned()),
        (None, true) => {
            let early = grouped(&early_code(&visitor.app.keys, id));
            Some(visitor.lang.fill("card.none", &[("code", &early)]))
        }
    };
    let heading = format!("{} · {}", elder.name, visitor.t("card.heading"));
    html(&CardPage {
        page: Page::new(&visitor, &visitor.t("card.heading")),
        heading,
        back_href: format!("/elders/{id}"),
        actions: actions(&visitor, id, &rows),
        note,
        history: history(&visitor, &rows),
        cards: card.into_iter().collect(),
    })
}

fn actions(visitor: &Visitor, id: i64, rows: &[CardRow]) -> Vec<Action> {
    let path = format!("/elders/{id}/card");
    let valid = rows.first().filter(|row| row.ended_at.is_none());
    let Some(card) = valid else {
        return vec![Action::post(path, visitor.t("card.issue"), "plus").primary().with("seen", "")];
    };
    vec![
        Action::post(path.clone(), visitor.t("card.replace"), "refresh-cw")
            .with("seen", card.id)
            .confirm(visitor.t("card.replace_confirm")),
        Action::post(format!("{path}/revoke"), visitor.t("card.revoke"), "x")
            .with("seen", card.id)
            .confirm(visitor.t("card.revoke_confirm")),
    ]
}

const HISTORY_COLUMNS: &[Column] = &[
    Column::text("issued", "field.issued_at"),
    Column::text("issued_by", "field.issued_by"),
    Column::text("ended", "field.ended_at"),
    Column::text("ended_by", "field.ended_by"),
    Column::text("state", "field.state"),
];

fn history(visitor: &Visitor, rows: &[CardRow]) -> Option<TableView> {
    let line = |row: &CardRow| Row {
        href: None,
        cells: vec![
            Cell::text(visitor.show(row.issued_at)),
            Cell::text(&row.issued_by),
            Cell::text(row.ended_at.map(|at| visitor.show(at)).unwrap_or_default()),
            Cell::text(row.ended_by.clone().unwrap_or_default()),
            match row.ending {
                None => Cell::chip(visitor.t("card.counts"), "ok"),
                Some(ending) => Cell::chip(visitor.name_of("card_ending", ending.name()), "off"),
            },
        ],
    };
    let lines: Vec<Row> = rows.iter().map(line).collect();
    (!lines.is_empty()).then(|| table(visitor, HISTORY_COLUMNS, lines))
}

/// The number of the card that the asker saw; none where there was none.
fn seen(input: &Input) -> Result<Option<i64>> {
    match input.text("seen").as_str() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| Error::field("seen", Text::new("rule.version"))),
    }
}

async fn save(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let (id, seen) = (id.into_inner(), seen(&Input::parse(&body)?)?);
    visitor.app.write(&visitor.scope(), move |tx| issue(tx, id, seen)).await?;
    Ok(redirect(&format!("/elders/{id}/card")))
}

async fn save_revoke(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let (id, seen) = (id.into_inner(), seen(&Input::parse(&body)?)?);
    let seen = seen.ok_or_else(|| Error::field("seen", Text::new("rule.version")))?;
    visitor.app.write(&visitor.scope(), move |tx| revoke(tx, id, seen)).await?;
    Ok(redirect(&format!("/elders/{id}/card")))
}
