mod cards;
mod elder;
mod limits;
mod place;

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use serde_json::json;

use super::gb26875::{Profiles, pages as panels};
use super::model::{DeviceKind, MAIN_CHANNELS, PresenceState, Shown, is_plausible, known, shown};
use super::readings::note_look;
use super::store::{DeviceListed, Latest, Measured, get_device, get_to_place, list_devices, places_of};
use crate::access::{Permission, Scope};
use crate::alerts::store::{AlertRow, open_alerts_of};
use crate::app::Tx;
use crate::bus::Topic;
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::elders::store::visible_names;
use crate::error::Result;
use crate::listing::{ListRequest, Listed};
use crate::registry::store::town_names;
use crate::web::{
    Action, Cell, Column, Detail, Field, Filter, FilterKind, List, Need, Route, Row, Section, Visitor, Words,
    detail_page, get, list_routes, post, table,
};

pub(super) use elder::day_of;

pub fn routes() -> Vec<Route> {
    let mut routes = list_routes::<Devices>().to_vec();
    let place = Need::May(Permission::PlaceDevice);
    routes.extend([
        get("/devices/{id}", Need::May(Permission::SeeDevices), || web::to(show)),
        get("/devices/{id}/place", place, || web::to(place::show)),
        post("/devices/{id}/place", place, || web::to(place::save)),
        get("/devices/{id}/limits", Need::May(Permission::SeeDevices), || web::to(limits::list)),
        get("/devices/{id}/limit", place, || web::to(limits::show)),
        post("/devices/{id}/limit", place, || web::to(limits::save)),
        get("/elders/{id}/readings", Need::May(Permission::SeeElders), || web::to(elder::show)),
    ]);
    routes.extend(cards::routes());
    routes.extend(super::gb26875::pages::routes());
    routes
}

struct Devices;

impl List for Devices {
    const PATH: &'static str = "/devices";
    const EXPORT_PATH: &'static str = "/devices.xlsx";
    const HEADING: &'static str = "device.heading";
    const EMPTY: &'static str = "device.empty";
    const NEED: Permission = Permission::SeeDevices;
    const TOPIC: Option<Topic> = Some(Topic::Device);
    const LINKS: &'static [(&'static str, &'static str, &'static str)] =
        &[("/card-readings", "card_reading.heading", "inbox")];
    const COLUMNS: &'static [Column] = &[
        Column::text("code", "field.device_code"),
        Column::text("name", "field.name"),
        Column::text("kind", "field.kind"),
        Column::text("place", "field.device_place"),
        Column::text("presence", "field.presence"),
        Column::text("last_seen", "field.heard_at"),
        Column::text("channel", "field.channel").unsorted(),
        Column::text("value", "field.value").unsorted(),
    ];

    fn filters(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<Filter>> {
        let towns = town_names(connection, scope, Permission::SeeDevices)?
            .into_iter()
            .map(|(code, chinese, english)| (code, words.pick(&chinese, &english)))
            .collect();
        Ok(vec![
            Filter { name: "q", label: "filter.device", kind: FilterKind::Text },
            Filter { name: "town", label: "field.town_code", kind: FilterKind::Select(towns) },
            Filter {
                name: "kind",
                label: "field.kind",
                kind: words.choices("device_kind", DeviceKind::NAMES),
            },
            Filter {
                name: "presence",
                label: "field.presence",
                kind: words.choices("presence", PresenceState::NAMES),
            },
        ])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let listed = list_devices(connection, scope, request)?;
        Ok(Listed {
            rows: listed.rows.into_iter().map(|row| cells(row, words)).collect(),
            total: listed.total,
        })
    }
}

fn cells(listed: DeviceListed, words: &Words) -> Row {
    let place = place_text(&listed, words);
    let DeviceListed { device, latest, .. } = listed;
    // What is measured with an elder stands on the device's own page, where looks are written down.
    let main = if device.elder_id.is_some() { None } else { main_value(&latest) };
    let last_seen = match device.last_seen_at {
        Some(at) => {
            Cell { live_at: main.map(|main| live_key(device.id, main.channel)), ..instant(words, at) }
        }
        None => Cell::text(""),
    };
    Row {
        href: Some(format!("/devices/{}", device.id)),
        cells: vec![
            Cell::text(device.code),
            Cell::text(device.name),
            Cell::text(words.name_of("device_kind", device.kind.name())),
            Cell::text(place),
            Cell::chip(words.name_of("presence", device.presence.name()), tone(device.presence)),
            last_seen,
            Cell::text(main.map(|main| channel_name(words, main.channel)).unwrap_or_default()),
            main.map(|main| value_cell(words, main)).unwrap_or_default(),
        ],
    }
}

/// Town, and station, institution with its room, or that it stands with an elder.
fn place_text(listed: &DeviceListed, words: &Words) -> String {
    let place = match listed.device.elder_id {
        Some(_) => words.t("device.with_elder"),
        None => listed.place.clone(),
    };
    format!("{} · {place}", words.pick(&listed.town_zh, &listed.town_en))
}

