//! Everything that a day's problem is made of. For a caller who has reached the town or the visit: of other towns' visits only
//! that they keep a caregiver busy is used.

use std::collections::{HashMap, HashSet};

use chrono::{NaiveDate, TimeDelta};
use diesel::dsl::count_star;
use diesel::prelude::*;

use crate::access::{Permission, Scope};
use crate::clock::{Calendar, Instant};
use crate::db::AnyConnection;
use crate::db::schema::{
    caregiver_absences, caregivers, elders, plan_items, service_items, towns, travel_modes, visit_groups,
    visits,
};
use crate::dispatch::rows::{CaregiverFact, DayRows, ElderFact, GroupFact, ModeFact, Place, VisitFact};
use crate::elders::{Wishes, place_on, wishes_of};
use crate::error::{Error, Result};
use crate::registry::caregivers::{Gender, Skill, TravelMode};
use crate::registry::codes;
use crate::text::Text;
use crate::visits::store::VisitRow;
use crate::visits::{CaregiverRule, GroupRelation, Shift, VisitState};

/// How far back visits count for who knows whom.
const FAMILIAR_DAYS: i64 = 90;
/// Numbers listed in one statement.
const IDS_MAX: usize = 10_000;

/// What is to be planned.
pub struct Ask<'a> {
    pub day: NaiveDate,
    /// All visits of a town, or only these with those of their groups.
    pub what: What<'a>,
    /// Who can be given something.
    pub caregivers: &'a [i64],
}

pub enum What<'a> {
    Town(&'a str),
    Visit(i64, Option<i64>),
}

impl<'a> Ask<'a> {
    pub fn by_hand(visit: &VisitRow, caregivers: &'a [i64]) -> Ask<'a> {
        Ask { day: visit.service_on, what: What::Visit(visit.id, visit.group_id), caregivers }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = visits)]
struct Found {
    id: i64,
    version: i64,
    elder_id: i64,
    service_code: String,
    window_starts_at: Instant,
    window_ends_at: Instant,
    duration_min: i32,
    state: VisitState,
    caregiver_id: Option<i64>,
    starts_at: Option<Instant>,
    ends_at: Option<Instant>,
    group_id: Option<i64>,
    group_place: Option<i32>,
    plan_item_id: Option<i64>,
    pinned_reason: Option<String>,
    arrived_at: Option<Instant>,
    ended_at: Option<Instant>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = caregivers)]
struct Person {
    id: i64,
    name: String,
    gender: Gender,
    skills: String,
    languages: String,
    shift_days: String,
    shift_starts_min: i32,
    shift_ends_min: i32,
    travel_mode: TravelMode,
    longitude: f64,
    latitude: f64,
}

/// The town of a proposal, if the asker may plan there.
pub fn check_town(connection: &mut AnyConnection, scope: &Scope, code: &str) -> Result<()> {
    let reach = scope.reach(Permission::AssignVisits)?;
    let known: i64 = towns::table.filter(towns::code.eq(code)).count().get_result(connection)?;
    if known == 0 || !reach.has_town(code) {
        return Err(Error::field("town_code", Text::new("rule.unknown_town")));
    }
    Ok(())
}

/// The active caregivers of a town.
pub fn caregivers_of_town(connection: &mut AnyConnection, town_code: &str) -> Result<Vec<i64>> {
    let found =
        caregivers::table.filter(caregivers::town_code.eq(town_code)).filter(caregivers::active.eq(true));
    Ok(found.order(caregivers::id).select(caregivers::id).load(connection)?)
}

pub fn load_day(
    connection: &mut AnyConnection,
    ask: &Ask<'_>,
    (calendar, now): (Calendar, Instant),
) -> Result<DayRows> {
    let (origin, end) = calendar.bounds(ask.day);
    let asked = asked_for(connection, ask)?;
    let told: HashSet<i64> = asked.iter().filter_map(|visit| visit.caregiver_id).collect();
    let mut ids: Vec<i64> = ask.caregivers.iter().copied().chain(told).collect();
    ids.sort_unstable();
    ids.dedup();
    let people = people(connection, &ids, (ask, calendar))?;
    let shifts = || people.iter().flat_map(|who| &who.shifts);
    let from = shifts().map(|(from, _)| *from).chain([origin]).min().unwrap_or(origin);
    let to = shifts().map(|(_, to)| *to).chain([end]).max().unwrap_or(end);
    let known: HashSet<i64> = asked.iter().map(|visit| visit.id).collect();
    let mut others = engaged(connection, &ids, (from, to))?;
    others.retain(|visit| !known.contains(&visit.id));
    let absences = absences(connection, &ids, (from, to))?;
    let elder_ids: Vec<i64> = asked.iter().map(|visit| visit.elder_id).collect();
    let groups = groups(connection, &asked)?;
    let count = asked.len();
    let visits = facts(connection, asked.into_iter().chain(others).collect(), count)?;
    let all_elders: Vec<i64> = visits.iter().map(|visit| visit.elder_id).collect();
    Ok(DayRows {
        origin,
        now: (now >= origin).then_some(now),
        elders: homes(connection, &all_elders, ask.day)?,
        familiarity: familiarity(connection, &elder_ids, ask.day)?,
        modes: modes(connection)?,
        absences,
        groups,
        caregivers: people,
        visits,
    })
}

