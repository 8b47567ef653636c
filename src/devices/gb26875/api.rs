//! A fire panel as a program reads it, and guard checks.

mod lists;

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::guard::ask;
use super::model::{GuardOutcome, PartLevel};
use super::register::{PanelInput, set_panel_of};
use super::store::{self, FrameRow, GuardRow, PanelRow, PartRow};
use crate::access::{Permission, Scope};
use crate::api::{At, Endpoint, Id, Json, Once, created, fetch, ok};
use crate::app::Tx;
use crate::db::AnyConnection;
use crate::devices::store::get_device;
use crate::error::{Error, Result};
use crate::web::{Need, Visitor, Words};

const TAG: &str = "devices";
const FRAMES_SHOWN: i64 = 20;
const PARTS_SHOWN: i64 = 2_000;
const GUARDS_SHOWN: i64 = 20;

pub fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = lists::endpoints();
    endpoints.extend([
        Endpoint::get("/api/v1/devices/{id}/panel", Need::May(Permission::SeeDevices), || web::to(show))
            .about(TAG, "api.panel.show")
            .answers::<Panel>(200),
        Endpoint::post("/api/v1/devices/{id}/panel", Need::May(Permission::PlaceDevice), || web::to(set))
            .about(TAG, "api.panel.set")
            .takes::<PanelSetting>()
            .answers::<Panel>(200)
            .fails(409),
        Endpoint::post("/api/v1/devices/{id}/guard-checks", Need::May(Permission::AnswerAlerts), || {
            web::to(check)
        })
        .about(TAG, "api.panel.guard_check")
        .takes::<GuardCheckInput>()
        .answers::<GuardCheck>(201)
        .fails(409),
    ]);
    endpoints
}

/// A fire panel that speaks GB/T 26875.3: its clock, its parts, the last frames and guard checks.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Panel {
    pub device_id: i64,
    /// As it is printed on the label, twelve hexadecimal digits.
    pub address: String,
    /// Its dialect; null for the one of the setting `fire.profile`.
    pub profile: Option<String>,
    /// Seconds by which its clock is ahead of ours.
    pub clock_ahead_s: Option<i64>,
    pub clock_set_at: Option<At>,
    /// When it confirmed that.
    pub clock_taken_at: Option<At>,
    /// The first 2,000; `/api/v1/fire-parts` has all.
    pub parts: Vec<PanelPart>,
    pub parts_total: i64,
    /// The last 20; `/api/v1/fire-frames` has all.
    pub frames: Vec<PanelFrame>,
    pub guard_checks: Vec<GuardCheck>,
}

/// A system, a component or the transmission device itself, as it last said.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PanelPart {
    pub id: i64,
    pub device_id: i64,
    pub level: PartLevel,
    pub system_type: i16,
    pub system_address: i16,
    pub component_type: i16,
    pub zone: i32,
    pub place: i32,
    pub label: String,
    /// Bits of the standard's state.
    pub state: Option<i32>,
    pub state_at: Option<At>,
    /// The state is one of a trial, which raises no alert.
    pub is_test: bool,
    pub analog_type: Option<i16>,
    /// As it was sent, in the unit of its type.
    pub analog_value: Option<i32>,
    pub analog_at: Option<At>,
}

/// A frame as it came.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PanelFrame {
    pub id: i64,
    pub device_id: i64,
    /// Address of the sender as it was sent.
    pub source: String,
    pub seq: i32,
    /// 2 sends, 5 answers.
    pub command: i16,
    /// Type flag of the data; null where it has none.
    pub kind: Option<i16>,
    pub received_at: At,
    /// The panel's own time.
    pub panel_at: Option<At>,
    pub is_test: bool,
    /// Hexadecimal.
    pub raw: String,
}

/// A question whether a control room is manned.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GuardCheck {
    pub id: i64,
    pub device_id: i64,
    pub asked_by: String,
    pub asked_at: At,
    pub minutes: i16,
    pub sent_at: Option<At>,
    /// When the panel confirmed the question.
    pub delivered_at: Option<At>,
    /// Null while it is open.
    pub outcome: Option<GuardOutcome>,
    pub ended_at: Option<At>,
}

/// Which panel a fire gateway is.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PanelSetting {
    /// Of the device.
    #[schema(minimum = 1)]
    version: i64,
    /// As it is printed on the label, twelve hexadecimal digits.
    address: String,
    /// Its dialect; without it the one of the setting `fire.profile`.
    profile: Option<String>,
}

