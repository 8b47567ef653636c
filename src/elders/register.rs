//! Registering an elder, and changing the record: one person has one record in the whole city.

use serde_json::{Map, Value, json};

use super::model::{CoordinateSource, ElderInput, check_identity, parse_identity, to_wgs84};
use super::personal::{Personal, index, open, open_door_note, record_look_up, seal, seal_of};
use super::store::{self, ElderRow};
use crate::access::Permission;
use crate::app::Tx;
use crate::error::{Code, Error, Result};
use crate::input::Checks;
use crate::registry::change::{Edit, differences, record, stale};
use crate::registry::codes;
use crate::registry::store::town_of_village;
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
            longitude: self.longitude,
            latitude: self.latitude,
            coordinate_source: CoordinateSource::Wgs84,
            languages: codes::split(&self.languages),
            gender_wish: self.gender_wish,
            gender_wish_hard: self.gender_wish_hard,
            language_wish: self.language_wish,
            language_wish_hard: self.language_wish_hard,
        }
    }
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

/// Registers an elder within reach; gives the number.
pub fn register(tx: &mut Tx<'_>, input: &ElderInput) -> Result<i64> {
    let (input, town, source) = checked(tx, None, input)?;
    let id = store::insert_elder(tx.connection, &input, (&town, source), tx.now)?;
    let personal = Personal {
        identity: input.identity.clone().unwrap_or_default(),
        phone: input.phone.clone().unwrap_or_default(),
        address: input.address.clone().unwrap_or_default(),
    };
    put_sealed(tx, id, &personal, input.door_note.as_deref().unwrap_or_default())?;
    record(tx, "elder.register", &edit(id, &town, 1), Map::new())?;
    Ok(id)
}

/// Changes version `seen` of a record; a newer version wins and is shown to the loser.
pub fn change(tx: &mut Tx<'_>, id: i64, seen: i64, input: &ElderInput) -> Result<()> {
    let before = store::get_elder_to_edit(tx.connection, tx.scope, id)?;
    let (input, town, source) = checked(tx, Some(&before), input)?;
    let on_file = open(tx.keys, &before)?;
    let door_note = open_door_note(tx.keys, &before)?;
    agree_with_number(&on_file.identity, &input)?;
    if before.version != seen
        || !store::update_elder(tx.connection, (id, seen), &input, (&town, source), tx.now)?
    {
        return Err(stale(tx.connection, "elder", id, seen)?);
    }
    let mut changes = differences(&before.input().written(), &input.written());
    let sealed = [
        ("identity", &on_file.identity, &input.identity),
        ("phone", &on_file.phone, &input.phone),
        ("address", &on_file.address, &input.address),
        ("door_note", &door_note, &input.door_note),
    ];
    changes
        .extend(sealed.into_iter().filter_map(|(name, old, new)| sealed_change(name, old, new.as_deref())));
    let personal = Personal {
        identity: input.identity.clone().unwrap_or(on_file.identity),
        phone: input.phone.clone().unwrap_or(on_file.phone),
        address: input.address.clone().unwrap_or(on_file.address),
    };
    put_sealed(tx, id, &personal, input.door_note.as_deref().unwrap_or(&door_note))?;
    record(tx, "elder.change", &edit(id, &town, seen + 1), changes)
}

/// The tidy input with WGS-84 coordinates, the town that the village lies in, and the system the coordinates came in.
fn checked(
    tx: &mut Tx<'_>,
    before: Option<&ElderRow>,
    input: &ElderInput,
) -> Result<(ElderInput, String, CoordinateSource)> {
    let mut input = input.clone().tidy();
    input.check(tx.calendar.day_of(tx.now))?;
    let unknown = || Error::field("village_code", Text::new("rule.unknown_village"));
    let town = town_of_village(tx.connection, &input.village_code)?.ok_or_else(unknown)?;
    let stays = before.is_some_and(|row| row.village_code == input.village_code);
    if !stays && !tx.scope.reach(Permission::EditElder)?.has_town(&town) {
        return Err(Error::field("village_code", Text::new("rule.village_out_of_reach")));
    }
    if let Some((found, _)) = known(tx, before.map(|row| row.id), &input)? {
        return Err(refusal(tx, found)?);
    }
    let sent = input.coordinate_source;
    (input.longitude, input.latitude) = to_wgs84(sent, input.longitude, input.latitude);
    // Coordinates that stay as they were shown keep the system that they came in at first.
    let kept = before.filter(|row| (row.longitude, row.latitude) == (input.longitude, input.latitude));
    let source = kept.map_or(sent, |row| row.coordinate_source);
    Ok((input, town, source))
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

fn put_sealed(tx: &mut Tx<'_>, id: i64, personal: &Personal, door_note: &str) -> Result<()> {
    let columns = seal(tx.keys, id, personal)?;
    let door_note = seal_of(tx.keys, ("elders", id, "door_note"), door_note)?;
    store::set_sealed(tx.connection, id, &columns, door_note)
}

/// Before and after without the value itself; none where it stays.
fn sealed_change(name: &str, old: &str, new: Option<&str>) -> Option<(String, Value)> {
    let new = new.filter(|new| *new != old)?;
    let mark = |text: &str| if text.is_empty() { "" } else { WRITTEN };
    Some((name.to_owned(), json!([mark(old), mark(new)])))
}

fn edit(id: i64, town_code: &str, version: i64) -> Edit<'_> {
    Edit { entity: "elder", id, town_code, institution_id: None, version }
}
