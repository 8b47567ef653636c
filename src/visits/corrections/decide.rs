//! Deciding a correction: another person than the one who asked.

use serde_json::json;

use super::CorrectionState;
use super::store::{self, CorrectionRow};
use crate::access::Permission;
use crate::access::audit::Entry;
use crate::app::Tx;
use crate::bus::{Event, Topic};
use crate::error::{Code, Error, Result};
use crate::input::Checks;
use crate::registry::change::stale;
use crate::text::Text;
use crate::visits::exceptions;
use crate::visits::model::{NOTE_MAX, VisitEvent};
use crate::visits::progress::{Move, make_move};
use crate::visits::store::{reload, set_caregiver};

/// Approves version `seen` of a correction, which makes it an event of the visit, or refuses it; with an answer.
pub fn decide(tx: &mut Tx<'_>, id: i64, seen: i64, approves: bool, answer: &str) -> Result<()> {
    let row = store::get(tx.connection, tx.scope, Permission::AssignVisits, id)?;
    let mut checks = Checks::default();
    checks.text("answer", answer, usize::from(!approves), NOTE_MAX);
    checks.finish()?;
    if row.version != seen || row.state != CorrectionState::Asked {
        return Err(stale(tx.connection, "correction", id, seen)?);
    }
    if row.asked_by == tx.scope.actor {
        return Err(Error::new(Code::Forbidden, Text::new("correction.own")));
    }
    let event_seq = if approves { Some(carry_out(tx, &row)?) } else { None };
    let state = if approves { CorrectionState::Approved } else { CorrectionState::Refused };
    let actor = tx.scope.actor.clone();
    if !store::decide(tx.connection, &row, state, (tx.now, &actor, answer.trim()), event_seq)? {
        return Err(stale(tx.connection, "correction", id, seen)?);
    }
    tx.audit(&Entry {
        action: "correction.decide",
        entity: "correction",
        entity_id: id.to_string(),
        town_code: Some(&row.town_code),
        detail: json!({
            "version": row.version + 1,
            "visit": row.visit_id,
            "changes": { "state": [row.state.name(), state.name()] },
        }),
    })?;
    tx.publish(&Event::new(Topic::Visit, &row.town_code, row.visit_id, json!({ "id": row.visit_id })))
}

/// Gives the number of the event.
fn carry_out(tx: &mut Tx<'_>, row: &CorrectionRow) -> Result<i64> {
    let visit = reload(tx.connection, row.visit_id)?;
    visit.state.apply(VisitEvent::Correct)?;
    if let Some(caregiver) = row.caregiver_id
        && !set_caregiver(tx.connection, (visit.id, visit.version), caregiver)?
    {
        return Err(stale(tx.connection, "visit", visit.id, visit.version)?);
    }
    let moving = Move {
        reason: row.fail_reason.as_deref(),
        arrived_at: row.arrived_at,
        ended_at: row.ended_at,
        ..Move::of(VisitEvent::Correct, row.caregiver_id.or(visit.caregiver_id), &row.reason)
    };
    make_move(tx, visit.place(), &moving)?;
    exceptions::close_as_corrected(tx, visit.id, &row.reason)?;
    Ok(visit.version + 1)
}