/// How long the control room may take.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GuardCheckInput {
    /// 1 to 60.
    pub minutes: i16,
}

impl GuardCheck {
    fn new(row: GuardRow, words: &Words) -> GuardCheck {
        let at = |instant| At::new(words.calendar, instant);
        GuardCheck {
            id: row.id,
            device_id: row.device_id,
            asked_by: row.asked_by,
            asked_at: at(row.asked_at),
            minutes: row.minutes,
            sent_at: row.sent_at.map(at),
            delivered_at: row.delivered_at.map(at),
            outcome: row.outcome,
            ended_at: row.ended_at.map(at),
        }
    }
}

fn part(row: PartRow, words: &Words) -> PanelPart {
    let at = |instant| At::new(words.calendar, instant);
    PanelPart {
        id: row.id,
        device_id: row.device_id,
        level: row.level,
        system_type: row.system_type,
        system_address: row.system_address,
        component_type: row.component_type,
        zone: row.zone,
        place: row.place,
        label: row.label,
        state: row.state,
        state_at: row.state_at.map(at),
        is_test: row.is_test,
        analog_type: row.analog_type,
        analog_value: row.analog_value,
        analog_at: row.analog_at.map(at),
    }
}

fn frame(row: FrameRow, words: &Words) -> PanelFrame {
    let at = |instant| At::new(words.calendar, instant);
    PanelFrame {
        id: row.id,
        device_id: row.device_id,
        source: row.source,
        seq: row.seq,
        command: row.command,
        kind: row.kind,
        received_at: at(row.received_at),
        panel_at: row.panel_at.map(at),
        is_test: row.is_test,
        raw: hex::encode(row.raw),
    }
}

fn read(connection: &mut AnyConnection, scope: &Scope, words: &Words, id: i64) -> Result<Panel> {
    get_device(connection, scope, id)?;
    let panel: PanelRow = store::panel_of(connection, id)?.ok_or_else(Error::not_found)?;
    let at = |instant| At::new(words.calendar, instant);
    let parts = store::parts_of(connection, id, PARTS_SHOWN)?.into_iter();
    let frames = store::frames_of(connection, id, FRAMES_SHOWN)?.into_iter();
    let guards = store::guards_of(connection, id, GUARDS_SHOWN)?.into_iter();
    Ok(Panel {
        device_id: id,
        address: panel.address,
        profile: panel.profile,
        clock_ahead_s: panel.clock_ahead_s,
        clock_set_at: panel.clock_set_at.map(at),
        clock_taken_at: panel.clock_taken_at.map(at),
        parts: parts.map(|row| part(row, words)).collect(),
        parts_total: store::count_parts(connection, id)?,
        frames: frames.map(|row| frame(row, words)).collect(),
        guard_checks: guards.map(|row| GuardCheck::new(row, words)).collect(),
    })
}

async fn show(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    Ok(ok(&fetch(&visitor, move |connection, scope, words| read(connection, scope, words, id)).await?))
}

async fn set(visitor: Visitor, Id(id): Id, Json(input): Json<PanelSetting>) -> Result<HttpResponse> {
    let profiles = Arc::clone(&visitor.app.fire_profiles);
    let work = move |tx: &mut Tx<'_>| {
        let panel = PanelInput { address: &input.address, profile: input.profile.as_deref() };
        set_panel_of(tx, &profiles, (id, input.version), &panel)
    };
    visitor.app.write(&visitor.scope(), work).await?;
    Ok(ok(&fetch(&visitor, move |connection, scope, words| read(connection, scope, words, id)).await?))
}

async fn check(
    visitor: Visitor,
    Id(id): Id,
    once: Once,
    Json(input): Json<GuardCheckInput>,
) -> Result<HttpResponse> {
    let minutes = input.minutes;
    let made = once.write(&visitor, &input, move |tx| ask(tx, id, minutes)).await?;
    let found = fetch(&visitor, move |connection, scope, words| {
        get_device(connection, scope, id)?;
        let row = store::get_guard(connection, id, made)?;
        Ok(GuardCheck::new(row, words))
    });
    Ok(created(format!("/api/v1/devices/{id}/panel"), &found.await?))
}
