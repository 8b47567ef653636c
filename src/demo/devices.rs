//! One device for each smart station and each micro fire station, and the file of what they sign in with.

use std::collections::HashMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::city::{City, Made};
use super::dice::digest;
use super::stations::SmartStation;
use super::store::{DeviceRow, insert_devices};
use crate::db::AnyConnection;
use crate::error::Result;

const TOKEN_BYTES: usize = 16;

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
    for (index, row) in rows.iter_mut().enumerate() {
        row.id = index as i64 + 1;
    }
    insert_devices(connection, &rows)?;
    Ok(rows.len() as i64)
}

fn device(city: &City<'_>, code: &str, town_code: &'static str) -> DeviceRow {
    DeviceRow {
        id: 0,
        code: code.to_owned(),
        kind: "smart_station",
        name: String::new(),
        town_code,
        station_id: None,
        institution_id: None,
        token_hash: Sha256::digest(token(city.options.seed, code).as_bytes()).to_vec(),
        presence: "never",
        presence_at: city.now,
        created_at: city.now,
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
