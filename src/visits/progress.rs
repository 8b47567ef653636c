//! What happens to a visit on the day: arrived, done, or not done and why.

use serde_json::json;

use super::follow_ups::open_follow_ups;
use super::model::{NOTE_MAX, VisitEvent, VisitState};
use super::proof;
use super::reasons::store::{FailReasonRow, get_fail_reason};
use super::store::{self, EventToAdd, VisitRow};
use crate::access::Permission;
use crate::access::audit::Entry;
use crate::app::Tx;
use crate::bus::{Event, Topic};
use crate::clock::Instant;
use crate::error::{Code, Error, Result};
use crate::input::Checks;
use crate::registry::change::stale;
use crate::text::Text;

/// A step that the caregiver reports, or the coordinator for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Depart,
    Arrive,
    Finish,
    Fail {
        /// Code of a row of `fail_reasons`.
        reason: String,
        note: String,
    },
}

impl Step {
    pub(super) fn event(&self) -> VisitEvent {
        match self {
            Step::Depart => VisitEvent::Depart,
            Step::Arrive => VisitEvent::Arrive,
            Step::Finish => VisitEvent::Finish,
            Step::Fail { .. } => VisitEvent::Fail,
        }
    }
}

/// Moves version `seen` of a visit that the asker may do; a newer version wins.
pub fn progress(tx: &mut Tx<'_>, id: i64, seen: i64, step: &Step) -> Result<()> {
    let visit = get_seen(tx, Permission::DoVisits, id, seen)?;
    if let Step::Fail { reason, note } = step {
        check_reason(tx, reason, note)?;
    }
    take_step(tx, &visit, step, None)
}

/// The step of a visit as it stands, at an instant that is now unless it was reported later. Whoever took the report has
/// checked its reason.
pub(super) fn take_step(tx: &mut Tx<'_>, visit: &VisitRow, step: &Step, at: Option<Instant>) -> Result<()> {
    let (reason, note) = match step {
        Step::Fail { reason, note } => (Some(reason.as_str()), note.trim()),
        Step::Depart | Step::Arrive | Step::Finish => (None, ""),
    };
    let moving = Move { reason, at, ..Move::of(step.event(), visit.caregiver_id, note) };
    make_move(tx, visit.place(), &moving)
}

/// A reason that somebody may choose now, with the note that it asks for.
pub(super) fn check_reason(tx: &mut Tx<'_>, code: &str, note: &str) -> Result<()> {
    let known = check_former_reason(tx, code)?;
    if known.closed {
        return Err(Error::field("reason", Text::new("rule.reason_closed")));
    }
    let mut checks = Checks::default();
    checks.text("note", note, usize::from(known.needs_note), NOTE_MAX);
    checks.finish()
}

/// A reason that somebody could choose when they wrote it down without a network: it may have been closed since.
pub(super) fn check_former_reason(tx: &mut Tx<'_>, code: &str) -> Result<FailReasonRow> {
    let choose = || Error::field("reason", Text::new("rule.choose"));
    let known = get_fail_reason(tx.connection, code).map_err(|error| match error.code {
        Code::NotFound => choose(),
        _ => error,
    })?;
    if known.choosable { Ok(known) } else { Err(choose()) }
}

/// The visit within reach, if it is still the version that the asker saw.
pub(super) fn get_seen(tx: &mut Tx<'_>, permission: Permission, id: i64, seen: i64) -> Result<VisitRow> {
    let visit = store::get_visit(tx.connection, tx.scope, permission, id, (tx.calendar, tx.now))?;
    if visit.version != seen {
        return Err(stale(tx.connection, "visit", id, seen)?);
    }
    Ok(visit)
}

/// Number, version, state and town of a visit that moves.
pub(super) type Place<'a> = (i64, i64, VisitState, &'a str);

/// An event to add, with what it says beside its kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move<'a> {
    pub event: VisitEvent,
    pub caregiver_id: Option<i64>,
    pub note: &'a str,
    /// Code of why it was not done.
    pub reason: Option<&'a str>,
    /// When it happened, if not now.
    pub at: Option<Instant>,
    /// What a correction puts right.
    pub arrived_at: Option<Instant>,
    pub ended_at: Option<Instant>,
}

impl<'a> Move<'a> {
    pub fn of(event: VisitEvent, caregiver_id: Option<i64>, note: &'a str) -> Move<'a> {
        Move { event, caregiver_id, note, reason: None, at: None, arrived_at: None, ended_at: None }
    }
}

/// Adds the event after version `seen` of a visit in `state`, with its audit row and the news of it.
pub(super) fn move_visit(
    tx: &mut Tx<'_>,
    place: Place<'_>,
    event: VisitEvent,
    caregiver_id: Option<i64>,
    note: &str,
) -> Result<()> {
    make_move(tx, place, &Move::of(event, caregiver_id, note))
}

/// The same with all that an event can say. The event's insertion moves the stored state; the database refuses an illegal
/// move as well. What follows from it is in the same transaction: to-dos after a visit that was not done, and the proof.
pub(super) fn make_move(
    tx: &mut Tx<'_>,
    (id, seen, state, town_code): Place<'_>,
    moving: &Move<'_>,
) -> Result<()> {
    let (event, next) = (moving.event, state.apply(moving.event)?);
    let actor = tx.scope.actor.clone();
    let added = EventToAdd {
        visit_id: id,
        seq: seen + 1,
        prev_seq: (seen > 0).then_some(seen),
        kind: event,
        from_state: state,
        to_state: next,
        at: moving.at.unwrap_or(tx.now),
        recorded_at: tx.now,
        actor: &actor,
        caregiver_id: moving.caregiver_id,
        note: moving.note,
        reason: moving.reason,
        arrived_at: moving.arrived_at,
        ended_at: moving.ended_at,
    };
    store::insert_event(tx.connection, &added)?;
    tx.audit(&Entry {
        action: action(event),
        entity: "visit",
        entity_id: id.to_string(),
        town_code: Some(town_code),
        detail: json!({
            "version": seen + 1,
            "caregiver": moving.caregiver_id,
            "changes": { "state": [state.name(), next.name()] },
        }),
    })?;
    tx.publish(&Event::new(Topic::Visit, town_code, id, json!({ "id": id, "state": next.name() })))?;
    if let (VisitState::NotDone, Some(reason)) = (next, moving.reason)
        && state != VisitState::NotDone
    {
        open_follow_ups(tx, id, reason)?;
    }
    let is_over = matches!(event, VisitEvent::Finish | VisitEvent::Correct)
        || (event == VisitEvent::Fail && state == VisitState::Arrived);
    // What a phone reports of another instant is proven once its evidence is there.
    if is_over && moving.at.is_none() {
        proof::refresh_with_neighbours(tx, id)?;
    }
    Ok(())
}

fn action(event: VisitEvent) -> &'static str {
    match event {
        VisitEvent::Plan => "visit.plan",
        VisitEvent::Offer => "visit.offer",
        VisitEvent::Accept => "visit.accept",
        VisitEvent::Decline => "visit.decline",
        VisitEvent::Assign => "visit.assign",
        VisitEvent::Release => "visit.release",
        VisitEvent::Depart => "visit.depart",
        VisitEvent::Arrive => "visit.arrive",
        VisitEvent::Finish => "visit.finish",
        VisitEvent::Confirm => "visit.confirm",
        VisitEvent::Fail => "visit.fail",
        VisitEvent::Reject => "visit.reject",
        VisitEvent::Correct => "visit.correct",
        VisitEvent::Reopen => "visit.reopen",
        VisitEvent::Withdraw => "visit.withdraw",
    }
}
