//! Asking a caregiver whether they take a visit, and their answer; what the office does after a visit.

use super::assign::{Giving, give};
use super::exceptions::MANY_MAX;
use super::model::{NOTE_MAX, VisitEvent, VisitState};
use super::plan::{Plan, plan_for};
use super::progress::{Move, get_seen, make_move, move_visit};
use super::proof::{Strength, store as proofs};
use super::reasons::store::get_fail_reason;
use super::store;
use crate::access::Permission;
use crate::app::Tx;
use crate::clock::Instant;
use crate::error::{Code, Error, Result};
use crate::input::Checks;
use crate::registry::change::stale;
use crate::text::Text;

/// Asks a caregiver whether they take version `seen` of a visit; it keeps their time until they have answered.
pub fn offer(
    tx: &mut Tx<'_>,
    id: i64,
    seen: i64,
    caregiver_id: i64,
    starts_at: Option<Instant>,
) -> Result<()> {
    give(tx, (id, seen), &Giving { caregiver_id, starts_at, event: VisitEvent::Offer })
}

/// The caregiver who was asked takes the visit.
pub fn accept(tx: &mut Tx<'_>, id: i64, seen: i64) -> Result<()> {
    let visit = get_seen(tx, Permission::DoVisits, id, seen)?;
    move_visit(tx, visit.place(), VisitEvent::Accept, visit.caregiver_id, "")
}

/// The caregiver who was asked does not take it: it waits for somebody else.
pub fn decline(tx: &mut Tx<'_>, id: i64, seen: i64, note: &str) -> Result<()> {
    let visit = get_seen(tx, Permission::DoVisits, id, seen)?;
    visit.state.apply(VisitEvent::Decline)?;
    let mut checks = Checks::default();
    checks.text("note", note, 0, NOTE_MAX);
    checks.finish()?;
    if !store::clear_assignment(tx.connection, id, seen)? {
        return Err(stale(tx.connection, "visit", id, seen)?);
    }
    move_visit(tx, visit.place(), VisitEvent::Decline, visit.caregiver_id, note.trim())
}

/// The office has seen to it that a visit was done. Who went there does not confirm it.
pub fn confirm(tx: &mut Tx<'_>, id: i64, seen: i64, note: &str) -> Result<()> {
    check_note(note)?;
    let visit = get_seen(tx, Permission::AssignVisits, id, seen)?;
    let own = tx.scope.reach(Permission::SeeVisits)?.caregivers;
    if visit.caregiver_id.is_some_and(|id| own.contains(&id)) {
        return Err(Error::new(Code::Forbidden, Text::new("exception.own")));
    }
    move_visit(tx, visit.place(), VisitEvent::Confirm, visit.caregiver_id, note.trim())
}

fn check_note(note: &str) -> Result<()> {
    let mut checks = Checks::default();
    checks.text("note", note, 0, NOTE_MAX);
    checks.finish()
}

/// The same for many visits whose proof is strong, each by itself: what is refused stays as it was, with the reason of it.
pub fn confirm_each(tx: &mut Tx<'_>, visits: &[(i64, i64)], note: &str) -> Result<Vec<(i64, Option<Error>)>> {
    if visits.is_empty() || visits.len() > MANY_MAX {
        return Err(Error::field("visits", Text::new("exception.how_many").with("max", MANY_MAX)));
    }
    check_note(note)?;
    tx.each(visits, |tx, id, seen| {
        confirm(tx, id, seen, note)?;
        // Evidence that came since it was shown may have made it weaker, without a new version of the visit.
        match proofs::strengths(tx.connection, &[id])?.remove(&id) {
            Some(Strength::Strong) => Ok(()),
            found => Err(not_strong(found)),
        }
    })
}

fn not_strong(found: Option<Strength>) -> Error {
    let text = match found {
        Some(strength) => {
            Text::new("visit.not_strong").with("strength", format!("@enums.strength.{}", strength.name()))
        }
        None => Text::new("visit.not_proven"),
    };
    Error::new(Code::IllegalMove, text)
}

/// Takes a confirmation back, or lets a visit that was not done wait to be assigned again.
pub fn reopen(tx: &mut Tx<'_>, id: i64, seen: i64, reason: &str) -> Result<()> {
    let visit = get_seen(tx, Permission::AssignVisits, id, seen)?;
    visit.state.apply(VisitEvent::Reopen)?;
    let mut checks = Checks::default();
    checks.text("reason", reason, 1, NOTE_MAX);
    checks.finish()?;
    if visit.state == VisitState::NotDone {
        if visit.window_ends_at <= tx.now {
            return Err(Error::new(Code::IllegalMove, Text::new("visit.make_up_instead")));
        }
        if visit.caregiver_id.is_some() && !store::clear_assignment(tx.connection, id, seen)? {
            return Err(stale(tx.connection, "visit", id, seen)?);
        }
        return make_move(tx, visit.place(), &Move::of(VisitEvent::Reopen, None, reason.trim()));
    }
    make_move(tx, visit.place(), &Move::of(VisitEvent::Reopen, visit.caregiver_id, reason.trim()))
}

/// Plans the visit that makes up for one that was not done; gives its number.
pub fn make_up(tx: &mut Tx<'_>, missed_id: i64, wanted: &MakeUp) -> Result<i64> {
    let at = (tx.calendar, tx.now);
    let missed = store::get_visit(tx.connection, tx.scope, Permission::AssignVisits, missed_id, at)?;
    let reason = missed.fail_reason.as_deref().filter(|_| missed.state == VisitState::NotDone);
    let reason = reason.ok_or_else(|| Error::new(Code::IllegalMove, Text::new("visit.not_missed")))?;
    if !get_fail_reason(tx.connection, reason)?.may_make_up {
        return Err(Error::new(Code::IllegalMove, Text::new("visit.no_make_up")));
    }
    if store::made_up_by(tx.connection, missed_id)?.is_some() {
        return Err(Error::taken(Text::new("visit.made_up_already")));
    }
    let plan = Plan {
        elder_id: missed.elder_id,
        service_code: missed.service_code,
        service_on: wanted.service_on,
        window_starts_min: wanted.window_starts_min,
        window_ends_min: wanted.window_ends_min,
    };
    plan_for(tx, &plan, Some(missed_id))
}

/// When a make-up visit is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MakeUp {
    pub service_on: chrono::NaiveDate,
    pub window_starts_min: i32,
    pub window_ends_min: i32,
}
