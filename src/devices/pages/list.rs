//! The list of devices.

use super::record::health_of;
use super::{channel_name, instant, live_key, main_value, place_text, tone, value_cell};
use crate::access::{Permission, Scope};
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::devices::model::{DeviceHealth, DeviceKind, PresenceState};
use crate::devices::store::{DeviceListed, count_devices, list_devices};
use crate::error::Result;
use crate::listing::{ListRequest, Listed};
use crate::registry::store::town_names;
use crate::web::{Cell, Column, Create, Filter, FilterKind, List, RecordForm, Row, Words, group_digits};

/// Kinds of places to filter by.
const PLACES: [&str; 4] = ["station", "institution", "room", "elder"];

pub(super) struct Devices;

impl List for Devices {
    const PATH: &'static str = "/devices";
    const EXPORT_PATH: &'static str = "/devices.xlsx";
    const HEADING: &'static str = "device.heading";
    const EMPTY: &'static str = "device.empty";
    const NEED: Permission = Permission::SeeDevices;
    const TOPIC: Option<Topic> = Some(Topic::Device);
    const CREATE: Option<Create> = Some(Self::NEW);
    const IMPORT: Option<(&'static str, Permission)> = Some(("devices", Permission::ManageDevice));
    const LINKS: &'static [(&'static str, &'static str, &'static str)] = &[
        ("/devices/health", "ingest.heading", "activity"),
        ("/card-readings", "card_reading.heading", "inbox"),
    ];
    const COLUMNS: &'static [Column] = &[
        Column::text("code", "field.device_code"),
        Column::text("name", "field.name"),
        // The name mostly says it, and there is a filter.
        Column::text("kind", "field.kind").export_only(),
        Column::text("place", "field.device_place"),
        Column::text("presence", "field.presence"),
        Column::text("last_seen", "field.heard_at"),
        Column::text("channel", "field.channel").unsorted(),
        Column::text("value", "field.value").unsorted(),
        Column::text("health", "field.device_health").unsorted(),
        Column::text("serial", "field.serial_number").unsorted().export_only(),
        Column::text("calibration", "field.calibration_due_on").export_only(),
    ];

    /// How many are overdue: somebody has to go there.
    fn note(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Option<String>> {
        let at = (words.calendar, words.now);
        let overdue = count_devices(connection, scope, DeviceHealth::CalibrationOverdue, at)?;
        let text = || words.lang.fill("device_office.overdue_count", &[("n", &group_digits(overdue))]);
        Ok((overdue > 0).then(text))
    }

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
            Filter {
                name: "place",
                label: "field.device_place",
                kind: words.choices("device_place", &PLACES),
            },
            Filter {
                name: "health",
                label: "field.device_health",
                kind: words.choices("device_health", DeviceHealth::NAMES),
            },
        ])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let listed = list_devices(connection, scope, request, (words.calendar, words.now))?;
        Ok(Listed {
            rows: listed.rows.into_iter().map(|row| cells(row, words)).collect(),
            total: listed.total,
        })
    }
}

fn cells(listed: DeviceListed, words: &Words) -> Row {
    let health = health_of(&listed, words);
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
            match health.first() {
                Some(first) => Cell::chip(words.name_of("device_health", first.name()), first.tone()),
                None => Cell::text(""),
            },
            Cell::text(device.serial_number),
            Cell::text(device.calibration_due_on.map(|day| day.to_string()).unwrap_or_default()),
        ],
    }
}
