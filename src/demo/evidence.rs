//! What the phones of the demo's caregivers report: mostly at the elder's door and in time, sometimes vague, from elsewhere,
//! or without a network.

use super::dice::percentile;
use super::follow_ups;
use super::store::{self, ProvenVisit, StepRow, insert_reports};
use crate::app::Tx;
use crate::clock::Instant;
use crate::elders::cards::{code_of, early_code};
use crate::error::Result;
use crate::visits::checkin::{Evidence, NoPosition, Reported, Seen, StepKind};
use crate::visits::proof;

/// Visits of the running day that have evidence from the start; those before are history.
const PROVEN_MAX: i64 = 150;
/// Percent of the reports.
const NO_POSITION: i64 = 4;
const OUTSIDE: i64 = 5;
const WITH_CODE: i64 = 60;
/// Of those with a code: the number that was told before there were cards.
const OLD_CARD: i64 = 4;
const SIGNED: i64 = 50;
const OFFLINE: i64 = 8;

/// Where the phone is at a step, if it knows.
fn position(seed: u64, id: i64, kind: StepKind, (longitude, latitude): (f64, f64)) -> Option<Seen> {
    let draw = |subject: &str| percentile(seed, &format!("{subject}/{}", kind.name()), id);
    if draw("no_position") < NO_POSITION {
        return None;
    }
    let away = if draw("outside") < OUTSIDE { 0.006 } else { 0.0 };
    let jitter = |subject: &str| (draw(subject) - 50) as f64 * 0.000_01;
    Some(Seen {
        longitude: longitude + jitter("east") + away,
        latitude: latitude + jitter("north"),
        accuracy_m: 8.0 + draw("accuracy") as f64 / 3.0,
    })
}

/// What the caregiver's phone says of a step at `at`.
pub(super) fn reported(
    tx: &mut Tx<'_>,
    seed: u64,
    (id, elder_id, home): (i64, i64, (f64, f64)),
    kind: StepKind,
    (at, reason, note): (Instant, Option<&str>, &str),
) -> Result<Reported> {
    // Nobody is asked where they set off from.
    let is_asked = kind != StepKind::Depart;
    let seen = position(seed, id, kind, home).filter(|_| is_asked);
    let has_code = kind == StepKind::Arrive && percentile(seed, "code", id) < WITH_CODE;
    let is_old = percentile(seed, "old_card", id) < OLD_CARD;
    let code = match (has_code, is_old) {
        (false, _) => None,
        (true, true) => Some(early_code(tx.keys, elder_id)),
        (true, false) => code_of(tx.connection, tx.keys, elder_id)?,
    };
    let is_signed = kind == StepKind::Finish && percentile(seed, "signed", id) < SIGNED;
    Ok(Reported {
        kind,
        device_at: at,
        device_ms: None,
        sent_at: tx.now,
        sent_ms: None,
        offline: percentile(seed, "offline", id) < OFFLINE,
        evidence: Evidence {
            no_position: (is_asked && seen.is_none()).then_some(NoPosition::Timeout),
            position: seen,
            code,
            signature_path: is_signed.then(|| "M40 180C90 60 130 220 180 140L240 150".to_owned()),
            ..Evidence::default()
        },
        reason: reason.map(str::to_owned),
        problem: None,
        note: note.to_owned(),
    })
}

/// Gives the latest visits of the day the evidence that they would have, and what failed its to-dos.
pub(super) fn prove(tx: &mut Tx<'_>, seed: u64) -> Result<()> {
    let today = tx.calendar.day_of(tx.now);
    let done = store::proven_visits(tx.connection, today, PROVEN_MAX)?;
    let mut rows = Vec::new();
    for visit in &done {
        rows.push(row(seed, visit, StepKind::Arrive, (visit.arrived_at, visit.version - 1)));
        rows.push(row(seed, visit, StepKind::Finish, (visit.ended_at, visit.version)));
    }
    insert_reports(tx.connection, &rows)?;
    for visit in &done {
        proof::refresh(tx, visit.id)?;
    }
    follow_ups::lay(tx, seed)
}

fn row(seed: u64, visit: &ProvenVisit, kind: StepKind, (at, event_seq): (Instant, i64)) -> StepRow {
    let seen = position(seed, visit.id, kind, (visit.longitude, visit.latitude));
    let has_code = kind == StepKind::Arrive && percentile(seed, "code", visit.id) < WITH_CODE;
    StepRow {
        visit_id: visit.id,
        kind: kind.name(),
        actor: "system".to_owned(),
        user_id: 0,
        caregiver_id: visit.caregiver_id,
        request_key: key(visit.id, kind, event_seq),
        received_at: at,
        device_at: at,
        happened_at: at,
        time_basis: "offset",
        clock_off_ms: 0,
        clock_jumped: false,
        offline: percentile(seed, "offline", visit.id) < OFFLINE,
        longitude: seen.map(|seen| seen.longitude),
        latitude: seen.map(|seen| seen.latitude),
        accuracy_m: seen.map(|seen| seen.accuracy_m),
        no_position: seen.is_none().then(|| "timeout".to_owned()),
        code_matches: has_code.then_some(true),
        note: String::new(),
        outcome: "taken",
        event_seq: Some(event_seq),
    }
}

/// A phone never uses a key twice, also where a visit is tried again.
pub(super) fn key(visit_id: i64, kind: StepKind, version: i64) -> String {
    format!("demo-{visit_id}-{version}-{}", kind.name())
}
