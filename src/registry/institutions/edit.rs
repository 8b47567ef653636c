//! Adding and changing an institution.

use serde_json::{Map, json};

use super::model::InstitutionInput;
use super::store;
use crate::access::Permission;
use crate::app::Tx;
use crate::devices::{DevicePlace, follow_town};
use crate::error::{Error, Result};
use crate::registry::change::{Edit, differences, record, stale};
use crate::registry::store as places;
use crate::text::Text;

/// Adds an institution in a town within reach; gives its number.
pub fn add(tx: &mut Tx<'_>, input: &InstitutionInput) -> Result<i64> {
    check(tx, input)?;
    let reach = tx.scope.reach(Permission::EditInstitution)?;
    if !reach.has_town(&input.town_code) {
        return Err(Error::field("town_code", Text::new("rule.town_out_of_reach")));
    }
    let id = store::insert_institution(tx.connection, input, tx.now)?;
    let edit =
        Edit { entity: "institution", id, town_code: &input.town_code, institution_id: Some(id), version: 1 };
    record(tx, "institution.add", &edit, Map::new())?;
    Ok(id)
}

/// Changes version `seen` of an institution; a newer version wins and is shown to the loser.
pub fn change(tx: &mut Tx<'_>, id: i64, seen: i64, input: &InstitutionInput) -> Result<()> {
    let before = store::get_institution(tx.connection, tx.scope, Permission::EditInstitution, id)?;
    check(tx, input)?;
    let moves = before.town_code != input.town_code;
    if moves && !tx.scope.reach(Permission::EditInstitution)?.has_town(&input.town_code) {
        return Err(Error::field("town_code", Text::new("rule.town_out_of_reach")));
    }
    if before.version != seen || !store::update_institution(tx.connection, id, seen, input, tx.now)? {
        return Err(stale(tx.connection, "institution", id, seen)?);
    }
    if moves {
        follow_town(tx, DevicePlace::Institution(id), &input.town_code)?;
    }
    let changes = differences(&json!(before.input()), &json!(input));
    let edit = Edit {
        entity: "institution",
        id,
        town_code: &input.town_code,
        institution_id: Some(id),
        version: seen + 1,
    };
    record(tx, "institution.change", &edit, changes)
}

/// Takes version `seen` of an institution off the books again, as if it had never been added: for what was added by mistake.
pub fn remove(tx: &mut Tx<'_>, id: i64, seen: i64) -> Result<()> {
    let before = store::get_institution(tx.connection, tx.scope, Permission::EditInstitution, id)?;
    if before.version != seen || !store::delete_institution(tx.connection, id, seen)? {
        return Err(stale(tx.connection, "institution", id, seen)?);
    }
    record(
        tx,
        "institution.remove",
        &Edit {
            entity: "institution",
            id,
            town_code: &before.town_code,
            institution_id: Some(id),
            version: seen,
        },
        Map::new(),
    )
}

fn check(tx: &mut Tx<'_>, input: &InstitutionInput) -> Result<()> {
    input.check(tx.calendar.day_of(tx.now))?;
    if !places::town_exists(tx.connection, &input.town_code)? {
        return Err(Error::field("town_code", Text::new("rule.unknown_town")));
    }
    if let Some(village) = &input.village_code
        && places::town_of_village(tx.connection, village)?.as_deref() != Some(&input.town_code)
    {
        return Err(Error::field("village_code", Text::new("rule.village_of_town")));
    }
    Ok(())
}
