//! Second contacts and welfare checks after visits that were not done: most are answered in time, some late, a few not at all.

use chrono::TimeDelta;

use super::dice::percentile;
use super::store::{self, Failure, FollowUpRow, Unanswered, insert_follow_ups};
use crate::app::Tx;
use crate::clock::Instant;
use crate::error::Result;
use crate::visits::follow_ups::{Answer, FollowUpResult, Whom, answer as close};

/// Percent that nobody answers on their day.
const FORGOTTEN: i64 = 12;
const CONTACT: &str = "second_contact";
const WELFARE: &str = "welfare_check";
const WHOM: [Whom; 5] = [Whom::Elder, Whom::Family, Whom::Elder, Whom::Neighbour, Whom::Village];

/// What somebody finds out of a visit's elder: the same at every start.
fn found(seed: u64, kind: &str, visit_id: i64) -> (FollowUpResult, &'static str) {
    match percentile(seed, &format!("found/{kind}"), visit_id) {
        0..70 => (FollowUpResult::Well, ""),
        70..80 => (FollowUpResult::Hospital, ""),
        80..88 => (FollowUpResult::NeedsHelp, "行动不便，需要陪同就医。"),
        _ if kind == CONTACT => (FollowUpResult::NotReached, ""),
        _ => (FollowUpResult::Well, "邻居确认老人在家，一切正常。"),
    }
}

fn whom(seed: u64, visit_id: i64, result: FollowUpResult) -> Option<Whom> {
    let is_reached = result != FollowUpResult::NotReached;
    is_reached.then(|| WHOM[percentile(seed, "whom", visit_id) as usize % WHOM.len()])
}

/// When somebody answers; none for one that is forgotten.
fn answered_at(seed: u64, kind: &str, visit_id: i64, opened_at: Instant) -> Option<Instant> {
    if percentile(seed, &format!("forgotten/{kind}"), visit_id) < FORGOTTEN {
        return None;
    }
    let minutes = 5 + percentile(seed, &format!("minutes/{kind}"), visit_id);
    Some(opened_at + TimeDelta::minutes(minutes))
}

/// Opens what the failures of yesterday and today ask for, with what would have been found out by now.
pub(super) fn lay(tx: &mut Tx<'_>, seed: u64) -> Result<()> {
    let since = tx.calendar.day_of(tx.now) - TimeDelta::days(1);
    let deadlines = store::deadlines(tx.connection)?;
    let mut rows = Vec::new();
    for failure in store::failures_since(tx.connection, since)? {
        let (contact, welfare) = deadlines.get(&failure.reason).copied().unwrap_or_default();
        let first = contact.map(|within| row(tx, seed, &failure, (CONTACT, within)));
        let second = welfare.map(|within| row(tx, seed, &failure, (WELFARE, within)));
        // Who is well needs no second look.
        let well =
            first.as_ref().filter(|row| row.result.as_deref() == Some(FollowUpResult::Well.name())).cloned();
        rows.extend(second.map(|second| match well {
            Some(first) => FollowUpRow { kind: WELFARE, due_at: second.due_at, ..first },
            None => second,
        }));
        rows.extend(first);
    }
    insert_follow_ups(tx.connection, &rows)
}

fn row(tx: &Tx<'_>, seed: u64, failure: &Failure, (kind, within_min): (&'static str, i32)) -> FollowUpRow {
    let opened_at = failure.at;
    let closed_at = answered_at(seed, kind, failure.visit_id, opened_at).filter(|at| *at <= tx.now);
    let (result, note) = found(seed, kind, failure.visit_id);
    let actor = &tx.scope.actor;
    FollowUpRow {
        visit_id: failure.visit_id,
        elder_id: failure.elder_id,
        town_code: failure.town_code.clone(),
        kind,
        opened_at,
        due_at: opened_at + TimeDelta::minutes(i64::from(within_min)),
        owner: actor.clone(),
        closed_at,
        closed_by: closed_at.map(|_| actor.clone()),
        contacted_at: closed_at,
        whom: closed_at.and_then(|_| whom(seed, failure.visit_id, result)).map(|whom| whom.name().to_owned()),
        result: closed_at.map(|_| result.name().to_owned()),
        note: if closed_at.is_some() { note } else { "" },
        version: if closed_at.is_some() { 2 } else { 1 },
    }
}

/// Those of the open ones that somebody answers by now.
pub(super) fn due(seed: u64, open: Vec<Unanswered>, now: Instant) -> Vec<Unanswered> {
    let is_due = |(_, _, visit_id, kind, opened_at): &Unanswered| {
        answered_at(seed, kind, *visit_id, *opened_at).is_some_and(|at| at <= now)
    };
    open.into_iter().filter(is_due).collect()
}

/// Answers one as the office would.
pub(super) fn answer(
    tx: &mut Tx<'_>,
    seed: u64,
    (id, version, visit_id, kind, _): &Unanswered,
) -> Result<()> {
    let (result, note) = found(seed, kind, *visit_id);
    let given = Answer {
        result,
        whom: whom(seed, *visit_id, result),
        contacted_at: Some(tx.now),
        note: note.to_owned(),
    };
    close(tx, *id, *version, &given)
}
