//! Adding and changing a service, and its price from a day on.

use chrono::NaiveDate;
use serde_json::{Map, json};

use super::model::{PriceInput, ServiceInput, yuan};
use super::store;
use crate::access::Permission;
use crate::app::Tx;
use crate::error::{Error, Result};
use crate::registry::change::{differences, record_for_city, stale};
use crate::text::Text;

const ENTITY: &str = "service";

/// Adds a service; gives its number.
pub fn add(tx: &mut Tx<'_>, input: &ServiceInput) -> Result<i64> {
    tx.scope.reach(Permission::EditCatalogue)?;
    input.check()?;
    let id = store::insert_service(tx.connection, input)?;
    record_for_city(tx, "service.add", (ENTITY, id, 1), Map::new())?;
    Ok(id)
}

/// Changes version `seen` of a service; plans and visits that follow it take the change from their next generation on.
pub fn change(tx: &mut Tx<'_>, id: i64, seen: i64, input: &ServiceInput) -> Result<()> {
    let before = store::get_service(tx.connection, tx.scope, Permission::EditCatalogue, id)?;
    input.check()?;
    if input.code != before.code {
        return Err(Error::field("code", Text::new("rule.code_fixed")));
    }
    if before.version != seen || !store::update_service(tx.connection, id, seen, input)? {
        return Err(stale(tx.connection, ENTITY, id, seen)?);
    }
    let changes = differences(&before.input().written(), &input.written());
    record_for_city(tx, "service.change", (ENTITY, id, seen + 1), changes)
}

/// Sets the price of version `seen` of a service from a day on. Visits to come get the price of their day.
pub fn set_price(tx: &mut Tx<'_>, id: i64, seen: i64, price: &PriceInput) -> Result<()> {
    let service = store::get_service(tx.connection, tx.scope, Permission::EditCatalogue, id)?;
    price.check()?;
    let known = store::prices_of(tx.connection, &service.code)?;
    let same = known.iter().find(|row| row.effective_on == price.effective_on);
    let changes_nothing = same.is_some_and(|row| row.price_fen == price.price_fen);
    if price.effective_on <= tx.calendar.day_of(tx.now) && !changes_nothing && !known.is_empty() {
        return Err(Error::field("effective_on", Text::new("rule.price_past")));
    }
    if service.version != seen || !store::touch(tx.connection, id, seen)? {
        return Err(stale(tx.connection, ENTITY, id, seen)?);
    }
    store::put_price(tx.connection, &service.code, price)?;
    let later = known.iter().map(|row| row.effective_on).filter(|day| *day > price.effective_on).min();
    let from = price.effective_on.max(tx.calendar.day_of(tx.now));
    if later.is_none_or(|later: NaiveDate| later > from) {
        store::reprice(tx.connection, &service.code, (from, later), price.price_fen)?;
    }
    let before = same.map(|row| yuan(row.price_fen)).unwrap_or_default();
    let changes = json!({
        "effective_on": ["", price.effective_on],
        "price_yuan": [before, yuan(price.price_fen)],
        "confirmed": [same.is_some_and(|row| row.confirmed), price.confirmed],
    });
    let changes = changes.as_object().cloned().unwrap_or_default();
    record_for_city(tx, "service.price", (ENTITY, id, seen + 1), changes)
}
