//! Elders: those who are visited at home, and how one elder of the demo city is made.

use super::city::City;
use super::dice::{Dice, share_out};
use super::elder_parts;
use super::facts::{Town, Village};
use super::people::{self, born_on, gender, identity, mobile};
use super::store::{ElderRow, insert_elders};
use crate::db::AnyConnection;
use crate::error::Result;

const CLIENTS: i64 = 2_000;
/// Rows held at once.
const ROWS_MAX: usize = 2_000;
/// Hardships that entitle to home visits, and how often each is found, in percent.
const CATEGORIES: [(&str, i64); 8] = [
    ("extreme_hardship", 18),
    ("minimum_living", 30),
    // By age alone.
    ("very_old", 0),
    ("bereaved", 4),
    ("lone", 35),
    ("disabled", 15),
    ("semi_disabled", 28),
    ("dementia", 8),
];
const VERY_OLD_YEARS: i64 = 80;

/// What is particular to an elder.
pub(super) struct Profile<'a> {
    pub id: i64,
    pub town: &'a Town,
    pub village: &'a Village,
    pub home_visits: bool,
    pub age_from: i64,
    pub age_to: i64,
}

/// Inserts the clients of home visits, numbered from 1; gives how many.
pub(super) fn make_clients(connection: &mut AnyConnection, city: &City<'_>) -> Result<i64> {
    let mut dice = Dice::new(city.options.seed, "clients");
    let weights: Vec<f64> = city.towns.iter().map(|town| town.elders_60plus_est as f64).collect();
    let mut rows = Vec::new();
    let mut made = 0;
    for (town, count) in city.towns.iter().zip(share_out(city.options.count(CLIENTS), &weights)) {
        let listed: Vec<&Village> = town.listed().collect();
        for _ in 0..count {
            made += 1;
            let village = *dice.pick(&listed);
            let profile = Profile { id: made, town, village, home_visits: true, age_from: 62, age_to: 96 };
            rows.push(elder(city, &mut dice, &profile)?);
            if rows.len() == ROWS_MAX {
                insert_elders(connection, &rows)?;
                rows.clear();
            }
        }
    }
    insert_elders(connection, &rows)?;
    Ok(made)
}

pub(super) fn elder(city: &City<'_>, dice: &mut Dice, profile: &Profile<'_>) -> Result<ElderRow> {
    let Profile { id, town, village, .. } = *profile;
    let gender = gender(dice, 58);
    let name = people::name(dice, gender);
    let born_on = born_on(dice, id, city.today(), profile.age_from, profile.age_to);
    let number = identity(id, gender, born_on);
    let house = dice.within(1, 240);
    let address = format!("晋江市{}{}{house}号", town.name_zh, village.short());
    let point = village.point.moved(0.8 * (dice.fraction() - 0.5), 0.8 * (dice.fraction() - 0.5));
    let wishes = elder_parts::wishes(city.options.seed, id);
    let door_note = wishes.door_note.map(|note| city.seal("elders", id, "door_note", note)).transpose()?;
    let age = city.today().years_since(born_on).map_or(0, i64::from);
    Ok(ElderRow {
        id,
        town_code: town.code,
        village_code: village.code,
        name,
        gender: gender.name(),
        born_on,
        categories: categories(dice, age, profile.home_visits),
        home_visits: profile.home_visits,
        identity_sealed: city.seal("elders", id, "identity", &number)?,
        identity_index: Some(city.keys.index("identity", &number)),
        phone_sealed: city.seal("elders", id, "phone", &mobile(1_000_000 + id))?,
        address_sealed: city.seal("elders", id, "address", &address)?,
        longitude: point.longitude,
        latitude: point.latitude,
        updated_at: city.now,
        door_note_sealed: door_note.flatten(),
        coordinate_source: "wgs84",
        languages: wishes.languages,
        gender_wish: wishes.gender_wish.map(str::to_owned),
        gender_wish_hard: wishes.gender_wish_hard,
        language_wish: wishes.language_wish.map(str::to_owned),
        language_wish_hard: false,
    })
}

/// In the order of the table; a client has at least one.
fn categories(dice: &mut Dice, age: i64, is_client: bool) -> String {
    let mut held: Vec<&str> = CATEGORIES
        .iter()
        .filter(|(name, percent)| dice.hits(*percent) || (*name == "very_old" && age >= VERY_OLD_YEARS))
        .map(|(name, _)| *name)
        .collect();
    if held.contains(&"disabled") {
        held.retain(|name| *name != "semi_disabled");
    }
    if held.is_empty() && is_client {
        held.push("minimum_living");
    }
    held.join(",")
}
