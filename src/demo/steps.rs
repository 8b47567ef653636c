//! What happens to visits as time goes on: caregivers arrive, finish, or find nobody at home.

use chrono::TimeDelta;

use super::dice::percentile;
use super::store::{EventRow, OpenVisit, elder_of, find_open_visit, insert_events, visits_due};
use super::{evidence, offers};
use crate::app::Tx;
use crate::clock::Instant;
use crate::error::Result;
use crate::visits::checkin::{StepKind, report};
use crate::visits::{self, progress};

/// Percent of the assigned visits that fail.
const FAILS: i64 = 3;
/// Percent that are far too short.
const SHORT: i64 = 2;
/// Percent whose caregiver reports setting off.
const DEPARTS: i64 = 60;
/// Percent that begin late, besides.
const LATE: i64 = 8;
/// Code of a reason, and words.
const REASONS: [(&str, &str); 4] =
    [("nobody_home", ""), ("refused", ""), ("hospital", ""), ("other", "护理员途中受阻")];
const NOBODY: (&str, &str) = ("caregiver_absent", "");

/// The next thing that happens to a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    kind: &'static str,
    from_state: &'static str,
    to_state: &'static str,
    at: Instant,
    reason: Option<&'static str>,
    note: &'static str,
}

/// The next step, once its time has come. The same visit always goes the same way.
pub(super) fn next_step(seed: u64, visit: &OpenVisit, now: Instant) -> Option<Step> {
    let step = match (visit.state.as_str(), visit.starts_at, visit.ends_at) {
        ("planned", ..) => failed("planned", visit.window_ends_at, NOBODY),
        ("assigned", Some(starts), _) if percentile(seed, "fails", visit.id) < FAILS => {
            let reason = REASONS[percentile(seed, "reason", visit.id) as usize % REASONS.len()];
            failed("assigned", starts + TimeDelta::minutes(15), reason)
        }
        ("assigned", Some(starts), _) if percentile(seed, "departs", visit.id) < DEPARTS => {
            let ahead = TimeDelta::minutes(6 + percentile(seed, "ahead", visit.id) % 15);
            let at = starts + lateness(seed, visit.id) - ahead;
            moved("depart", ("assigned", "on_the_way"), at)
        }
        (from @ ("assigned" | "on_the_way"), Some(starts), _) => {
            let from = if from == "assigned" { "assigned" } else { "on_the_way" };
            moved("arrive", (from, "arrived"), starts + lateness(seed, visit.id))
        }
        ("arrived", Some(starts), Some(ends)) if percentile(seed, "short", visit.id) < SHORT => {
            // Out again before half of the time was over.
            let at = starts + lateness(seed, visit.id) + (ends - starts) * 2 / 5;
            moved("finish", ("arrived", "done"), at)
        }
        ("arrived", _, Some(ends)) => {
            let jitter = TimeDelta::seconds(percentile(seed, "ends", visit.id) * 5 - 250);
            moved("finish", ("arrived", "done"), ends + lateness(seed, visit.id) + jitter)
        }
        _ => return None,
    };
    (step.at <= now).then_some(step)
}

fn moved(kind: &'static str, (from_state, to_state): (&'static str, &'static str), at: Instant) -> Step {
    Step { kind, from_state, to_state, at, reason: None, note: "" }
}

fn failed(from_state: &'static str, at: Instant, (reason, note): (&'static str, &'static str)) -> Step {
    Step { kind: "fail", from_state, to_state: "not_done", at, reason: Some(reason), note }
}

/// Most begin within a few minutes, some up to half an hour late.
fn lateness(seed: u64, id: i64) -> TimeDelta {
    let minutes = percentile(seed, "minutes", id);
    if percentile(seed, "late", id) < LATE {
        return TimeDelta::minutes(12 + minutes % 20);
    }
    TimeDelta::seconds(minutes * 5)
}