fn asked_for(connection: &mut AnyConnection, ask: &Ask<'_>) -> Result<Vec<Found>> {
    let open = visits::table.filter(visits::state.ne_all([VisitState::Unplanned, VisitState::NotDone]));
    let found = match ask.what {
        What::Town(code) => open
            .filter(visits::service_on.eq(ask.day))
            .filter(visits::town_code.eq(code))
            .order(visits::id)
            .select(Found::as_select())
            .load(connection)?,
        What::Visit(id, Some(group)) => open
            .filter(visits::id.eq(id).or(visits::group_id.eq(group).assume_not_null()))
            .order(visits::id)
            .select(Found::as_select())
            .load(connection)?,
        What::Visit(id, None) => {
            open.filter(visits::id.eq(id)).select(Found::as_select()).load(connection)?
        }
    };
    Ok(found)
}

fn engaged(
    connection: &mut AnyConnection,
    caregivers: &[i64],
    (from, to): (Instant, Instant),
) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for part in caregivers.chunks(IDS_MAX) {
        let ids: Vec<Option<i64>> = part.iter().copied().map(Some).collect();
        let rows: Vec<Found> = visits::table
            .filter(visits::caregiver_id.eq_any(ids))
            .filter(visits::state.ne_all([VisitState::Unplanned, VisitState::NotDone]))
            .filter(visits::starts_at.lt(to))
            .filter(visits::starts_at.gt(from - TimeDelta::days(1)))
            .filter(visits::ends_at.gt(from))
            .order(visits::id)
            .select(Found::as_select())
            .load(connection)?;
        found.extend(rows);
    }
    Ok(found)
}

/// The first `asked` of them are what is to be planned.
fn facts(connection: &mut AnyConnection, found: Vec<Found>, asked: usize) -> Result<Vec<VisitFact>> {
    let skills: HashMap<String, Skill> = service_items::table
        .select((service_items::code, service_items::skill))
        .load::<(String, Skill)>(connection)?
        .into_iter()
        .collect();
    let items: Vec<i64> = found.iter().take(asked).filter_map(|visit| visit.plan_item_id).collect();
    let preferred = preferred(connection, &items)?;
    let fact = |(index, visit): (usize, Found)| VisitFact {
        began_at: visit.arrived_at,
        ended_at: visit.ended_at,
        id: visit.id,
        version: visit.version,
        elder_id: visit.elder_id,
        window: (visit.window_starts_at, visit.window_ends_at),
        duration_min: visit.duration_min,
        skill: skills.get(&visit.service_code).copied().unwrap_or(Skill::Daily),
        state: visit.state,
        told: visit
            .caregiver_id
            .zip(visit.starts_at)
            .zip(visit.ends_at)
            .map(|((id, from), to)| (id, from, to)),
        is_pinned: visit.pinned_reason.is_some(),
        group: visit.group_id.zip(visit.group_place),
        preferred_caregiver_id: visit.plan_item_id.and_then(|item| preferred.get(&item).copied()),
        is_asked: index < asked,
    };
    Ok(found.into_iter().enumerate().map(fact).collect())
}

fn preferred(connection: &mut AnyConnection, items: &[i64]) -> Result<HashMap<i64, i64>> {
    let mut found = HashMap::new();
    for part in items.chunks(IDS_MAX) {
        let rows: Vec<(i64, i64)> = plan_items::table
            .filter(plan_items::id.eq_any(part.to_vec()))
            .filter(plan_items::preferred_caregiver_id.is_not_null())
            .select((plan_items::id, plan_items::preferred_caregiver_id.assume_not_null()))
            .load(connection)?;
        found.extend(rows);
    }
    Ok(found)
}

/// When caregivers are away.
fn absences(
    connection: &mut AnyConnection,
    caregivers: &[i64],
    (from, to): (Instant, Instant),
) -> Result<Vec<(i64, Instant, Instant)>> {
    let mut found = Vec::new();
    for part in caregivers.chunks(IDS_MAX) {
        let rows: Vec<(i64, Instant, Instant)> = caregiver_absences::table
            .filter(caregiver_absences::caregiver_id.eq_any(part.to_vec()))
            .filter(caregiver_absences::cancelled_at.is_null())
            .filter(caregiver_absences::starts_at.lt(to))
            .filter(caregiver_absences::ends_at.gt(from))
            .order((caregiver_absences::caregiver_id, caregiver_absences::starts_at))
            .select((
                caregiver_absences::caregiver_id,
                caregiver_absences::starts_at,
                caregiver_absences::ends_at,
            ))
            .load(connection)?;
        found.extend(rows);
    }
    Ok(found)
}

