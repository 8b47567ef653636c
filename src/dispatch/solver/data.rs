//! The problem in flat arrays, as the search reads it.

use super::explain::Reason;
pub(super) use super::legs::Legs;
use super::problem::{Caregiver, Due, Lateness, Lock, Problem, Relation, Rest, RestPlace, Time, Visit};

/// Later than anything that happens.
pub(super) const NEVER: Time = Time::MAX / 2;
/// No visit.
pub(super) const NONE: u32 = u32::MAX;

/// What the search needs of a visit in its inner loops. `from` and `to` bound the **start**; `to` is the end of the last window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Task {
    pub place: u32,
    pub duration: Time,
    pub from: Time,
    pub to: Time,
    pub load: i64,
    /// Cost of leaving the visit out.
    pub unserved: i64,
    pub group: u32,
    pub fact: Option<(u32, Time)>,
    /// Several windows: `from..=to` has gaps.
    pub gaps: bool,
    /// Cost of a tick of lateness; none for hard windows.
    pub late: Option<i64>,
}

pub(super) struct Data<'p> {
    pub problem: &'p Problem,
    pub tasks: Vec<Task>,
    pub legs: Vec<Legs<'p>>,
    /// Start windows of visits with several, by visit.
    windows: Vec<Vec<(Time, Time)>>,
    allowed: Vec<bool>,
    /// Cost of sending this caregiver to this visit, whatever the route; empty when it is nought everywhere.
    pub fixed: Vec<i64>,
    /// All caregivers start and end at one place.
    pub same_home: bool,
    /// What a visit's start has to wait for in its group, flat, and where each visit's part begins.
    ties: Vec<Tie>,
    ties_from: Vec<u32>,
    pub caregivers: usize,
    /// By caregiver: the break, in what is left of its window.
    pub rests: Vec<Option<Rest>>,
    /// The present, or before everything.
    pub now: Time,
    /// By visit: others by travel time, nearest first.
    pub near: Vec<Vec<u32>>,
    /// By visit: travel to the nearest caregiver's start place.
    pub remoteness: Vec<Time>,
    /// By visit: the caregivers who start nearest.
    pub starts_near: Vec<Vec<u32>>,
}

/// A start is not before the mate's start and this many ticks (less than nought: it may be before it).
#[derive(Debug, Clone, Copy)]
pub(super) struct Tie {
    pub mate: u32,
    pub lag: Time,
}

/// Neighbours kept for each visit.
const NEAR_MAX: usize = 400;
const STARTS_NEAR_MAX: usize = 8;

impl<'p> Data<'p> {
    /// Everything; once `is_cancelled`, nobody is near anybody, since no step will ask.
    pub fn new(problem: &'p Problem, is_cancelled: impl Fn() -> bool) -> Self {
        let mut data = Data::bare(problem);
        let visits = data.tasks.len();
        (data.near, data.remoteness, data.starts_near) =
            (vec![Vec::new(); visits], vec![0; visits], vec![Vec::new(); visits]);
        for visit in 0..visits {
            if is_cancelled() {
                break;
            }
            let task = &data.tasks[visit];
            data.near[visit] = data.nearest(task);
            data.remoteness[visit] = data.remoteness_of(task);
            data.starts_near[visit] = data.starts_near(visit as u32);
        }
        data
    }

    /// Without what only a search needs: who is near whom.
    pub fn bare(problem: &'p Problem) -> Self {
        let windows: Vec<Vec<(Time, Time)>> =
            problem.visits.iter().map(|visit| start_windows(problem, visit)).collect();
        let tasks = tasks(problem, &windows);
        let legs: Vec<Legs<'p>> = problem.travel.iter().map(Legs::new).collect();
        let mut data = Data {
            problem,
            tasks,
            legs,
            windows,
            ties: Vec::new(),
            ties_from: Vec::new(),
            allowed: Vec::new(),
            fixed: Vec::new(),
            same_home: problem
                .caregivers
                .windows(2)
                .all(|two| (two[0].start_place, two[0].end_place) == (two[1].start_place, two[1].end_place)),
            caregivers: problem.caregivers.len(),
            rests: problem.caregivers.iter().map(|caregiver| rest_left(problem, caregiver)).collect(),
            now: problem.rules.now.unwrap_or(-NEVER),
            near: Vec::new(),
            remoteness: Vec::new(),
            starts_near: Vec::new(),
        };
        data.tie_groups();
        data.match_caregivers();
        data
    }