/// Brings every visit to where it would be by now, in bulk: for a new city and for a day nobody watched. Gives how many
/// steps that took.
pub(super) fn catch_up(tx: &mut Tx<'_>, seed: u64) -> Result<i64> {
    let today = tx.calendar.day_of(tx.now);
    let answers = offers::accepted_meanwhile(tx, seed)?;
    insert_events(tx.connection, answers)?;
    let mut events = Vec::new();
    for mut visit in visits_due(tx.connection, today, tx.now, i64::MAX)? {
        while let Some(step) = next_step(seed, &visit, tx.now) {
            events.push(event(tx, &visit, &step, step.at));
            step.to_state.clone_into(&mut visit.state);
            visit.version += 1;
        }
    }
    let steps = events.len() as i64;
    insert_events(tx.connection, events)?;
    evidence::prove(tx, seed)?;
    Ok(steps)
}

/// Takes the next step of one visit, if it is still due, as a caregiver would report it; gives whether it was.
pub(super) fn take(tx: &mut Tx<'_>, seed: u64, visit_id: i64) -> Result<bool> {
    let Some(visit) = find_open_visit(tx.connection, visit_id)? else { return Ok(false) };
    let Some(step) = next_step(seed, &visit, tx.now) else { return Ok(false) };
    let kind = match step.kind {
        "depart" => StepKind::Depart,
        "arrive" => StepKind::Arrive,
        "finish" => StepKind::Finish,
        _ => StepKind::Fail,
    };
    if visit.caregiver_id.is_none() {
        // Nobody has gone there: the office writes it down.
        let reason = step.reason.unwrap_or("other").to_owned();
        let step = visits::Step::Fail { reason, note: step.note.to_owned() };
        progress(tx, visit.id, visit.version, &step)?;
        return Ok(true);
    }
    let (elder, longitude, latitude) = elder_of(tx.connection, visit.id)?;
    let place = (visit.id, elder, (longitude, latitude));
    let told = evidence::reported(tx, seed, place, kind, (step.at, step.reason, step.note))?;
    report(tx, visit.id, &evidence::key(visit.id, kind, visit.version), &told)?;
    Ok(true)
}

fn event(tx: &Tx<'_>, visit: &OpenVisit, step: &Step, at: Instant) -> EventRow {
    EventRow {
        visit_id: visit.id,
        seq: visit.version + 1,
        prev_seq: Some(visit.version),
        kind: step.kind,
        from_state: step.from_state,
        to_state: step.to_state,
        at,
        recorded_at: at,
        actor: tx.scope.actor.clone(),
        caregiver_id: visit.caregiver_id,
        note: step.note.to_owned(),
        reason: step.reason.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    fn visit(id: i64, state: &str) -> OpenVisit {
        let at = |hour| NaiveDate::from_ymd_opt(2026, 11, 23).unwrap().and_hms_opt(hour, 0, 0).unwrap();
        OpenVisit {
            id,
            window_ends_at: at(4),
            caregiver_id: Some(1),
            starts_at: Some(at(2)),
            ends_at: Some(at(3)),
            state: state.into(),
            version: 2,
        }
    }

    #[test]
    fn a_visit_moves_when_its_time_has_come_and_not_before() {
        let start = visit(1, "assigned").starts_at.unwrap();
        for id in 1..500 {
            assert_eq!(next_step(1, &visit(id, "assigned"), start - TimeDelta::minutes(21)), None);
            let mut step = next_step(1, &visit(id, "assigned"), start + TimeDelta::hours(1)).unwrap();
            if step.to_state == "on_the_way" {
                let set_off = step.at;
                assert_eq!(next_step(1, &visit(id, "on_the_way"), start - TimeDelta::seconds(1)), None);
                step = next_step(1, &visit(id, "on_the_way"), start + TimeDelta::hours(1)).unwrap();
                assert!(step.at > set_off && step.to_state == "arrived");
            }
            assert!(step.at >= start && ["arrived", "not_done"].contains(&step.to_state));
            let finish = next_step(1, &visit(id, "arrived"), start + TimeDelta::hours(3)).unwrap();
            assert!(finish.at > step.at && finish.to_state == "done");
        }
    }

    #[test]
    fn about_three_of_a_hundred_fail_with_a_reason() {
        let late = visit(1, "assigned").starts_at.unwrap() + TimeDelta::hours(5);
        let steps = (1..=2_000).filter_map(|id| next_step(1, &visit(id, "assigned"), late));
        let failed: Vec<Step> = steps.filter(|step| step.kind == "fail").collect();
        assert!((40..=80).contains(&failed.len()), "{}", failed.len());
        assert!(failed.iter().all(|step| step.reason.is_some()));
    }
}
