//! Whether a caregiver can drive a route at the times that it states.

use super::{Violation, leg};
use crate::dispatch::solver::plan::{RestAt, RestStop, Route, Stop};
use crate::dispatch::solver::problem::{Caregiver, Lock, Problem, Rest, RestPlace, Time};

/// One route and what is known about it.
struct Drive<'a> {
    problem: &'a Problem,
    caregiver: usize,
    who: &'a Caregiver,
    route: &'a Route,
    /// How many stops at the beginning have happened.
    facts: usize,
}

pub(super) fn of_route(problem: &Problem, caregiver: usize, route: &Route, found: &mut Vec<Violation>) {
    let is_fact = |visit: usize| matches!(problem.visits[visit].lock, Lock::Fact { .. });
    let facts = route.stops.iter().take_while(|stop| is_fact(stop.visit)).count();
    let drive = Drive { problem, caregiver, who: &problem.caregivers[caregiver], route, facts };
    if route.stops.is_empty() {
        drive.stay(found);
        return;
    }
    for stop in route.stops[facts..].iter().filter(|stop| is_fact(stop.visit)) {
        found.push(Violation::FactNotFirst { visit: stop.visit, caregiver });
    }
    drive.rest(found);
    drive.depart(found);
    for index in 0..route.stops.len() {
        drive.arrive(index, found);
    }
    drive.come_back(found);
    drive.limits(found);
}

