//! Putting elders on file and changing what is on file of them.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::model::{Category, Gender, age_years, is_identity, is_valid_identity};
use super::personal::{Found, Personal, PersonalColumns, checked_index, open, record_look_up, seal};
use super::store::{self, ElderRow};
use crate::access::Permission;
use crate::app::Tx;
use crate::error::{Error, Result};
use crate::input::Checks;
use crate::registry::change::{Edit, differences, record, stale};
use crate::registry::store as places;
use crate::text::Text;

const AGE_YEARS_MAX: i64 = 130;

/// Stands for a sealed value where changes are written down.
const WRITTEN: &str = "******";

/// What is on file of an elder; the town is that of the village. Never printed: it holds personal data.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct ElderInput {
    pub name: String,
    pub gender: Gender,
    pub born_on: NaiveDate,
    pub village_code: String,
    pub categories: Vec<Category>,
    pub home_visits: bool,
    pub longitude: f64,
    pub latitude: f64,
    /// None keeps what is on file; so do phone and address.
    #[serde(skip)]
    pub identity: Option<String>,
    #[serde(skip)]
    pub phone: Option<String>,
    #[serde(skip)]
    pub address: Option<String>,
}

impl ElderInput {
    /// The rules that need no database.
    pub fn check(&self, today: NaiveDate) -> Result<()> {
        let mut checks = self.check_person(today);
        checks.place(self.longitude, self.latitude);
        checks.finish()
    }

    /// The same without the place, which may follow from the village.
    pub(super) fn check_person(&self, today: NaiveDate) -> Checks {
        let mut checks = Checks::default();
        checks.text("name", &self.name, 2, 40);
        let is_past = self.born_on <= today && age_years(self.born_on, today) <= AGE_YEARS_MAX;
        checks.require("born_on", is_past, || Text::new("rule.born_on"));
        self.check_identity(&mut checks);
        checks.phone("phone", self.phone.as_deref().unwrap_or_default());
        checks.text("address", self.address.as_deref().unwrap_or_default(), 0, 100);
        checks
    }

    /// The number tells the day of birth and the gender, and its last place proves the others.
    fn check_identity(&self, checks: &mut Checks) {
        let identity = self.identity.as_deref().unwrap_or_default().trim().to_ascii_uppercase();
        if identity.is_empty() {
            return;
        }
        checks.require("identity", is_identity(&identity), || Text::new("rule.identity"));
        if !is_identity(&identity) {
            return;
        }
        checks.require("identity", is_valid_identity(&identity), || Text::new("rule.identity_digits"));
        let born = self.born_on.format("%Y%m%d").to_string();
        checks.require("born_on", identity[6..14] == born, || Text::new("rule.born_on_identity"));
        let is_male = identity.as_bytes()[16] % 2 == 1;
        let fits = is_male == (self.gender == Gender::Male);
        checks.require("gender", fits, || Text::new("rule.gender_identity"));
    }

    fn personal(&self) -> Personal {
        let text = |value: &Option<String>| value.clone().unwrap_or_default().trim().to_owned();
        Personal { identity: text(&self.identity), phone: text(&self.phone), address: text(&self.address) }
    }
}

impl ElderRow {
    /// What is on file, without what is sealed.
    pub fn input(&self) -> ElderInput {
        ElderInput {
            name: self.name.clone(),
            gender: self.gender,
            born_on: self.born_on,
            village_code: self.village_code.clone(),
            categories: Category::parse_list(&self.categories),
            home_visits: self.home_visits,
            longitude: self.longitude,
            latitude: self.latitude,
            identity: None,
            phone: None,
            address: None,
        }
    }
}

/// Puts an elder of a town within reach on file; gives the number.
pub fn add(tx: &mut Tx<'_>, input: &ElderInput) -> Result<i64> {
    let town_code = check(tx, input)?;
    if !tx.scope.reach(Permission::EditElder)?.has_town(&town_code) {
        return Err(Error::field("village_code", Text::new("rule.village_out_of_reach")));
    }
    insert(tx, input, &town_code)
}

/// Puts an elder on file who is about to be admitted, from whatever town: who admits has the person and the card in front of
/// them. `need` is what lets the asker admit.
pub fn register_resident(tx: &mut Tx<'_>, need: Permission, input: &ElderInput) -> Result<Found> {
    tx.scope.reach(need)?;
    let town_code = check(tx, input)?;
    Ok(Found::of(insert(tx, input, &town_code)?))
}

pub(super) fn insert(tx: &mut Tx<'_>, input: &ElderInput, town_code: &str) -> Result<i64> {
    let personal = input.personal();
    if !personal.identity.is_empty() {
        refuse_known(tx, &personal.identity)?;
    }
    let id = store::insert_record(tx.connection, town_code, input, tx.now)?;
    store::set_sealed(tx.connection, id, &seal(tx.keys, id, &personal)?)?;
    record(tx, "elder.add", &edit(id, town_code, 1), Map::new())?;
    Ok(id)
}

