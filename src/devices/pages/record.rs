//! A device's page: what is on file, what it last reported, its charts, and what can be done with it.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::calibration::{CALIBRATION_COLUMNS, calibration_row};
use super::charts::{ChartSpan, device_charts};
use super::{channel_name, instant, live_key, place, place_text, tone, value_cell};
use crate::access::{Permission, Scope};
use crate::alerts::store::{AlertListed, open_alerts_of};
use crate::app::Tx;
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::devices::gb26875::{Profiles, pages as panels};
use crate::devices::model::{CALIBRATION_SOON_DAYS, DeviceHealth, DeviceKind, is_plausible};
use crate::devices::readings::note_look;
use crate::devices::store::{
    CalibrationRow, ClaimRow, DeviceListed, DeviceRow, Latest, calibrations_of, claim_of, get_device, get_to,
    places_of,
};
use crate::elders::store::visible_names;
use crate::error::Result;
use crate::web::{
    Action, Cell, ChartsView, Column, Detail, Field, Row, Section, Visitor, Words, detail_page_charted, table,
};

/// What a device's page shows.
struct Looked {
    listed: DeviceListed,
    alerts: Vec<AlertListed>,
    panel: Option<panels::PanelView>,
    /// Number and name of the elder with whom it stands, where the asker may see them.
    elder: Option<(i64, String)>,
    history: Vec<Row>,
    may_place: bool,
    may_manage: bool,
    claim: Option<ClaimRow>,
    calibrations: Vec<CalibrationRow>,
    /// None of a device with an elder: what it measured is told by the elder's readings.
    charts: Option<ChartsView>,
    span: ChartSpan,
}

fn look_at(
    connection: &mut AnyConnection,
    scope: &Scope,
    words: &Words,
    (id, sees_alerts, span): (i64, bool, ChartSpan),
    dialect: (&Profiles, &str),
) -> Result<Looked> {
    let listed = get_device(connection, scope, id)?;
    let alerts = if sees_alerts { open_alerts_of(connection, scope, id)? } else { Vec::new() };
    let may = |connection: &mut AnyConnection, need: Permission| {
        scope.may(need) && get_to(connection, scope, need, id).is_ok()
    };
    let may_ask = may(connection, Permission::AnswerAlerts);
    let panel = panels::load(connection, dialect, id, may_ask)?;
    let places = places_of(connection, &[id])?;
    let history = place::history(connection, scope, words, &places)?;
    let elders: Vec<i64> = listed.device.elder_id.into_iter().collect();
    let elder = visible_names(connection, scope, &elders, words.now)?.into_iter().next();
    let may_place = may(connection, Permission::PlaceDevice);
    let may_manage = may(connection, Permission::ManageDevice);
    let charts = match listed.device.elder_id {
        None => Some(device_charts(connection, words, &listed, span)?),
        Some(_) => None,
    };
    Ok(Looked {
        claim: claim_of(connection, id)?,
        calibrations: calibrations_of(connection, id)?,
        listed,
        alerts,
        panel,
        elder,
        history,
        may_place,
        may_manage,
        charts,
        span,
    })
}

pub async fn show(visitor: Visitor, http: HttpRequest, id: web::Path<i64>) -> Result<HttpResponse> {
    let (scope, id) = (visitor.scope(), id.into_inner());
    let span = ChartSpan::of(http.query_string())?;
    let sees_alerts = visitor.may(Permission::SeeAlerts);
    let words = Words::of(&visitor);
    let dialect = (Arc::clone(&visitor.app.fire_profiles), visitor.app.config.fire.profile.clone());
    let looked = visitor.app.db.read(move |connection| {
        look_at(connection, &scope, &words, (id, sees_alerts, span), (&dialect.0, &dialect.1))
    });
    let looked = looked.await?;
    if let Some((elder, _)) = looked.elder {
        let town = looked.listed.device.town_code.clone();
        let look = move |tx: &mut Tx<'_>| note_look(tx, elder, Some(&town), json!({ "device": id }));
        visitor.app.write(&visitor.scope(), look).await?;
    }
    answer(&visitor, looked, sees_alerts)
}

