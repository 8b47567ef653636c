//! Registering an elder, and changing the record: one person has one record in the whole city. Forms, the API, imports and
//! admissions all write through here.

use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use super::model::{CoordinateSource, ElderInput, Gender, check_identity, parse_identity, to_wgs84};
use super::personal::{Found, Personal, index, open, record_look_up, seal};
use super::store::{self, ElderRow};
use crate::access::Permission;
use crate::app::Tx;
use crate::devices::{DevicePlace, follow_town};
use crate::error::{Code, Error, Result};
use crate::input::Checks;
use crate::registry::change::{Edit, differences, record, stale};
use crate::registry::codes;
use crate::registry::store::{VillagePlace, place_of_village};
use crate::text::Text;

/// Stands for a sealed value where changes are written down.
const WRITTEN: &str = "******";

impl ElderRow {
    /// The record as an editor would send it, without what is sealed.
    pub fn input(&self) -> ElderInput {
        ElderInput {
            name: self.name.clone(),
            gender: Some(self.gender),
            born_on: Some(self.born_on),
            village_code: self.village_code.clone(),
            identity: None,
            phone: None,
            address: None,
            door_note: None,
            home_visits: self.home_visits,
            longitude: Some(self.longitude),
            latitude: Some(self.latitude),
            coordinate_source: CoordinateSource::Wgs84,
            languages: codes::split(&self.languages),
            gender_wish: self.gender_wish,
            gender_wish_hard: self.gender_wish_hard,
            language_wish: self.language_wish,
            language_wish_hard: self.language_wish_hard,
        }
    }
}

/// A checked record as it is written: coordinates are WGS-84 by now.
pub(super) struct Checked {
    pub input: ElderInput,
    pub town_code: String,
    pub longitude: f64,
    pub latitude: f64,
    /// The system the coordinates came in.
    pub source: CoordinateSource,
}

/// Whether somebody with this identity number is registered as another record than `id`: the refusal then, and the look-up
/// in the audit chain. Runs in a transaction of its own before [`register`] and [`change`], so that numbers cannot be tried
/// without a trace.
pub fn look_for_known(tx: &mut Tx<'_>, id: Option<i64>, input: &ElderInput) -> Result<Option<Error>> {
    tx.scope.reach(Permission::EditElder)?;
    let input = input.clone().tidy();
    input.check(tx.calendar.day_of(tx.now))?;
    let Some((found, town)) = known(tx, id, &input)? else { return Ok(None) };
    record_look_up(tx, Some(&(found, town)))?;
    refusal(tx, found).map(Some)
}

fn known(tx: &mut Tx<'_>, id: Option<i64>, input: &ElderInput) -> Result<Option<(i64, String)>> {
    let Some(identity) = input.identity.as_deref().filter(|number| !number.is_empty()) else {
        return Ok(None);
    };
    let index = index(tx.keys, identity);
    let found = store::find_anywhere_by_index(tx.connection, &index)?;
    Ok(found.filter(|(found, _)| Some(*found) != id))
}

/// Leads to the record where the asker may see it, and says no more than that there is one where not.
fn refusal(tx: &mut Tx<'_>, found: i64) -> Result<Error> {
    match store::get_elder(tx.connection, tx.scope, Permission::SeeElders, found, tx.now) {
        Ok(row) => {
            let rule = Text::new("elder.registered_already").with("name", row.name).with("number", found);
            Ok(Error::field("identity", rule.with("link", format!("/elders/{found}"))))
        }
        Err(error) if error.code == Code::NotFound => {
            Ok(Error::field("identity", Text::new("elder.registered_elsewhere")))
        }
        Err(error) => Err(error),
    }
}

/// Registers an elder of a town within reach; gives the number.
pub fn register(tx: &mut Tx<'_>, input: &ElderInput) -> Result<i64> {
    let checked = checked(tx, None, input)?;
    refuse_known(tx, None, &checked)?;
    refuse_foreign(tx, &checked.town_code)?;
    insert(tx, &checked)
}

/// Registers somebody of whatever town who is about to be admitted or put in line: whoever does it has the person and the card
/// in front of them, and what they do next says in which house. `need` is what lets the asker do so.
pub fn register_resident(tx: &mut Tx<'_>, need: Permission, input: &ElderInput) -> Result<Found> {
    tx.scope.reach(need)?;
    let checked = checked(tx, None, input)?;
    if known(tx, None, &checked.input)?.is_some() {
        return Err(Error::field("identity", Text::new("rule.identity_on_file")));
    }
    Ok(Found::of(insert(tx, &checked)?))
}

fn insert(tx: &mut Tx<'_>, checked: &Checked) -> Result<i64> {
    let input = &checked.input;
    let id = store::insert_elder(tx.connection, checked, tx.now)?;
    let given = |value: &Option<String>| value.clone().unwrap_or_default();
    let personal = Personal {
        identity: given(&input.identity),
        phone: given(&input.phone),
        address: given(&input.address),
        door_note: given(&input.door_note),
    };
    store::set_sealed(tx.connection, id, &seal(tx.keys, id, &personal)?)?;
    record(tx, "elder.add", &edit(id, &checked.town_code, 1), Map::new())?;
    Ok(id)
}

