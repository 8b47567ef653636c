//! Visits that caregivers are asked about, and their answers some hours before the visit begins.

use chrono::TimeDelta;

use super::dice::percentile;
use super::store::{self, EventRow, OpenVisit};
use crate::app::Tx;
use crate::clock::Instant;
use crate::error::Result;
use crate::visits::{accept, decline};

/// Percent of the visits that somebody is asked about.
const ASKED: i64 = 14;
/// Percent of the answers that say no.
const DECLINED: i64 = 15;
/// From so many minutes before the visit on, at the latest and at the earliest.
const LAST_MIN: i64 = 150;
const STEP_MIN: i64 = 12;

/// When a caregiver answers: between two hours and a day before.
fn answered_at(seed: u64, id: i64, starts_at: Instant) -> Instant {
    starts_at - TimeDelta::minutes(LAST_MIN + percentile(seed, "answered", id) * STEP_MIN)
}

/// Whether a visit is offered, and not given: where there is still time for an answer.
pub(super) fn is_offered(seed: u64, id: i64, starts_at: Instant, now: Instant) -> bool {
    percentile(seed, "asked", id) < ASKED && answered_at(seed, id, starts_at) > now
}

fn is_due(seed: u64, visit: &OpenVisit, now: Instant) -> bool {
    visit.starts_at.is_none_or(|starts| answered_at(seed, visit.id, starts) <= now)
}

/// The visits whose caregivers answer by now.
pub(super) fn due(seed: u64, offers: &[OpenVisit], now: Instant) -> Vec<i64> {
    offers.iter().filter(|visit| is_due(seed, visit, now)).map(|visit| visit.id).collect()
}

/// Lets one caregiver answer, if the visit is still offered; gives whether it was.
pub(super) fn answer(tx: &mut Tx<'_>, seed: u64, id: i64) -> Result<bool> {
    let offers = store::offers(tx.connection)?;
    let Some(visit) = offers.into_iter().find(|visit| visit.id == id) else { return Ok(false) };
    if percentile(seed, "declined", id) < DECLINED {
        decline(tx, id, visit.version, "当天家里有事")?;
    } else {
        accept(tx, id, visit.version)?;
    }
    Ok(true)
}

/// Where nobody watched, whoever was asked has come.
pub(super) fn accepted_meanwhile(tx: &mut Tx<'_>, seed: u64) -> Result<Vec<EventRow>> {
    let offers = store::offers(tx.connection)?;
    let answered = offers.into_iter().filter(|visit| is_due(seed, visit, tx.now));
    let event = |visit: OpenVisit| {
        let at = visit.starts_at.map_or(tx.now, |starts| answered_at(seed, visit.id, starts));
        EventRow {
            visit_id: visit.id,
            seq: visit.version + 1,
            prev_seq: Some(visit.version),
            kind: "accept",
            from_state: "offered",
            to_state: "assigned",
            at,
            recorded_at: at,
            actor: tx.scope.actor.clone(),
            caregiver_id: visit.caregiver_id,
            note: String::new(),
            reason: None,
        }
    };
    Ok(answered.map(event).collect())
}
