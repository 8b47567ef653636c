//! What was measured with cards that nobody has: the list, what it was, whose it is, and taking back what was said of it.

use actix_web::{HttpResponse, web};
use chrono::{NaiveDate, TimeDelta};

use super::{channel_name, value_text};
use crate::access::{Permission, Scope};
use crate::db::AnyConnection;
use crate::devices::cards::{CardLook, claim, dismiss, open, show, take_back};
use crate::devices::model::CardState;
use crate::devices::store::{CardReading, OpenCard, open_cards};
use crate::elders::named;
use crate::error::{Code, Result};
use crate::listing::{ListRequest, Listed};
use crate::web::{
    Action, Cell, Column, Detail, Field, Filter, FilterKind, Form, FormField, Input, List, Need, Route, Row,
    Section, Visitor, Words, detail_page, form_page, get, list_routes, post, redirect, table,
};

pub fn routes() -> Vec<Route> {
    let need = Need::May(Permission::EditElder);
    let mut routes = list_routes::<OpenCards>().to_vec();
    routes.extend([
        get("/card-readings/{id}", need, || web::to(look)),
        get("/card-readings/{id}/claim", need, || web::to(claim_form)),
        post("/card-readings/{id}/claim", need, || web::to(save_claim)),
        get("/card-readings/{id}/dismiss", need, || web::to(dismiss_form)),
        post("/card-readings/{id}/dismiss", need, || web::to(save_dismissal)),
        post("/card-readings/{id}/take-back", need, || web::to(undo)),
    ]);
    routes
}

struct OpenCards;

impl List for OpenCards {
    const PATH: &'static str = "/card-readings";
    const EXPORT_PATH: &'static str = "/card-readings.xlsx";
    const HEADING: &'static str = "card_reading.heading";
    const EMPTY: &'static str = "card_reading.empty";
    const NEED: Permission = Permission::EditElder;
    const COLUMNS: &'static [Column] = &[
        Column::text("device", "field.device").unsorted(),
        Column::number("readings", "field.readings").unsorted(),
        Column::text("first", "field.first_at").unsorted(),
        Column::text("last", "field.last_at").unsorted(),
    ];

    fn filters(_: &mut AnyConnection, _: &Scope, words: &Words) -> Result<Vec<Filter>> {
        let states = CardState::NAMES.iter();
        let states = states.map(|name| ((*name).to_owned(), words.name_of("card_state", name))).collect();
        let kind = FilterKind::OneOf(states, CardState::Open.name());
        Ok(vec![Filter { name: "state", label: "field.state", kind }])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let listed = open_cards(connection, scope, request, words.now)?;
        Ok(Listed { rows: listed.rows.iter().map(|card| cells(card, words)).collect(), total: listed.total })
    }
}

fn cells(card: &OpenCard, words: &Words) -> Row {
    let at = |at| Cell::at(words.calendar.show(at), words.calendar.rfc3339(at));
    Row {
        href: Some(format!("/card-readings/{}", card.id)),
        cells: vec![
            Cell::text(&card.device),
            Cell::count(card.readings),
            at(card.first_at),
            at(card.last_at),
        ],
    }
}

const COLUMNS: &[Column] = &[
    Column::text("channel", "field.channel"),
    Column::text("value", "field.value"),
    Column::text("at", "field.measured_at"),
    Column::text("device", "field.device"),
];

async fn look(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let id = id.into_inner();
    let look = visitor.app.write(&visitor.scope(), move |tx| show(tx, id)).await?;
    let words = Words::of(&visitor);
    let rows = look.readings.iter().map(|(reading, device)| line(&words, reading, device)).collect();
    let state = look.state;
    let heading = if state == CardState::Open { "card_reading.one" } else { "card_reading.one_settled" };
    let shown = look.readings.len().to_string();
    let readings = if (look.readings.len() as i64) < look.total {
        words.lang.fill("card_reading.newest", &[("n", &shown), ("total", &look.total.to_string())])
    } else {
        words.t("device.readings")
    };
    detail_page(
        &visitor,
        Detail {
            heading: visitor.t(heading).into_owned(),
            subheading: visitor.t("card_reading.about").into_owned(),
            actions: actions(&visitor, id, state),
            sections: vec![
                Section {
                    heading: visitor.t("detail.facts").into_owned(),
                    fields: facts(&words, look),
                    table: None,
                },
                Section {
                    heading: readings,
                    fields: Vec::new(),
                    table: Some(table(&visitor, COLUMNS, rows)),
                },
            ],
            // A page that is fetched again by itself would write down looks that nobody took.
            topic: None,
        },
    )
}

fn actions(visitor: &Visitor, id: i64, state: CardState) -> Vec<Action> {
    let (t, path) =
        (|key: &str| visitor.t(key).into_owned(), |step: &str| format!("/card-readings/{id}/{step}"));
    let (label, ask) = match state {
        CardState::Open => {
            return vec![
                Action::link(path("claim"), t("card_reading.claim"), "check").primary(),
                Action::link(path("dismiss"), t("card_reading.dismiss"), "circle-x"),
            ];
        }
        CardState::Claimed => {
            let since = whole_since(visitor).to_string();
            let ask = visitor.lang.fill("card_reading.take_back_confirm", &[("since", &since)]);
            ("card_reading.take_back", ask)
        }
        CardState::Dismissed => ("card_reading.reconsider", t("card_reading.reconsider_confirm")),
    };
    vec![Action::post(path("take-back"), t(label), "history").confirm(ask)]
}