/// Changes version `seen` of an elder; a newer version wins and is shown to the loser.
pub fn change(tx: &mut Tx<'_>, id: i64, seen: i64, input: &ElderInput) -> Result<()> {
    let before = store::get_elder(tx.connection, tx.scope, Permission::EditElder, id, tx.now)?;
    let town_code = check(tx, input)?;
    let moves = before.town_code != town_code;
    if moves && !tx.scope.reach(Permission::EditElder)?.has_town(&town_code) {
        return Err(Error::field("village_code", Text::new("rule.village_out_of_reach")));
    }
    if before.version != seen || !store::update_record(tx.connection, id, seen, &town_code, input, tx.now)? {
        return Err(stale(tx.connection, "elder", id, seen)?);
    }
    let mut changes = differences(&json!(before.input()), &json!(input));
    let given = [("identity", &input.identity), ("phone", &input.phone), ("address", &input.address)];
    for (field, _) in given.iter().filter(|(_, value)| value.is_some()) {
        changes.insert((*field).to_owned(), json!([WRITTEN, WRITTEN]));
    }
    let kept = store::sealed_of(tx.connection, id)?;
    let sealed = seal(tx.keys, id, &input.personal())?;
    let pick = |is_given: bool, new: Option<Vec<u8>>, old: Option<Vec<u8>>| if is_given { new } else { old };
    let columns = PersonalColumns {
        identity_sealed: pick(input.identity.is_some(), sealed.identity_sealed, kept.identity_sealed),
        identity_index: pick(input.identity.is_some(), sealed.identity_index, kept.identity_index),
        phone_sealed: pick(input.phone.is_some(), sealed.phone_sealed, kept.phone_sealed),
        address_sealed: pick(input.address.is_some(), sealed.address_sealed, kept.address_sealed),
    };
    store::set_sealed(tx.connection, id, &columns)?;
    record(tx, "elder.change", &edit(id, &town_code, seen + 1), changes)
}

/// Name, gender and birth of somebody whose card is at hand.
pub fn identify(tx: &mut Tx<'_>, found: Found) -> Result<(String, Gender, NaiveDate)> {
    store::person_of(tx.connection, found.elder_id())
}

/// Whether what is given of the sealed values is what is on file; what is not given changes nothing.
pub fn same_personal(tx: &mut Tx<'_>, row: &ElderRow, input: &ElderInput) -> Result<bool> {
    if input.identity.is_none() && input.phone.is_none() && input.address.is_none() {
        return Ok(true);
    }
    let known = open(tx.keys, row)?;
    let same =
        |given: &Option<String>, known: &str| given.as_deref().is_none_or(|given| given.trim() == known);
    Ok(same(&input.identity, &known.identity)
        && same(&input.phone, &known.phone)
        && same(&input.address, &known.address))
}

/// What [`restore`] needs to put an elder back as it is now; sealed values stay sealed.
pub fn keep(tx: &mut Tx<'_>, row: &ElderRow) -> Result<Value> {
    let sealed = store::sealed_of(tx.connection, row.id)?;
    let hex = |value: Option<Vec<u8>>| value.map(hex::encode);
    Ok(json!({
        "input": row.input(),
        "identity_sealed": hex(sealed.identity_sealed), "identity_index": hex(sealed.identity_index),
        "phone_sealed": hex(sealed.phone_sealed), "address_sealed": hex(sealed.address_sealed),
    }))
}

/// Puts back what [`keep`] kept over version `seen`.
pub fn restore(tx: &mut Tx<'_>, id: i64, seen: i64, kept: &Value) -> Result<()> {
    let fault = || Error::internal("a kept elder");
    let input: ElderInput =
        serde_json::from_value(kept["input"].clone()).map_err(|error| fault().because(error))?;
    change(tx, id, seen, &input)?;
    let sealed = |column: &str| -> Result<Option<Vec<u8>>> {
        let text = kept[column].as_str();
        text.map(|text| hex::decode(text).map_err(|error| fault().because(error))).transpose()
    };
    let columns = PersonalColumns {
        identity_sealed: sealed("identity_sealed")?,
        identity_index: sealed("identity_index")?,
        phone_sealed: sealed("phone_sealed")?,
        address_sealed: sealed("address_sealed")?,
    };
    store::set_sealed(tx.connection, id, &columns)
}

/// Takes version `seen` of an elder off the books again, as if never put on file: for what was added by mistake.
pub fn remove(tx: &mut Tx<'_>, id: i64, seen: i64) -> Result<()> {
    // Somebody who was admitted is reached by the stay, which is gone by now: who may admit may take it back.
    let version = store::version_of(tx.connection, id)?;
    let reach = tx.scope.reach(Permission::EditElder)?;
    let Some((version, town_code)) = version else { return Err(Error::not_found()) };
    if !reach.has_town(&town_code) && !tx.scope.may(Permission::ManageStays) {
        return Err(Error::not_found());
    }
    if version != seen || !store::delete_record(tx.connection, id, seen)? {
        return Err(stale(tx.connection, "elder", id, seen)?);
    }
    record(tx, "elder.remove", &edit(id, &town_code, seen), Map::new())
}

fn edit(id: i64, town_code: &str, version: i64) -> Edit<'_> {
    Edit { entity: "elder", id, town_code, institution_id: None, version }
}

/// Refuses what breaks a rule; gives the town.
fn check(tx: &mut Tx<'_>, input: &ElderInput) -> Result<String> {
    input.check(tx.calendar.day_of(tx.now))?;
    places::town_of_village(tx.connection, &input.village_code)?
        .ok_or_else(|| Error::field("village_code", Text::new("rule.unknown_village")))
}

/// An identity number is one person's. That it is known tells of somebody: the look-up is written down.
fn refuse_known(tx: &mut Tx<'_>, identity: &str) -> Result<()> {
    let index = checked_index(tx.keys, identity)?;
    let found = store::find_anywhere_by_index(tx.connection, &index)?;
    if found.is_none() {
        return Ok(());
    }
    record_look_up(tx, found.as_ref())?;
    Err(Error::field("identity", Text::new("rule.identity_on_file")))
}
