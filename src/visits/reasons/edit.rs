//! Adding and changing a reason: its names, its place, what follows from it, and whether it is still chosen.

use serde_json::Map;

use super::model::{FailReasonInput, check_code};
use super::store::{self, FailReasonRow};
use crate::access::Permission;
use crate::app::Tx;
use crate::bus::Topic;
use crate::error::{Error, Result};
use crate::registry::change::{differences, put_behind, record_coded, stale_of};
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
    move_behind(tx, code, input.after.as_deref())?;
    record_coded(tx, ("fail_reason.add", Topic::Visit), (ENTITY, code, 1), &Map::new())
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
        move_behind(tx, code, input.after.as_deref())?;
    }
    let changes = differences(&before.written(), &input.written());
    record_coded(tx, ("fail_reason.change", Topic::Visit), (ENTITY, code, seen + 1), &changes)
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

fn move_behind(tx: &mut Tx<'_>, code: &str, after: Option<&str>) -> Result<()> {
    let order = store::fail_reasons(tx.connection)?;
    let order = put_behind(order, |reason| &reason.code, (code, after))?;
    store::put_in_order(tx.connection, &order)
}
