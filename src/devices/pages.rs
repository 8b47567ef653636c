mod calibration;
mod cards;
mod charts;
mod claim;
mod elder;
mod export;
mod form;
mod health;
mod limits;
mod list;
mod place;
mod quarantine;
mod record;
mod secret;
mod vitals;

use actix_web::web;

use super::model::{MAIN_CHANNELS, PresenceState, Shown, known, shown};
use super::store::{DeviceListed, Latest, Measured};
use crate::access::Permission;
use crate::clock::Instant;
use crate::web::{Cell, Need, Route, Words, form_routes, get, list_routes, post};

use self::list::Devices;
use self::quarantine::Quarantine;
pub(crate) use charts::station_charts;
pub(super) use elder::day_of;
pub(super) use vitals::days_of;

pub fn routes() -> Vec<Route> {
    let (see, manage) = (Need::May(Permission::SeeDevices), Need::May(Permission::ManageDevice));
    let place = Need::May(Permission::PlaceDevice);
    let mut routes = list_routes::<Devices>().to_vec();
    routes.extend(list_routes::<Quarantine>());
    let [new, _, edit, save] = form_routes::<Devices>();
    routes.extend([
        new,
        // Whoever adds a device is shown its claim code, which no other page could.
        post("/devices", manage, || web::to(secret::create)),
        edit,
        save,
        get("/devices/{id}", see, || web::to(record::show)),
        post("/devices/{id}/claim-code", manage, || web::to(secret::issue)),
        post("/devices/{id}/rotate", manage, || web::to(secret::exchange)),
        post("/devices/{id}/revoke", manage, || web::to(secret::take_away)),
        post("/devices/{id}/disable", manage, || web::to(secret::disable)),
        post("/devices/{id}/enable", manage, || web::to(secret::enable)),
        // A reload or a change of language asks for the address of a step again: it leads back to the device.
        get("/devices/{id}/claim-code", see, || web::to(secret::back)),
        get("/claim", Need::Open, || web::to(claim::show)),
        post("/claim", Need::Open, || web::to(claim::exchange)),
        post("/devices/{id}/remove", manage, || web::to(secret::remove)),
        get("/devices/{id}/measured.xlsx", see, || web::to(export::device)),
        get("/devices/{id}/rotate", see, || web::to(secret::back)),
        get("/devices/{id}/calibrations/new", manage, || web::to(calibration::show)),
        post("/devices/{id}/calibrations", manage, || web::to(calibration::save)),
        get("/devices/{id}/place", place, || web::to(place::show)),
        post("/devices/{id}/place", place, || web::to(place::save)),
        get("/devices/{id}/limits", Need::May(Permission::SeeDevices), || web::to(limits::list)),
        get("/devices/{id}/limit", place, || web::to(limits::show)),
        post("/devices/{id}/limit", place, || web::to(limits::save)),
        get("/devices/health", manage, || web::to(health::show)),
        post("/quarantine/{id}", manage, || web::to(quarantine::show)),
        get("/quarantine/{id}", manage, || web::to(quarantine::back)),
        get("/elders/{id}/readings", Need::May(Permission::SeeElders), || web::to(elder::show)),
        get("/elders/{id}/readings.xlsx", Need::May(Permission::SeeElders), || web::to(export::elder)),
    ]);
    routes.extend(cards::routes());
    routes.extend(super::gb26875::pages::routes());
    routes
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