fn answer(visitor: &Visitor, looked: Looked, sees_alerts: bool) -> Result<HttpResponse> {
    let words = Words::of(visitor);
    let Looked { listed, alerts, panel, elder, history, may_place, may_manage, .. } = looked;
    let Looked { claim, calibrations, charts, span, .. } = looked;
    let section = |key: &str, columns: &[Column], rows: Vec<Row>| Section {
        heading: visitor.t(key).into_owned(),
        fields: Vec::new(),
        table: Some(table(visitor, columns, rows)),
    };
    let mut sections = vec![Section {
        heading: visitor.t("detail.facts").into_owned(),
        fields: facts(&words, &listed, visitor.may(Permission::SeeRegistry), elder.as_ref()),
        table: None,
    }];
    // What is measured with an elder is for those who may see the elder.
    let sees_values = listed.device.elder_id.is_none() || elder.is_some();
    if sees_values {
        sections.push(section("device.latest", &VALUE_COLUMNS, values(&words, &listed.latest)));
    }
    if sees_alerts {
        let with = elder.as_ref().map(|(id, _)| *id);
        let rows = alerts.iter().map(|alert| alert_row(&words, alert, with)).collect();
        sections.push(section("device.open_alerts", &ALERT_COLUMNS, rows));
    }
    let charts_after = sections.len();
    let mut actions = Vec::new();
    if let Some(panel) = &panel {
        sections.extend(panels::sections(visitor, &words, panel));
        actions = panels::actions(visitor, panel);
    }
    let device = &listed.device;
    actions.extend(look_further(visitor, &listed, may_manage, charts.is_some().then_some(span)));
    if may_manage {
        sections.push(Section {
            heading: visitor.t("device_office.credential").into_owned(),
            fields: credential_fields(&words, device, claim.as_ref()),
            table: None,
        });
    }
    let rows = calibrations.iter().map(calibration_row).collect();
    sections.push(section("device_office.calibrations", CALIBRATION_COLUMNS, rows));
    sections.push(section("device.places", place::PLACE_COLUMNS, history));
    let link = |page: &str, key: &str, icon: &'static str| {
        Action::link(format!("/devices/{}/{page}", device.id), visitor.t(key), icon)
    };
    actions.push(link("limits", "device.limits", "octagon-alert"));
    if may_place {
        actions.push(link("place", "device.place", "map-pin"));
    }
    if may_place && device.kind == DeviceKind::FireSensor {
        actions.push(link("panel", "panel.set", "pencil"));
    }
    if may_manage {
        actions.extend(manage_actions(visitor, device));
    }
    // What raises an alert of a panel tells of the device as well.
    let topic = if sees_alerts && panel.is_none() { Topic::Alert } else { Topic::Device };
    let detail = Detail {
        heading: device.name.clone(),
        subheading: place_text(&listed, &words),
        actions,
        sections,
        // A page that is fetched again by itself would write down looks that nobody took.
        topic: device.elder_id.is_none().then_some(topic),
    };
    detail_page_charted(visitor, detail, (charts_after, charts))
}

/// To the messages that could not be read, and to a file of what was measured, where there are such.
fn look_further(
    visitor: &Visitor,
    listed: &DeviceListed,
    may_manage: bool,
    charted: Option<ChartSpan>,
) -> Vec<Action> {
    let device = &listed.device;
    let unreadable = (may_manage && listed.garbles).then(|| {
        Action::link(format!("/quarantine?q={}", device.code), visitor.t("quarantine.heading"), "inbox")
    });
    let file = charted.map(|span| {
        let href = format!("/devices/{}/measured.xlsx?span={}", device.id, span.name());
        Action::link(href, visitor.t("chart.export"), "download")
    });
    unreadable.into_iter().chain(file).collect()
}

