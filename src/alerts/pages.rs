use actix_web::{HttpResponse, web};

use super::acknowledge;
use super::model::{AlertKind, AlertState};
use super::store::{AlertListed, AlertRow, get_alert, list_alerts};
use crate::access::{Permission, Scope};
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::devices::gb26875::pages::detail_text;
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
        let answers = scope.reach(Permission::AnswerAlerts).ok();
        let row = |alert: AlertListed| {
            let may_answer = answers
                .as_ref()
                .is_some_and(|reach| reach.covers(Some(&alert.alert.town_code), alert.alert.institution_id));
            cells(&alert, words, may_answer)
        };
        Ok(Listed { rows: listed.rows.into_iter().map(row).collect(), total: listed.total })
    }
}

fn cells(listed: &AlertListed, words: &Words, may_answer: bool) -> Row {
    let alert = &listed.alert;
    let answer = match (&alert.acknowledged_by, may_answer) {
        (Some(who), _) => Cell::text(acknowledged_text(words, alert, who)),
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
            Cell::text(cause(words, alert)),
            Cell::at(words.calendar.show(alert.raised_at), words.calendar.rfc3339(alert.raised_at)),
            cleared,
            answer,
        ],
    }
}

fn tone(alert: &AlertRow) -> &'static str {
    match (alert.cleared_at, alert.kind.is_urgent()) {
        (Some(_), _) => "off",
        (None, true) => "urgent",
        (None, false) => "warn",
    }
}

fn place_text(words: &Words, listed: &AlertListed) -> String {
    format!("{} · {}", words.pick(&listed.town_zh, &listed.town_en), place_name(words, listed))
}

/// Of an elder no more is said than that it was one.
pub(super) fn place_name(words: &Words, listed: &AlertListed) -> String {
    if listed.with_elder { words.t("device.with_elder") } else { listed.place.clone() }
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
    let listed = visitor
        .app
        .db
        .read(move |connection| get_alert(connection, &scope, Permission::SeeAlerts, id))
        .await?;
    let words = Words::of(&visitor);
    let alert = &listed.alert;
    let may_answer = visitor
        .scope()
        .reach(Permission::AnswerAlerts)
        .is_ok_and(|reach| reach.covers(Some(&alert.town_code), alert.institution_id));
    let mut actions = vec![Action::link("/alerts", visitor.t("alert.back"), "arrow-left")];
    if may_answer && alert.acknowledged_at.is_none() {
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
            topic: Some(Topic::Alert),
        },
    )
}

fn facts(words: &Words, listed: &AlertListed) -> Vec<Field> {
    let alert = &listed.alert;
    let field = |key: &str, value: String| Field::new(words.t(key), value);
    let acknowledged = match &alert.acknowledged_by {
        Some(who) => field("field.acknowledged", acknowledged_text(words, alert, who)),
        None => field("field.acknowledged", words.t("alert.not_acknowledged")).chip("warn"),
    };
    let cleared = match alert.cleared_at {
        Some(at) => field("field.cleared", words.calendar.show(at)),
        None => field("field.cleared", words.t("alert.active")).chip("bad"),
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