impl Drive<'_> {
    /// A route without stops needs no break, so it has none.
    fn stay(&self, found: &mut Vec<Violation>) {
        let caregiver = self.caregiver;
        if self.route.departs_at != self.route.returns_at {
            let returns_at = self.route.returns_at.into();
            found.push(Violation::DepartsWrong { caregiver, departs_at: returns_at });
        }
        if self.route.rest.is_some() {
            found.push(Violation::RestMisplaced { caregiver });
        }
    }

    /// Whether there is a break if one is due, of the right length, at a possible place, inside its window.
    fn rest(&self, found: &mut Vec<Violation>) {
        let caregiver = self.caregiver;
        let (due, taken) = match (self.who.rest, self.route.rest) {
            (None, None) => return,
            (None, Some(_)) => return found.push(Violation::RestUndue { caregiver }),
            (Some(due), None) => {
                let all_facts = self.facts == self.route.stops.len();
                if !due.skippable && !all_facts {
                    found.push(Violation::RestMissing { caregiver });
                }
                return;
            }
            (Some(due), Some(taken)) => (due, taken),
        };
        if taken.before > self.route.stops.len() || taken.before < self.facts || !self.is_place(due, taken) {
            found.push(Violation::RestMisplaced { caregiver });
        }
        if taken.start < due.window.from || taken.start > due.window.to {
            found.push(Violation::RestOutsideWindow { caregiver, start: taken.start });
        }
        if i64::from(taken.end) - i64::from(taken.start) != i64::from(due.duration) {
            found.push(Violation::RestLength { caregiver });
        }
        if self.problem.rules.now.is_some_and(|now| taken.start < now) {
            found.push(Violation::RestBeforeNow { caregiver, start: taken.start });
        }
    }

    /// A break at a stop is at a visit: neither at the start place nor at the end place.
    fn is_place(&self, due: Rest, taken: RestStop) -> bool {
        match (due.place, taken.at) {
            (RestPlace::OnTheWay, _) => true,
            (RestPlace::AtStop, RestAt::Leg) => false,
            (RestPlace::AtStop, RestAt::Previous) => taken.before > 0,
            (RestPlace::AtStop, RestAt::Next) => taken.before < self.route.stops.len(),
        }
    }

    fn rest_on(&self, leg: usize) -> Option<RestStop> {
        self.route.rest.filter(|rest| rest.before == leg)
    }

    /// The start place is left as late as the first stop, visit or break, allows, and within the shift.
    fn depart(&self, found: &mut Vec<Violation>) {
        let caregiver = self.caregiver;
        let first = i64::from(self.route.stops[0].start);
        let travel = leg(self.problem, self.who, self.route, 0);
        let (departs_at, begins_at) = match self.rest_on(0) {
            None => (first - travel, first - travel),
            Some(rest) => {
                let (start, length) = (i64::from(rest.start), i64::from(rest.end) - i64::from(rest.start));
                match rest.at {
                    RestAt::Previous => (first - travel, start),
                    RestAt::Leg => (start.min(first - travel - length), start.min(first - travel - length)),
                    RestAt::Next => (start - travel, start - travel),
                }
            }
        };
        if i64::from(self.route.departs_at) != departs_at {
            found.push(Violation::DepartsWrong { caregiver, departs_at });
        }
        let now = self.problem.rules.now.filter(|_| !self.is_on_the_way());
        let earliest = now.map_or(self.who.shift.from, |now| now.max(self.who.shift.from));
        if self.facts == 0 && begins_at < i64::from(earliest) {
            found.push(Violation::DepartsEarly { caregiver });
        }
    }

    /// Whether there is time for the leg to a stop, and for the break on it.
    fn arrive(&self, index: usize, found: &mut Vec<Violation>) {
        if index < self.facts {
            return;
        }
        let stop = self.route.stops[index];
        let travel = leg(self.problem, self.who, self.route, index);
        // The first leg begins when it must; whether that is in the shift is asked elsewhere.
        let mut free = index.checked_sub(1).map(|before| i64::from(self.route.stops[before].end));
        if index == self.facts {
            if self.is_on_the_way() {
                self.arrive_as_told(stop, found);
            } else {
                // What happened may have happened before the shift.
                let earliest = self.problem.rules.now.unwrap_or(Time::MIN).max(self.who.shift.from);
                free = free.map(|free| free.max(earliest.into()));
            }
        }
        let ready = match self.rest_on(index) {
            None => free.map(|free| free + travel),
            Some(rest) => Some(self.ready_after_rest(free, travel, rest, found)),
        };
        if let Some(ready) = ready
            && i64::from(stop.start) < ready
        {
            found.push(Violation::TravelTooShort { visit: stop.visit, caregiver: self.caregiver, ready });
        }
    }

    /// Whether the first stop that has not happened is the one that the caregiver has left for.
    fn is_on_the_way(&self) -> bool {
        let next = self.route.stops.get(self.facts).map(|stop| stop.visit);
        next.is_some() && self.who.on_the_way.map(|to| to.visit) == next
    }

    fn arrive_as_told(&self, stop: Stop, found: &mut Vec<Violation>) {
        let Some(to) = self.who.on_the_way else { return };
        if stop.start < to.arrives_at {
            let ready = to.arrives_at.into();
            found.push(Violation::TravelTooShort { visit: stop.visit, caregiver: self.caregiver, ready });
        }
    }

    /// The earliest arrival, ready to serve, over a leg with a break; `free` is when the stop before it ends, if there is one.
    fn ready_after_rest(
        &self,
        free: Option<i64>,
        travel: i64,
        rest: RestStop,
        found: &mut Vec<Violation>,
    ) -> i64 {
        let (start, end) = (i64::from(rest.start), i64::from(rest.end));
        let possible = free.map(|free| if rest.at == RestAt::Next { free + travel } else { free });
        if let Some(ready) = possible
            && start < ready
        {
            found.push(Violation::RestTooEarly { caregiver: self.caregiver, ready });
        }
        match rest.at {
            RestAt::Previous => end + travel,
            RestAt::Next => end,
            // What is not driven before the break is driven after it.
            RestAt::Leg => free.map_or(end, |free| end.max(free + travel + end - start)),
        }
    }

    fn come_back(&self, found: &mut Vec<Violation>) {
        let caregiver = self.caregiver;
        let count = self.route.stops.len();
        let free = i64::from(self.route.stops[count - 1].end);
        let travel = leg(self.problem, self.who, self.route, count);
        let returns_at = match self.rest_on(count) {
            None => free + travel,
            Some(rest) => self.ready_after_rest(Some(free), travel, rest, found),
        };
        if i64::from(self.route.returns_at) != returns_at {
            found.push(Violation::ReturnsWrong { caregiver, returns_at });
        }
        let latest = i64::from(self.who.shift.to) + i64::from(self.who.overtime_max);
        if self.facts < count && returns_at.max(self.route.returns_at.into()) > latest {
            found.push(Violation::ReturnsLate { caregiver, latest });
        }
    }

    fn limits(&self, found: &mut Vec<Violation>) {
        let caregiver = self.caregiver;
        let visits = || self.route.stops.iter().map(|stop| &self.problem.visits[stop.visit]);
        if self.facts == self.route.stops.len() {
            return;
        }
        let travel: i64 =
            (0..=self.route.stops.len()).map(|at| leg(self.problem, self.who, self.route, at)).sum();
        let work = travel + visits().map(|visit| i64::from(visit.duration)).sum::<i64>();
        if self.who.work_max.is_some_and(|most| work > i64::from(most)) {
            found.push(Violation::WorkTooLong { caregiver, work });
        }
        let load: i64 = visits().map(|visit| visit.load).sum();
        if self.who.capacity.is_some_and(|capacity| load > capacity) {
            found.push(Violation::LoadTooLarge { caregiver, load });
        }
    }
}