fn people(
    connection: &mut AnyConnection,
    ids: &[i64],
    (ask, calendar): (&Ask<'_>, Calendar),
) -> Result<Vec<CaregiverFact>> {
    let mut found = Vec::new();
    for part in ids.chunks(IDS_MAX) {
        let rows: Vec<Person> = caregivers::table
            .filter(caregivers::id.eq_any(part.to_vec()))
            .order(caregivers::id)
            .select(Person::as_select())
            .load(connection)?;
        found.extend(rows);
    }
    let may_take: HashSet<i64> = ask.caregivers.iter().copied().collect();
    let person = |person: Person| {
        let shift = Shift::new(&person.shift_days, person.shift_starts_min, person.shift_ends_min);
        let shifts = shift.around(ask.day).into_iter();
        CaregiverFact {
            id: person.id,
            gender: person.gender,
            skills: codes::split(&person.skills),
            languages: codes::split(&person.languages),
            mode: person.travel_mode,
            home: Place { longitude: person.longitude, latitude: person.latitude },
            shifts: shifts.map(|(day, from, to)| (calendar.at(day, from), calendar.at(day, to))).collect(),
            may_take: may_take.contains(&person.id),
            name: person.name,
        }
    };
    Ok(found.into_iter().map(person).collect())
}

/// Where elders are found on a day, and whom they want.
fn homes(connection: &mut AnyConnection, ids: &[i64], day: NaiveDate) -> Result<HashMap<i64, ElderFact>> {
    let places = place_on(connection, ids, day)?;
    let mut wishes = wishes_of(connection, ids)?;
    let mut found = HashMap::new();
    for part in ids.chunks(IDS_MAX) {
        let rows: Vec<(i64, String)> = elders::table
            .filter(elders::id.eq_any(part.to_vec()))
            .select((elders::id, elders::name))
            .load(connection)?;
        for (id, name) in rows {
            let Some(place) = places.get(&id) else { continue };
            let place = Place { longitude: place.longitude, latitude: place.latitude };
            found.insert(id, elder(name, place, wishes.remove(&id).unwrap_or_default()));
        }
    }
    Ok(found)
}

/// Without a wish for a language, somebody who speaks one of the elder's own is wished for.
fn elder(name: String, place: Place, wishes: Wishes) -> ElderFact {
    let own = || Some((wishes.languages.clone(), false)).filter(|(languages, _)| !languages.is_empty());
    let wished = wishes.language.map(|language| (vec![language], wishes.language_is_hard));
    ElderFact {
        name,
        place,
        gender: wishes.gender.map(|gender| (gender, wishes.gender_is_hard)),
        languages: wished.or_else(own),
        preferred: wishes.preferred_caregivers,
        barred: wishes.barred_caregivers,
    }
}

fn familiarity(
    connection: &mut AnyConnection,
    ids: &[i64],
    day: NaiveDate,
) -> Result<HashMap<i64, Vec<(i64, i64)>>> {
    let mut found: HashMap<i64, Vec<(i64, i64)>> = HashMap::new();
    let since = day - TimeDelta::days(FAMILIAR_DAYS);
    for part in ids.chunks(IDS_MAX) {
        let rows: Vec<(i64, Option<i64>, i64)> = visits::table
            .filter(visits::elder_id.eq_any(part.to_vec()))
            .filter(visits::service_on.ge(since))
            .filter(visits::service_on.lt(day))
            .filter(visits::state.eq_any([VisitState::Arrived, VisitState::Done, VisitState::Confirmed]))
            .filter(visits::caregiver_id.is_not_null())
            .group_by((visits::elder_id, visits::caregiver_id))
            .select((visits::elder_id, visits::caregiver_id, count_star()))
            .load(connection)?;
        for (elder, caregiver, visits) in rows {
            found.entry(elder).or_default().extend(caregiver.map(|id| (id, visits)));
        }
    }
    for known in found.values_mut() {
        known.sort_unstable();
    }
    Ok(found)
}

fn groups(connection: &mut AnyConnection, found: &[Found]) -> Result<HashMap<i64, GroupFact>> {
    let ids: Vec<i64> = found.iter().filter_map(|visit| visit.group_id).collect();
    let mut groups = HashMap::new();
    for part in ids.chunks(IDS_MAX) {
        let rows: Vec<(i64, GroupRelation, i32, i32, CaregiverRule)> =
            visit_groups::table.filter(visit_groups::id.eq_any(part.to_vec())).load(connection)?;
        groups.extend(rows.into_iter().map(|(id, relation, lag_min_min, lag_max_min, caregiver_rule)| {
            (id, GroupFact { relation, lag_min_min, lag_max_min, caregiver_rule })
        }));
    }
    Ok(groups)
}

fn modes(connection: &mut AnyConnection) -> Result<Vec<ModeFact>> {
    let rows: Vec<(TravelMode, f64, i32, i32, i32)> = travel_modes::table.load(connection)?;
    Ok(rows
        .into_iter()
        .map(|(mode, speed_kmh, detour_percent, settle_min, commute_free_min)| ModeFact {
            mode,
            speed_kmh,
            detour_percent,
            settle_min,
            commute_free_min,
        })
        .collect())
}
