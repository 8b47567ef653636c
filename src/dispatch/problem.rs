//! From rows to the solver's problem. Seconds from the day's midnight, all of them whole minutes, so that every start is one too.

mod pairs;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use super::lawful::Placed;
use super::rows::{DayRows, Place, Standing, VisitFact};
use super::solver::{
    Assigned, Baseline, Caregiver, Gender, Lateness, Lock, Matrix, Plan, Preferred, Problem, Route, Rules,
    Stop, Time, Visit, Window, Wish,
};
use super::travel::matrix;
use crate::clock::Instant;
use crate::registry::caregivers::{self, Language, Skill};

const MINUTE_S: Time = 60;
const FAMILIARITY_MAX: i64 = 100;

/// What is to be decided.
#[derive(Clone, Copy)]
pub enum Purpose<'a> {
    /// All that is open, and whatever was told and may move.
    WholeDay,
    /// These visits; everything else stays as it was told.
    ByHand(&'a [i64]),
}

/// A problem with what its numbers mean.
pub struct Built {
    pub problem: Problem,
    /// The position in [`DayRows::caregivers`] of each of the problem's caregivers: who works twice a day is two.
    pub people: Vec<usize>,
    /// The visits that each of the problem's visits stands for, with seconds after its start.
    pub jobs: Vec<Vec<Part>>,
    pub origin: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Position in [`DayRows::visits`].
    pub visit: usize,
    pub offset: Time,
}

impl Built {
    /// The problem's number of a visit, if it has one.
    pub fn job_of(&self, visit: usize) -> Option<usize> {
        self.jobs.iter().position(|parts| parts.iter().any(|part| part.visit == visit))
    }

    pub fn instant(&self, time: Time) -> Instant {
        self.origin + chrono::TimeDelta::seconds(i64::from(time))
    }

    pub fn time(&self, at: Instant) -> Time {
        seconds(self.origin, at)
    }

    /// The plan as people were told.
    pub fn told(&self) -> Plan {
        self.without(&[])
    }

    /// The plan as people were told, without these of the problem's visits.
    pub fn without(&self, taken: &[Placed]) -> Plan {
        let mut routes: Vec<Vec<Stop>> = vec![Vec::new(); self.problem.caregivers.len()];
        let mut unserved = Vec::new();
        let assigned = self.problem.baseline.iter().flat_map(|baseline| &baseline.assigned);
        for (visit, told) in assigned.enumerate() {
            match told.filter(|_| taken.iter().all(|(one, _)| *one != visit)) {
                Some(told) => routes[told.caregiver].push(self.stop(visit, told.start)),
                None => unserved.push(visit),
            }
        }
        let routes = routes.into_iter().enumerate().map(|(caregiver, stops)| self.route(caregiver, stops));
        Plan { routes: routes.collect(), unserved, cost: super::solver::Cost::default() }
    }

    /// The same plan with an unserved visit put where somebody wants it.
    pub fn with(&self, plan: &Plan, visit: usize, to: Assigned) -> Plan {
        let mut plan = plan.clone();
        plan.unserved.retain(|one| *one != visit);
        let mut stops = std::mem::take(&mut plan.routes[to.caregiver].stops);
        stops.push(self.stop(visit, to.start));
        plan.routes[to.caregiver] = self.route(to.caregiver, stops);
        plan
    }

    fn stop(&self, visit: usize, start: Time) -> Stop {
        Stop { visit, start, end: start + self.problem.visits[visit].duration }
    }

    /// A route in order of its times, left and ended as the legs say. What has happened comes first.
    pub fn route(&self, caregiver: usize, mut stops: Vec<Stop>) -> Route {
        let who = &self.problem.caregivers[caregiver];
        let is_fact = |visit: usize| matches!(self.problem.visits[visit].lock, Lock::Fact { .. });
        stops.sort_by_key(|stop| (!is_fact(stop.visit), stop.start, stop.end, stop.visit));
        let place = |stop: &Stop| self.problem.visits[stop.visit].place;
        let legs = &self.problem.travel[who.mode];
        let departs = stops.first().map(|stop| stop.start - legs.get(who.start_place, place(stop)));
        let returns = stops.last().map(|stop| stop.end + legs.get(place(stop), who.end_place));
        let idle = who.shift.from;
        Route { departs_at: departs.unwrap_or(idle), returns_at: returns.unwrap_or(idle), rest: None, stops }
    }
}

fn seconds(origin: Instant, at: Instant) -> Time {
    (at - origin).num_seconds().clamp(-8_000_000, 8_000_000) as Time
}

/// The next whole minute.
fn rounded_up(time: Time) -> Time {
    -((-time).div_euclid(MINUTE_S)) * MINUTE_S
}

pub fn build(rows: &DayRows, purpose: Purpose<'_>) -> Built {
    let mut building = Building::new(rows, purpose);
    for visit in 0..rows.visits.len() {
        building.add(visit);
    }
    pairs::tie(&mut building);
    building.finish()
}

