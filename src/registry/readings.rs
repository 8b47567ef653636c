//! Tables of devices and of what they last reported, for the pages of stations and institutions.

use songhe_firmware_protocol::Channel;
use songhe_firmware_protocol::channel::Unit;

use super::store::devices::{DeviceRow, LatestReading, Site, devices_at, latest_at};
use crate::access::{Permission, Scope};
use crate::db::AnyConnection;
use crate::error::Result;
use crate::text::Lang;
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
    Column::text("seen", "field.last_seen_at"),
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
    let mut shown = Cell::number(value, value_text(words.lang, channel, value));
    shown.live = Some(key);
    Row {
        href: Some(format!("/devices/{device_id}")),
        cells: vec![Cell::text(device_name), Cell::text(channel_name(words.lang, channel)), shown, read_at],
    }
}

fn device_cells(row: DeviceRow, words: &Words) -> Row {
    let tone = match row.presence.as_str() {
        "online" => "ok",
        "offline" => "bad",
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

fn channel_of(code: i16) -> Option<Channel> {
    u16::try_from(code).ok().and_then(Channel::from_code)
}

/// The name of a channel; its number where this program does not know it.
pub fn channel_name(lang: Lang, code: i16) -> String {
    match channel_of(code) {
        Some(channel) => lang.t(&format!("enums.channel.{}", channel.name())).into_owned(),
        None => code.to_string(),
    }
}

/// A value with the decimals and the unit of its channel; a switch is on or off.
pub fn value_text(lang: Lang, code: i16, value: f64) -> String {
    let Some(facts) = channel_of(code).map(Channel::facts) else { return value.to_string() };
    if facts.unit == Unit::Switch {
        let state = if value == 0.0 { "off" } else { "on" };
        return lang.t(&format!("enums.switch.{state}")).into_owned();
    }
    format!("{value:.*} {}", usize::from(facts.decimals), facts.unit.symbol())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_the_decimals_and_unit_of_its_channel() {
        let code = |channel: Channel| i16::try_from(channel.code()).unwrap();
        let text = |channel: Channel, value: f64| value_text(Lang::English, code(channel), value);
        assert_eq!(text(Channel::BodyTemperature, 36.6), "36.6 °C");
        assert_eq!(text(Channel::Pulse, 72.0), "72 /min");
        assert_ne!(text(Channel::Sos, 1.0), text(Channel::Sos, 0.0));
        assert_eq!(value_text(Lang::English, 999, 1.5), "1.5");
    }

    #[test]
    fn every_channel_has_a_name_in_both_languages() {
        for channel in Channel::ALL {
            let code = i16::try_from(channel.code()).unwrap();
            for lang in [Lang::Chinese, Lang::English] {
                assert!(!channel_name(lang, code).starts_with("enums."), "{channel:?}");
            }
        }
    }
}
