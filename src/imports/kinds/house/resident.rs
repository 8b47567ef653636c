//! The resident of a row.

use serde_json::json;

use super::super::Ground;
use super::super::fields::Fields;
use super::super::places;
use super::Said;
use crate::access::Permission;
use crate::app::Tx;
use crate::beds::{Admission, Settled, TAKE_OVER, Whom, resident_of, settle, take_over};
use crate::elders::store::get_elder;
use crate::elders::{
    ElderInput, Found, change, find_for_admission, identify, keep, register_resident, same_personal,
};
use crate::error::{Error, Result};
use crate::imports::model::{Made, Values};
use crate::registry::institutions::store::get_institution;
use crate::text::Text;

/// Finds the resident in the bed, or admits them.
pub(super) fn house_resident(
    tx: &mut Tx<'_>,
    (ground, institution, bed): (&Ground, i64, i64),
    row: &Values,
    said: &Said<'_>,
    made: &mut Vec<Made>,
) -> Result<()> {
    let Some(identity) = &said.identity else { return resident_by_name(tx, bed, said, made) };
    let found = if let Some(found) = find_for_admission(tx, TAKE_OVER, identity)? {
        check_person(tx, found, said)?;
        found
    } else {
        let input = new_elder(tx, institution, row, said)?;
        let found = register_resident(tx, TAKE_OVER, &input)?;
        made.push(Made::added("elder", found.elder_id(), 1));
        found
    };
    let elder = found.elder_id();
    if let Some(settled) = settle(tx, bed, elder, &said.resident)? {
        note(made, settled);
    } else {
        let (stay_id, used_up) = take_over(tx, &admission(tx, ground, found, bed, said))?;
        let stay = Made::added("stay", stay_id, 1);
        made.push(if used_up.is_nothing() { stay } else { stay.after(json!(used_up)) });
    }
    phone_of_known(tx, elder, said, made)
}

/// Without an identity number a row can only speak of whoever lives in the bed already.
fn resident_by_name(tx: &mut Tx<'_>, bed: i64, said: &Said<'_>, made: &mut Vec<Made>) -> Result<()> {
    let living = resident_of(tx, bed)?;
    let Some((elder, _)) = living.filter(|(_, name)| name.as_deref() == said.name) else {
        return Err(Error::field("identity", Text::new("import.identity_to_admit")));
    };
    if let Some(settled) = settle(tx, bed, elder, &said.resident)? {
        note(made, settled);
    }
    phone_of_known(tx, elder, said, made)
}

fn note(made: &mut Vec<Made>, settled: Settled) {
    if let Settled::Agreed { stay_id, version, before } = settled {
        made.push(Made::changed("stay", stay_id, version, before));
    }
}

fn admission(tx: &Tx<'_>, ground: &Ground, found: Found, bed: i64, said: &Said<'_>) -> Admission {
    let today = tx.calendar.day_of(tx.now);
    let from = said.since.and_then(|(day, minutes)| match minutes {
        None if day == today => None,
        minutes => Some(tx.calendar.at(day, minutes.unwrap_or_default())),
    });
    Admission {
        agreed: said.resident.agreed(),
        reason: format!("import {}", ground.batch_id),
        ..Admission::now(Whom::Found(found), bed).from(from)
    }
}

/// The card is somebody's: the row must speak of the same person. What is on file is not told.
fn check_person(tx: &mut Tx<'_>, found: Found, said: &Said<'_>) -> Result<()> {
    let (name, gender, born_on) = identify(tx, found)?;
    let mut fields = crate::input::Checks::default();
    let differs = || Text::new("import.other_person");
    fields.require("elder", said.name.is_none_or(|said| said == name), differs);
    fields.require("gender", said.gender.is_none_or(|said| said == gender), differs);
    fields.require("born_on", said.born_on.is_none_or(|said| said == born_on), differs);
    fields.finish()
}

/// Somebody who is not on file: of the institution's village where the row names none.
fn new_elder(tx: &mut Tx<'_>, institution: i64, row: &Values, said: &Said<'_>) -> Result<ElderInput> {
    let house = get_institution(tx.connection, tx.scope, TAKE_OVER, institution)?;
    let mut fields = Fields::of(row);
    let village = fields.text("village_code").map(str::to_owned).or_else(|| house.village_code.clone());
    let (Some(name), Some(gender), Some(born_on), Some(village)) =
        (said.name, said.gender, said.born_on, village)
    else {
        let given = [said.name.is_some(), said.gender.is_some(), said.born_on.is_some()];
        for (key, _) in ["elder", "gender", "born_on"].into_iter().zip(given).filter(|(_, given)| !given) {
            fields.missing(key);
        }
        if !row.has("village_code") && house.village_code.is_none() {
            fields.missing("village_code");
        }
        fields.finish()?;
        return Err(Error::internal("a complete row of a resident"));
    };
    // A name alone is looked for in the institution's own town.
    let town = row.has("village_code").then_some(house.town_code.as_str());
    let village = places::village(tx, town, &village)?;
    Ok(ElderInput {
        gender: Some(gender),
        born_on: Some(born_on),
        identity: said.identity.clone(),
        phone: said.phone.clone().given(),
        ..ElderInput::named(name, &village.code)
    })
}

/// A phone number that the row gives or empties and that is not what is on file.
fn phone_of_known(tx: &mut Tx<'_>, elder: i64, said: &Said<'_>, made: &mut Vec<Made>) -> Result<()> {
    let is_new = made.iter().any(|made| made.entity == "elder" && made.before.is_none());
    if is_new || said.phone.is_silent() {
        return Ok(());
    }
    let known = get_elder(tx.connection, tx.scope, Permission::EditElder, elder, tx.now)?;
    let input = ElderInput { phone: said.phone.clone().given(), ..known.input() };
    if same_personal(tx, &known, &input)? {
        return Ok(());
    }
    let kept = keep(tx, &known)?;
    change(tx, elder, known.version, &input)?;
    made.push(Made::changed("elder", elder, known.version + 1, kept));
    Ok(())
}