fn manage_actions(visitor: &Visitor, device: &DeviceRow) -> Vec<Action> {
    let id = device.id;
    let (t, path) = (|key: &str| visitor.t(key).into_owned(), |step: &str| format!("/devices/{id}/{step}"));
    let ask = |step: &str, key: &str, confirm: &str, icon: &'static str| {
        Action::post(path(step), t(key), icon).confirm(visitor.lang.fill(confirm, &[("code", &device.code)]))
    };
    let mut actions = vec![
        Action::link(path("edit"), t("action.edit"), "pencil"),
        Action::link(path("calibrations/new"), t("device_office.calibrate"), "wrench"),
    ];
    if device.claimed_at.is_none() && device.last_seen_at.is_none() {
        actions.push(ask("remove", "device_office.remove", "device_office.remove_confirm", "circle-minus"));
    }
    if device.disabled_at.is_some() {
        actions.push(Action::post(path("enable"), t("device_office.enable"), "play"));
        return actions;
    }
    if device.has_credential() {
        actions.push(ask("rotate", "device_office.rotate", "device_office.rotate_confirm", "refresh-cw"));
        actions.push(ask("revoke", "device_office.revoke", "device_office.revoke_confirm", "x"));
    } else {
        actions.push(Action::post(path("claim-code"), t("device_office.issue_claim"), "key-round").primary());
        actions.push(ask("rotate", "device_office.by_hand", "device_office.by_hand_confirm", "lock"));
    }
    actions.push(ask("disable", "device_office.disable", "device_office.disable_confirm", "pause"));
    actions
}

/// What somebody should look after, the most pressing first.
pub(super) fn health_of(listed: &DeviceListed, words: &Words) -> Vec<DeviceHealth> {
    let device = &listed.device;
    let today = words.calendar.day_of(words.now);
    let until_due = device.calibration_due_on.map(|day| (day - today).num_days());
    let mut found = Vec::new();
    let mut note = |holds: bool, health: DeviceHealth| {
        if holds {
            found.push(health);
        }
    };
    note(device.disabled_at.is_some(), DeviceHealth::Disabled);
    if device.disabled_at.is_none() {
        note(device.is_unclaimed(), DeviceHealth::Unclaimed);
        note(!device.is_unclaimed() && !device.has_credential(), DeviceHealth::NoCredential);
    }
    note(listed.garbles, DeviceHealth::Garbling);
    note(until_due.is_some_and(|days| days < 0), DeviceHealth::CalibrationOverdue);
    let soon = 0..=CALIBRATION_SOON_DAYS as i64;
    note(until_due.is_some_and(|days| soon.contains(&days)), DeviceHealth::CalibrationSoon);
    found
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
    let at = |at: Option<crate::clock::Instant>| at.map(|at| words.calendar.show(at)).unwrap_or_default();
    let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let health = health_of(listed, words);
    let due = field("field.calibration_due_on", day(device.calibration_due_on));
    let calibration = [DeviceHealth::CalibrationOverdue, DeviceHealth::CalibrationSoon]
        .into_iter()
        .find(|one| health.contains(one));
    let mut fields = vec![
        field("field.device_code", device.code.clone()),
        field("field.kind", words.name_of("device_kind", device.kind.name())),
        place_field(words, listed, sees_registry, elder),
        field("field.presence", words.name_of("presence", device.presence.name()))
            .chip(tone(device.presence)),
        field("field.presence_at", words.calendar.show(device.presence_at)),
        field("field.heard_at", at(device.last_seen_at)),
        field("field.serial_number", device.serial_number.clone()),
        field("field.firmware", device.firmware.clone()),
        field("field.heartbeat_s", device.heartbeat_s.map(|seconds| seconds.to_string()).unwrap_or_default()),
        field("field.installed_on", day(device.installed_on)),
        match calibration {
            Some(health) => Field {
                value: format!("{} · {}", due.value, words.name_of("device_health", health.name())),
                ..due
            }
            .chip(health.tone()),
            None => due,
        },
        field("field.note", device.note.clone()),
        field("field.device_added_at", words.calendar.show(device.created_at)),
    ];
    if device.disabled_at.is_some() {
        fields.push(field("field.disabled_at", at(device.disabled_at)).chip("off"));
    }
    fields
}

