//! Keeping a visit where it is: no proposal moves it, and nobody by hand before the pin is taken away.

use serde_json::json;

use super::model::{PIN_REASON_MAX, VisitEvent};
use super::store::{get_visit, set_pin};
use crate::access::Permission;
use crate::access::audit::Entry;
use crate::app::Tx;
use crate::bus::{Event, Topic};
use crate::error::{Error, Result};
use crate::input::Checks;
use crate::registry::change::stale;
use crate::text::Text;

/// Pins version `seen` of a visit that somebody has been told of.
pub fn pin(tx: &mut Tx<'_>, id: i64, seen: i64, reason: &str) -> Result<()> {
    let mut checks = Checks::default();
    checks.text("reason", reason, 1, PIN_REASON_MAX);
    checks.finish()?;
    change(tx, id, seen, Some(reason.trim()))
}

/// Takes the pin of version `seen` of a visit away.
pub fn unpin(tx: &mut Tx<'_>, id: i64, seen: i64) -> Result<()> {
    change(tx, id, seen, None)
}

fn change(tx: &mut Tx<'_>, id: i64, seen: i64, reason: Option<&str>) -> Result<()> {
    let at = (tx.calendar, tx.now);
    let visit = get_visit(tx.connection, tx.scope, Permission::AssignVisits, id, at)?;
    if visit.version != seen {
        return Err(stale(tx.connection, "visit", id, seen)?);
    }
    if reason.is_some() && !(visit.caregiver_id.is_some() && visit.state.allows(VisitEvent::Assign)) {
        return Err(Error::taken(Text::new("visit.pin_needs_caregiver")));
    }
    if visit.pinned_reason.as_deref() == reason {
        return Ok(());
    }
    set_pin(tx.connection, id, reason)?;
    tx.audit(&Entry {
        action: if reason.is_some() { "visit.pin" } else { "visit.unpin" },
        entity: "visit",
        entity_id: id.to_string(),
        town_code: Some(&visit.town_code),
        detail: json!({ "version": seen, "changes": { "pinned_reason": [visit.pinned_reason, reason] } }),
    })?;
    tx.publish(&Event::new(
        Topic::Visit,
        &visit.town_code,
        id,
        json!({ "id": id, "pinned": reason.is_some() }),
    ))
}
