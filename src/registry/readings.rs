//! Tables of devices and of what they last reported, for the pages of stations and institutions.

use std::collections::HashMap;

use crate::access::{Permission, Scope};
use crate::db::AnyConnection;
use crate::devices::ChartSpan;
use crate::devices::DevicePlace;
use crate::devices::pages::{channel_name, live_key, station_charts, tone, value_text};
use crate::devices::store::{DeviceRow, Latest, devices_at, latest_of};
use crate::error::Result;
use crate::web::{Cell, ChartsView, Column, Row, Words};

/// Columns of [`readings`].
pub const READING_COLUMNS: &[Column] = &[
    Column::text("device", "field.device"),
    Column::text("channel", "field.channel"),
    Column::number("value", "field.value"),
    Column::text("at", "field.read_at"),
];

/// Columns of [`devices`].
pub const DEVICE_COLUMNS: &[Column] = &[
    Column::text("name", "field.name"),
    Column::text("code", "field.device_code"),
    Column::text("kind", "field.kind"),
    Column::text("presence", "field.presence"),
    Column::text("seen", "station.device_seen"),
];

/// Latest readings of a place's devices; none where the asker may not see devices.
pub fn readings(
    connection: &mut AnyConnection,
    scope: &Scope,
    place: DevicePlace,
    words: &Words,
) -> Result<Option<Vec<Row>>> {
    if !scope.may(Permission::SeeDevices) {
        return Ok(None);
    }
    let names: HashMap<i64, String> =
        devices_at(connection, scope, place)?.into_iter().map(|device| (device.id, device.name)).collect();
    let ids: Vec<i64> = names.keys().copied().collect();
    let latest = latest_of(connection, &ids)?;
    Ok(Some(latest.into_iter().map(|one| reading_cells(one, &names, words)).collect()))
}

/// Devices of a place; none where the asker may not see devices.
pub fn devices(
    connection: &mut AnyConnection,
    scope: &Scope,
    place: DevicePlace,
    words: &Words,
) -> Result<Option<Vec<Row>>> {
    if !scope.may(Permission::SeeDevices) {
        return Ok(None);
    }
    let rows = devices_at(connection, scope, place)?;
    Ok(Some(rows.into_iter().map(|row| device_cells(row, words)).collect()))
}

/// Charts of what a place's devices measured; none where the asker may not see devices.
pub fn charts(
    connection: &mut AnyConnection,
    scope: &Scope,
    (place, path): (DevicePlace, &str),
    words: &Words,
    span: ChartSpan,
) -> Result<Option<ChartsView>> {
    if !scope.may(Permission::SeeDevices) {
        return Ok(None);
    }
    let rows = devices_at(connection, scope, place)?;
    station_charts(connection, words, &rows, (span, path)).map(Some)
}

fn reading_cells(latest: Latest, names: &HashMap<i64, String>, words: &Words) -> Row {
    let Latest { device_id, channel, value, at } = latest;
    let key = live_key(device_id, channel);
    let read_at =
        Cell { live_at: Some(key.clone()), ..Cell::at(words.calendar.show(at), words.calendar.rfc3339(at)) };
    let shown = Cell { live: Some(key), ..Cell::number(value, value_text(words, channel, value)) };
    let name = names.get(&device_id).map(String::as_str).unwrap_or_default();
    Row {
        href: Some(format!("/devices/{device_id}")),
        cells: vec![Cell::text(name), Cell::text(channel_name(words, channel)), shown, read_at],
    }
}

fn device_cells(device: DeviceRow, words: &Words) -> Row {
    let seen = device.last_seen_at.map(|at| Cell::at(words.calendar.show(at), words.calendar.rfc3339(at)));
    Row {
        href: Some(format!("/devices/{}", device.id)),
        cells: vec![
            Cell::text(device.name),
            Cell::text(device.code),
            Cell::text(words.name_of("device_kind", device.kind.name())),
            Cell::chip(words.name_of("presence", device.presence.name()), tone(device.presence)),
            seen.unwrap_or_default(),
        ],
    }
}
