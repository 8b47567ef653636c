//! Tables of devices and of what they last reported, for the pages of stations and institutions.

use super::store::devices::{DeviceRow, LatestReading, Site, devices_at, latest_at};
use crate::access::{Permission, Scope};
use crate::db::AnyConnection;
use crate::devices::pages::{channel_name, value_text};
use crate::error::Result;
use crate::web::{Cell, Column, Row, Words};

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
    site: Site,
    words: &Words,
) -> Result<Option<Vec<Row>>> {
    if !scope.may(Permission::SeeDevices) {
        return Ok(None);
    }
    let rows = latest_at(connection, scope, site)?;
    Ok(Some(rows.into_iter().map(|row| reading_cells(row, words)).collect()))
}

/// Devices of a place; none where the asker may not see devices.
pub fn devices(
    connection: &mut AnyConnection,
    scope: &Scope,
    site: Site,
    words: &Words,
) -> Result<Option<Vec<Row>>> {
    if !scope.may(Permission::SeeDevices) {
        return Ok(None);
    }
    let rows = devices_at(connection, scope, site)?;
    Ok(Some(rows.into_iter().map(|row| device_cells(row, words)).collect()))
}

fn reading_cells(row: LatestReading, words: &Words) -> Row {
    let LatestReading { device_id, device_name, channel, value, at } = row;
    let key = format!("reading:{device_id}:{channel}");
    let mut read_at = Cell::text(words.calendar.show(at));
    read_at.at = Some(words.calendar.rfc3339(at));
    read_at.live_at = Some(key.clone());
    let mut shown = Cell::number(value, value_text(words, channel, value));
    shown.live = Some(key);
    Row {
        href: Some(format!("/devices/{device_id}")),
        cells: vec![Cell::text(device_name), Cell::text(channel_name(words, channel)), shown, read_at],
    }
}

fn device_cells(row: DeviceRow, words: &Words) -> Row {
    let tone = match row.presence.as_str() {
        "online" => "ok",
        "offline" => "warn",
        _ => "off",
    };
    let mut seen = Cell::text(row.last_seen_at.map(|at| words.calendar.show(at)).unwrap_or_default());
    seen.at = row.last_seen_at.map(|at| words.calendar.rfc3339(at));
    Row {
        href: Some(format!("/devices/{}", row.id)),
        cells: vec![
            Cell::text(row.name),
            Cell::text(row.code),
            Cell::text(words.name_of("device_kind", &row.kind)),
            Cell::chip(words.name_of("presence", &row.presence), tone),
            seen,
        ],
    }
}
