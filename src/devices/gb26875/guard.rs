//! Guard checks: somebody asks whether a fire control room is manned, and it answers in time or not.

use chrono::TimeDelta;
use serde_json::json;

use super::model::GuardOutcome;
use super::store::{self, GuardRow};
use crate::access::Permission;
use crate::access::audit::Entry;
use crate::app::Tx;
use crate::bus::{Event, Topic};
use crate::clock::Instant;
use crate::devices::model::PresenceState;
use crate::devices::store::{DeviceState, device_states, get_device, get_to};
use crate::error::{Code, Error, Result};
use crate::input::Checks;
use crate::text::Text;

/// Minutes that a control room may be given.
pub const MINUTES: std::ops::RangeInclusive<i16> = 1..=60;
/// A check that no process could send for so long is given up.
const SENT_WITHIN: TimeDelta = TimeDelta::minutes(1);

/// Asks a panel's control room. The panel is asked as soon as the process that holds its connection sees it.
pub fn ask(tx: &mut Tx<'_>, device_id: i64, minutes: i16) -> Result<i64> {
    let device = get_device(tx.connection, tx.scope, device_id)?.device;
    // Whoever may answer its alerts.
    get_to(tx.connection, tx.scope, Permission::AnswerAlerts, device_id)?;
    let mut checks = Checks::default();
    checks.require("minutes", MINUTES.contains(&minutes), || {
        Text::new("rule.range").with("min", MINUTES.start()).with("max", MINUTES.end())
    });
    checks.finish()?;
    if store::panel_of(tx.connection, device_id)?.is_none() {
        return Err(Error::new(Code::IllegalMove, Text::new("guard.no_panel")));
    }
    if device.presence != PresenceState::Online || device.disabled_at.is_some() {
        return Err(Error::new(Code::IllegalMove, Text::new("guard.offline")));
    }
    let actor = tx.scope.actor.clone();
    let id = store::insert_guard(tx.connection, device_id, (&actor, minutes), tx.now)?;
    tx.audit(&Entry {
        action: "device.guard_ask",
        entity: "device",
        entity_id: device_id.to_string(),
        town_code: Some(&device.town_code),
        detail: json!({ "check": id, "minutes": minutes }),
    })?;
    tell_of(tx, device_id)?;
    Ok(id)
}

/// Until when an answer counts; none for a check that was not sent.
pub fn due_at(check: &GuardRow) -> Option<Instant> {
    check.sent_at.map(|sent_at| sent_at + TimeDelta::minutes(i64::from(check.minutes)))
}

/// Somebody answered at the device: the open check has ended, in time or too late.
pub fn answer(tx: &mut Tx<'_>, device_id: i64) -> Result<()> {
    let Some(check) = store::open_guard(tx.connection, device_id)? else { return Ok(()) };
    let Some(due_at) = due_at(&check) else { return Ok(()) };
    let outcome = if tx.now <= due_at { GuardOutcome::Answered } else { GuardOutcome::Missed };
    end(tx, &check, outcome)
}

/// Takes the sending of a check, so that it is sent once.
pub fn claim(tx: &mut Tx<'_>, id: i64) -> Result<bool> {
    store::claim_guard(tx.connection, id, tx.now)
}

/// Gives the sending back: the connection ended before the check left.
pub fn give_back(tx: &mut Tx<'_>, id: i64) -> Result<()> {
    store::give_back_guard(tx.connection, id)
}

/// The panel confirmed the question.
pub fn delivered(tx: &mut Tx<'_>, device_id: i64, id: i64) -> Result<()> {
    if store::note_delivered(tx.connection, id, tx.now)? {
        tell_of(tx, device_id)?;
    }
    Ok(())
}

/// The panel refused the question.
pub fn refused(tx: &mut Tx<'_>, device_id: i64) -> Result<()> {
    match store::open_guard(tx.connection, device_id)? {
        Some(check) => end(tx, &check, GuardOutcome::Refused),
        None => Ok(()),
    }
}

/// Ends every check whose time is over.
pub fn end_overdue(tx: &mut Tx<'_>) -> Result<()> {
    for check in store::open_guards(tx.connection)? {
        match due_at(&check) {
            Some(due_at) if due_at < tx.now => end(tx, &check, unanswered(&check))?,
            None if check.asked_at + SENT_WITHIN < tx.now => end(tx, &check, GuardOutcome::NotSent)?,
            _ => {}
        }
    }
    Ok(())
}

/// Nobody is blamed for a question of which the panel never said that it has it.
fn unanswered(check: &GuardRow) -> GuardOutcome {
    if check.delivered_at.is_some() { GuardOutcome::Missed } else { GuardOutcome::NotSent }
}

/// Whether [`end_overdue`] has something to do.
pub fn is_overdue(check: &GuardRow, now: Instant) -> bool {
    due_at(check).unwrap_or(check.asked_at + SENT_WITHIN) < now
}

fn end(tx: &mut Tx<'_>, check: &GuardRow, outcome: GuardOutcome) -> Result<()> {
    if !store::end_guard(tx.connection, check.id, outcome, tx.now)? {
        return Ok(());
    }
    let device = device_states(tx.connection, &[check.device_id])?.pop().ok_or_else(Error::not_found)?;
    tx.audit(&Entry {
        action: "device.guard_end",
        entity: "device",
        entity_id: check.device_id.to_string(),
        town_code: Some(&device.town_code),
        detail: json!({ "check": check.id, "outcome": outcome, "asked_by": check.asked_by }),
    })?;
    tell(tx, &device)
}

fn tell_of(tx: &mut Tx<'_>, device_id: i64) -> Result<()> {
    match device_states(tx.connection, &[device_id])?.pop() {
        Some(device) => tell(tx, &device),
        None => Ok(()),
    }
}

fn tell(tx: &mut Tx<'_>, device: &DeviceState) -> Result<()> {
    tx.publish(&Event::to(Topic::Device, &device.audience(), device.id, json!({ "id": device.id })))
}