/// The first day of which no single value is forgotten yet.
fn whole_since(visitor: &Visitor) -> NaiveDate {
    let days = i64::from(visitor.app.config.retention.readings_days);
    let words = Words::of(visitor);
    words.calendar.day_of(words.now - TimeDelta::days(days)) + TimeDelta::days(1)
}

fn facts(words: &Words, look: CardLook) -> Vec<Field> {
    let mut fields = vec![Field::new(words.t("field.card_number"), look.card).sealed()];
    fields.push(Field::new(words.t("field.state"), words.name_of("card_state", look.state.name())));
    if let (Some(id), Some(name)) = (look.one.elder_id, look.elder) {
        fields.push(Field::new(words.t("field.elder_id"), name).link(format!("/elders/{id}")));
    }
    if let Some(reason) = look.one.dismissed_reason {
        fields.push(Field::new(words.t("field.reason"), reason));
    }
    if let (Some(who), Some(when)) = (look.one.settled_by, look.one.settled_at) {
        let when = words.calendar.show(when);
        let said = words.lang.fill("card_reading.settled", &[("who", &who), ("when", &when)]);
        fields.push(Field::new(words.t("field.decided"), said));
    }
    fields
}

async fn undo(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let id = id.into_inner();
    let taken = visitor.app.write(&visitor.scope(), move |tx| take_back(tx, id)).await?;
    // What stays with the elder is no longer a card that somebody has to decide on.
    Ok(redirect(&if taken.is_open { format!("/card-readings/{id}") } else { "/card-readings".to_owned() }))
}

fn line(words: &Words, reading: &CardReading, device: &str) -> Row {
    Row {
        href: None,
        cells: vec![
            Cell::text(channel_name(words, reading.channel)),
            Cell::text(value_text(words, reading.channel, reading.value)),
            Cell::text(words.calendar.show(reading.at)),
            Cell::text(device),
        ],
    }
}

/// What the two forms differ in.
#[derive(Clone, Copy)]
struct Asked {
    step: &'static str,
    heading: &'static str,
    field: &'static str,
    kind: &'static str,
    hint: &'static str,
}

const CLAIM: Asked = Asked {
    step: "claim",
    heading: "card_reading.claim",
    field: "elder_id",
    kind: "text",
    hint: "hint.card_elder",
};
const DISMISS: Asked = Asked {
    step: "dismiss",
    heading: "card_reading.dismiss",
    field: "reason",
    kind: "text",
    hint: "hint.card_reason",
};

async fn claim_form(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    fresh(&visitor, id.into_inner(), CLAIM).await
}

async fn dismiss_form(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    fresh(&visitor, id.into_inner(), DISMISS).await
}

async fn fresh(visitor: &Visitor, id: i64, asked: Asked) -> Result<HttpResponse> {
    // Whether there is something to decide.
    visitor.app.write(&visitor.scope(), move |tx| open(tx, id).map(drop)).await?;
    form_page(visitor, form(visitor, id, asked, &Input::default()), None)
}

fn form(visitor: &Visitor, id: i64, asked: Asked, input: &Input) -> Form {
    let field = FormField::of(visitor, asked.field, asked.kind, input);
    Form {
        heading: visitor.t(asked.heading).into_owned(),
        action: format!("/card-readings/{id}/{}", asked.step),
        version: None,
        fields: vec![field.required(true).hint(visitor.t(asked.hint))],
        submit_label: visitor.t("action.save").into_owned(),
        cancel_href: format!("/card-readings/{id}"),
    }
}

async fn save_claim(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let (id, input) = (id.into_inner(), Input::parse(&body)?);
    let scope = visitor.scope();
    // Whose device it is comes before what is wrong with the form.
    visitor.app.write(&scope, move |tx| open(tx, id).map(drop)).await?;
    let outcome = match named(&visitor.app, &scope, ("elder_id", &input.text("elder_id"))).await {
        Ok(elder) => visitor.app.write(&scope, move |tx| claim(tx, id, elder)).await,
        Err(error) => Err(error),
    };
    answer(&visitor, id, (CLAIM, &input), outcome)
}

async fn save_dismissal(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let (id, input) = (id.into_inner(), Input::parse(&body)?);
    let reason = input.text("reason");
    let outcome = visitor.app.write(&visitor.scope(), move |tx| dismiss(tx, id, &reason)).await;
    answer(&visitor, id, (DISMISS, &input), outcome)
}

fn answer(
    visitor: &Visitor,
    id: i64,
    (asked, input): (Asked, &Input),
    outcome: Result<usize>,
) -> Result<HttpResponse> {
    match outcome {
        Ok(_) => Ok(redirect("/card-readings")),
        Err(error) if error.code == Code::Invalid => {
            form_page(visitor, form(visitor, id, asked, input), Some((&error, None)))
        }
        Err(error) => Err(error),
    }
}