/// What a channel measured in a day or an hour: lowest, highest and mean, or how often a switch told something; and how often.
pub(super) fn day_text(words: &Words, measured: &Measured) -> String {
    let value = |value: f64| value_text(words, measured.channel, value);
    let is_switch = matches!(shown(measured.channel, 0.0), Shown::Word(_));
    let (count, doubted) = (measured.readings.to_string(), measured.doubted.to_string());
    let text = match (measured.lowest, measured.highest, measured.mean) {
        (Some(_), Some(_), Some(_)) if is_switch => {
            words.lang.fill("device.day_switch", &[("n", &count), ("last", &value(measured.last_value))])
        }
        (Some(lowest), Some(highest), Some(mean)) => words.lang.fill(
            "device.day_values",
            &[
                ("lowest", &value(lowest)),
                ("highest", &value(highest)),
                ("mean", &value(mean)),
                ("n", &count),
            ],
        ),
        _ => words.t("device.day_nothing"),
    };
    if measured.doubted == 0 {
        return text;
    }
    format!("{text} · {}", words.lang.fill("device.day_doubted", &[("n", &doubted)]))
}

/// The value that stands for a device in a list.
fn main_value(latest: &[Latest]) -> Option<&Latest> {
    let of = |channel: &songhe_firmware_protocol::Channel| {
        latest.iter().find(|one| known(one.channel) == Some(*channel))
    };
    MAIN_CHANNELS.iter().find_map(of).or_else(|| latest.first())
}

/// By which a live reading finds its place in a page.
pub(crate) fn live_key(device_id: i64, channel: i16) -> String {
    format!("reading:{device_id}:{channel}")
}

fn instant(words: &Words, at: Instant) -> Cell {
    Cell::at(words.calendar.show(at), words.calendar.rfc3339(at))
}

fn value_cell(words: &Words, latest: &Latest) -> Cell {
    Cell {
        live: Some(live_key(latest.device_id, latest.channel)),
        ..Cell::text(value_text(words, latest.channel, latest.value))
    }
}

/// A channel's name; of an unknown one its number.
pub(crate) fn channel_name(words: &Words, channel: i16) -> String {
    match known(channel) {
        Some(known) => words.name_of("channel", known.name()),
        None => words.lang.fill("device.unknown_channel", &[("code", &(channel as u16).to_string())]),
    }
}

/// A value in the reader's language.
pub(crate) fn value_text(words: &Words, channel: i16, value: f64) -> String {
    match shown(channel, value) {
        Shown::Text(text) => text,
        Shown::Word(word) => words.name_of("switch", word),
    }
}

pub(crate) fn tone(presence: PresenceState) -> &'static str {
    match presence {
        PresenceState::Online => "ok",
        PresenceState::Suspect => "wait",
        PresenceState::Offline => "warn",
        PresenceState::Never => "off",
    }
}

fn look_at(
    connection: &mut AnyConnection,
    scope: &Scope,
    words: &Words,
    (id, sees_alerts): (i64, bool),
    dialect: (&Profiles, &str),
) -> Result<Looked> {
    let listed = get_device(connection, scope, id)?;
    let alerts = if sees_alerts { open_alerts_of(connection, scope, id)? } else { Vec::new() };
    let answers = scope.reach(Permission::AnswerAlerts).ok();
    let may_ask = answers
        .is_some_and(|reach| reach.covers(Some(&listed.device.town_code), listed.device.institution_id));
    let panel = panels::load(connection, dialect, id, may_ask)?;
    let places = places_of(connection, &[id])?;
    let history = place::history(connection, scope, words, &places)?;
    let elders: Vec<i64> = listed.device.elder_id.into_iter().collect();
    let elder = visible_names(connection, scope, &elders, words.now)?.into_iter().next();
    let may_place = scope.may(Permission::PlaceDevice) && get_to_place(connection, scope, id).is_ok();
    Ok(Looked { listed, alerts, panel, elder, history, may_place })
}

