//! Two years of visits that were made: for measurements.

use std::collections::HashMap;

use chrono::{NaiveDate, TimeDelta};

use super::store::{self, Client, EventRow, VisitRow, insert_events, insert_visits};
use crate::access::Scope;
use crate::app::{App, Tx};
use crate::db::store as database;
use crate::error::{Error, Result};

/// How far back the added visits lie, in days.
const DAYS: i64 = 730;
/// The last days are the demo's own.
const DAYS_OWN: i64 = 3;
/// Days that are written at once.
const DAYS_AT_ONCE: i64 = 10;
/// A caregiver makes so many visits a day, one every so many minutes, from this minute after midnight on.
const SLOTS: usize = 12;
const SLOT_MIN: i32 = 45;
const OPENS_MIN: i32 = 480;
const SERVICE: &str = "visit";
const LASTS_MIN: i32 = 30;

/// Adds visits until there are `wanted` in all, of all clients in turn, each made by somebody of the town.
pub(super) fn add(app: &App, wanted: i64) -> Result<()> {
    let there = app.db.read_now(store::count_visits)?;
    let today = app.calendar.day_of(app.clock.now());
    let clients = app.db.read_now(|connection| store::clients(connection, today))?;
    let mut workers: HashMap<String, Vec<i64>> = HashMap::new();
    for worker in app.db.read_now(store::workers)? {
        workers.entry(worker.town_code).or_default().push(worker.id);
    }
    let missing = (wanted - there).max(0);
    let mut turn = 0;
    let mut added = 0;
    for back in (0..DAYS / DAYS_AT_ONCE).rev() {
        let first = back * DAYS_AT_ONCE;
        let days: Vec<(NaiveDate, i64)> = (first..first + DAYS_AT_ONCE)
            .rev()
            .map(|day| (today - TimeDelta::days(DAYS_OWN + day), share(missing, day)))
            .collect();
        let mut made = (turn, 0);
        app.write_now(&Scope::system(), |tx| {
            made = (turn, 0);
            for (day, count) in &days {
                made.1 += lay(tx, (*day, *count), &clients, &workers, &mut made.0)?;
            }
            database::continue_numbers(tx.connection, &["visits"])
        })?;
        turn = made.0;
        added += made.1;
    }
    if added < missing {
        return Err(Error::internal(format!("the caregivers had time for {added} of {missing} visits")));
    }
    Ok(())
}

/// What does not divide goes to the last days.
fn share(missing: i64, day: i64) -> i64 {
    missing / DAYS + i64::from(day < missing % DAYS)
}

/// One day's visits; gives how many. `turn` walks through the clients.
fn lay(
    tx: &mut Tx<'_>,
    (day, count): (NaiveDate, i64),
    clients: &[Client],
    workers: &HashMap<String, Vec<i64>>,
    turn: &mut usize,
) -> Result<i64> {
    let mut taken: HashMap<&str, usize> = HashMap::new();
    let mut next_id = store::next_visit_id(tx.connection)?;
    let (mut visits, mut events) = (Vec::new(), Vec::new());
    // A town whose caregivers have no time left is passed over.
    for _ in 0..clients.len() * 3 {
        if visits.len() as i64 == count || clients.is_empty() {
            break;
        }
        let client = &clients[*turn % clients.len()];
        *turn += 1;
        let people = workers.get(&client.town_code).map_or(&[][..], Vec::as_slice);
        let place = taken.entry(&client.town_code).or_default();
        let Some(caregiver_id) = people.get(*place / SLOTS).copied() else { continue };
        let starts_min = OPENS_MIN + (*place % SLOTS) as i32 * SLOT_MIN;
        *place += 1;
        let visit = visit(tx, (next_id, day), client, (caregiver_id, starts_min));
        next_id += 1;
        events.extend(made(tx, &visit));
        visits.push(visit);
    }
    let count = visits.len() as i64;
    insert_visits(tx.connection, &visits)?;
    insert_events(tx.connection, events)?;
    Ok(count)
}

fn visit(
    tx: &Tx<'_>,
    (id, day): (i64, NaiveDate),
    client: &Client,
    (caregiver_id, starts_min): (i64, i32),
) -> VisitRow {
    let at = |minute| tx.calendar.at(day, minute);
    VisitRow {
        id,
        elder_id: client.id,
        town_code: client.town_code.clone(),
        service_code: SERVICE.to_owned(),
        service_on: day,
        window_starts_at: at(starts_min),
        window_ends_at: at(starts_min + 60),
        duration_min: LASTS_MIN,
        caregiver_id: Some(caregiver_id),
        starts_at: Some(at(starts_min)),
        ends_at: Some(at(starts_min + LASTS_MIN)),
        price_fen: None,
        plan_item_id: None,
        plan_item_version: None,
        occurrence_on: None,
        occurrence_part: 1,
    }
}

/// From planned to done.
fn made(tx: &Tx<'_>, visit: &VisitRow) -> Vec<EventRow> {
    let starts_at = visit.starts_at.unwrap_or(visit.window_starts_at);
    let before = starts_at - TimeDelta::hours(16);
    let steps = [
        (("plan", "none", "planned"), before, None),
        (("assign", "planned", "assigned"), before + TimeDelta::minutes(10), visit.caregiver_id),
        (("arrive", "assigned", "arrived"), starts_at + TimeDelta::minutes(2), visit.caregiver_id),
        (("finish", "arrived", "done"), starts_at + TimeDelta::minutes(30), visit.caregiver_id),
    ];
    let event = |(index, ((kind, from_state, to_state), at, caregiver_id)): (usize, _)| EventRow {
        visit_id: visit.id,
        seq: index as i64 + 1,
        prev_seq: (index > 0).then_some(index as i64),
        kind,
        from_state,
        to_state,
        at,
        recorded_at: at,
        actor: tx.scope.actor.clone(),
        caregiver_id,
        note: String::new(),
        reason: None,
    };
    steps.into_iter().enumerate().map(event).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_missing_visit_has_its_day() {
        for missing in [0, 1, 729, 730, 1_000_000] {
            assert_eq!((0..DAYS).map(|day| share(missing, day)).sum::<i64>(), missing);
        }
    }
}
