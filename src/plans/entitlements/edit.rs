//! Adding and changing an entitlement.

use serde_json::json;

use super::store;
use crate::access::Permission;
use crate::app::Tx;
use crate::elders::store::{Category, categories};
use crate::error::{Error, Result};
use crate::plans::model::EntitlementInput;
use crate::registry::change::{differences, record_for_city, stale};
use crate::text::Text;

const ENTITY: &str = "entitlement";

pub fn add(tx: &mut Tx<'_>, input: &EntitlementInput) -> Result<i64> {
    tx.scope.reach(Permission::EditCatalogue)?;
    check(tx, input)?;
    let id = store::insert_rule(tx.connection, input, tx.now)?;
    let changes = differences(&json!({}), &input.written());
    record_for_city(tx, "entitlement.add", (ENTITY, id, 1), changes)?;
    Ok(id)
}

/// Changes version `seen` of an entitlement. What an elder is entitled to follows at once, past months included: a new amount
/// from a later month on is a rule of its own.
pub fn change(tx: &mut Tx<'_>, id: i64, seen: i64, input: &EntitlementInput) -> Result<()> {
    let before = store::get_rule(tx.connection, tx.scope, Permission::EditCatalogue, id)?;
    check(tx, input)?;
    if before.version != seen || !store::update_rule(tx.connection, (id, seen), input, tx.now)? {
        return Err(stale(tx.connection, ENTITY, id, seen)?);
    }
    let changes = differences(&before.input().written(), &input.written());
    record_for_city(tx, "entitlement.change", (ENTITY, id, seen + 1), changes)
}

fn check(tx: &mut Tx<'_>, input: &EntitlementInput) -> Result<()> {
    input.check()?;
    match Category::find(&categories(tx.connection)?, &input.category) {
        Some(_) => Ok(()),
        None => Err(Error::field("category", Text::new("rule.choose"))),
    }
}