async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let (scope, id) = (visitor.scope(), id.into_inner());
    let sees_alerts = visitor.may(Permission::SeeAlerts);
    let words = Words::of(&visitor);
    let dialect = (Arc::clone(&visitor.app.fire_profiles), visitor.app.config.fire.profile.clone());
    let looked = visitor.app.db.read(move |connection| {
        look_at(connection, &scope, &words, (id, sees_alerts), (&dialect.0, &dialect.1))
    });
    let Looked { listed, alerts, panel, elder, history, may_place } = looked.await?;
    if let Some(elder) = listed.device.elder_id {
        let town = listed.device.town_code.clone();
        let look = move |tx: &mut Tx<'_>| note_look(tx, elder, Some(&town), json!({ "device": id }));
        visitor.app.write(&visitor.scope(), look).await?;
    }
    let words = Words::of(&visitor);
    let mut sections = vec![
        Section {
            heading: visitor.t("detail.facts").into_owned(),
            fields: facts(&words, &listed, visitor.may(Permission::SeeRegistry), elder.as_ref()),
            table: None,
        },
        Section {
            heading: visitor.t("device.latest").into_owned(),
            fields: Vec::new(),
            table: Some(table(&visitor, &VALUE_COLUMNS, values(&words, &listed.latest))),
        },
    ];
    if sees_alerts {
        let rows = alerts.iter().map(|alert| alert_row(&words, alert)).collect();
        sections.push(Section {
            heading: visitor.t("device.open_alerts").into_owned(),
            fields: Vec::new(),
            table: Some(table(&visitor, &ALERT_COLUMNS, rows)),
        });
    }
    let mut actions = Vec::new();
    if let Some(panel) = &panel {
        sections.extend(panels::sections(&visitor, &words, panel));
        actions = panels::actions(&visitor, panel);
    }
    sections.push(Section {
        heading: visitor.t("device.places").into_owned(),
        fields: Vec::new(),
        table: Some(table(&visitor, place::PLACE_COLUMNS, history)),
    });
    actions.push(Action::link(format!("/devices/{id}/limits"), visitor.t("device.limits"), "octagon-alert"));
    if may_place {
        actions.push(Action::link(format!("/devices/{id}/place"), visitor.t("device.place"), "map-pin"));
        if listed.device.kind == DeviceKind::FireSensor {
            actions.push(Action::link(format!("/devices/{id}/panel"), visitor.t("panel.set"), "pencil"));
        }
    }
    // What raises an alert of a panel tells of the device as well.
    let topic = if sees_alerts && panel.is_none() { Topic::Alert } else { Topic::Device };
    detail_page(
        &visitor,
        Detail {
            heading: listed.device.name.clone(),
            subheading: place_text(&listed, &words),
            actions,
            sections,
            // A page that is fetched again by itself would write down looks that nobody took.
            topic: listed.device.elder_id.is_none().then_some(topic),
        },
    )
}

/// What a device's page shows.
struct Looked {
    listed: DeviceListed,
    alerts: Vec<AlertRow>,
    panel: Option<panels::PanelView>,
    /// Number and name of the elder with whom it stands, where the asker may see them.
    elder: Option<(i64, String)>,
    history: Vec<Row>,
    may_place: bool,
}

const VALUE_COLUMNS: [Column; 4] = [
    Column::text("channel", "field.channel"),
    Column::text("value", "field.value"),
    Column::text("at", "field.measured_at"),
    Column::text("note", "field.note"),
];

const ALERT_COLUMNS: [Column; 4] = [
    Column::text("kind", "field.alert_kind"),
    Column::text("channel", "field.channel"),
    Column::text("value", "field.value"),
    Column::text("raised_at", "field.raised_at"),
];

/// The place is a link for whoever may open its page.
fn facts(
    words: &Words,
    listed: &DeviceListed,
    sees_registry: bool,
    elder: Option<&(i64, String)>,
) -> Vec<Field> {
    let device = &listed.device;
    let field = |key: &str, value: String| Field::new(words.t(key), value);
    let place = |href: Option<String>, name: String| {
        let field = field("field.device_place", name);
        match href {
            Some(href) => field.link(href),
            None => field,
        }
    };
    let registry = match (device.station_id, device.institution_id) {
        (Some(id), _) => Some(format!("/stations/{id}")),
        (None, Some(id)) => Some(format!("/institutions/{id}")),
        (None, None) => None,
    };
    let place_field = match (device.elder_id, elder) {
        (Some(_), Some((id, name))) => place(Some(format!("/elders/{id}")), name.clone()),
        (Some(_), None) => place(None, words.t("device.with_elder")),
        (None, _) => place(registry.filter(|_| sees_registry), listed.place.clone()),
    };
    let last_seen = device.last_seen_at.map(|at| words.calendar.show(at)).unwrap_or_default();
    let mut fields = vec![
        field("field.device_code", device.code.clone()),
        field("field.kind", words.name_of("device_kind", device.kind.name())),
        place_field,
        field("field.presence", words.name_of("presence", device.presence.name()))
            .chip(tone(device.presence)),
        field("field.presence_at", words.calendar.show(device.presence_at)),
        field("field.heard_at", last_seen),
        field("field.device_added_at", words.calendar.show(device.created_at)),
    ];
    if let Some(at) = device.disabled_at {
        fields.push(field("field.disabled_at", words.calendar.show(at)));
    }
    fields
}

fn values(words: &Words, latest: &[Latest]) -> Vec<Row> {
    let row = |one: &Latest| {
        let doubt = !is_plausible(one.channel, one.value);
        let live_at = Some(live_key(one.device_id, one.channel));
        Row {
            href: None,
            cells: vec![
                Cell::text(channel_name(words, one.channel)),
                value_cell(words, one),
                Cell { live_at, ..instant(words, one.at) },
                if doubt { Cell::chip(words.t("device.implausible"), "warn") } else { Cell::text("") },
            ],
        }
    };
    latest.iter().map(row).collect()
}

fn alert_row(words: &Words, alert: &AlertRow) -> Row {
    Row {
        href: Some(format!("/alerts/{}", alert.id)),
        cells: vec![
            Cell::text(words.name_of("alert_kind", alert.kind.name())),
            Cell::text(crate::alerts::pages::channel_text(words, alert)),
            Cell::text(crate::alerts::pages::cause_text(words, alert)),
            instant(words, alert.raised_at),
        ],
    }
}
