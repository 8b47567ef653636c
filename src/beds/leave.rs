//! Leave: at home or in hospital, while the bed stays the elder's.

use serde_json::json;

use super::discharge::{change, stay_to_change};
use super::model::{LeaveKind, PLAN_DAYS_MAX, check_end, check_note, check_planned, check_start};
use super::record::{not_now, reason_for, record};
use super::store;
use crate::access::Permission;
use crate::app::Tx;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::registry::change::stale;
use crate::text::Text;

/// How somebody goes on leave.
#[derive(Clone, Debug)]
pub struct Going {
    pub kind: LeaveKind,
    /// Now without it.
    pub from: Option<Instant>,
    /// When they are expected back.
    pub due: Option<Instant>,
    pub note: String,
    pub reason: String,
}

/// Begins a leave inside version `seen` of a stay and gives its number.
pub fn start_leave(tx: &mut Tx<'_>, stay_id: i64, seen: i64, going: &Going) -> Result<i64> {
    let stay = stay_to_change(tx, stay_id, seen)?;
    let from = going.from.unwrap_or(tx.now);
    check_start("from_on", from, tx.now)?;
    if from < stay.starts_at {
        return Err(Error::field("from_on", Text::new("rule.after_start")));
    }
    if let Some(due) = going.due {
        check_planned("due_on", from, due, tx.now, PLAN_DAYS_MAX)?;
    }
    check_note("note", &going.note)?;
    let reason = reason_for(tx, from, &going.reason)?;
    if let Some(other) = store::leave_after(tx.connection, stay_id, from)? {
        let since = tx.calendar.show(other.starts_at);
        return Err(Error::taken(
            Text::new("bed.on_leave_since").with("from", since).with("number", other.id),
        ));
    }
    let id = store::insert_leave(tx.connection, stay_id, going.kind, from, going.due, going.note.trim())?;
    let detail = json!({
        "leave": id, "kind": going.kind.name(), "from": tx.calendar.rfc3339(from), "reason": reason,
        "due": going.due.map(|at| tx.calendar.rfc3339(at)),
    });
    record(tx, &change(&stay, "stay.leave", Some("on_leave")), detail)?;
    Ok(id)
}

/// Ends version `seen` of a leave: the elder is back.
pub fn end_leave(tx: &mut Tx<'_>, leave_id: i64, seen: i64, at: Option<Instant>, reason: &str) -> Result<()> {
    let leave = store::get_leave(tx.connection, tx.scope, Permission::ManageStays, leave_id)?;
    if let Some(ended) = leave.ends_at {
        return Err(not_now(Text::new("bed.leave_is_over").with("at", tx.calendar.show(ended))));
    }
    if leave.version != seen {
        return Err(stale(tx.connection, "leave", leave_id, seen)?);
    }
    let stay = store::get_stay(tx.connection, tx.scope, Permission::ManageStays, leave.stay_id)?;
    let to = at.unwrap_or(tx.now);
    check_end("to_on", leave.starts_at, to, tx.now)?;
    let reason = reason_for(tx, to, reason)?;
    if !store::end_leave(tx.connection, leave_id, seen, to)? {
        return Err(stale(tx.connection, "leave", leave_id, seen)?);
    }
    let detail = json!({ "leave": leave_id, "kind": leave.kind.name(), "at": tx.calendar.rfc3339(to), "reason": reason });
    record(tx, &change(&stay, "stay.return", Some("occupied")), detail)
}
