//! The cheapest plan of a tiny problem by trying every plan: who makes which visits in which order, and on which leg the break lies.
//! Written from the words of the model alone; it shares no code with the solver or its checker.
//!
//! Starts are the earliest ones that keep all rules. They are the cheapest where waiting costs nothing and no soft visit has several
//! windows: everything else that depends on time only grows with it. Facts come first, in the order in which they began, and of two that
//! began together the one that was over first.

use songhe::dispatch::solver::*;

use super::brute_cost::{Timed, cost};

/// Nothing in a tiny problem happens as late as this.
const END: Time = 10_000;

/// Who makes what, in order, and before which stop the break is.
#[derive(Clone)]
pub struct Layout {
    pub routes: Vec<Vec<usize>>,
    pub rests: Vec<Option<usize>>,
}

pub struct Brute<'a> {
    problem: &'a Problem,
    layout: Layout,
    pub best: Option<i64>,
}

pub fn is_fact(problem: &Problem, visit: usize) -> bool {
    matches!(problem.visits[visit].lock, Lock::Fact { .. })
}

/// The cost of the cheapest plan; nothing where there is none, not even the empty one.
pub fn cheapest(problem: &Problem) -> Option<i64> {
    let caregivers = problem.caregivers.len();
    let mut routes: Vec<Vec<usize>> = vec![Vec::new(); caregivers];
    let mut facts: Vec<(Time, Time, usize, usize)> = Vec::new();
    for (index, visit) in problem.visits.iter().enumerate() {
        if let Lock::Fact { caregiver, start } = visit.lock {
            facts.push((start, start + visit.duration, index, caregiver));
        }
    }
    facts.sort_unstable();
    for (_, _, visit, caregiver) in facts {
        routes[caregiver].push(visit);
    }
    let mut brute = Brute { problem, layout: Layout { routes, rests: vec![None; caregivers] }, best: None };
    brute.assign(0);
    brute.best
}

impl Brute<'_> {
    fn facts_of(&self, caregiver: usize) -> usize {
        self.layout.routes[caregiver].iter().filter(|visit| is_fact(self.problem, **visit)).count()
    }

    /// Tries every place for this visit and all after it.
    fn assign(&mut self, visit: usize) {
        if visit == self.problem.visits.len() {
            if self.groups_hold() && self.changes_hold() && self.limits_hold() {
                self.place_rests(0);
            }
            return;
        }
        self.assign(visit + 1);
        if is_fact(self.problem, visit) {
            return;
        }
        for caregiver in 0..self.problem.caregivers.len() {
            if !may_come(self.problem, visit, caregiver) {
                continue;
            }
            for index in self.facts_of(caregiver)..=self.layout.routes[caregiver].len() {
                self.layout.routes[caregiver].insert(index, visit);
                self.assign(visit + 1);
                self.layout.routes[caregiver].remove(index);
            }
        }
    }

    fn caregiver_of(&self, visit: usize) -> Option<usize> {
        self.layout.routes.iter().position(|route| route.contains(&visit))
    }

    /// All or none, by different people; what has happened binds the others, but not itself.
    fn groups_hold(&self) -> bool {
        self.problem.groups.iter().all(|group| {
            let who: Vec<Option<usize>> =
                group.members.iter().map(|visit| self.caregiver_of(*visit)).collect();
            let fact = |at: usize| is_fact(self.problem, group.members[at]);
            if (0..who.len()).all(|at| who[at].is_none() || fact(at)) {
                return true;
            }
            let others = |at: usize| (0..at).all(|before| who[at] != who[before] || fact(at) && fact(before));
            who.iter().all(Option::is_some) && (0..who.len()).all(others)
        })
    }

    fn changes_hold(&self) -> bool {
        let (Some(most), Some(told)) = (self.problem.rules.changes_max, &self.problem.baseline) else {
            return true;
        };
        let differs = |visit: &usize| {
            told.assigned[*visit].is_some_and(|told| self.caregiver_of(*visit) != Some(told.caregiver))
        };
        (0..told.assigned.len()).filter(|visit| !is_fact(self.problem, *visit)).filter(differs).count()
            <= most
    }

    /// Work and load; a route of facts alone is what it is.
    fn limits_hold(&self) -> bool {
        self.problem.caregivers.iter().enumerate().all(|(index, who)| {
            let stops = &self.layout.routes[index];
            let visits = || stops.iter().map(|visit| &self.problem.visits[*visit]);
            let work =
                travel(self.problem, index, stops) + visits().map(|visit| visit.duration).sum::<Time>();
            let load: i64 = visits().map(|visit| visit.load).sum();
            self.facts_of(index) == stops.len()
                || who.work_max.is_none_or(|most| work <= most)
                    && who.capacity.is_none_or(|most| load <= most)
        })
    }

    fn place_rests(&mut self, caregiver: usize) {
        let Some(who) = self.problem.caregivers.get(caregiver) else {
            if let Some(timed) = time(self.problem, &self.layout) {
                let cost = cost(self.problem, &self.layout, &timed);
                self.best = Some(self.best.map_or(cost, |best| best.min(cost)));
            }
            return;
        };
        let (count, facts) = (self.layout.routes[caregiver].len(), self.facts_of(caregiver));
        self.layout.rests[caregiver] = None;
        if who.rest.is_none_or(|rest| rest.skippable) || facts == count {
            self.place_rests(caregiver + 1);
        }
        if who.rest.is_some() && count > 0 {
            for before in facts..=count {
                self.layout.rests[caregiver] = Some(before);
                self.place_rests(caregiver + 1);
            }
        }
    }
}

