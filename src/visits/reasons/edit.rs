//! Adding and changing a reason: its names, its place, what follows from it, and whether it is still chosen.

use serde_json::{Map, Value, json};

use super::model::{FailReasonInput, check_code};
use super::store::{self, FailReasonRow};
use crate::access::Permission;
use crate::access::audit::Entry;
use crate::app::Tx;
use crate::bus::{Event, Topic};
use crate::error::{Error, Result};
use crate::registry::change::{differences, stale_of};
use crate::text::Text;

const ENTITY: &str = "fail_reason";

/// The fields that an editor can set of a reason that stands in `order`.
pub fn reason_input(order: &[FailReasonRow], reason: &FailReasonRow) -> FailReasonInput {
    let index = order.iter().position(|other| other.code == reason.code).unwrap_or_default();
    FailReasonInput {
        name_zh: reason.name_zh.clone(),
        name_en: reason.name_en.clone(),
        contact_within_min: reason.contact_within_min,
        welfare_within_min: reason.welfare_within_min,
        may_make_up: reason.may_make_up,
        needs_note: reason.needs_note,
        closed: reason.closed,
        after: index.checked_sub(1).and_then(|before| order.get(before)).map(|other| other.code.clone()),
    }
}

/// Adds a reason that people can choose.
pub fn add_reason(tx: &mut Tx<'_>, code: &str, input: &FailReasonInput) -> Result<()> {
    tx.scope.reach(Permission::EditCatalogue)?;
    check_code(code)?;
    input.check()?;
    store::insert_reason(tx.connection, code, input)?;
    put_behind(tx, code, input.after.as_deref())?;
    write_down(tx, "fail_reason.add", code, 1, &Map::new())
}

/// Changes version `seen` of a reason. What follows from it holds for visits that are reported from now on; to-dos that are
/// open keep their deadlines.
pub fn change_reason(tx: &mut Tx<'_>, code: &str, seen: i64, input: &FailReasonInput) -> Result<()> {
    tx.scope.reach(Permission::EditCatalogue)?;
    input.check()?;
    let order = store::fail_reasons(tx.connection)?;
    let reason = order.iter().find(|reason| reason.code == code).ok_or_else(Error::not_found)?;
    if reason.version != seen {
        return Err(stale_of(tx.connection, ENTITY, code, seen)?);
    }
    if input.closed && !reason.closed {
        check_closing(&order, reason)?;
    }
    if !store::update_reason(tx.connection, code, seen, input)? {
        return Err(stale_of(tx.connection, ENTITY, code, seen)?);
    }
    let before = reason_input(&order, reason);
    if before.after != input.after {
        put_behind(tx, code, input.after.as_deref())?;
    }
    let changes = differences(&before.written(), &input.written());
    write_down(tx, "fail_reason.change", code, seen + 1, &changes)
}

fn check_closing(order: &[FailReasonRow], reason: &FailReasonRow) -> Result<()> {
    if !reason.choosable {
        return Err(Error::field("closed", Text::new("rule.reason_of_program")));
    }
    if order.iter().filter(|other| other.is_offered()).count() == 1 {
        return Err(Error::field("closed", Text::new("rule.last_reason")));
    }
    Ok(())
}

/// Moves a reason behind another one, or to the front.
fn put_behind(tx: &mut Tx<'_>, code: &str, after: Option<&str>) -> Result<()> {
    let mut order = store::fail_reasons(tx.connection)?;
    let index = order.iter().position(|reason| reason.code == code).ok_or_else(Error::not_found)?;
    let reason = order.remove(index);
    let place = match after {
        None => 0,
        Some(after) => {
            let found = order.iter().position(|other| other.code == after);
            found.map(|index| index + 1).ok_or_else(|| Error::field("after", Text::new("rule.choose")))?
        }
    };
    order.insert(place, reason);
    store::put_in_order(tx.connection, &order)
}

fn write_down(
    tx: &mut Tx<'_>,
    action: &'static str,
    code: &str,
    version: i64,
    changes: &Map<String, Value>,
) -> Result<()> {
    tx.audit(&Entry {
        action,
        entity: ENTITY,
        entity_id: code.to_owned(),
        town_code: None,
        detail: json!({ "version": version, "changes": changes }),
    })?;
    tx.publish(&Event::of_the_city(Topic::Visit, code, json!({ "entity": ENTITY, "code": code })))
}