fn place_field(
    words: &Words,
    listed: &DeviceListed,
    sees_registry: bool,
    elder: Option<&(i64, String)>,
) -> Field {
    let device = &listed.device;
    let registry = match (device.station_id, device.institution_id) {
        (Some(id), _) => Some(format!("/stations/{id}")),
        (None, Some(id)) => Some(format!("/institutions/{id}")),
        (None, None) => None,
    };
    let (href, name) = match (device.elder_id, elder) {
        (Some(_), Some((id, name))) => (Some(format!("/elders/{id}")), name.clone()),
        (Some(_), None) => (None, words.t("device.with_elder")),
        (None, _) => (registry.filter(|_| sees_registry), listed.place.clone()),
    };
    let field = Field::new(words.t("field.device_place"), name);
    match href {
        Some(href) => field.link(href),
        None => field,
    }
}

/// What is known of the credential, without it.
fn credential_fields(words: &Words, device: &DeviceRow, claim: Option<&ClaimRow>) -> Vec<Field> {
    let show = |at| words.calendar.show(at);
    let state = match (device.has_credential(), device.claimed_at) {
        (true, _) => Field::new(words.t("field.credential"), words.t("device_office.has_one")).chip("ok"),
        (false, Some(_)) => {
            Field::new(words.t("field.credential"), words.name_of("device_health", "no_credential"))
                .chip("bad")
        }
        (false, None) => {
            Field::new(words.t("field.credential"), words.name_of("device_health", "unclaimed")).chip("wait")
        }
    };
    let mut fields = vec![state];
    if let Some(at) = device.token_set_at.filter(|_| device.has_credential()) {
        fields.push(Field::new(words.t("field.token_set_at"), show(at)));
    }
    if let Some(until) = device.former_until.filter(|until| *until > words.now) {
        let text = words.lang.fill("device_office.former_counts", &[("until", &show(until))]);
        fields.push(Field::new(words.t("field.former_credential"), text).chip("wait"));
    }
    if let Some(claim) = claim {
        let fill = |key: &str, at| words.lang.fill(key, &[("at", &show(at)), ("by", &claim.issued_by)]);
        let label = words.t("field.claim_code");
        fields.push(match (claim.used_at, claim.is_open(words.now)) {
            (Some(at), _) => Field::new(label, fill("device_office.claim_used", at)).chip("ok"),
            (None, true) => {
                Field::new(label, fill("device_office.claim_open", claim.expires_at)).chip("wait")
            }
            (None, false) => {
                let at = claim.ended_at.unwrap_or(claim.expires_at);
                Field::new(label, fill("device_office.claim_over", at)).chip("off")
            }
        });
        if claim.refused_tries > 0 {
            let tries = claim.refused_tries.to_string();
            fields.push(Field::new(words.t("field.refused_tries"), tries).chip("bad"));
        }
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

/// What was measured with an elder is shown beside the look that is written down, and so with the present one only: of another it
/// is read on the alert's own page.
fn alert_row(words: &Words, listed: &AlertListed, seen_with: Option<i64>) -> Row {
    let alert = &listed.alert;
    let is_seen = listed.measured_with().is_none_or(|elder| Some(elder) == seen_with);
    let value = if is_seen { crate::alerts::pages::cause_text(words, alert) } else { String::new() };
    Row {
        href: Some(format!("/alerts/{}", alert.id)),
        cells: vec![
            Cell::text(words.name_of("alert_kind", alert.kind.name())),
            Cell::text(crate::alerts::pages::channel_text(words, alert)),
            Cell::text(value),
            instant(words, alert.raised_at),
        ],
    }
}
