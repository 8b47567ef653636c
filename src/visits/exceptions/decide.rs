//! Exceptions that follow from proofs, and what somebody decides of them.

use serde_json::json;

use super::model::{Decision, ExceptionEvent, ExceptionState};
use super::store::{self, ExceptionRow, NewException};
use crate::access::Permission;
use crate::access::audit::Entry;
use crate::app::Tx;
use crate::bus::{Event, Topic};
use crate::error::{Code, Error, Result};
use crate::input::Checks;
use crate::registry::change::stale;
use crate::text::Text;
use crate::visits::model::{NOTE_MAX, VisitEvent, VisitState};
use crate::visits::progress::{Move, make_move};
use crate::visits::proof::Strength;
use crate::visits::proof::model::Assessment;
use crate::visits::store::{VisitRow, reload};

/// Exceptions decided at once at most.
pub const MANY_MAX: usize = 200;
/// Why a visit is not done whose proof was rejected.
const NOT_PROVEN: &str = "not_proven";

/// Opens, changes or settles the visit's exception as its proof now is.
pub(in crate::visits) fn follow(tx: &mut Tx<'_>, visit: &VisitRow, found: &Assessment) -> Result<()> {
    let known = store::of_visit(tx.connection, visit.id)?;
    let is_bad = matches!(found.strength, Strength::Weak | Strength::Contradictory)
        && (visit.state != VisitState::NotDone || found.strength == Strength::Contradictory);
    let causes: Vec<&str> = found.causes().into_iter().map(super::super::proof::Element::name).collect();
    let cause = causes.first().copied().unwrap_or_default();
    match known {
        None if is_bad => {
            let row = NewException {
                visit_id: visit.id,
                town_code: visit.town_code.clone(),
                caregiver_id: visit.caregiver_id,
                cause: cause.to_owned(),
                causes: causes.join(","),
                strength: found.strength,
                state: ExceptionState::Open,
                opened_at: tx.now,
                changed_at: tx.now,
            };
            let id = store::insert(tx.connection, &row)?;
            store::insert_event(
                tx.connection,
                (id, 1),
                ExceptionEvent::Open,
                (tx.now, &tx.scope.actor.clone(), cause),
            )
        }
        Some(row) if is_bad => {
            let causes = causes.join(",");
            let differs = (row.strength, row.causes.as_str()) != (found.strength, causes.as_str());
            if differs {
                store::set_cause(
                    tx.connection,
                    row.id,
                    visit.caregiver_id,
                    (cause, &causes),
                    found.strength,
                )?;
            }
            if row.state == ExceptionState::Settled {
                return move_on(tx, &row, ExceptionEvent::Open, cause);
            }
            Ok(())
        }
        Some(row) if row.state.is_open() => move_on(tx, &row, ExceptionEvent::Settle, ""),
        _ => Ok(()),
    }
}

/// A correction of the visit was approved: that is the answer to its exception.
pub(in crate::visits) fn close_as_corrected(tx: &mut Tx<'_>, visit_id: i64, reason: &str) -> Result<()> {
    match store::of_visit(tx.connection, visit_id)? {
        Some(row) if row.state.is_open() => move_on(tx, &row, ExceptionEvent::Correct, reason),
        _ => Ok(()),
    }
}

/// Decides version `seen` of one exception, with a reason. Approving confirms a visit that is done, rejecting makes it not
/// done; reopening takes either back.
pub fn decide(tx: &mut Tx<'_>, id: i64, seen: i64, decision: Decision, reason: &str) -> Result<()> {
    let row = store::get(tx.connection, tx.scope, Permission::AssignVisits, id)?;
    check_words(reason)?;
    if row.version != seen {
        return Err(stale(tx.connection, "visit_exception", id, seen)?);
    }
    if is_own(tx, &row)? {
        return Err(Error::new(Code::Forbidden, Text::new("exception.own")));
    }
    let reason = reason.trim();
    move_on(tx, &row, decision.event(), reason)?;
    let visit = reload(tx.connection, row.visit_id)?;
    let moving = match (decision, visit.state) {
        (Decision::Approve, VisitState::Done) => VisitEvent::Confirm,
        (Decision::Reject, VisitState::Done) => VisitEvent::Reject,
        (Decision::Reopen, VisitState::Confirmed) => VisitEvent::Reopen,
        _ => return Ok(()),
    };
    let why = (moving == VisitEvent::Reject).then_some(NOT_PROVEN);
    let moving = Move { reason: why, ..Move::of(moving, visit.caregiver_id, reason) };
    make_move(tx, visit.place(), &moving)
}

fn check_words(reason: &str) -> Result<()> {
    let mut checks = Checks::default();
    checks.text("reason", reason, 1, NOTE_MAX);
    checks.finish()
}

fn check_count(ids: &[(i64, i64)]) -> Result<()> {
    if ids.is_empty() || ids.len() > MANY_MAX {
        return Err(Error::field("exceptions", Text::new("exception.how_many").with("max", MANY_MAX)));
    }
    Ok(())
}

/// The same for many at once, each by itself: what is refused stays as it was, with the reason of it.
pub fn decide_each(
    tx: &mut Tx<'_>,
    ids: &[(i64, i64)],
    decision: Decision,
    reason: &str,
) -> Result<Vec<(i64, Option<Error>)>> {
    check_count(ids)?;
    check_words(reason)?;
    tx.each(ids, |tx, id, seen| decide(tx, id, seen, decision, reason))
}

/// The same for many at once, all or none.
pub fn decide_many(tx: &mut Tx<'_>, ids: &[(i64, i64)], decision: Decision, reason: &str) -> Result<()> {
    check_count(ids)?;
    for (id, seen) in ids {
        decide(tx, *id, *seen, decision, reason)?;
    }
    Ok(())
}

/// Who went there does not judge the proof of it.
fn is_own(tx: &mut Tx<'_>, row: &ExceptionRow) -> Result<bool> {
    let own = tx.scope.reach(Permission::SeeVisits)?.caregivers;
    Ok(row.caregiver_id.is_some_and(|id| own.contains(&id)))
}

fn move_on(tx: &mut Tx<'_>, row: &ExceptionRow, event: ExceptionEvent, reason: &str) -> Result<()> {
    let next = row.state.apply(event).ok_or_else(|| {
        let text = Text::new("exception.decided")
            .with("number", row.id)
            .with("state", format!("@enums.exception_state.{}", row.state.name()));
        Error::new(Code::IllegalMove, text)
    })?;
    if !store::set_state(tx.connection, row, next, tx.now)? {
        return Err(stale(tx.connection, "visit_exception", row.id, row.version)?);
    }
    let actor = tx.scope.actor.clone();
    store::insert_event(tx.connection, (row.id, row.version + 1), event, (tx.now, &actor, reason))?;
    tx.audit(&Entry {
        action: "visit_exception.decide",
        entity: "visit_exception",
        entity_id: row.id.to_string(),
        town_code: Some(&row.town_code),
        detail: json!({
            "version": row.version + 1,
            "visit": row.visit_id,
            "changes": { "state": [row.state.name(), next.name()] },
        }),
    })?;
    tx.publish(&Event::new(Topic::Visit, &row.town_code, row.visit_id, json!({ "id": row.visit_id })))
}
