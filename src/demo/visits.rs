//! The visits of a day: those that the care plans ask for, mostly given to a caregiver the evening before.

use std::collections::{HashMap, HashSet};

use chrono::{Datelike, NaiveDate, TimeDelta};

use super::dice::Dice;
use super::facts::{Point, Town};
use super::offers::is_offered;
use super::roster::{Placed, Roster, Wish};
use super::store::{
    self, Client, EventRow, VisitRow, count_given, count_visits_around, insert_events, insert_visits,
};
use crate::app::Tx;
use crate::clock::{Calendar, Instant};
use crate::error::{Error, Result};
use crate::plans::{DAYS_AHEAD, asked_for};
use crate::visits::catalogue::store::price_on;

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
/// Percent of the visits that are left to the coordinator, and of tomorrow's: so that there is a day to plan.
const UNASSIGNED: i64 = 3;
const UNASSIGNED_TOMORROW: i64 = 30;
/// Visits held at once before they are written.
const ROWS_MAX: usize = 2_000;
/// A day to be filled.
pub(super) struct Day<'a> {
    pub seed: u64,
    pub towns: &'a [Town],
    pub on: NaiveDate,
    /// By plan (0), or beside the plans (1).
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

/// Adds what a later day lacks: caregivers for its visits, something that happens now, and tomorrow's; gives how many visits.
pub(super) fn lay_missing(tx: &mut Tx<'_>, seed: u64, towns: &[Town]) -> Result<i64> {
    let today = tx.calendar.day_of(tx.now);
    let shifted = offset_min(tx.calendar, tx.now);
    let mut laid = 0;
    // Days that nobody watched were planned ahead: their visits were given to somebody as well.
    for back in (1..DAYS_AHEAD).rev() {
        let day = today - TimeDelta::days(back);
        if count_given(tx.connection, day)? == 0 && !store::waiting(tx.connection, day)?.is_empty() {
            laid += lay(tx, &Day { seed, towns, on: day, half: 0, offset_min: 0 })?;
        }
    }
    if count_given(tx.connection, today)? == 0 {
        laid += lay(tx, &Day { seed, towns, on: today, half: 0, offset_min: shifted })?;
    } else if count_visits_around(tx.connection, today, tx.now)? == 0 && shifted != 0 {
        // The day was laid for working hours and it is night: clients are visited now, beside their plans.
        laid += lay_beside_plans(tx, &Day { seed, towns, on: today, half: 1, offset_min: shifted })?;
    }
    let tomorrow = today.succ_opt().ok_or_else(|| Error::internal("the calendar ends"))?;
    if count_given(tx.connection, tomorrow)? == 0 {
        laid += lay(tx, &Day { seed, towns, on: tomorrow, half: 0, offset_min: 0 })?;
    }
    Ok(laid)
}

struct Draft {
    client: Client,
    /// Number and version of a visit that is planned already.
    known: Option<(i64, i64)>,
    asked: Asked,
    opens_min: i32,
    closes_min: i32,
    /// Visits of a group are left to whoever can plan both.
    is_grouped: bool,
}

/// What is asked for.
struct Asked {
    service_code: String,
    duration_min: i32,
    price_fen: Option<i64>,
    /// Item, its version, the day of its rule, the part.
    follows: Option<(i64, i64, NaiveDate, i32)>,
}

/// Gives the day's visits to caregivers: those that are planned already, and those that the plans ask for beside them.
fn lay(tx: &mut Tx<'_>, day: &Day<'_>) -> Result<i64> {
    let clients: HashMap<i64, Client> =
        store::clients(tx.connection, day.on)?.into_iter().map(|client| (client.id, client)).collect();
    let mut drafts = Vec::new();
    for visit in store::waiting(tx.connection, day.on)? {
        let Some(client) = clients.get(&visit.elder_id) else { continue };
        let asked = Asked {
            service_code: visit.service_code,
            duration_min: visit.duration_min,
            price_fen: None,
            follows: None,
        };
        let window = (visit.window_starts_at, visit.window_ends_at);
        let known = Some((visit.id, visit.version));
        drafts.push(draft(tx, day, (client, known, asked), window, visit.group_id.is_some()));
    }
    let there: HashSet<_> = store::followed_on(tx.connection, day.on)?.into_iter().collect();
    let next = day.on.succ_opt().ok_or_else(|| Error::internal("the calendar ends"))?;
    let rows = asked_for(tx.connection, tx.calendar, (day.on, next))?;
    let two: HashSet<_> =
        rows.iter().filter(|row| row.occurrence_part == 2).map(|row| row.plan_item_id).collect();
    for row in rows {
        let key = (row.plan_item_id, row.occurrence_on, row.occurrence_part);
        let Some(client) = clients.get(&row.elder_id).filter(|_| !there.contains(&key)) else { continue };
        let follows = row.plan_item_id.zip(row.plan_item_version).zip(row.occurrence_on);
        let is_grouped = two.contains(&row.plan_item_id);
        let asked = Asked {
            service_code: row.service_code,
            duration_min: row.duration_min,
            price_fen: row.price_fen,
            follows: follows.map(|((item, version), on)| (item, version, on, row.occurrence_part)),
        };
        let window = (row.window_starts_at, row.window_ends_at);
        drafts.push(draft(tx, day, (client, None, asked), window, is_grouped));
    }
    write(tx, day, drafts)
}

