//! What a device's page shows of a fire panel, its frames and parts as lists, who was refused, and the form of a guard check.

mod form;
mod frames;
mod guard_form;
mod lists;
mod words;

use std::sync::Arc;

use actix_web::web;

use self::frames::frame;
use self::lists::{Frames, Parts, Refusals};
pub use self::words::detail_text;
use self::words::{kind, part_bits, part_name, said, state, tone};
use super::guard::due_at;
use super::model::{Content, Frame, GuardOutcome, PartLevel, Profile, Profiles};
use super::store::{self, FrameRow, GuardRow, PanelRow, PartRow};
use crate::access::Permission;
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::web::{
    Action, Cell, Column, Field, Need, Route, Row, Section, Visitor, Words, get, list_routes, post, table,
};

const FRAMES_SHOWN: i64 = 20;
const PARTS_SHOWN: i64 = 500;
const GUARDS_SHOWN: i64 = 10;
/// Bytes of a frame in a list; its own page has all.
const HEX_BYTES_SHOWN: usize = 40;
/// A clock this far off is shown as wrong.
const OFF_S: i64 = 60;

pub fn routes() -> Vec<Route> {
    let mut routes = list_routes::<Frames>().to_vec();
    routes.extend(list_routes::<Parts>());
    routes.extend(list_routes::<Refusals>());
    routes.extend([
        get("/fire-frames/{id}", Need::May(Permission::SeeDevices), || web::to(frame)),
        get("/devices/{id}/panel", Need::May(Permission::PlaceDevice), || web::to(form::show)),
        post("/devices/{id}/panel", Need::May(Permission::PlaceDevice), || web::to(form::save)),
        get("/devices/{id}/guard-checks", Need::May(Permission::AnswerAlerts), || web::to(guard_form::show)),
        post("/devices/{id}/guard-checks", Need::May(Permission::AnswerAlerts), || web::to(guard_form::ask)),
    ]);
    routes
}

/// What is known of a panel.
pub struct PanelView {
    panel: PanelRow,
    profile: Option<Arc<Profile>>,
    parts: Vec<PartRow>,
    /// Those beyond the last that is shown included.
    parts_total: i64,
    frames: Vec<FrameRow>,
    guards: Vec<GuardRow>,
    may_ask: bool,
}

/// The panel that a device is; none for another kind of device. The device was found within the asker's reach.
pub fn load(
    connection: &mut AnyConnection,
    (profiles, default): (&Profiles, &str),
    device_id: i64,
    may_ask: bool,
) -> Result<Option<PanelView>> {
    let Some(panel) = store::panel_of(connection, device_id)? else { return Ok(None) };
    let profile = profiles.get(panel.profile.as_deref().unwrap_or(default)).cloned();
    Ok(Some(PanelView {
        parts: store::parts_of(connection, device_id, PARTS_SHOWN)?,
        parts_total: store::count_parts(connection, device_id)?,
        frames: store::frames_of(connection, device_id, FRAMES_SHOWN)?,
        guards: store::guards_of(connection, device_id, GUARDS_SHOWN)?,
        profile,
        panel,
        may_ask,
    }))
}

/// What can be done with a panel.
pub fn actions(visitor: &Visitor, view: &PanelView) -> Vec<Action> {
    let id = view.panel.device_id;
    let mut actions = vec![
        Action::link(format!("/fire-frames?device={id}"), visitor.t("panel.all_frames"), "activity"),
        Action::link(format!("/fire-parts?device={id}"), visitor.t("panel.all_parts"), "radio"),
        Action::link("/fire-refusals", visitor.t("panel.refusals"), "circle-x"),
    ];
    let is_open = view.guards.iter().any(|check| check.outcome.is_none());
    if view.may_ask && !is_open {
        let href = format!("/devices/{id}/guard-checks");
        actions.push(Action::link(href, visitor.t("guard.ask"), "user-cog"));
    }
    actions
}

