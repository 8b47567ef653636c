//! What happens to a visit on the day: arrived, done, or not done and why.

use serde_json::json;

use super::model::{FailReason, NOTE_MAX, VisitEvent, VisitState, failure_note};
use super::store::{self, VisitRow};
use crate::access::Permission;
use crate::access::audit::Entry;
use crate::app::Tx;
use crate::bus::{Event, Topic};
use crate::error::Result;
use crate::input::Checks;
use crate::registry::change::stale;

/// A step that the caregiver reports, or the coordinator for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Arrive,
    Finish,
    Fail { reason: FailReason, note: String },
}

impl Step {
    fn event(&self) -> VisitEvent {
        match self {
            Step::Arrive => VisitEvent::Arrive,
            Step::Finish => VisitEvent::Finish,
            Step::Fail { .. } => VisitEvent::Fail,
        }
    }
}

/// Moves version `seen` of a visit that the asker may do; a newer version wins.
pub fn progress(tx: &mut Tx<'_>, id: i64, seen: i64, step: &Step) -> Result<()> {
    let visit = get_seen(tx, Permission::DoVisits, id, seen)?;
    let note = match step {
        Step::Fail { reason, note } => {
            let mut checks = Checks::default();
            let min = usize::from(*reason == FailReason::Other);
            checks.text("note", note, min, NOTE_MAX);
            checks.finish()?;
            failure_note(*reason, note.trim())
        }
        Step::Arrive | Step::Finish => String::new(),
    };
    move_visit(tx, (id, seen, visit.state, &visit.town_code), step.event(), visit.caregiver_id, &note)
}

/// The visit within reach, if it is still the version that the asker saw.
pub(super) fn get_seen(tx: &mut Tx<'_>, permission: Permission, id: i64, seen: i64) -> Result<VisitRow> {
    let visit = store::get_visit(tx.connection, tx.scope, permission, id, (tx.calendar, tx.now))?;
    if visit.version != seen {
        return Err(stale(tx.connection, "visit", id, seen)?);
    }
    Ok(visit)
}

/// Adds the event after version `seen` of a visit in `state`, with its audit row and the news of it. The event's insertion
/// moves the stored state; the database refuses an illegal move as well.
pub(super) fn move_visit(
    tx: &mut Tx<'_>,
    (id, seen, state, town_code): (i64, i64, VisitState, &str),
    event: VisitEvent,
    caregiver_id: Option<i64>,
    note: &str,
) -> Result<()> {
    let next = state.apply(event)?;
    let actor = tx.scope.actor.clone();
    store::insert_event(
        tx.connection,
        (id, seen, state),
        (event, next),
        (tx.now, &actor, caregiver_id, note),
    )?;
    let action = match event {
        VisitEvent::Plan => "visit.plan",
        VisitEvent::Assign => "visit.assign",
        VisitEvent::Release => "visit.release",
        VisitEvent::Arrive => "visit.arrive",
        VisitEvent::Finish => "visit.finish",
        VisitEvent::Fail => "visit.fail",
        VisitEvent::Withdraw => "visit.withdraw",
    };
    tx.audit(&Entry {
        action,
        entity: "visit",
        entity_id: id.to_string(),
        town_code: Some(town_code),
        detail: json!({
            "version": seen + 1,
            "caregiver": caregiver_id,
            "changes": { "state": [state.name(), next.name()] },
        }),
    })?;
    tx.publish(&Event::new(Topic::Visit, town_code, id, json!({ "id": id, "state": next.name() })))
}