fn draft(
    tx: &Tx<'_>,
    day: &Day<'_>,
    (client, known, asked): (&Client, Option<(i64, i64)>, Asked),
    (from, to): (Instant, Instant),
    is_grouped: bool,
) -> Draft {
    let minute = |at: Instant| (at - tx.calendar.at(day.on, 0)).num_minutes() as i32 + day.offset_min;
    Draft {
        client: client.clone(),
        known,
        asked,
        opens_min: minute(from),
        closes_min: minute(to),
        is_grouped,
    }
}

/// Visits at night, of clients who have none of their plan then.
fn lay_beside_plans(tx: &mut Tx<'_>, day: &Day<'_>) -> Result<i64> {
    let mut dice = Dice::new(day.seed, &format!("visits/{}/{}", day.on, day.half));
    let services = store::services(tx.connection)?;
    let turn = i64::from(day.on.num_days_from_ce()) + day.half;
    let mut drafts = Vec::new();
    let clients = store::clients(tx.connection, day.on)?;
    for client in clients.into_iter().filter(|client| (client.id + turn) % 2 == 0) {
        let service = services.iter().find(|service| service.code == "visit");
        let service = service.ok_or_else(|| Error::internal("the service visit"))?;
        let opens_min = OPENS_MIN + day.offset_min + (dice.within(0, SLOTS) * SLOT_MIN) as i32;
        drafts.push(Draft {
            client,
            known: None,
            asked: Asked {
                service_code: service.code.clone(),
                duration_min: service.duration_min,
                price_fen: price_on(tx.connection, &service.code, day.on)?,
                follows: None,
            },
            opens_min,
            closes_min: opens_min + 120,
            is_grouped: false,
        });
    }
    write(tx, day, drafts)
}

fn write(tx: &mut Tx<'_>, day: &Day<'_>, mut drafts: Vec<Draft>) -> Result<i64> {
    let skills: HashMap<String, String> =
        store::services(tx.connection)?.into_iter().map(|service| (service.code, service.skill)).collect();
    let mut roster = Roster::new(store::workers(tx.connection)?, day.towns, day.on, day.offset_min);
    let minute = |at: Instant| ((at - tx.calendar.at(day.on, 0)).num_minutes()) as i32;
    for (caregiver, starts, ends) in store::engagements(tx.connection, day.on)? {
        roster.engage(caregiver, minute(starts), minute(ends));
    }
    for (caregiver, starts, ends) in store::absent(tx.connection, tx.calendar.bounds(day.on))? {
        roster.engage(caregiver, minute(starts), minute(ends));
    }
    drafts.sort_by_key(|draft| {
        let follows = draft.asked.follows.map(|(item, _, _, part)| (item, part));
        (draft.opens_min, draft.client.id, draft.known, follows)
    });
    let mut dice = Dice::new(day.seed, &format!("given/{}/{}", day.on, day.half));
    let left = if day.on > tx.calendar.day_of(tx.now) { UNASSIGNED_TOMORROW } else { UNASSIGNED };
    let mut next_id = store::next_visit_id(tx.connection)?;
    let (mut visits, mut events) = (Vec::new(), Vec::new());
    let laid = drafts.len() as i64;
    for draft in drafts {
        let skill = skills.get(&draft.asked.service_code).map_or("", String::as_str);
        let is_left = dice.hits(left) || draft.is_grouped;
        let placed = if is_left { None } else { roster.place(&wish(&draft, skill)) };
        if let Some(known) = draft.known {
            events.extend(give(tx, day, known, &draft, placed)?);
        } else {
            let visit = visit(tx, day, next_id, &draft, placed);
            next_id += 1;
            events.extend(first_events(tx, day, &visit));
            visits.push(visit);
        }
        if visits.len() == ROWS_MAX {
            insert_visits(tx.connection, &std::mem::take(&mut visits))?;
            insert_events(tx.connection, std::mem::take(&mut events))?;
        }
    }
    insert_visits(tx.connection, &visits)?;
    insert_events(tx.connection, events)?;
    Ok(laid)
}