pub(super) struct Building<'a> {
    pub rows: &'a DayRows,
    purpose: Purpose<'a>,
    people: Vec<usize>,
    pub caregivers: Vec<Caregiver>,
    pub visits: Vec<Visit>,
    pub jobs: Vec<Vec<Part>>,
    pub told: Vec<Option<Assigned>>,
    pub groups: Vec<super::solver::Group>,
    places: Vec<Place>,
    known_places: HashMap<(u64, u64), usize>,
    modes: Vec<caregivers::TravelMode>,
    now: Option<Time>,
}

impl<'a> Building<'a> {
    fn new(rows: &'a DayRows, purpose: Purpose<'a>) -> Self {
        let mut building = Building {
            rows,
            purpose,
            people: Vec::new(),
            caregivers: Vec::new(),
            visits: Vec::new(),
            jobs: Vec::new(),
            told: Vec::new(),
            groups: Vec::new(),
            places: rows.caregivers.iter().map(|caregiver| caregiver.home).collect(),
            known_places: HashMap::new(),
            modes: Vec::new(),
            now: rows.now.map(|now| rounded_up(seconds(rows.origin, now))),
        };
        for (index, who) in rows.caregivers.iter().enumerate() {
            let mode = building.mode(who.mode);
            for (from, to) in rows.working(who) {
                let shift = Window { from: building.time(from), to: building.time(to) };
                building.people.push(index);
                building.caregivers.push(Caregiver {
                    name: who.id.to_string(),
                    skills: who.skills.iter().map(|skill| skill_number(*skill)).collect(),
                    gender: Some(gender(who.gender)),
                    languages: who.languages.iter().map(|one| language_number(*one)).collect(),
                    mode,
                    ..Caregiver::at(index, shift)
                });
            }
        }
        building
    }

    fn time(&self, at: Instant) -> Time {
        seconds(self.rows.origin, at)
    }

    fn mode(&mut self, mode: caregivers::TravelMode) -> usize {
        let known = self.modes.iter().position(|one| *one == mode);
        known.unwrap_or_else(|| {
            self.modes.push(mode);
            self.modes.len() - 1
        })
    }

    fn place(&mut self, place: Place) -> usize {
        let key = (place.longitude.to_bits(), place.latitude.to_bits());
        let next = self.places.len();
        let found = *self.known_places.entry(key).or_insert(next);
        if found == next {
            self.places.push(place);
        }
        found
    }

    /// The problem's caregivers that are this one.
    pub fn entries_of(&self, caregiver_id: i64) -> Vec<usize> {
        let of = |index: &usize| self.rows.caregivers[self.people[*index]].id == caregiver_id;
        (0..self.people.len()).filter(of).collect()
    }

    /// Whose shift holds the whole period.
    fn entry_within(&self, caregiver_id: i64, (from, to): (Time, Time)) -> Option<usize> {
        let holds = |entry: &usize| {
            let shift = self.caregivers[*entry].shift;
            shift.from <= from && to <= shift.to
        };
        self.entries_of(caregiver_id).into_iter().find(holds)
    }

    /// The shift that is closest to an instant: where something happened, whatever the shift says.
    fn entry_near(&self, caregiver_id: i64, at: Time) -> Option<usize> {
        let distance = |entry: &usize| {
            let shift = self.caregivers[*entry].shift;
            (shift.from - at).max(at - shift.to).max(0)
        };
        self.entries_of(caregiver_id).into_iter().min_by_key(distance)
    }

    fn add(&mut self, index: usize) {
        let fact = &self.rows.visits[index];
        let (lock, told, is_free) = match fact.standing() {
            Standing::Open if self.is_asked(fact) => (Lock::None, None, true),
            Standing::Outside | Standing::Open => return,
            Standing::Happened | Standing::Going => match self.happened(fact) {
                Some(told) => {
                    (Lock::Fact { caregiver: told.caregiver, start: told.start }, Some(told), false)
                }
                None => return,
            },
            Standing::Told => {
                let told = self.told(fact);
                match told {
                    _ if self.is_asked(fact) && !fact.is_pinned && self.may_move(fact) => {
                        (Lock::None, told, true)
                    }
                    Some(told) => {
                        (Lock::Both { caregiver: told.caregiver, start: told.start }, Some(told), false)
                    }
                    None => return,
                }
            }
        };
        let visit = self.visit(fact, lock, (told, is_free));
        self.visits.push(visit);
        self.jobs.push(vec![Part { visit: index, offset: 0 }]);
        self.told.push(told);
    }

    fn is_asked(&self, fact: &VisitFact) -> bool {
        match self.purpose {
            Purpose::WholeDay => fact.is_asked,
            Purpose::ByHand(ids) => ids.contains(&fact.id),
        }
    }

    /// Whoever can be given nothing keeps what they have.
    fn may_move(&self, fact: &VisitFact) -> bool {
        let told = fact.told.map(|(caregiver, ..)| caregiver);
        let of = |id: i64| self.rows.caregivers.iter().find(|who| who.id == id);
        matches!(self.purpose, Purpose::ByHand(_)) || told.and_then(of).is_none_or(|who| who.may_take)
    }

