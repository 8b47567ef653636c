//! Taking a free bed out of service, and putting it back.

use serde_json::json;

use super::blocking::{named_bed, refuse_bed};
use super::model::{OutageReason, PLAN_DAYS_MAX, check_end, check_note, check_planned, check_start};
use super::record::{Change, not_now, reason_for, record};
use super::store::{self, BedRow};
use crate::access::Permission;
use crate::app::Tx;
use crate::clock::Instant;
use crate::error::Result;
use crate::registry::change::stale;
use crate::text::Text;

/// Why and from when a bed is out of service.
#[derive(Clone, Debug)]
pub struct Taking {
    pub why: OutageReason,
    /// Now without it.
    pub from: Option<Instant>,
    /// When it is expected back.
    pub due: Option<Instant>,
    pub note: String,
    pub reason: String,
}

/// Takes a bed out of service and gives the outage's number.
pub fn take_out(tx: &mut Tx<'_>, bed_id: i64, taking: &Taking) -> Result<i64> {
    let bed = named_bed(tx, Permission::ManageStays, bed_id)?;
    let from = taking.from.unwrap_or(tx.now);
    check_start("from_on", from, tx.now)?;
    if let Some(due) = taking.due {
        check_planned("due_on", from, due, tx.now, PLAN_DAYS_MAX)?;
    }
    check_note("note", &taking.note)?;
    let reason = reason_for(tx, from, &taking.reason)?;
    refuse_bed(tx, &bed, from, None, &[])?;
    let note = taking.note.trim();
    let id = store::insert_outage(tx.connection, &bed, taking.why, note, from, taking.due)?;
    let detail = json!({
        "version": 1, "bed": bed.id, "kind": taking.why.name(), "from": tx.calendar.rfc3339(from), "reason": reason,
    });
    record(tx, &change(&bed, "outage.begin", id, "out_of_service"), detail)?;
    Ok(id)
}

/// Ends version `seen` of an outage: the bed can be used again.
pub fn put_back(tx: &mut Tx<'_>, outage_id: i64, seen: i64, at: Option<Instant>, reason: &str) -> Result<()> {
    let outage = store::get_outage(tx.connection, tx.scope, Permission::ManageStays, outage_id)?;
    if let Some(ended) = outage.ends_at {
        return Err(not_now(Text::new("bed.outage_is_over").with("at", tx.calendar.show(ended))));
    }
    if outage.version != seen {
        return Err(stale(tx.connection, "outage", outage_id, seen)?);
    }
    let to = at.unwrap_or(tx.now);
    check_end("to_on", outage.starts_at, to, tx.now)?;
    let reason = reason_for(tx, to, reason)?;
    if !store::end_outage(tx.connection, outage_id, seen, to)? {
        return Err(stale(tx.connection, "outage", outage_id, seen)?);
    }
    let bed = store::get_bed(tx.connection, tx.scope, Permission::ManageStays, outage.bed_id)?;
    let detail =
        json!({ "version": seen + 1, "bed": bed.id, "at": tx.calendar.rfc3339(to), "reason": reason });
    record(tx, &change(&bed, "outage.end", outage_id, "free"), detail)
}

fn change<'a>(bed: &'a BedRow, action: &'static str, id: i64, state: &'static str) -> Change<'a> {
    Change {
        action,
        entity: "outage",
        id,
        town_code: &bed.town_code,
        institution_id: Some(bed.institution_id),
        bed_id: Some(bed.id),
        state: Some(state),
    }
}