fn may_come(problem: &Problem, visit: usize, caregiver: usize) -> bool {
    let (visit, who) = (&problem.visits[visit], &problem.caregivers[caregiver]);
    let pinned = match visit.lock {
        Lock::Caregiver(pinned) | Lock::Both { caregiver: pinned, .. } => Some(pinned),
        _ => None,
    };
    let gender = visit.gender.as_ref().is_none_or(|wish| !wish.hard || who.gender == Some(wish.value));
    let language = visit
        .languages
        .as_ref()
        .is_none_or(|wish| !wish.hard || wish.value.iter().any(|language| who.languages.contains(language)));
    pinned.is_none_or(|pinned| pinned == caregiver)
        && gender
        && language
        && !visit.barred.contains(&caregiver)
        && visit.skills.iter().all(|skill| who.skills.contains(skill))
}

fn leg(problem: &Problem, caregiver: usize, stops: &[usize], index: usize) -> Time {
    let who = &problem.caregivers[caregiver];
    let place = |at: usize| problem.visits[stops[at]].place;
    let from = if index == 0 { who.start_place } else { place(index - 1) };
    let to = if index == stops.len() { who.end_place } else { place(index) };
    problem.travel[who.mode].get(from, to)
}

pub fn travel(problem: &Problem, caregiver: usize, stops: &[usize]) -> Time {
    if stops.is_empty() {
        return 0;
    }
    (0..=stops.len()).map(|index| leg(problem, caregiver, stops, index)).sum()
}

/// The earliest starts, raised until nothing waits for anything; nothing where there are none.
fn time(problem: &Problem, layout: &Layout) -> Option<Timed> {
    let mut starts = vec![-END; problem.visits.len()];
    loop {
        let before = starts.clone();
        let mut returns = Vec::new();
        for caregiver in 0..layout.routes.len() {
            returns.push(drive(problem, layout, caregiver, &mut starts)?);
        }
        if starts == before {
            return lags_hold(problem, layout, &starts).then_some(Timed { starts, returns });
        }
    }
}

/// Lets the starts of one route rise to what the route and the groups ask; tells when the caregiver is back.
fn drive(problem: &Problem, layout: &Layout, caregiver: usize, starts: &mut [Time]) -> Option<Time> {
    let stops = &layout.routes[caregiver];
    let who = &problem.caregivers[caregiver];
    let mut ready = who.shift.from;
    for (index, visit) in stops.iter().copied().enumerate() {
        let arrival = match who.on_the_way.filter(|_| is_first_free(problem, stops, index)) {
            Some(to) if to.visit == visit => {
                to.arrives_at.max(arrive(problem, layout, caregiver, index, ready)?)
            }
            // Nobody else sets out in the past.
            _ => {
                let now = problem.rules.now.filter(|_| is_first_free(problem, stops, index));
                arrive(problem, layout, caregiver, index, ready.max(now.unwrap_or(-END)))?
            }
        };
        let bound = group_bound(problem, layout, visit, starts);
        let start = start_from(problem, visit, arrival.max(bound).max(starts[visit]))?;
        starts[visit] = start;
        ready = start + problem.visits[visit].duration;
    }
    if stops.is_empty() {
        return Some(ready);
    }
    let back = arrive(problem, layout, caregiver, stops.len(), ready)?;
    let only_facts = stops.iter().all(|visit| is_fact(problem, *visit));
    (only_facts || back <= who.shift.to + who.overtime_max).then_some(back)
}