    fn told(&self, fact: &VisitFact) -> Option<Assigned> {
        let (caregiver_id, from, to) = fact.told?;
        let caregiver = self.entry_within(caregiver_id, (self.time(from), self.time(to)))?;
        Some(Assigned { caregiver, start: self.time(from) })
    }

    fn happened(&self, fact: &VisitFact) -> Option<Assigned> {
        let (caregiver_id, from, _) = fact.told?;
        let start = self.time(fact.began_at.unwrap_or(from));
        let start =
            if fact.standing() == Standing::Going { start.max(self.now.unwrap_or(start)) } else { start };
        let start = start.div_euclid(MINUTE_S) * MINUTE_S;
        Some(Assigned { caregiver: self.entry_near(caregiver_id, start)?, start })
    }

    fn visit(&mut self, fact: &VisitFact, lock: Lock, (told, is_free): (Option<Assigned>, bool)) -> Visit {
        let elder = self.rows.elders.get(&fact.elder_id).cloned().unwrap_or_default();
        let place = self.place(elder.place);
        let from = self.time(fact.window.0);
        let window = Window { from, to: (self.time(fact.window.1) - MINUTE_S).max(from) };
        let mut barred: Vec<usize> = elder.barred.iter().flat_map(|id| self.entries_of(*id)).collect();
        if is_free {
            let closed = |entry: &usize| !self.rows.caregivers[self.people[*entry]].may_take;
            barred.extend((0..self.people.len()).filter(closed));
        }
        Visit {
            name: fact.id.to_string(),
            skills: vec![skill_number(fact.skill)],
            gender: elder.gender.map(|(value, hard)| Wish { value: gender(value), hard }),
            languages: elder
                .languages
                .filter(|(value, _)| !value.is_empty())
                .map(|(value, hard)| Wish { value: value.into_iter().map(language_number).collect(), hard }),
            lateness: Lateness::Hard,
            // Nobody who was told is left out for somebody who was not.
            mandatory: told.is_some(),
            preferred: self.preferred(fact),
            barred,
            lock,
            ..Visit::at(place, self.duration(fact), window)
        }
    }

    /// A visit that goes on lasts until now at least; one that is over lasted as long as it did.
    fn duration(&self, fact: &VisitFact) -> Time {
        let planned = fact.duration_min * MINUTE_S;
        let Some(began) = fact.began_at else { return planned };
        let began = self.time(began).div_euclid(MINUTE_S) * MINUTE_S;
        match (fact.ended_at, self.now) {
            (Some(ended), _) => (rounded_up(self.time(ended)) - began).max(MINUTE_S),
            (None, Some(now)) => planned.max(now - began),
            (None, None) => planned,
        }
    }

    fn preferred(&self, fact: &VisitFact) -> Vec<Preferred> {
        let known = self.rows.familiarity.get(&fact.elder_id).map_or(&[][..], Vec::as_slice);
        let all: i64 = known.iter().map(|(_, visits)| visits).sum();
        let share = |visits: i64| (visits * FAMILIARITY_MAX / all.max(1)).clamp(1, FAMILIARITY_MAX) as u32;
        let mut shares: Vec<(i64, u32)> = known.iter().map(|(id, visits)| (*id, share(*visits))).collect();
        let asked_for = self.rows.elders.get(&fact.elder_id).map_or(&[][..], |elder| &elder.preferred);
        for wished in fact.preferred_caregiver_id.iter().chain(asked_for) {
            shares.retain(|(id, _)| id != wished);
            shares.push((*wished, FAMILIARITY_MAX as u32));
        }
        let of = |(id, familiarity): (i64, u32)| {
            self.entries_of(id).into_iter().map(move |caregiver| Preferred { caregiver, familiarity })
        };
        shares.into_iter().flat_map(of).collect()
    }

    fn finish(self) -> Built {
        let homes = self.rows.caregivers.len();
        let speed = |mode: &caregivers::TravelMode| self.rows.modes.iter().find(|known| known.mode == *mode);
        let travel: Vec<Matrix> = self
            .modes
            .iter()
            .filter_map(|mode| speed(mode).map(|mode| matrix(mode, &self.places, homes)))
            .collect();
        let problem = Problem {
            visits: self.visits,
            caregivers: self.caregivers,
            groups: self.groups,
            travel,
            skills: Skill::NAMES.iter().map(|name| (*name).to_owned()).collect(),
            rules: Rules { now: self.now, ..Rules::default() },
            baseline: Some(Baseline { assigned: self.told }),
            ..Problem::default()
        };
        Built { problem, people: self.people, jobs: self.jobs, origin: self.rows.origin }
    }
}

fn skill_number(skill: Skill) -> usize {
    Skill::ALL.iter().position(|known| *known == skill).unwrap_or_default()
}

fn language_number(language: Language) -> u16 {
    Language::ALL.iter().position(|known| *known == language).unwrap_or_default() as u16
}

fn gender(gender: caregivers::Gender) -> Gender {
    match gender {
        caregivers::Gender::Female => Gender::Female,
        caregivers::Gender::Male => Gender::Male,
    }
}
