use actix_web::{HttpResponse, web};
use serde_json::json;

use super::acknowledge;
use super::model::{AlertKind, AlertState};
use super::store::{AlertListed, AlertRow, answerable, get_alert, list_alerts};
use crate::access::{Permission, Scope};
use crate::app::Tx;
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::devices::gb26875::pages::detail_text;
use crate::devices::note_look;
use crate::devices::pages::{channel_name, value_text};
use crate::error::Result;
use crate::listing::{ListRequest, Listed};
use crate::registry::store::town_names;
use crate::web::{
    Action, Cell, Column, Detail, Field, Filter, FilterKind, List, Need, Route, Row, Section, Visitor, Words,
    detail_page, get, list_routes, post, redirect,
};

pub fn routes() -> Vec<Route> {
    let mut routes = list_routes::<Alerts>().to_vec();
    routes.extend([
        get("/alerts/{id}", Need::May(Permission::SeeAlerts), || web::to(show)),
        post("/alerts/{id}/acknowledge", Need::May(Permission::AnswerAlerts), || web::to(answer)),
    ]);
    routes
}

struct Alerts;

impl List for Alerts {
    const PATH: &'static str = "/alerts";
    const EXPORT_PATH: &'static str = "/alerts.xlsx";
    const HEADING: &'static str = "alert.heading";
    const EMPTY: &'static str = "alert.empty";
    const NEED: Permission = Permission::SeeAlerts;
    const TOPIC: Option<Topic> = Some(Topic::Alert);
    const COLUMNS: &'static [Column] = &[
        Column::text("kind", "field.alert_kind"),
        Column::text("town", "field.device_place"),
        Column::text("device", "field.device").unsorted(),
        Column::text("cause", "field.cause").unsorted(),
        Column::text("raised_at", "field.raised_at"),
        Column::text("cleared", "field.cleared").unsorted(),
        Column::text("answer", "field.acknowledged").unsorted(),
    ];

    fn filters(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<Filter>> {
        let towns = town_names(connection, scope, Permission::SeeAlerts)?
            .into_iter()
            .map(|(code, chinese, english)| (code, words.pick(&chinese, &english)))
            .collect();
        let states = AlertState::NAMES.iter();
        let states = states.map(|name| ((*name).to_owned(), words.name_of("alert_state", name))).collect();
        Ok(vec![
            Filter {
                name: "state",
                label: "field.state",
                kind: FilterKind::OneOf(states, AlertState::Open.name()),
            },
            Filter {
                name: "kind",
                label: "field.alert_kind",
                kind: words.choices("alert_kind", AlertKind::NAMES),
            },
            Filter { name: "town", label: "field.town_code", kind: FilterKind::Select(towns) },
        ])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let listed = list_alerts(connection, scope, request)?;
        let ids: Vec<i64> = listed.rows.iter().map(|listed| listed.alert.id).collect();
        let answers = answerable(connection, scope, &ids)?;
        let row = |alert: AlertListed| cells(&alert, words, answers.contains(&alert.alert.id));
        Ok(Listed { rows: listed.rows.into_iter().map(row).collect(), total: listed.total })
    }
}

fn cells(listed: &AlertListed, words: &Words, may_answer: bool) -> Row {
    let alert = &listed.alert;
    let answer = match (&alert.acknowledged_by, may_answer) {
        (Some(who), _) => Cell::text(acknowledged_text(words, alert, who)),
        (None, _) if alert.is_past => Cell::text(words.t("alert.past")),
        (None, true) => {
            Cell::button(words.t("alert.acknowledge"), format!("/alerts/{}/acknowledge", alert.id))
        }
        (None, false) => Cell::text(words.t("alert.not_acknowledged")),
    };
    let cleared = match alert.cleared_at {
        Some(at) => Cell::at(words.calendar.show(at), words.calendar.rfc3339(at)),
        None => Cell::chip(words.t("alert.active"), "bad"),
    };
    Row {
        href: Some(format!("/alerts/{}", alert.id)),
        cells: vec![
            Cell::chip(words.name_of("alert_kind", alert.kind.name()), tone(alert)),
            Cell::text(place_text(words, listed)),
            match alert.device_id {
                Some(device) => Cell::text(&listed.device).link(format!("/devices/{device}")),
                None => Cell::text(words.t("alert.whole_site")),
            },
            Cell::text(listed_cause(words, listed)),
            Cell::at(words.calendar.show(alert.raised_at), words.calendar.rfc3339(alert.raised_at)),
            cleared,
            answer,
        ],
    }
}

fn tone(alert: &AlertRow) -> &'static str {
    let waits = alert.acknowledged_at.is_none() && !alert.is_past;
    match (alert.kind.is_urgent(), alert.cleared_at) {
        (true, None) => "urgent",
        // A call that nobody has answered stays one after the button is let go.
        (true, Some(_)) if waits => "urgent",
        (_, Some(_)) => "off",
        (false, None) => "warn",
    }
}

fn place_text(words: &Words, listed: &AlertListed) -> String {
    format!("{} · {}", words.pick(&listed.town_zh, &listed.town_en), place_name(words, listed))
}

