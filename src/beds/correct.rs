//! Correcting the start or the end of a stay that was written down wrongly.

use serde_json::json;

use super::blocking::{refuse_bed_of, refuse_elder};
use super::discharge::change;
use super::model::{ClaimKind, check_end, check_start};
use super::record::{record, required_reason};
use super::store;
use crate::access::Permission;
use crate::app::Tx;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::registry::change::stale;
use crate::text::Text;

/// What version `seen` of a stay should have been.
#[derive(Clone, Debug)]
pub struct Correction {
    pub from: Instant,
    /// For a stay that is over, when it ended; a stay that goes on has none.
    pub to: Option<Instant>,
    pub reason: String,
}

/// Moves start and end of version `seen` of a stay, always with a reason; refused where it would overlap.
pub fn correct_stay(tx: &mut Tx<'_>, stay_id: i64, seen: i64, correction: &Correction) -> Result<()> {
    let stay = store::get_stay(tx.connection, tx.scope, Permission::ManageStays, stay_id)?;
    if stay.version != seen {
        return Err(stale(tx.connection, "stay", stay_id, seen)?);
    }
    let reason = required_reason(&correction.reason)?;
    let Correction { from, to, .. } = *correction;
    check_start("from_on", from, tx.now)?;
    match (stay.ends_at, to) {
        (Some(_), None) => {
            return Err(Error::field("to_on", Text::new("rule.required").with("field", "@field.to_on")));
        }
        (None, Some(_)) => return Err(Error::field("to_on", Text::new("rule.not_over_yet"))),
        (Some(_), Some(to)) => check_end("to_on", from, to, tx.now)?,
        (None, None) => {}
    }
    refuse_bed_of(tx, stay.bed_id, (from, to), &[(ClaimKind::Stay, stay.id)])?;
    refuse_elder(tx, stay.elder_id, from, to, Some(stay.id))?;
    let leaves = store::leaves_of(tx.connection, stay.id)?;
    let cut = leaves.iter().find(|leave| {
        leave.starts_at < from || to.is_some_and(|to| leave.ends_at.is_none_or(|ends_at| ends_at > to))
    });
    if let Some(leave) = cut {
        let shown = tx.calendar.show(leave.starts_at);
        return Err(Error::field("from_on", Text::new("rule.leave_is_outside").with("from", shown)));
    }
    if !store::correct_period(tx.connection, stay_id, seen, from, to)? {
        return Err(stale(tx.connection, "stay", stay_id, seen)?);
    }
    let show = |at: Option<Instant>| at.map(|at| tx.calendar.show(at));
    let detail = json!({
        "version": seen + 1, "reason": reason,
        "changes": {
            "from_on": [show(Some(stay.starts_at)), show(Some(from))],
            "to_on": [show(stay.ends_at), show(to)],
        },
    });
    record(tx, &change(&stay, "stay.correct", None), detail)
}