/// The sections of a panel on its device's page.
pub fn sections(visitor: &Visitor, words: &Words, view: &PanelView) -> Vec<Section> {
    let listed = |heading: &str, columns: &[Column], rows: Vec<Row>| Section {
        heading: visitor.t(heading).into_owned(),
        fields: Vec::new(),
        table: Some(table(visitor, columns, rows)),
    };
    let facts =
        Section { heading: visitor.t("panel.heading").into_owned(), fields: facts(words, view), table: None };
    let guards = view.guards.iter().map(|check| guard_row(words, check)).collect();
    let profile = view.profile.as_ref();
    let parts = view.parts.iter().map(|part| part_row(words, profile, part)).collect();
    let frames = view.frames.iter().map(|frame| frame_row(words, profile, frame)).collect();
    let mut parts = listed("panel.parts", &PART_COLUMNS, parts);
    let shown = view.parts.len();
    if view.parts_total > shown as i64 {
        let counts = [("shown", &*shown.to_string()), ("total", &*view.parts_total.to_string())];
        parts.fields = vec![
            Field::new(words.t("panel.parts_shown"), words.lang.fill("panel.parts_cut", &counts))
                .link(format!("/fire-parts?device={}", view.panel.device_id)),
        ];
    }
    vec![
        facts,
        listed("guard.heading", &GUARD_COLUMNS, guards),
        parts,
        listed("panel.frames", &FRAME_COLUMNS, frames),
    ]
}

const GUARD_COLUMNS: [Column; 5] = [
    Column::text("asked_at", "field.guard_asked_at"),
    Column::text("asked_by", "field.guard_asked_by"),
    Column::number("minutes", "field.minutes"),
    Column::text("outcome", "field.outcome"),
    Column::text("ended_at", "field.ended_at"),
];

const PART_COLUMNS: [Column; 6] = [
    Column::text("part", "field.panel_part"),
    Column::text("number", "field.part_number"),
    Column::text("label", "field.part_label"),
    Column::text("state", "field.state"),
    Column::text("value", "field.value"),
    Column::text("at", "field.reported_at"),
];

const FRAME_COLUMNS: [Column; 5] = [
    Column::text("received_at", "field.received_at"),
    Column::number("seq", "field.frame_number"),
    Column::text("kind", "field.frame_kind"),
    Column::text("says", "field.frame_says"),
    Column::text("hex", "field.frame_hex"),
];

fn instant(words: &Words, at: Option<Instant>) -> Cell {
    match at {
        Some(at) => Cell::at(words.calendar.show_to_second(at), words.calendar.rfc3339(at)),
        None => Cell::text(""),
    }
}

fn facts(words: &Words, view: &PanelView) -> Vec<Field> {
    let panel = &view.panel;
    let field = |key: &str, value: String| Field::new(words.t(key), value);
    let shown = |at: Option<Instant>| at.map(|at| words.calendar.show_to_second(at)).unwrap_or_default();
    let profile = match &view.profile {
        Some(profile) => format!("{} ({})", words.pick(&profile.name_zh, &profile.name_en), profile.name),
        None => panel.profile.clone().unwrap_or_default(),
    };
    let clock = match panel.clock_ahead_s {
        None => field("field.panel_clock", words.t("panel.clock_unknown")).chip("off"),
        Some(0) => field("field.panel_clock", words.t("panel.clock_right")).chip("ok"),
        Some(ahead_s) => {
            let key = if ahead_s > 0 { "panel.clock_ahead" } else { "panel.clock_behind" };
            let text = words.lang.fill(key, &[("seconds", &ahead_s.abs().to_string())]);
            field("field.panel_clock", text).chip(if ahead_s.abs() > OFF_S { "warn" } else { "ok" })
        }
    };
    let tests = view.parts.iter().filter(|part| part.is_test).count();
    let mode = if tests == 0 {
        field("field.panel_mode", words.t("panel.mode_normal")).chip("ok")
    } else {
        let text = words.lang.fill("panel.mode_test", &[("count", &tests.to_string())]);
        field("field.panel_mode", text).chip("warn")
    };
    vec![
        field("field.panel_address", panel.address.clone()),
        field("field.panel_profile", profile),
        mode,
        clock,
        field("field.clock_set_at", shown(panel.clock_set_at)),
        field("field.clock_taken_at", shown(panel.clock_taken_at)),
    ]
}