/// Changes version `seen` of a record; a newer version wins and is shown to the loser.
pub fn change(tx: &mut Tx<'_>, id: i64, seen: i64, input: &ElderInput) -> Result<()> {
    let before = store::get_elder_to_edit(tx.connection, tx.scope, id)?;
    let checked = checked(tx, Some(&before), input)?;
    refuse_known(tx, Some(id), &checked)?;
    if before.village_code != checked.input.village_code {
        refuse_foreign(tx, &checked.town_code)?;
    }
    let input = &checked.input;
    let on_file = open(tx.keys, &before)?;
    agree_with_number(&on_file.identity, input)?;
    if before.version != seen || !store::update_elder(tx.connection, (id, seen), &checked, tx.now)? {
        return Err(stale(tx.connection, "elder", id, seen)?);
    }
    if before.town_code != checked.town_code {
        follow_town(tx, DevicePlace::Elder(id), &checked.town_code)?;
    }
    let after =
        ElderInput { longitude: Some(checked.longitude), latitude: Some(checked.latitude), ..input.clone() };
    let mut changes = differences(&before.input().written(), &after.written());
    let sealed = [
        ("identity", &on_file.identity, &input.identity),
        ("phone", &on_file.phone, &input.phone),
        ("address", &on_file.address, &input.address),
        ("door_note", &on_file.door_note, &input.door_note),
    ];
    changes
        .extend(sealed.into_iter().filter_map(|(name, old, new)| sealed_change(name, old, new.as_deref())));
    let personal = Personal {
        identity: input.identity.clone().unwrap_or(on_file.identity),
        phone: input.phone.clone().unwrap_or(on_file.phone),
        address: input.address.clone().unwrap_or(on_file.address),
        door_note: input.door_note.clone().unwrap_or(on_file.door_note),
    };
    store::set_sealed(tx.connection, id, &seal(tx.keys, id, &personal)?)?;
    record(tx, "elder.change", &edit(id, &checked.town_code, seen + 1), changes)
}

/// Name, gender and birth of somebody whose card is at hand.
pub fn identify(tx: &mut Tx<'_>, found: Found) -> Result<(String, Gender, NaiveDate)> {
    store::person_of(tx.connection, found.elder_id())
}

/// Whether what is given of the sealed values is what is on file; what is not given changes nothing.
pub fn same_personal(tx: &mut Tx<'_>, row: &ElderRow, input: &ElderInput) -> Result<bool> {
    let given = [&input.identity, &input.phone, &input.address, &input.door_note];
    if given.iter().all(|value| value.is_none()) {
        return Ok(true);
    }
    let known = open(tx.keys, row)?;
    let known = [&known.identity, &known.phone, &known.address, &known.door_note];
    Ok(given
        .into_iter()
        .zip(known)
        .all(|(given, known)| given.as_deref().is_none_or(|given| given.trim() == known)))
}

/// The tidy input, the town that the village lies in, and where the elder is found.
fn checked(tx: &mut Tx<'_>, before: Option<&ElderRow>, input: &ElderInput) -> Result<Checked> {
    let input = input.clone().tidy();
    input.check(tx.calendar.day_of(tx.now))?;
    let unknown = || Error::field("village_code", Text::new("rule.unknown_village"));
    let village = place_of_village(tx.connection, &input.village_code)?.ok_or_else(unknown)?;
    let (longitude, latitude) = point(&input, before, &village);
    // Coordinates that stay as they were shown keep the system that they came in at first.
    let kept = before.filter(|row| (row.longitude, row.latitude) == (longitude, latitude));
    let source = kept.map_or(input.coordinate_source, |row| row.coordinate_source);
    Ok(Checked { input, town_code: village.town_code, longitude, latitude, source })
}

/// Where nobody has found the house, an elder is shown at the village's point.
fn point(input: &ElderInput, before: Option<&ElderRow>, village: &VillagePlace) -> (f64, f64) {
    if let (Some(longitude), Some(latitude)) = (input.longitude, input.latitude) {
        return to_wgs84(input.coordinate_source, longitude, latitude);
    }
    let stays = before.filter(|row| row.village_code == input.village_code);
    stays.map_or((village.longitude, village.latitude), |row| (row.longitude, row.latitude))
}

fn refuse_known(tx: &mut Tx<'_>, id: Option<i64>, checked: &Checked) -> Result<()> {
    match known(tx, id, &checked.input)? {
        Some((found, _)) => Err(refusal(tx, found)?),
        None => Ok(()),
    }
}

fn refuse_foreign(tx: &Tx<'_>, town_code: &str) -> Result<()> {
    if tx.scope.reach(Permission::EditElder)?.has_town(town_code) {
        return Ok(());
    }
    Err(Error::field("village_code", Text::new("rule.village_out_of_reach")))
}

/// What is on file must say the same as the rest of the record; a number of before the rules says nothing.
fn agree_with_number(on_file: &str, input: &ElderInput) -> Result<()> {
    if input.identity.is_some() || parse_identity(on_file).is_err() {
        return Ok(());
    }
    let mut checks = Checks::default();
    check_identity(&mut checks, on_file, (input.born_on, input.gender));
    checks.finish()
}

/// Before and after without the value itself; none where it stays.
fn sealed_change(name: &str, old: &str, new: Option<&str>) -> Option<(String, Value)> {
    let new = new.filter(|new| *new != old)?;
    let mark = |text: &str| if text.is_empty() { "" } else { WRITTEN };
    Some((name.to_owned(), json!([mark(old), mark(new)])))
}

pub(super) fn edit(id: i64, town_code: &str, version: i64) -> Edit<'_> {
    Edit { entity: "elder", id, town_code, institution_id: None, version }
}