fn wish<'a>(draft: &'a Draft, skill: &'a str) -> Wish<'a> {
    Wish {
        town_code: &draft.client.town_code,
        place: Point { longitude: draft.client.longitude, latitude: draft.client.latitude },
        skill,
        barred: &draft.client.barred,
        opens_min: draft.opens_min,
        closes_min: draft.closes_min,
        duration_min: draft.asked.duration_min,
    }
}

/// Gives a visit that is planned already to who was found.
fn give(
    tx: &mut Tx<'_>,
    day: &Day<'_>,
    (id, version): (i64, i64),
    draft: &Draft,
    placed: Option<Placed>,
) -> Result<Option<EventRow>> {
    let Some(placed) = placed else { return Ok(None) };
    let at = |minute| tx.calendar.at(day.on, minute);
    let (starts_at, ends_at) = (at(placed.starts_min), at(placed.starts_min + draft.asked.duration_min));
    let window = (at(draft.opens_min), at(draft.closes_min));
    store::give(tx.connection, id, window, (placed.caregiver_id, starts_at, ends_at))?;
    let given_at = tx.calendar.at(day.on, -8 * 60).min(tx.now);
    let step = given(tx, day, id, starts_at);
    Ok(Some(event(tx, id, version + 1, step, given_at, Some(placed.caregiver_id))))
}

fn visit(tx: &Tx<'_>, day: &Day<'_>, id: i64, draft: &Draft, placed: Option<Placed>) -> VisitRow {
    let at = |minute| tx.calendar.at(day.on, minute);
    let Asked { service_code, duration_min, price_fen, follows } = &draft.asked;
    VisitRow {
        id,
        elder_id: draft.client.id,
        town_code: draft.client.town_code.clone(),
        service_code: service_code.clone(),
        service_on: day.on,
        window_starts_at: at(draft.opens_min),
        window_ends_at: at(draft.closes_min),
        duration_min: *duration_min,
        caregiver_id: placed.map(|placed| placed.caregiver_id),
        starts_at: placed.map(|placed| at(placed.starts_min)),
        ends_at: placed.map(|placed| at(placed.starts_min + duration_min)),
        price_fen: *price_fen,
        plan_item_id: follows.map(|(item, ..)| item),
        plan_item_version: follows.map(|(_, version, ..)| version),
        occurrence_on: follows.map(|(_, _, on, _)| on),
        occurrence_part: follows.map_or(1, |(.., part)| part),
    }
}

/// Most visits are simply given; about some the caregiver is asked.
fn given(
    tx: &Tx<'_>,
    day: &Day<'_>,
    id: i64,
    starts_at: Instant,
) -> (&'static str, &'static str, &'static str) {
    if is_offered(day.seed, id, starts_at, tx.now) {
        return ("offer", "planned", "offered");
    }
    ("assign", "planned", "assigned")
}

/// Planned the evening before, or just now where that evening has not come yet.
fn first_events(tx: &Tx<'_>, day: &Day<'_>, visit: &VisitRow) -> Vec<EventRow> {
    let evening = tx.calendar.at(day.on, -8 * 60);
    let planned_at = evening.min(tx.now - TimeDelta::minutes(20));
    let mut events = vec![event(tx, visit.id, 1, ("plan", "none", "planned"), planned_at, None)];
    if visit.caregiver_id.is_some() {
        let assigned_at = planned_at + TimeDelta::minutes(5 + visit.id % 10);
        let step = given(tx, day, visit.id, visit.starts_at.unwrap_or(visit.window_starts_at));
        events.push(event(tx, visit.id, 2, step, assigned_at, visit.caregiver_id));
    }
    events
}

fn event(
    tx: &Tx<'_>,
    visit_id: i64,
    seq: i64,
    (kind, from_state, to_state): (&'static str, &'static str, &'static str),
    at: Instant,
    caregiver_id: Option<i64>,
) -> EventRow {
    EventRow {
        visit_id,
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
    }
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
