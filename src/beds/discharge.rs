//! Ending a stay: ordered for later, when the person has left, or by death.

use serde_json::json;

use super::model::{Destination, Ending, HoldOutcome, PLAN_DAYS_MAX, WaitingState, check_end, check_planned};
use super::record::{Change, not_now, reason_for, record};
use super::store::{self, StayRow};
use crate::access::Permission;
use crate::app::Tx;
use crate::clock::Instant;
use crate::elders::store::set_died;
use crate::error::{Error, Result};
use crate::registry::change::stale;
use crate::text::Text;

/// When somebody left, where to, and why it is written down late.
#[derive(Clone, Debug, Default)]
pub struct Departure {
    /// Now without it.
    pub at: Option<Instant>,
    pub destination: Option<Destination>,
    pub reason: String,
}

/// Ends version `seen` of a stay: the person has left, now or at an instant after the start that has passed.
pub fn discharge(tx: &mut Tx<'_>, stay_id: i64, seen: i64, departure: &Departure) -> Result<()> {
    let stay = stay_to_change(tx, stay_id, seen)?;
    let destination = departure.destination.or(stay.destination);
    end(tx, &stay, departure, Ending::Discharge, destination)
}

/// Ends version `seen` of a stay by death; the elder is admitted nowhere any more and waits for nothing.
pub fn record_death(tx: &mut Tx<'_>, stay_id: i64, seen: i64, departure: &Departure) -> Result<()> {
    let stay = stay_to_change(tx, stay_id, seen)?;
    end(tx, &stay, departure, Ending::Death, None)?;
    set_died(tx.connection, stay.elder_id, departure.at.unwrap_or(tx.now))?;
    if let Some(entry) = store::entry_of_elder(tx.connection, stay.elder_id)? {
        store::close_entry(tx.connection, entry.id, entry.version, WaitingState::Withdrawn, tx.now)?;
    }
    for hold in store::holds_of_elder(tx.connection, stay.elder_id, tx.now)? {
        store::close_hold(tx.connection, &hold, tx.now, HoldOutcome::Released)?;
    }
    Ok(())
}

/// Orders the discharge of version `seen` for a later instant, or takes the order back. The bed stays occupied until the
/// person has left.
pub fn plan_discharge(
    tx: &mut Tx<'_>,
    stay_id: i64,
    seen: i64,
    planned: Option<Instant>,
    destination: Option<Destination>,
) -> Result<()> {
    let stay = stay_to_change(tx, stay_id, seen)?;
    if let Some(at) = planned {
        check_planned("planned_on", tx.now, at, tx.now, PLAN_DAYS_MAX)?;
    }
    if !store::plan_end(tx.connection, stay_id, seen, planned, destination.filter(|_| planned.is_some()))? {
        return Err(stale(tx.connection, "stay", stay_id, seen)?);
    }
    let show = |at: Option<Instant>| at.map(|at| tx.calendar.show(at));
    let detail = json!({
        "version": seen + 1, "bed": stay.bed_id, "elder": stay.elder_id,
        "changes": { "planned_on": [show(stay.planned_ends_at), show(planned)] },
    });
    record(tx, &change(&stay, "stay.plan_discharge", None), detail)
}

/// Version `seen` of a stay that goes on.
pub(super) fn stay_to_change(tx: &mut Tx<'_>, stay_id: i64, seen: i64) -> Result<StayRow> {
    let stay = store::get_stay(tx.connection, tx.scope, Permission::ManageStays, stay_id)?;
    if stay.version != seen {
        return Err(stale(tx.connection, "stay", stay_id, seen)?);
    }
    match stay.ends_at {
        // A day place has its end from the start.
        Some(at) if stay.ending.is_some() || at <= tx.now => {
            Err(not_now(Text::new("bed.stay_is_over").with("at", tx.calendar.show(at))))
        }
        _ => Ok(stay),
    }
}

pub(super) fn change<'a>(stay: &'a StayRow, action: &'static str, state: Option<&'static str>) -> Change<'a> {
    Change {
        action,
        entity: "stay",
        id: stay.id,
        town_code: &stay.town_code,
        institution_id: Some(stay.institution_id),
        bed_id: Some(stay.bed_id),
        state,
    }
}

fn end(
    tx: &mut Tx<'_>,
    stay: &StayRow,
    departure: &Departure,
    ending: Ending,
    destination: Option<Destination>,
) -> Result<()> {
    let to = departure.at.unwrap_or(tx.now);
    check_end("to_on", stay.starts_at, to, tx.now)?;
    let reason = reason_for(tx, to, &departure.reason)?;
    end_open_leave(tx, stay, to)?;
    if !store::end_stay(tx.connection, stay.id, stay.version, to, ending, destination)? {
        return Err(stale(tx.connection, "stay", stay.id, stay.version)?);
    }
    let action = match ending {
        Ending::Death => "stay.death",
        Ending::Discharge | Ending::Transfer => "stay.discharge",
    };
    let at = tx.calendar.show(to);
    let detail = json!({
        "version": stay.version + 1, "bed": stay.bed_id, "elder": stay.elder_id, "reason": reason,
        "destination": destination.map(Destination::name), "changes": { "to_on": [null, at] },
    });
    record(tx, &change(stay, action, Some("free")), detail)
}

/// Whoever leaves for good is on leave no longer.
pub(super) fn end_open_leave(tx: &mut Tx<'_>, stay: &StayRow, to: Instant) -> Result<()> {
    let Some(leave) = store::leave_after(tx.connection, stay.id, to)? else { return Ok(()) };
    if leave.ends_at.is_some() || leave.starts_at >= to {
        let from = tx.calendar.show(leave.starts_at);
        return Err(Error::field("to_on", Text::new("rule.leave_is_later").with("from", from)));
    }
    store::end_leave(tx.connection, leave.id, leave.version, to)?;
    Ok(())
}
