//! One device for each smart station and each micro fire station, some with elders at home, and the file of what they sign in
//! with.

use std::collections::HashMap;

use chrono::TimeDelta;
use serde::Serialize;
use sha2::{Digest, Sha256};
use songhe_firmware_protocol::Channel;

use super::city::{City, Made};
use super::device_history;
use super::dice::{Dice, digest};
use super::stations::SmartStation;
use super::store::{
    self, DevicePlaceRow, DeviceRow, FirePanelRow, HourRow, insert_device_places, insert_devices,
    insert_fire_panels, insert_hours,
};
use crate::db::AnyConnection;
use crate::error::Result;

const TOKEN_BYTES: usize = 16;
/// So many of the institutions with a micro fire station have a panel that speaks GB/T 26875.3 as well.
const PANELS: usize = 3;
/// Of the simulator's devices.
const HEARTBEAT_S: i32 = 30;
/// One of so many who are visited at home has a device there.
const WITHOUT: usize = 200;
/// So many days ago it was put there.
const DAYS: i64 = 7;
/// Channel, what is usual, how far an hour may be from it, and the hours of the day at which it is measured.
const MEASURED: [(Channel, f64, f64, &[i32]); 5] = [
    (Channel::BloodPressureSystolic, 134.0, 16.0, &[8, 19]),
    (Channel::BloodPressureDiastolic, 79.0, 9.0, &[8, 19]),
    (Channel::Pulse, 74.0, 10.0, &[8, 19]),
    (Channel::OxygenSaturation, 96.5, 1.5, &[8, 19]),
    (Channel::RoomTemperature, 22.0, 2.5, &[7, 9, 11, 13, 15, 17, 19, 21]),
];

/// What the simulator needs to be one device.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Credential {
    pub device: String,
    pub token: String,
    pub kind: &'static str,
}

/// A device's token: looks random, and is found again from the city's seed.
pub(super) fn token(seed: u64, code: &str) -> String {
    hex::encode(&digest(seed, &format!("device token/{code}"))[..TOKEN_BYTES])
}

/// What each device of these codes and stored kinds signs in with.
pub(super) fn credentials(seed: u64, devices: Vec<(String, String)>) -> Vec<Credential> {
    devices
        .into_iter()
        .map(|(code, kind)| Credential {
            token: token(seed, &code),
            device: code,
            kind: if kind == "fire_sensor" { "fire" } else { "station" },
        })
        .collect()
}

pub(super) fn make(
    connection: &mut AnyConnection,
    city: &City<'_>,
    stations: &[SmartStation],
    institutions: &[Made],
) -> Result<i64> {
    let mut counts = HashMap::new();
    let mut rows: Vec<DeviceRow> = Vec::new();
    for station in stations {
        let number = next(&mut counts, "ST", station.town_code);
        let mut row = device(city, &format!("ST-{}-{number:02}", station.town_code), station.town_code);
        row.station_id = Some(station.id);
        row.name = format!("{}智能终端", station.name);
        rows.push(row);
    }
    for institution in institutions.iter().filter(|institution| institution.micro_fire_station) {
        let number = next(&mut counts, "FS", institution.town_code);
        let mut row =
            device(city, &format!("FS-{}-{number:02}", institution.town_code), institution.town_code);
        row.kind = "fire_sensor";
        row.institution_id = Some(institution.id);
        row.name = format!("{}消防网关", institution.name);
        rows.push(row);
    }
    let mut panels: Vec<FirePanelRow> = Vec::new();
    for institution in institutions.iter().filter(|institution| institution.micro_fire_station).take(PANELS) {
        let number = next(&mut counts, "FP", institution.town_code);
        let mut row =
            device(city, &format!("FP-{}-{number:02}", institution.town_code), institution.town_code);
        row.kind = "fire_sensor";
        row.institution_id = Some(institution.id);
        row.name = format!("{}火灾报警主机", institution.name);
        panels.push(FirePanelRow { device_id: rows.len() as i64 + 1, address: panel_address(panels.len()) });
        rows.push(row);
    }
    for (elder_id, town) in store::visited_at_home(connection)?.into_iter().step_by(WITHOUT) {
        let Some(town) = city.town_of(&town) else { continue };
        let number = next(&mut counts, "HD", town.code);
        let mut row = device(city, &format!("HD-{}-{number:02}", town.code), town.code);
        row.kind = "home_device";
        row.elder_id = Some(elder_id);
        "居家健康监测".clone_into(&mut row.name);
        row.created_at = city.now - TimeDelta::days(DAYS);
        rows.push(row);
    }
    for (index, row) in rows.iter_mut().enumerate() {
        row.id = index as i64 + 1;
    }
    insert_devices(connection, &rows)?;
    insert_fire_panels(connection, &panels)?;
    let places: Vec<DevicePlaceRow> = rows.iter().map(place).collect();
    insert_device_places(connection, &places)?;
    let hours: Vec<HourRow> = rows.iter().flat_map(|row| hours(city, row)).collect();
    insert_hours(connection, &hours)?;
    device_history::make(connection, city, &rows)?;
    Ok(rows.len() as i64)
}

