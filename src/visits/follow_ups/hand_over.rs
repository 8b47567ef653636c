//! Who has a follow-up: taking it over, and handing it to somebody else.

use serde_json::json;

use super::store::{self, FollowUpRow};
use crate::access::Permission;
use crate::access::audit::Entry;
use crate::access::store::user_names;
use crate::app::Tx;
use crate::bus::{Event, Topic};
use crate::error::{Code, Error, Result};
use crate::registry::change::stale;
use crate::text::Text;

/// Takes version `seen` of an open follow-up over, whoever has it.
pub fn take(tx: &mut Tx<'_>, id: i64, seen: i64) -> Result<()> {
    let row = get_seen(tx, id, seen)?;
    let own = tx.scope.user_id.ok_or_else(|| Error::forbidden().context("nobody takes it"))?;
    give(tx, &row, Some(own))
}

/// Gives version `seen` of an open follow-up to a user, or back to the office of its town.
pub fn hand_over(tx: &mut Tx<'_>, id: i64, seen: i64, to: Option<i64>) -> Result<()> {
    let row = get_seen(tx, id, seen)?;
    give(tx, &row, to)
}

fn get_seen(tx: &mut Tx<'_>, id: i64, seen: i64) -> Result<FollowUpRow> {
    let row = store::get(tx.connection, tx.scope, Permission::AssignVisits, id)?;
    if row.version != seen {
        return Err(stale(tx.connection, "follow_up", id, seen)?);
    }
    if row.closed_at.is_some() {
        return Err(Error::new(Code::IllegalMove, Text::new("follow_up.is_closed")));
    }
    Ok(row)
}

fn give(tx: &mut Tx<'_>, row: &FollowUpRow, to: Option<i64>) -> Result<()> {
    let possible = store::possible_holders(tx.connection, row)?;
    let new = possible.iter().find(|(id, ..)| Some(*id) == to).map(|(_, login, _)| login.as_str());
    if to.is_some() && new.is_none() {
        return Err(Error::field("holder_id", Text::new("rule.holder")));
    }
    if to == row.held_by {
        return Err(Error::field("holder_id", Text::new("rule.holder_already")));
    }
    if !store::set_holder(tx.connection, row, to, tx.now)? {
        return Err(stale(tx.connection, "follow_up", row.id, row.version)?);
    }
    let before = match row.held_by {
        Some(id) => user_names(tx.connection, &[id])?.remove(&id).map(|(login, _)| login),
        None => None,
    };
    tx.audit(&Entry {
        action: "follow_up.hand_over",
        entity: "follow_up",
        entity_id: row.id.to_string(),
        town_code: Some(&row.town_code),
        detail: json!({
            "version": row.version + 1,
            "visit": row.visit_id,
            "changes": { "holder_id": [before, new] },
        }),
    })?;
    tx.publish(&Event::new(Topic::Visit, &row.town_code, row.visit_id, json!({ "id": row.visit_id })))
}