    /// Whether this caregiver may make this visit, whatever the route.
    #[inline]
    pub fn may(&self, visit: u32, caregiver: usize) -> bool {
        self.allowed[visit as usize * self.caregivers + caregiver]
    }

    #[inline]
    pub fn fixed(&self, visit: u32, caregiver: usize) -> i64 {
        if self.fixed.is_empty() { 0 } else { self.fixed[visit as usize * self.caregivers + caregiver] }
    }

    /// When a caregiver is at the visit at the earliest, having left for it already.
    #[inline]
    pub fn under_way(&self, caregiver: usize, visit: u32) -> Option<Time> {
        let to = self.problem.caregivers[caregiver].on_the_way?;
        (to.visit == visit as usize).then_some(to.arrives_at)
    }

    pub fn legs_of(&self, caregiver: usize) -> &Legs<'p> {
        &self.legs[self.problem.caregivers[caregiver].mode]
    }

    /// The windows of a visit's start, ascending.
    pub fn windows(&self, visit: u32) -> &[(Time, Time)] {
        &self.windows[visit as usize]
    }

    /// The earliest start in a hard window at or after `ready`.
    #[inline]
    pub fn start(&self, visit: u32, task: &Task, ready: Time) -> Option<Time> {
        let start = ready.max(task.from);
        if start > task.to {
            return None;
        }
        if !task.gaps {
            return Some(start);
        }
        self.windows(visit).iter().find(|(_, to)| start <= *to).map(|(from, _)| start.max(*from))
    }

    /// The latest start in a hard window at or before `bound`.
    #[inline]
    pub fn latest(&self, visit: u32, task: &Task, bound: Time) -> Time {
        let start = bound.min(task.to);
        if start < task.from {
            return -NEVER;
        }
        if !task.gaps {
            return start;
        }
        let window = self.windows(visit).iter().rev().find(|(from, _)| *from <= start);
        window.map_or(-NEVER, |(_, to)| start.min(*to))
    }

    /// What the visit's start waits for, and (both ways alike) whose starts wait for it.
    #[inline]
    pub fn ties(&self, visit: u32) -> &[Tie] {
        let visit = visit as usize;
        &self.ties[self.ties_from[visit] as usize..self.ties_from[visit + 1] as usize]
    }

    fn tie_groups(&mut self) {
        for (index, task) in self.tasks.iter().enumerate() {
            self.ties_from.push(self.ties.len() as u32);
            let Some(group) = self.problem.groups.get(task.group as usize) else { continue };
            let at = group.members.iter().position(|member| *member == index).unwrap_or(0);
            for (other, member) in group.members.iter().enumerate() {
                let lag = match group.relation {
                    Relation::Together if other != at => 0,
                    Relation::After { lag_min, .. } if other + 1 == at => lag_min,
                    Relation::After { lag_max, .. } if other == at + 1 => -lag_max,
                    _ => continue,
                };
                self.ties.push(Tie { mate: *member as u32, lag });
            }
        }
        self.ties_from.push(self.ties.len() as u32);
    }

    fn nearest(&self, task: &Task) -> Vec<u32> {
        let Some(legs) = self.legs.first() else { return Vec::new() };
        let (out, back) = (legs.from(task.place), legs.to(task.place));
        let mut others: Vec<u32> = (0..self.tasks.len() as u32).collect();
        let distance = |other: &u32| {
            let place = self.tasks[*other as usize].place as usize;
            (out[place] + back[place], *other)
        };
        if others.len() > NEAR_MAX {
            others.select_nth_unstable_by_key(NEAR_MAX, distance);
            others.truncate(NEAR_MAX);
        }
        others.sort_unstable_by_key(distance);
        others
    }

    fn starts_near(&self, visit: u32) -> Vec<u32> {
        let place = self.tasks[visit as usize].place;
        let mut starts: Vec<u32> =
            (0..self.caregivers as u32).filter(|caregiver| self.may(visit, *caregiver as usize)).collect();
        let leg = |caregiver: &u32| {
            let from = self.problem.caregivers[*caregiver as usize].start_place as u32;
            (self.legs_of(*caregiver as usize).get(from, place), *caregiver)
        };
        starts.sort_unstable_by_key(leg);
        starts.truncate(STARTS_NEAR_MAX);
        starts
    }

    fn remoteness_of(&self, task: &Task) -> Time {
        let starts = self.problem.caregivers.iter().enumerate();
        let legs = starts.map(|(index, one)| self.legs_of(index).get(one.start_place as u32, task.place));
        legs.min().unwrap_or(0)
    }

    fn match_caregivers(&mut self) {
        let problem = self.problem;
        let skills: Vec<u128> = problem.caregivers.iter().map(|caregiver| bits(&caregiver.skills)).collect();
        let mut fixed = Vec::with_capacity(problem.visits.len() * self.caregivers);
        for (index, visit) in problem.visits.iter().enumerate() {
            let asked = bits(&visit.skills);
            for (caregiver, brought) in skills.iter().enumerate() {
                let may = asked & !brought == 0 && unwelcome_person(problem, visit, caregiver).is_none();
                let is_fact = matches!(visit.lock, Lock::Fact { caregiver: who, .. } if who == caregiver);
                self.allowed.push(may || is_fact);
                fixed.push(assignment_cost(problem, index, caregiver));
            }
        }
        if fixed.iter().any(|cost| *cost != 0) {
            self.fixed = fixed;
        }
    }
}