fn is_first_free(problem: &Problem, stops: &[usize], index: usize) -> bool {
    !is_fact(problem, stops[index]) && stops[..index].iter().all(|visit| is_fact(problem, *visit))
}

/// When the stop of this index is reached, with the break behind.
fn arrive(problem: &Problem, layout: &Layout, caregiver: usize, index: usize, ready: Time) -> Option<Time> {
    let stops = &layout.routes[caregiver];
    let leg = leg(problem, caregiver, stops, index);
    let rest = match problem.caregivers[caregiver].rest {
        Some(rest) if layout.rests[caregiver] == Some(index) => rest,
        _ => return Some(ready + leg),
    };
    let from = rest.window.from.max(problem.rules.now.unwrap_or(-END));
    let at_stop = rest.place == RestPlace::AtStop;
    let mut reached = Vec::new();
    let before_leaving = ready.max(from);
    if before_leaving <= rest.window.to && (index > 0 || !at_stop) {
        // On the way, what is not driven before the break is driven after it.
        let driven = if at_stop { 0 } else { leg.min(before_leaving - ready) };
        reached.push(before_leaving + rest.duration + leg - driven);
    }
    let after_arriving = (ready + leg).max(from);
    if after_arriving <= rest.window.to && index < stops.len() {
        reached.push(after_arriving + rest.duration);
    }
    reached.into_iter().min()
}

fn group_bound(problem: &Problem, layout: &Layout, visit: usize, starts: &[Time]) -> Time {
    let is_served = |visit: usize| layout.routes.iter().any(|route| route.contains(&visit));
    let mut bound = -END;
    for group in &problem.groups {
        for pair in group.members.windows(2).filter(|pair| pair.iter().all(|visit| is_served(*visit))) {
            let (least, most) = match group.relation {
                Relation::Independent => continue,
                Relation::Together => (0, 0),
                Relation::After { lag_min, lag_max } => (lag_min, lag_max),
            };
            if pair[1] == visit {
                bound = bound.max(starts[pair[0]] + least);
            }
            if pair[0] == visit {
                bound = bound.max(starts[pair[1]] - most);
            }
        }
    }
    bound
}

/// The first instant from `earliest` on at which the visit may start.
fn start_from(problem: &Problem, visit: usize, earliest: Time) -> Option<Time> {
    let visit = &problem.visits[visit];
    let pinned = match visit.lock {
        Lock::Fact { start, .. } => return Some(start),
        Lock::Start(start) | Lock::Both { start, .. } => Some(start),
        Lock::None | Lock::Caregiver(_) => None,
    };
    let earliest = earliest.max(problem.rules.now.unwrap_or(-END)).max(pinned.unwrap_or(-END));
    let length = if problem.rules.due == Due::End { visit.duration } else { 0 };
    let start = match visit.lateness {
        Lateness::Soft { .. } => Some(earliest.max(visit.windows[0].from)),
        Lateness::Hard => visit.windows.iter().find_map(|window| {
            let start = earliest.max(window.from);
            (start + length <= window.to).then_some(start)
        }),
    }?;
    (start < END && pinned.is_none_or(|pinned| pinned == start)).then_some(start)
}

/// Facts do not rise, so what is tied to them is looked at in the end.
fn lags_hold(problem: &Problem, layout: &Layout, starts: &[Time]) -> bool {
    let served: Vec<usize> = layout.routes.iter().flatten().copied().collect();
    problem.groups.iter().all(|group| {
        group.members.windows(2).all(|pair| {
            let both = is_fact(problem, pair[0]) && is_fact(problem, pair[1]);
            let gone = !served.contains(&pair[0]) || !served.contains(&pair[1]);
            let lag = starts[pair[1]] - starts[pair[0]];
            let holds = match group.relation {
                Relation::Independent => true,
                Relation::Together => lag == 0,
                Relation::After { lag_min, lag_max } => (lag_min..=lag_max).contains(&lag),
            };
            both || gone || holds
        })
    })
}
