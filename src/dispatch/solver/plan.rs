//! What the solver answers: routes with times, what was left out, and what it all costs.

use super::problem::{Assigned, Baseline, Lock, OnTheWay, Problem, Time, Weights};

/// A plan for every caregiver of the problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// One for each caregiver, in the problem's order; without stops when nobody is visited.
    pub routes: Vec<Route>,
    /// Visits nobody makes, ascending.
    pub unserved: Vec<usize>,
    pub cost: Cost,
}

/// The day of one caregiver.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Route {
    pub stops: Vec<Stop>,
    pub rest: Option<RestStop>,
    /// When the start place is left, as late as the first stop allows. Equal to `returns_at` without stops.
    pub departs_at: Time,
    /// When the end place is reached.
    pub returns_at: Time,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    pub visit: usize,
    /// Start and end of the service, not of the presence.
    pub start: Time,
    pub end: Time,
}

/// A break that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestStop {
    /// It lies on the leg to the stop of this index; the number of stops means the leg to the end place.
    pub before: usize,
    pub start: Time,
    pub end: Time,
    pub at: RestAt,
}

/// Where on the leg a break is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestAt {
    /// At the stop that was served last, before leaving.
    Previous,
    /// On the way; the remaining travel follows.
    Leg,
    /// At the stop that is served next, after arriving.
    Next,
}

/// The objective: every component in its own unit, and their weighted sum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    pub total: i64,
    pub components: Components,
}

/// Unweighted values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Components {
    /// Unserved mandatory visits, each times its priority.
    pub unserved_mandatory: i64,
    /// Unserved other visits, each times its priority.
    pub unserved: i64,
    /// Ticks after the end of the window used, each visit times its factor. The window used is the last one that opens at or
    /// before the start of the service.
    pub lateness: i64,
    /// The largest lateness of one visit, without factor.
    pub lateness_max: i64,
    /// Ticks after the end of shifts.
    pub overtime: i64,
    /// Breaks that caregivers with visits did not get.
    pub missed_rests: i64,
    /// Points of familiarity missing: `familiarity_max` minus that of the caregiver who comes.
    pub continuity: i64,
    /// Soft wishes not met.
    pub wishes: i64,
    /// Ticks of work (service and travel) above the fair share: the caregiver's part, by length of shift, of the service time of all
    /// visits of the problem.
    pub unfair: i64,
    /// The largest idle time: over all caregivers, length of shift, minus service, travel and break, plus overtime.
    pub idle_max: i64,
    /// Ticks of waiting after the first stop (visit or break) of each route; breaks are not waiting.
    pub waiting: i64,
    /// Visits of the baseline that are not served, or by another caregiver.
    pub changes: i64,
    pub travel: i64,
}

impl Plan {
    /// The problem of the same day at `now`, while this plan is carried out as it stands: what has begun is a fact, breaks that have begun
    /// are over and done with, whoever has left is on the way, and the plan is what people were told.
    pub fn under_way(&self, problem: &Problem, now: Time) -> Problem {
        let mut rest = problem.clone();
        rest.rules.now = Some(now);
        let mut assigned = vec![None; problem.visits.len()];
        for (caregiver, route) in self.routes.iter().enumerate() {
            let begun = route.stops.iter().take_while(|stop| stop.start < now).count();
            for (index, stop) in route.stops.iter().enumerate() {
                assigned[stop.visit] = Some(Assigned { caregiver, start: stop.start });
                if index < begun {
                    rest.visits[stop.visit].lock = Lock::Fact { caregiver, start: stop.start };
                }
            }
            let has_rested = route.rest.is_some_and(|rest| rest.start < now);
            if has_rested {
                rest.caregivers[caregiver].rest = None;
            }
            let Some(next) = route.stops.get(begun) else { continue };
            let who = &problem.caregivers[caregiver];
            let place = |stop: &Stop| problem.visits[stop.visit].place;
            let from = begun.checked_sub(1).map_or(who.start_place, |before| place(&route.stops[before]));
            let leg = problem.travel[who.mode].get(from, place(next));
            let on_leg = route.rest.filter(|rest| rest.before == begun);
            let left_at = match on_leg.map(|rest| (rest.at, rest.start, rest.end - rest.start)) {
                Some((RestAt::Next, start, _)) => start - leg,
                Some((RestAt::Leg, start, length)) => start.min(next.start - leg - length),
                // Whoever rests before leaving has not left.
                Some((RestAt::Previous, ..)) if !has_rested => now,
                Some((RestAt::Previous, ..)) | None => next.start - leg,
            };
            if left_at < now {
                let to = OnTheWay { visit: next.visit, arrives_at: next.start };
                rest.caregivers[caregiver].on_the_way = Some(to);
            }
        }
        rest.baseline = Some(Baseline { assigned });
        rest
    }
}

impl Components {
    pub fn total(&self, weights: &Weights) -> i64 {
        self.named().iter().zip(weights.named()).map(|((_, value), weight)| value * weight).sum()
    }

    /// Component by component.
    pub(super) fn minus(&self, other: &Components) -> Components {
        Components {
            unserved_mandatory: self.unserved_mandatory - other.unserved_mandatory,
            unserved: self.unserved - other.unserved,
            lateness: self.lateness - other.lateness,
            lateness_max: self.lateness_max - other.lateness_max,
            overtime: self.overtime - other.overtime,
            missed_rests: self.missed_rests - other.missed_rests,
            continuity: self.continuity - other.continuity,
            wishes: self.wishes - other.wishes,
            unfair: self.unfair - other.unfair,
            idle_max: self.idle_max - other.idle_max,
            waiting: self.waiting - other.waiting,
            changes: self.changes - other.changes,
            travel: self.travel - other.travel,
        }
    }

    /// Every component with its name, in the order of the tiers.
    pub fn named(&self) -> [(&'static str, i64); 13] {
        [
            ("unserved_mandatory", self.unserved_mandatory),
            ("unserved", self.unserved),
            ("lateness", self.lateness),
            ("lateness_max", self.lateness_max),
            ("overtime", self.overtime),
            ("missed_rests", self.missed_rests),
            ("continuity", self.continuity),
            ("wishes", self.wishes),
            ("unfair", self.unfair),
            ("idle_max", self.idle_max),
            ("waiting", self.waiting),
            ("changes", self.changes),
            ("travel", self.travel),
        ]
    }
}

impl Weights {
    /// The weights in the order of [`Components::named`].
    fn named(&self) -> [i64; 13] {
        [
            self.unserved_mandatory,
            self.unserved,
            self.lateness,
            self.lateness_max,
            self.overtime,
            self.missed_rests,
            self.continuity,
            self.wishes,
            self.fairness,
            self.idle_max,
            self.waiting,
            self.changes,
            self.travel,
        ]
    }
}
