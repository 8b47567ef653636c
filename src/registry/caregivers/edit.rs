//! Adding and changing a caregiver, and opening the phone number for those who may.

use serde_json::{Map, Value, json};

use super::model::CaregiverInput;
use super::store::{self, CaregiverRow};
use crate::access::audit::Entry;
use crate::access::seal::Cell;
use crate::access::{Permission, Reach, Scope};
use crate::app::Tx;
use crate::error::{Error, Result};
use crate::registry::change::{Edit, differences, record, stale};
use crate::registry::providers::store::may_choose;
use crate::registry::store as places;
use crate::text::Text;

/// Stands for a phone number where changes are written down.
const PHONE_WRITTEN: &str = "******";

/// Adds a caregiver within reach; gives their number.
pub fn add(tx: &mut Tx<'_>, input: &CaregiverInput) -> Result<i64> {
    check(tx, input)?;
    let id = store::insert_caregiver(tx.connection, input, tx.now)?;
    seal_phone(tx, id, input)?;
    record(tx, "caregiver.add", &edit(id, input, 1), Map::new())?;
    Ok(id)
}

/// Changes version `seen` of a caregiver; a newer version wins and is shown to the loser.
pub fn change(tx: &mut Tx<'_>, id: i64, seen: i64, input: &CaregiverInput) -> Result<()> {
    let before = store::get_caregiver(tx.connection, tx.scope, Permission::EditCaregiver, id)?;
    check(tx, input)?;
    if before.version != seen || !store::update_caregiver(tx.connection, id, seen, input, tx.now)? {
        return Err(stale(tx.connection, "caregiver", id, seen)?);
    }
    let mut changes = differences(&before.input().written(), &input.written());
    if let Some(pair) = phone_change(&before, input) {
        changes.insert("phone".to_owned(), pair);
        seal_phone(tx, id, input)?;
    }
    record(tx, "caregiver.change", &edit(id, input, seen + 1), changes)
}

/// Takes version `seen` of a caregiver off the books again, as if it had never been added: for what was added by mistake.
pub fn remove(tx: &mut Tx<'_>, id: i64, seen: i64) -> Result<()> {
    let before = store::get_caregiver(tx.connection, tx.scope, Permission::EditCaregiver, id)?;
    if before.version != seen || !store::delete_caregiver(tx.connection, id, seen)? {
        return Err(stale(tx.connection, "caregiver", id, seen)?);
    }
    record(tx, "caregiver.remove", &edit(id, &before.input(), seen), Map::new())
}

/// Whether the asker may read this caregiver's phone number.
pub fn may_show_phone(scope: &Scope, caregiver: &CaregiverRow) -> bool {
    scope
        .reach(Permission::UnmaskCaregiver)
        .is_ok_and(|reach| covers(&reach, &caregiver.town_code, caregiver.provider_id))
}

/// Opens the phone number and writes down who looked; none where no number is on file.
pub fn show_phone(tx: &mut Tx<'_>, id: i64) -> Result<Option<String>> {
    let caregiver = store::get_caregiver(tx.connection, tx.scope, Permission::SeeCaregivers, id)?;
    if !may_show_phone(tx.scope, &caregiver) {
        return Err(Error::forbidden().context("caregiver's phone"));
    }
    let Some(sealed) = &caregiver.phone_sealed else { return Ok(None) };
    let phone = tx.keys.open(phone_cell(id), sealed)?;
    tx.audit(&Entry {
        action: "caregiver.show_phone",
        entity: "caregiver",
        entity_id: id.to_string(),
        town_code: Some(&caregiver.town_code),
        detail: json!({ "field": "phone" }),
    })?;
    Ok(Some(phone))
}

pub(super) fn phone_cell(row: i64) -> Cell {
    Cell { table: "caregivers", row, column: "phone" }
}

fn seal_phone(tx: &mut Tx<'_>, id: i64, input: &CaregiverInput) -> Result<()> {
    let Some(phone) = &input.phone else { return Ok(()) };
    let sealed = if phone.is_empty() { None } else { Some(tx.keys.seal(phone_cell(id), phone)?) };
    store::set_phone(tx.connection, id, sealed.as_deref())
}

/// Before and after without the number itself; none where it stays.
fn phone_change(before: &CaregiverRow, input: &CaregiverInput) -> Option<Value> {
    let mark = |on_file: bool| if on_file { PHONE_WRITTEN } else { "" };
    let phone = input.phone.as_ref()?;
    let had = before.phone_sealed.is_some();
    (had || !phone.is_empty()).then(|| json!([mark(had), mark(!phone.is_empty())]))
}

fn edit(id: i64, input: &CaregiverInput, version: i64) -> Edit<'_> {
    Edit { entity: "caregiver", id, town_code: &input.town_code, institution_id: None, version }
}

fn covers(reach: &Reach, town_code: &str, provider_id: i64) -> bool {
    reach.has_town(town_code) || reach.providers.contains(&provider_id)
}

/// Refuses what breaks a rule or would lie outside the editor's reach.
fn check(tx: &mut Tx<'_>, input: &CaregiverInput) -> Result<()> {
    input.check()?;
    if !places::town_exists(tx.connection, &input.town_code)? {
        return Err(Error::field("town_code", Text::new("rule.unknown_town")));
    }
    if !may_choose(tx.connection, tx.scope, input.provider_id)? {
        return Err(Error::field("provider_id", Text::new("rule.unknown_provider")));
    }
    let reach = tx.scope.reach(Permission::EditCaregiver)?;
    if covers(&reach, &input.town_code, input.provider_id) {
        return Ok(());
    }
    Err(if reach.towns.is_empty() {
        Error::field("provider_id", Text::new("rule.provider_out_of_reach"))
    } else {
        Error::field("town_code", Text::new("rule.town_out_of_reach"))
    })
}