/// A break does not start before the present.
fn rest_left(problem: &Problem, caregiver: &Caregiver) -> Option<Rest> {
    let mut rest = caregiver.rest?;
    rest.window.from = rest.window.from.max(problem.rules.now.unwrap_or(-NEVER));
    Some(rest)
}

fn bits(skills: &[usize]) -> u128 {
    skills.iter().fold(0, |bits, skill| bits | 1 << skill)
}

/// The hard wish, bar or lock that is against a caregiver, the first one in this order.
pub(super) fn unwelcome_person(problem: &Problem, visit: &Visit, caregiver: usize) -> Option<Reason> {
    let who = &problem.caregivers[caregiver];
    let speaks = |languages: &[u16]| languages.iter().any(|language| who.languages.contains(language));
    if visit.gender.as_ref().is_some_and(|wish| wish.hard && who.gender != Some(wish.value)) {
        return Some(Reason::Gender);
    }
    if visit.languages.as_ref().is_some_and(|wish| wish.hard && !speaks(&wish.value)) {
        return Some(Reason::Language);
    }
    if visit.barred.contains(&caregiver) {
        return Some(Reason::Barred);
    }
    match visit.lock {
        Lock::None | Lock::Start(_) => None,
        Lock::Caregiver(pinned)
        | Lock::Both { caregiver: pinned, .. }
        | Lock::Fact { caregiver: pinned, .. } => (pinned != caregiver).then_some(Reason::Locked),
    }
}

/// Continuity, wishes and change: what depends on who comes and on nothing else.
pub(super) fn assignment_cost(problem: &Problem, index: usize, caregiver: usize) -> i64 {
    let visit = &problem.visits[index];
    let who = &problem.caregivers[caregiver];
    let weights = &problem.weights;
    let mut cost = 0;
    if !visit.preferred.is_empty() {
        let known = visit.preferred.iter().find(|preferred| preferred.caregiver == caregiver);
        let missing = problem.rules.familiarity_max - known.map_or(0, |preferred| preferred.familiarity);
        cost += weights.continuity * i64::from(missing);
    }
    let gender = visit.gender.as_ref().is_some_and(|wish| !wish.hard && who.gender != Some(wish.value));
    let language = visit
        .languages
        .as_ref()
        .is_some_and(|wish| !wish.hard && !wish.value.iter().any(|one| who.languages.contains(one)));
    cost += weights.wishes * (i64::from(gender) + i64::from(language));
    let told = problem.baseline.as_ref().and_then(|baseline| baseline.assigned[index]);
    if told.is_some_and(|told| told.caregiver != caregiver) {
        cost += weights.changes;
    }
    cost
}