/// What is printed on the label of a panel.
fn panel_address(index: usize) -> String {
    format!("3505820000{:02}", index + 1)
}

fn place(row: &DeviceRow) -> DevicePlaceRow {
    DevicePlaceRow {
        device_id: row.id,
        town_code: row.town_code,
        station_id: row.station_id,
        institution_id: row.institution_id,
        elder_id: row.elder_id,
        from_at: row.created_at,
        placed_by: "demo",
    }
}

/// What a device at home measured on the days before today.
fn hours(city: &City<'_>, row: &DeviceRow) -> Vec<HourRow> {
    let Some(elder_id) = row.elder_id else { return Vec::new() };
    let mut dice = Dice::new(city.options.seed, &format!("measured/{elder_id}"));
    let mut found = Vec::new();
    for back in 1..DAYS {
        let day = city.today() - TimeDelta::days(back);
        for (channel, usual, spread, times) in MEASURED {
            let decimals = 10_f64.powi(i32::from(channel.facts().decimals));
            for hour in times {
                let mut value = || {
                    let off = (dice.fraction() - 0.5) * 2.0 * spread;
                    ((usual + off) * decimals).round() / decimals
                };
                let (one, other) = (value(), value());
                let hour_at = city.calendar.at(day, hour * 60);
                found.push(HourRow {
                    elder_id,
                    day,
                    device_id: row.id,
                    channel: channel.code() as i16,
                    hour_at,
                    readings: 2,
                    doubted: 0,
                    lowest: Some(one.min(other)),
                    highest: Some(one.max(other)),
                    total: one + other,
                    last_value: other,
                    last_at: hour_at + TimeDelta::minutes(30 + dice.within(0, 25)),
                });
            }
        }
    }
    found
}

fn device(city: &City<'_>, code: &str, town_code: &'static str) -> DeviceRow {
    let mut dice = Dice::new(city.options.seed, &format!("device/{code}"));
    DeviceRow {
        id: 0,
        code: code.to_owned(),
        kind: "smart_station",
        name: String::new(),
        town_code,
        station_id: None,
        institution_id: None,
        elder_id: None,
        token_hash: Sha256::digest(token(city.options.seed, code).as_bytes()).to_vec(),
        presence: "never",
        presence_at: city.now,
        created_at: city.now,
        serial_number: format!(
            "SN{}",
            hex::encode(&digest(city.options.seed, &format!("serial/{code}"))[..5])
        ),
        firmware: "v1.4.2",
        heartbeat_s: Some(HEARTBEAT_S),
        installed_on: Some(city.today() - TimeDelta::days(dice.within(100, 330))),
        // Some are overdue, some soon due, most later.
        calibration_due_on: Some(city.today() + TimeDelta::days(dice.within(-12, 340))),
        claimed_at: Some(city.now),
        token_set_at: Some(city.now),
    }
}

fn next(
    counts: &mut HashMap<(&'static str, &'static str), i64>,
    kind: &'static str,
    town: &'static str,
) -> i64 {
    let count = counts.entry((kind, town)).or_insert(0);
    *count += 1;
    *count
}
