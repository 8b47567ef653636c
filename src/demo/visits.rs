//! The visits of a day: half of the clients are visited each day, planned and mostly assigned the evening before.

use chrono::{Datelike, NaiveDate, TimeDelta};

use super::dice::Dice;
use super::facts::{Point, Town};
use super::roster::{Placed, Roster, Wish};
use super::store::{
    self, Client, EventRow, Service, VisitRow, count_visits, count_visits_around, insert_events,
    insert_visits,
};
use crate::app::Tx;
use crate::clock::{Calendar, Instant};
use crate::error::{Error, Result};

/// The day's work lies between these minutes after midnight.
const OPENS_MIN: i32 = 480;
const CLOSES_MIN: i32 = 1_050;
/// By this minute the first visits have begun.
const FIRST_START_MIN: i32 = 510;
/// Until this minute visits still begin.
const LAST_START_MIN: i32 = 1_020;
const DAY_MIN: i32 = 1_440;
const SLOT_MIN: i64 = 30;
const SLOTS: i64 = 16;
/// Percent of the visits that are left to the coordinator.
const UNASSIGNED: i64 = 3;
/// Visits held at once before they are written.
const ROWS_MAX: usize = 2_000;
/// Weights of the services.
const SERVICES: [(&str, i64); 8] = [
    ("meal", 24),
    ("clean", 20),
    ("visit", 16),
    ("health", 14),
    ("care", 10),
    ("walk", 7),
    ("bath", 6),
    ("medical", 3),
];

/// A day to be filled.
pub(super) struct Day<'a> {
    pub seed: u64,
    pub towns: &'a [Town],
    pub on: NaiveDate,
    /// The clients of even (0) or odd (1) turn on this day.
    pub half: i64,
    pub offset_min: i32,
}

/// How far a day's work is moved so that it surrounds `now`: nothing within working hours; at night the whole day of
/// visits moves, but stays within the business day.
pub(super) fn offset_min(calendar: Calendar, now: Instant) -> i32 {
    let minute = calendar.minute_of_day(now);
    if (FIRST_START_MIN..LAST_START_MIN).contains(&minute) {
        return 0;
    }
    let length = CLOSES_MIN - OPENS_MIN;
    (minute - length / 2).clamp(0, DAY_MIN - length) - OPENS_MIN
}

/// Yesterday, today around the present hour, and tomorrow; gives how many visits.
pub(super) fn lay_first_days(tx: &mut Tx<'_>, seed: u64, towns: &[Town]) -> Result<i64> {
    let today = tx.calendar.day_of(tx.now);
    let shifted = offset_min(tx.calendar, tx.now);
    let mut laid = 0;
    for (day, offset_min) in [(today.pred_opt(), 0), (Some(today), shifted), (today.succ_opt(), 0)] {
        let day = day.ok_or_else(|| Error::internal("the calendar ends"))?;
        laid += lay(tx, &Day { seed, towns, on: day, half: 0, offset_min })?;
    }
    Ok(laid)
}

/// Adds what a later day lacks: its own visits, something that happens now, and tomorrow's; gives how many visits.
pub(super) fn lay_missing(tx: &mut Tx<'_>, seed: u64, towns: &[Town]) -> Result<i64> {
    let today = tx.calendar.day_of(tx.now);
    let shifted = offset_min(tx.calendar, tx.now);
    let mut laid = 0;
    if count_visits(tx.connection, today)? == 0 {
        laid += lay(tx, &Day { seed, towns, on: today, half: 0, offset_min: shifted })?;
    } else if count_visits_around(tx.connection, today, tx.now)? == 0 && shifted != 0 {
        // The day was laid for working hours and it is night: the other clients are visited now.
        laid += lay(tx, &Day { seed, towns, on: today, half: 1, offset_min: shifted })?;
    }
    let tomorrow = today.succ_opt().ok_or_else(|| Error::internal("the calendar ends"))?;
    if count_visits(tx.connection, tomorrow)? == 0 {
        laid += lay(tx, &Day { seed, towns, on: tomorrow, half: 0, offset_min: 0 })?;
    }
    Ok(laid)
}

struct Draft {
    client: Client,
    service: usize,
    opens_min: i32,
    closes_min: i32,
}

