//! Providers of home service, the stations they run, and their caregivers.

use super::city::City;
use super::dice::{Dice, share_out};
use super::facts::{Point, Town, Village};
use super::options::DemoOptions;
use super::people::{self, gender, landline, mobile};
use super::store::{
    CaregiverRow, ProviderRow, StationRow, insert_caregivers, insert_providers, insert_stations,
};
use crate::db::AnyConnection;
use crate::error::Result;

const PROVIDERS: i64 = 24;
const STATIONS: i64 = 305;
const SMART_STATIONS: i64 = 27;
const CAREGIVERS: i64 = 220;
/// Start and end, minutes after midnight.
const SHIFTS: [(i32, i32); 3] = [(450, 990), (480, 1_020), (510, 1_050)];
const SERVICES: [&str; 8] =
    ["meals", "bathing", "cleaning", "day_care", "health_check", "rehabilitation", "culture", "emergency"];

/// A provider and its town.
#[derive(Clone, Copy)]
pub(super) struct Provider {
    id: i64,
    town_code: &'static str,
}

/// A smart station, for its device.
pub(super) struct SmartStation {
    pub id: i64,
    pub town_code: &'static str,
    pub name: String,
}

pub(super) fn make_providers(connection: &mut AnyConnection, city: &City<'_>) -> Result<Vec<Provider>> {
    let count = city.options.count(PROVIDERS).max(city.towns.len() as i64);
    let mut by_size: Vec<&Town> = city.towns.iter().collect();
    by_size.sort_by_key(|town| (-town.elders_60plus_est, town.code));
    let mut rows = Vec::new();
    for index in 0..count {
        let town = by_size[index as usize % by_size.len()];
        let round = index as usize / by_size.len();
        let name = match round {
            0 => format!("{}居家养老服务中心", town.short()),
            1 => format!("{}康宁居家服务社", town.short()),
            more => format!("{}康宁居家服务社（{more}）", town.short()),
        };
        let id = index + 1;
        rows.push(ProviderRow {
            id,
            town_code: town.code,
            name,
            phone: landline(5_000 + id),
            updated_at: city.now,
        });
    }
    insert_providers(connection, &rows)?;
    Ok(rows.iter().map(|row| Provider { id: row.id, town_code: row.town_code }).collect())
}

fn of_town(providers: &[Provider], town_code: &str) -> Vec<i64> {
    providers.iter().filter(|provider| provider.town_code == town_code).map(|provider| provider.id).collect()
}

/// How many stations the city gets.
pub(super) fn count(options: &DemoOptions) -> i64 {
    options.count(STATIONS)
}

/// Inserts the stations, each in a village of its own as long as there are villages; gives the smart ones.
pub(super) fn make(
    connection: &mut AnyConnection,
    city: &City<'_>,
    providers: &[Provider],
) -> Result<Vec<SmartStation>> {
    let mut dice = Dice::new(city.options.seed, "stations");
    let mut places: Vec<(&Town, &Village)> =
        city.towns.iter().flat_map(|town| town.listed().map(move |village| (town, village))).collect();
    dice.shuffle(&mut places);
    one_of_each_town_first(&mut places);
    let count = count(city.options) as usize;
    let smart = smart_ones(&places, count, city.options.count(SMART_STATIONS) as usize);
    let mut rows = Vec::new();
    let mut made = Vec::new();
    for index in 0..count {
        let (town, village) = places[index % places.len()];
        let row =
            station(city, &mut dice, town, village, (index / places.len(), index as i64 + 1), providers);
        if smart[index] {
            made.push(SmartStation { id: row.id, town_code: row.town_code, name: row.name.clone() });
        }
        rows.push(StationRow { smart: smart[index], ..row });
    }
    insert_stations(connection, &rows)?;
    Ok(made)
}

/// No town is left without a station because it has few villages.
fn one_of_each_town_first(places: &mut [(&Town, &Village)]) {
    let mut seen: Vec<&str> = Vec::new();
    let is_later: Vec<(&str, bool)> = places
        .iter()
        .map(|(town, village)| {
            let is_later = seen.contains(&town.code);
            if !is_later {
                seen.push(town.code);
            }
            (village.code, is_later)
        })
        .collect();
    places.sort_by_key(|(_, village)| is_later.iter().any(|(code, later)| *code == village.code && *later));
}