fn guard_row(words: &Words, check: &GuardRow) -> Row {
    let waits = |key: &str| Cell::chip(words.t(key), "wait");
    let outcome = match (check.outcome, check.sent_at, check.delivered_at) {
        (Some(outcome), _, _) => {
            let tone = if outcome == GuardOutcome::Answered { "ok" } else { "bad" };
            Cell::chip(words.name_of("guard_outcome", outcome.name()), tone)
        }
        (None, None, _) => waits("guard.to_send"),
        (None, Some(_), None) => waits("guard.sent"),
        (None, Some(_), Some(_)) => waits("guard.delivered"),
    };
    // Until when an answer counts, while there is none.
    let ended = instant(words, check.ended_at.or_else(|| due_at(check)));
    Row {
        href: None,
        cells: vec![
            instant(words, Some(check.asked_at)),
            Cell::text(&check.asked_by),
            Cell::count(i64::from(check.minutes)),
            outcome,
            if check.ended_at.is_some() { ended } else { Cell::text("") },
        ],
    }
}

fn part_row(words: &Words, profile: Option<&Arc<Profile>>, part: &PartRow) -> Row {
    let number = match part.level {
        PartLevel::Component => format!("{}-{}", part.zone, part.place),
        PartLevel::Device | PartLevel::System => String::new(),
    };
    let state =
        part_bits(part).map_or_else(|| Cell::text(""), |bits| Cell::chip(state(words, bits), tone(bits)));
    let value = match (profile, part.analog_type, part.analog_value) {
        (Some(profile), Some(analog_type), Some(value)) => profile.shown(analog_type as u8, value as i16),
        _ => String::new(),
    };
    Row {
        href: None,
        cells: vec![
            Cell::text(part_name(words, part)),
            Cell::text(number).nowrap(),
            Cell::text(&part.label),
            state,
            Cell::text(value),
            instant(words, part.state_at.max(part.analog_at)),
        ],
    }
}

/// The frame and, where its lengths agree, what is in it.
fn read(row: &FrameRow) -> Option<(Frame, Option<Content>)> {
    let frame = Frame::decode(&row.raw).ok()?;
    let content = Content::decode(&frame.data).ok();
    Some((frame, content))
}

fn spaced(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

fn frame_row(words: &Words, profile: Option<&Arc<Profile>>, row: &FrameRow) -> Row {
    let (mut name, mut says) = (String::new(), String::new());
    if let Some((frame, content)) = read(row) {
        name = kind(words, &frame, content.as_ref());
        if let (Some(profile), Some(content)) = (profile, &content) {
            let all = said(words, profile, content);
            says = all.first().map(|one| format!("{}：{}", one.what, one.says)).unwrap_or_default();
            if all.len() > 1 {
                let more = words.lang.fill("panel.more", &[("count", &(all.len() - 1).to_string())]);
                says = format!("{says} {more}");
            }
        }
    }
    let shown = row.raw.len().min(HEX_BYTES_SHOWN);
    let rest = if shown < row.raw.len() { " …" } else { "" };
    Row {
        href: Some(format!("/fire-frames/{}", row.id)),
        cells: vec![
            instant(words, Some(row.received_at)),
            Cell::count(i64::from(row.seq)),
            if row.is_test {
                Cell::chip(format!("{name} · {}", words.t("panel.test")), "note")
            } else {
                Cell::text(name)
            },
            Cell::text(says),
            Cell::text(format!("{}{rest}", spaced(&row.raw[..shown]))),
        ],
    }
}