fn lay(tx: &mut Tx<'_>, day: &Day<'_>) -> Result<i64> {
    let services = store::services(tx.connection)?;
    let clients = store::clients(tx.connection)?;
    let mut roster = Roster::new(store::workers(tx.connection)?, day.towns, day.on, day.offset_min);
    let minute = |at: Instant| ((at - tx.calendar.at(day.on, 0)).num_minutes()) as i32;
    for (caregiver, starts, ends) in store::engagements(tx.connection, day.on)? {
        roster.engage(caregiver, minute(starts), minute(ends));
    }
    let mut dice = Dice::new(day.seed, &format!("visits/{}/{}", day.on, day.half));
    let drafts = drafts(&mut dice, day, clients, &services)?;
    let first_id = store::next_visit_id(tx.connection)?;
    let (mut visits, mut events) = (Vec::new(), Vec::new());
    let laid = drafts.len() as i64;
    for (id, draft) in (first_id..).zip(drafts) {
        let service = &services[draft.service];
        let placed = if dice.hits(UNASSIGNED) { None } else { roster.place(&wish(&draft, service)) };
        let visit = visit(tx, day, id, &draft, service, placed);
        events.extend(first_events(tx, day, &visit));
        visits.push(visit);
        if visits.len() == ROWS_MAX {
            insert_visits(tx.connection, &visits)?;
            insert_events(tx.connection, std::mem::take(&mut events))?;
            visits.clear();
        }
    }
    insert_visits(tx.connection, &visits)?;
    insert_events(tx.connection, events)?;
    Ok(laid)
}

/// The day's wishes in order of their windows.
fn drafts(dice: &mut Dice, day: &Day<'_>, clients: Vec<Client>, services: &[Service]) -> Result<Vec<Draft>> {
    let turn = i64::from(day.on.num_days_from_ce()) + day.half;
    let mut drafts = Vec::new();
    for client in clients {
        if (client.id + turn) % 2 != 0 {
            continue;
        }
        let code = service_code(dice);
        let service = services.iter().position(|service| service.code == code);
        let service = service.ok_or_else(|| Error::internal(format!("service {code}")))?;
        let opens_min = OPENS_MIN + day.offset_min + (dice.within(0, SLOTS) * SLOT_MIN) as i32;
        let closes_min = opens_min + if dice.hits(50) { 90 } else { 120 };
        drafts.push(Draft { client, service, opens_min, closes_min });
    }
    drafts.sort_by_key(|draft| (draft.opens_min, draft.client.id));
    Ok(drafts)
}

fn service_code(dice: &mut Dice) -> &'static str {
    let mut throw = dice.within(0, SERVICES.iter().map(|(_, weight)| weight).sum());
    for (code, weight) in SERVICES {
        if throw < weight {
            return code;
        }
        throw -= weight;
    }
    SERVICES[0].0
}

fn wish<'a>(draft: &'a Draft, service: &'a Service) -> Wish<'a> {
    Wish {
        town_code: &draft.client.town_code,
        place: Point { longitude: draft.client.longitude, latitude: draft.client.latitude },
        skill: &service.skill,
        opens_min: draft.opens_min,
        closes_min: draft.closes_min,
        duration_min: service.duration_min,
    }
}

fn visit(
    tx: &Tx<'_>,
    day: &Day<'_>,
    id: i64,
    draft: &Draft,
    service: &Service,
    placed: Option<Placed>,
) -> VisitRow {
    let at = |minute| tx.calendar.at(day.on, minute);
    VisitRow {
        id,
        elder_id: draft.client.id,
        town_code: draft.client.town_code.clone(),
        service_code: service.code.clone(),
        service_on: day.on,
        window_starts_at: at(draft.opens_min),
        window_ends_at: at(draft.closes_min),
        duration_min: service.duration_min,
        caregiver_id: placed.map(|placed| placed.caregiver_id),
        starts_at: placed.map(|placed| at(placed.starts_min)),
        ends_at: placed.map(|placed| at(placed.starts_min + service.duration_min)),
    }
}

/// Planned the evening before, or just now where that evening has not come yet.
fn first_events(tx: &Tx<'_>, day: &Day<'_>, visit: &VisitRow) -> Vec<EventRow> {
    let evening = tx.calendar.at(day.on, -8 * 60);
    let planned_at = evening.min(tx.now - TimeDelta::minutes(20));
    let event = |seq, kind, from_state, to_state, at, caregiver_id| EventRow {
        visit_id: visit.id,
        seq,
        prev_seq: (seq > 1).then_some(seq - 1),
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
    let mut events = vec![event(1, "plan", "none", "planned", planned_at, None)];
    if visit.caregiver_id.is_some() {
        let assigned_at = planned_at + TimeDelta::minutes(5 + visit.id % 10);
        events.push(event(2, "assign", "planned", "assigned", assigned_at, visit.caregiver_id));
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_surrounds_the_hour_at_which_it_begins() {
        let calendar = Calendar::new(chrono_tz::Asia::Shanghai);
        let day = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        for minute in [0, 1, 119, 300, 479, 480, 509, 510, 800, 1_019, 1_020, 1_200, 1_439] {
            let offset = offset_min(calendar, calendar.at(day, minute));
            let (from, to) = (OPENS_MIN + offset, CLOSES_MIN + offset);
            assert!(from <= minute && minute < to, "{minute}: {from}..{to}");
            assert!(from >= 0 && to <= DAY_MIN, "{minute}: {from}..{to}");
            assert!(offset == 0 || !(FIRST_START_MIN..LAST_START_MIN).contains(&minute));
        }
    }
}