/// Cost of leaving the visit out.
fn unserved_cost(problem: &Problem, index: usize) -> i64 {
    let visit = &problem.visits[index];
    let weights = &problem.weights;
    let weight = if visit.mandatory { weights.unserved_mandatory } else { weights.unserved };
    let told = problem.baseline.as_ref().and_then(|baseline| baseline.assigned[index]);
    weight * i64::from(visit.priority) + if told.is_some() { weights.changes } else { 0 }
}

/// When the visit may start: windows less what `due`, lock and present forbid. Empty when nothing is left.
fn start_windows(problem: &Problem, visit: &Visit) -> Vec<(Time, Time)> {
    let pinned = match visit.lock {
        Lock::Start(start) | Lock::Both { start, .. } => Some(start),
        Lock::Fact { start, .. } => return vec![(start, start)],
        Lock::None | Lock::Caregiver(_) => None,
    };
    let before_end = if problem.rules.due == Due::End { visit.duration } else { 0 };
    let now = problem.rules.now.unwrap_or(-NEVER);
    let windows: Vec<(Time, Time)> = match (visit.lateness, visit.windows.first()) {
        // One may start late after any of them.
        (Lateness::Soft { .. }, Some(first)) => vec![(first.from, NEVER)],
        _ => visit.windows.iter().map(|window| (window.from, window.to - before_end)).collect(),
    };
    let open = windows.into_iter().map(|(from, to)| match pinned {
        Some(start) if start >= from && start <= to => (start.max(now), start),
        Some(_) => (NEVER, -NEVER),
        None => (from.max(now), to),
    });
    open.filter(|(from, to)| from <= to).collect()
}

fn tasks(problem: &Problem, windows: &[Vec<(Time, Time)>]) -> Vec<Task> {
    let mut tasks: Vec<Task> = problem
        .visits
        .iter()
        .enumerate()
        .map(|(index, visit)| {
            let windows = &windows[index];
            Task {
                place: visit.place as u32,
                duration: visit.duration,
                from: windows.first().map_or(NEVER, |window| window.0),
                to: windows.last().map_or(-NEVER, |window| window.1),
                load: visit.load,
                unserved: unserved_cost(problem, index),
                group: NONE,
                fact: match visit.lock {
                    Lock::Fact { caregiver, start } => Some((caregiver as u32, start)),
                    _ => None,
                },
                gaps: visit.windows.len() > 1,
                late: match visit.lateness {
                    Lateness::Hard => None,
                    Lateness::Soft { factor } => Some(problem.weights.lateness * i64::from(factor)),
                },
            }
        })
        .collect();
    for (group, members) in problem.groups.iter().enumerate() {
        for member in &members.members {
            tasks[*member].group = group as u32;
        }
    }
    tasks
}

impl Problem {
    /// Whether feasibility is all that time means: hard windows and shifts, nobody waits for another, and nothing but travel and who comes
    /// costs. Then a place in a route is judged in constant time.
    pub(super) fn is_plain(&self) -> bool {
        let weights = &self.weights;
        let visits = self.visits.iter().all(|visit| visit.lateness == Lateness::Hard);
        let caregivers = self.caregivers.iter().all(|caregiver| {
            caregiver.overtime_max == 0
                && caregiver.rest.is_none_or(|rest| !rest.skippable && rest.place == RestPlace::OnTheWay)
        });
        let groups = self.groups.is_empty();
        visits
            && caregivers
            && groups
            && weights.waiting == 0
            && weights.idle_max == 0
            && weights.fairness == 0
    }
}