/// Every town gets a smart station before any gets its second.
fn smart_ones(places: &[(&Town, &Village)], count: usize, wanted: usize) -> Vec<bool> {
    let mut smart = vec![false; count];
    let mut left = wanted.min(count);
    while left > 0 {
        let mut served: Vec<&str> = Vec::new();
        for index in 0..count {
            let town = places[index % places.len()].0.code;
            if left > 0 && !smart[index] && !served.contains(&town) {
                smart[index] = true;
                served.push(town);
                left -= 1;
            }
        }
    }
    smart
}

fn station(
    city: &City<'_>,
    dice: &mut Dice,
    town: &Town,
    village: &Village,
    (round, id): (usize, i64),
    providers: &[Provider],
) -> StationRow {
    let more = if round == 0 { String::new() } else { format!("（{}）", round + 1) };
    let point = village.point.moved(0.2 * (dice.fraction() - 0.5), 0.2 * (dice.fraction() - 0.5));
    let services: Vec<&str> = SERVICES.into_iter().filter(|name| *name == "meals" || dice.hits(55)).collect();
    let own = of_town(providers, town.code);
    StationRow {
        id,
        town_code: town.code,
        village_code: village.code,
        provider_id: if own.is_empty() { None } else { Some(*dice.pick(&own)) },
        name: format!("{}居家养老服务站{more}", village.short()),
        smart: false,
        services: services.join(","),
        phone: landline(10_000 + id),
        longitude: point.longitude,
        latitude: point.latitude,
        updated_at: city.now,
    }
}

pub(super) fn make_caregivers(
    connection: &mut AnyConnection,
    city: &City<'_>,
    providers: &[Provider],
) -> Result<i64> {
    let mut dice = Dice::new(city.options.seed, "caregivers");
    let weights: Vec<f64> = city.towns.iter().map(|town| town.elders_60plus_est as f64).collect();
    let mut rows = Vec::new();
    let mut made = 0;
    for (town, count) in city.towns.iter().zip(share_out(city.options.count(CAREGIVERS), &weights)) {
        let own = of_town(providers, town.code);
        let listed: Vec<&Village> = town.listed().collect();
        for index in 0..count {
            made += 1;
            let home = dice.pick(&listed).point;
            rows.push(caregiver(city, &mut dice, (town, home), own[index as usize % own.len()], made)?);
        }
        insert_caregivers(connection, &rows)?;
        rows.clear();
    }
    Ok(made)
}

fn caregiver(
    city: &City<'_>,
    dice: &mut Dice,
    (town, home): (&Town, Point),
    provider_id: i64,
    id: i64,
) -> Result<CaregiverRow> {
    let gender = gender(dice, 84);
    let (starts, ends) = *dice.pick(&SHIFTS);
    let home = home.moved(dice.fraction() - 0.5, dice.fraction() - 0.5);
    Ok(CaregiverRow {
        id,
        provider_id,
        town_code: town.code,
        name: people::name(dice, gender),
        gender: gender.name(),
        phone_sealed: city.seal("caregivers", id, "phone", &mobile(id))?,
        skills: skills(dice, id),
        languages: if dice.hits(75) { "minnan,mandarin" } else { "mandarin" }.to_owned(),
        shift_days: shift_days(id),
        shift_starts_min: starts,
        shift_ends_min: ends,
        travel_mode: travel_mode(dice),
        longitude: home.longitude,
        latitude: home.latitude,
        active: id % 40 != 0,
        updated_at: city.now,
    })
}

/// Everybody can do something, and each skill is found in every town with three caregivers.
fn skills(dice: &mut Dice, id: i64) -> String {
    const ALL: [&str; 3] = ["daily", "personal", "health"];
    let own = (id % 3) as usize;
    let held = ALL.iter().enumerate().filter(|(index, _)| *index == own || dice.hits([70, 60, 35][*index]));
    held.map(|(_, skill)| *skill).collect::<Vec<_>>().join(",")
}

/// Five days, the two free ones at a turn of their own.
fn shift_days(id: i64) -> String {
    let first_free = (id % 7) as usize;
    let works = |day: usize| day != first_free && day != (first_free + 1) % 7;
    // Monday is 1, as stored.
    (0..7).filter(|day| works(*day)).map(|day| (day + 1).to_string()).collect::<Vec<_>>().join(",")
}

fn travel_mode(dice: &mut Dice) -> &'static str {
    match dice.within(0, 100) {
        0..60 => "e_bike",
        60..75 => "walk",
        75..90 => "bicycle",
        _ => "car",
    }
}