/// Of an elder no more is said than that it was one.
pub(super) fn place_name(words: &Words, listed: &AlertListed) -> String {
    if listed.elder_id.is_some() { words.t("device.with_elder") } else { listed.place.clone() }
}

/// As [`cause`]; what was measured with an elder is read on the alert's own page, where the look is written down.
fn listed_cause(words: &Words, listed: &AlertListed) -> String {
    if listed.measured_with().is_some() {
        channel_text(words, &listed.alert)
    } else {
        cause(words, &listed.alert)
    }
}

/// What was measured, how much, and where exactly; only what there is to say.
fn cause(words: &Words, alert: &AlertRow) -> String {
    let count = format!("{:.0}", alert.value);
    match alert.kind {
        AlertKind::Offline => return words.lang.fill("alert.silent_for", &[("n", &count)]),
        AlertKind::SiteSilent => return words.lang.fill("alert.silent_devices", &[("n", &count)]),
        _ => {}
    }
    let detail = detail_text(words, &alert.detail);
    let parts = [channel_text(words, alert), cause_text(words, alert), detail];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Name of the channel; empty for an alarm that has none.
pub(crate) fn channel_text(words: &Words, alert: &AlertRow) -> String {
    if alert.channel < 0 { String::new() } else { channel_name(words, alert.channel) }
}

/// The value that raised the alert; empty for an alarm that has none.
pub(crate) fn cause_text(words: &Words, alert: &AlertRow) -> String {
    if alert.channel < 0 { String::new() } else { value_text(words, alert.channel, alert.value) }
}

fn acknowledged_text(words: &Words, alert: &AlertRow, who: &str) -> String {
    let when = alert.acknowledged_at.map(|at| words.calendar.show(at)).unwrap_or_default();
    words.lang.fill("alert.acknowledged_by", &[("who", who), ("when", &when)])
}

async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let (scope, id) = (visitor.scope(), id.into_inner());
    let (listed, may_answer) = visitor
        .app
        .db
        .read(move |connection| {
            let listed = get_alert(connection, &scope, Permission::SeeAlerts, id)?;
            Ok((listed, answerable(connection, &scope, &[id])?.contains(&id)))
        })
        .await?;
    note_value(&visitor, &listed).await?;
    let words = Words::of(&visitor);
    let alert = &listed.alert;
    let mut actions = vec![Action::link("/alerts", visitor.t("alert.back"), "arrow-left")];
    if may_answer && alert.acknowledged_at.is_none() && !alert.is_past {
        let href = format!("/alerts/{id}/acknowledge");
        actions.push(Action::post(href, visitor.t("alert.acknowledge"), "check").primary());
    }
    detail_page(
        &visitor,
        Detail {
            heading: visitor.name_of("alert_kind", alert.kind.name()),
            subheading: place_text(&words, &listed),
            actions,
            sections: vec![Section {
                heading: visitor.t("detail.facts").into_owned(),
                fields: facts(&words, &listed),
                table: None,
            }],
            // A page that is fetched again by itself would write down looks that nobody took.
            topic: listed.measured_with().is_none().then_some(Topic::Alert),
        },
    )
}

/// Writes down that the value of an alert was looked at, where it was measured with an elder.
pub(super) async fn note_value(visitor: &Visitor, listed: &AlertListed) -> Result<()> {
    let Some(elder) = listed.measured_with() else { return Ok(()) };
    let (town, detail) = (listed.alert.town_code.clone(), json!({ "alert": listed.alert.id }));
    let look = move |tx: &mut Tx<'_>| note_look(tx, elder, Some(&town), detail.clone());
    visitor.app.write(&visitor.scope(), look).await
}

fn facts(words: &Words, listed: &AlertListed) -> Vec<Field> {
    let alert = &listed.alert;
    let field = |key: &str, value: String| Field::new(words.t(key), value);
    let acknowledged = match &alert.acknowledged_by {
        Some(who) => field("field.acknowledged", acknowledged_text(words, alert, who)),
        None if alert.is_past => field("field.acknowledged", words.t("alert.past")),
        None => field("field.acknowledged", words.t("alert.not_acknowledged")).chip("warn"),
    };
    let cleared = match (alert.cleared_at, &alert.closed_by) {
        (Some(at), Some(who)) => {
            let words_of = [("when", &*words.calendar.show(at)), ("who", who)];
            field("field.cleared", words.lang.fill("alert.closed_by", &words_of))
        }
        (Some(at), None) => field("field.cleared", words.calendar.show(at)),
        (None, _) => field("field.cleared", words.t("alert.active")).chip("bad"),
    };
    vec![
        field("field.device_place", place_text(words, listed)),
        match alert.device_id {
            Some(device) => field("field.device", listed.device.clone()).link(format!("/devices/{device}")),
            None => field("field.device", words.t("alert.whole_site")),
        },
        field("field.cause", cause(words, alert)),
        field("field.raised_at", words.calendar.show(alert.raised_at)),
        cleared,
        acknowledged,
    ]
}

async fn answer(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let id = id.into_inner();
    visitor.app.write(&visitor.scope(), move |tx| acknowledge(tx, id)).await?;
    Ok(redirect(&format!("/alerts/{id}")))
}
