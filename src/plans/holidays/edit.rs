//! Adding, changing and removing a day of the schedule. Visits follow with the next generation, within a day.

use serde_json::{Map, json};

use super::model::HolidayInput;
use super::store;
use crate::access::Permission;
use crate::app::Tx;
use crate::error::Result;
use crate::registry::change::{differences, record_for_city, stale};

const ENTITY: &str = "holiday";

pub fn add(tx: &mut Tx<'_>, input: &HolidayInput) -> Result<i64> {
    tx.scope.reach(Permission::EditCatalogue)?;
    input.check()?;
    let id = store::insert_holiday(tx.connection, input, tx.now)?;
    let changes = differences(&json!({}), &input.written());
    record_for_city(tx, "holiday.add", (ENTITY, id, 1), changes)?;
    Ok(id)
}

pub fn change(tx: &mut Tx<'_>, id: i64, seen: i64, input: &HolidayInput) -> Result<()> {
    let before = store::get_holiday(tx.connection, tx.scope, Permission::EditCatalogue, id)?;
    input.check()?;
    if before.version != seen || !store::update_holiday(tx.connection, (id, seen), input, tx.now)? {
        return Err(stale(tx.connection, ENTITY, id, seen)?);
    }
    let changes = differences(&before.input().written(), &input.written());
    record_for_city(tx, "holiday.change", (ENTITY, id, seen + 1), changes)
}

pub fn remove(tx: &mut Tx<'_>, id: i64, seen: i64) -> Result<()> {
    let before = store::get_holiday(tx.connection, tx.scope, Permission::EditCatalogue, id)?;
    if before.version != seen || !store::delete_holiday(tx.connection, id, seen)? {
        return Err(stale(tx.connection, ENTITY, id, seen)?);
    }
    let changes = Map::from_iter([("day".to_owned(), json!([before.day, null]))]);
    record_for_city(tx, "holiday.remove", (ENTITY, id, seen + 1), changes)
}
