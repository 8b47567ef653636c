//! Starts of service on given routes: the earliest ones that meet every constraint between visits, by longest paths.

use super::super::data::{NEVER, NONE, Tie};
use super::super::problem::{Relation, Rest, RestPlace, Time};
use super::NetworkState;

/// A start that is not known yet.
pub(super) const UNSET: Time = -NEVER;
/// How often one start may rise while a change spreads; more often means that constraints chase each other in a circle.
pub(super) const RISES_MAX: u8 = 6;
const RISES_MAX_ALL: u8 = 200;

/// A window of a visit's start.
#[derive(Debug, Clone, Copy)]
pub(super) struct StartWindow {
    pub from: Time,
    /// The latest start that is not late.
    pub to: Time,
}

/// When the next stop is reached if there is a break on the leg to it; nothing where the break would start too late. `first` and `last`
/// tell whether the leg begins or ends the route.
#[inline]
pub(super) fn through_rest(rest: &Rest, ready: Time, leg: Time, first: bool, last: bool) -> Option<Time> {
    let (from, to) = (rest.window.from, rest.window.to);
    if rest.place == RestPlace::OnTheWay {
        return (ready.max(from) <= to).then(|| (ready + leg).max(from) + rest.duration);
    }
    if !last && (ready + leg).max(from) <= to {
        return Some((ready + leg).max(from) + rest.duration);
    }
    (!first && ready.max(from) <= to).then(|| ready.max(from) + rest.duration + leg)
}

impl NetworkState<'_, '_> {
    /// The end of service before `index` and the place left, or the start of the shift.
    #[inline]
    pub(super) fn ready_before(&self, route: usize, index: usize) -> (Time, u32) {
        if index == 0 {
            let caregiver = &self.data.problem.caregivers[route];
            return (caregiver.shift.from, caregiver.start_place as u32);
        }
        let before = self.routes[route].visits[index - 1];
        let task = &self.data.tasks[before as usize];
        (self.starts[before as usize] + task.duration, task.place)
    }

    /// When a visit at `index` is reached, the stop before it being over at `ready`, with the break if it is on the leg. Nothing where the
    /// break would start too late.
    #[inline]
    pub(super) fn reached(
        &self,
        route: usize,
        index: usize,
        visit: u32,
        ready: Time,
        leg: Time,
    ) -> Option<Time> {
        let (left, earliest) = self.left(route, index, visit, ready);
        let reached = match &self.data.rests[route] {
            Some(rest) if self.routes[route].rest == Some(index) => {
                through_rest(rest, left, leg, index == 0, false)?
            }
            _ => left + leg,
        };
        Some(reached.max(earliest))
    }

    /// When a stop that is over at `ready` is left for the visit at `index`, and when that is reached at the earliest. Facts and the start of
    /// the shift may lie before the present, and facts before the shift: then who is not under way leaves now, or when the shift begins.
    #[inline]
    pub(super) fn left(&self, route: usize, index: usize, visit: u32, ready: Time) -> (Time, Time) {
        if index != self.first_free[route] {
            return (ready, UNSET);
        }
        if let Some(arrives_at) = self.data.under_way(route, visit) {
            return (ready, arrives_at);
        }
        let shift = self.data.problem.caregivers[route].shift;
        (ready.max(self.data.now).max(shift.from), UNSET)
    }

    /// The earliest start of a visit that is reached at `arrival`; nothing where the last window is over.
    #[inline]
    pub(super) fn start_at(&self, visit: u32, arrival: Time) -> Option<Time> {
        let task = &self.data.tasks[visit as usize];
        if let Some((_, start)) = task.fact {
            return Some(start);
        }
        if task.late.is_none() {
            return self.data.start(visit, task, arrival);
        }
        let start = arrival.max(task.from);
        if start > task.to || !task.gaps {
            return (start <= task.to).then_some(start);
        }
        let windows = &self.windows[visit as usize];
        let current = windows.iter().rposition(|window| window.from <= start).unwrap_or(0);
        let late = start - windows[current].to;
        match windows.get(current + 1) {
            // Late for one window, early for the next: whichever costs less.
            Some(next) if late > 0 && next.from <= task.to => {
                let now = task.late.unwrap_or(0) * i64::from(late);
                let waits = self.wait_price * i64::from(next.from - start);
                Some(if now <= waits { start } else { next.from })
            }
            _ => Some(start),
        }
    }

    /// Ticks after the end of the window that this start uses.
    #[inline]
    pub(super) fn lateness(&self, visit: u32, start: Time) -> Time {
        let windows = &self.windows[visit as usize];
        if windows.len() == 1 {
            return (start - windows[0].to).max(0);
        }
        let used = windows.iter().rev().find(|window| window.from <= start);
        used.map_or(0, |window| (start - window.to).max(0))
    }

    /// The earliest start that the other members of the visit's group leave it.
    #[inline]
    fn bound(&self, visit: u32) -> Time {
        let ties = self.data.ties(visit).iter();
        let floor = self.floor[visit as usize];
        ties.map(|tie| self.starts[tie.mate as usize].saturating_add(tie.lag))
            .max()
            .unwrap_or(UNSET)
            .max(floor)
    }

    /// Whether a start would need a visit of the group that has happened to have been later. Facts among themselves are as they are.
    fn asks_a_fact_to_move(&self, visit: u32, start: Time) -> bool {
        let data = self.data;
        let is_fact = |visit: u32| data.tasks[visit as usize].fact.is_some();
        let moves = |mate: u32| {
            let back = data.ties(mate).iter().find(|back| back.mate == visit);
            is_fact(mate)
                && self.starts[mate as usize] != UNSET
                && back.is_some_and(|back| start + back.lag > self.starts[mate as usize])
        };
        !is_fact(visit) && data.ties(visit).iter().any(|tie| moves(tie.mate))
    }

    fn wake_group(&mut self, visit: u32) {
        for tie in self.data.ties(visit) {
            let mate = tie.mate as usize;
            if self.starts[mate] != UNSET && self.bound(tie.mate) > self.starts[mate] {
                self.queue(self.route_of[mate], self.index_of[mate]);
            }
        }
    }

    /// The route is to be looked at from this visit on.
    pub(super) fn queue(&mut self, route: u32, index: u32) {
        let from = &mut self.queued_from[route as usize];
        if *from == NONE {
            self.work.push_back(route);
        }
        *from = (*from).min(index);
        let to = &mut self.queued_to[route as usize];
        *to = (*to).max(index);
    }

    /// Lets starts rise along a route from `from` on until nothing changes, but not before `to`. `false` when it cannot be.
    fn sweep(&mut self, route: usize, from: usize, to: usize) -> bool {
        self.touch(route);
        let (mut ready, mut place) = self.ready_before(route, from);
        let length = self.routes[route].visits.len();
        for index in from..length {
            let visit = self.routes[route].visits[index];
            let task = &self.data.tasks[visit as usize];
            let leg = self.data.legs_of(route).get(place, task.place);
            let Some(arrival) = self.reached(route, index, visit, ready, leg) else { return false };
            let Some(start) = self.start_at(visit, arrival.max(self.bound(visit))) else { return false };
            let old = self.starts[visit as usize];
            ready = start + task.duration;
            place = task.place;
            if start == old {
                if index < to {
                    continue;
                }
                return true;
            }
            debug_assert!(
                start > old || self.data.ties(visit).is_empty(),
                "a start that others wait for falls"
            );
            if self.asks_a_fact_to_move(visit, start) {
                return false;
            }
            self.trail.push((visit, old));
            let rises = &mut self.rises[visit as usize];
            *rises += 1;
            if *rises > self.rises_max {
                return false;
            }
            self.starts[visit as usize] = start;
            self.wake_group(visit);
        }
        true
    }

    /// Lets what was put into `work` spread through routes and groups.
    pub(super) fn spread(&mut self) -> bool {
        let first = self.trail.len();
        let mut possible = true;
        while let Some(route) = self.work.pop_front() {
            let from = std::mem::replace(&mut self.queued_from[route as usize], NONE);
            let to = std::mem::replace(&mut self.queued_to[route as usize], 0);
            possible = possible && self.sweep(route as usize, from as usize, to as usize);
        }
        for at in first..self.trail.len() {
            self.rises[self.trail[at].0 as usize] = 0;
        }
        possible
    }

    /// Works out all starts anew after visits were taken out. In the order of the old starts nearly every visit comes after what it waits
    /// for; the rest is left to spread.
    pub(super) fn time_all(&mut self) -> bool {
        let mut order = std::mem::take(&mut self.order);
        for at in 1..order.len() {
            let visit = order[at];
            let start = self.starts[visit as usize];
            let mut to = at;
            while to > 0 && self.starts[order[to - 1] as usize] > start {
                order[to] = order[to - 1];
                to -= 1;
            }
            order[to] = visit;
        }
        self.starts.fill(UNSET);
        let mut possible = true;
        for visit in &order {
            if self.route_of[*visit as usize] != NONE && self.starts[*visit as usize] == UNSET {
                possible &= self.time_one(*visit);
            }
        }
        for visit in &order {
            let start = self.starts[*visit as usize];
            if start == UNSET {
                continue;
            }
            possible &= !self.asks_a_fact_to_move(*visit, start);
            let reached = self.arrival(*visit).unwrap_or(NEVER).max(self.bound(*visit));
            if reached > start && self.start_at(*visit, reached) != Some(start) {
                self.queue(self.route_of[*visit as usize], self.index_of[*visit as usize]);
            }
        }
        self.order = order;
        self.rises_max = RISES_MAX_ALL;
        possible &= self.spread();
        self.rises_max = RISES_MAX;
        self.trail.clear();
        possible
    }

    /// Where no starts are known: an order to begin with. Along a route it is certain, between routes a guess.
    pub(super) fn order_by_index(&mut self) {
        for visit in 0..self.starts.len() {
            let index = if self.route_of[visit] == NONE { 0 } else { self.index_of[visit] as Time };
            self.starts[visit] = index;
        }
    }

    /// Sets the start of a visit, and of those that start with it.
    fn time_one(&mut self, visit: u32) -> bool {
        let Some(mut start) =
            self.arrival(visit).and_then(|arrival| self.start_at(visit, arrival.max(self.bound(visit))))
        else {
            return false;
        };
        let ties = self.data.ties(visit);
        let group = self.data.problem.groups.get(self.data.tasks[visit as usize].group as usize);
        let together = group.is_some_and(|group| group.relation == Relation::Together);
        let is_there = |tie: &&Tie| self.route_of[tie.mate as usize] != NONE;
        if together {
            for _ in 0..=ties.len() {
                for tie in ties.iter().filter(is_there) {
                    let reached = self.arrival(tie.mate).map_or(UNSET, |arrival| arrival.max(start));
                    let Some(met) = self.start_at(tie.mate, reached.max(start)) else { return false };
                    start = start.max(met);
                }
                let Some(met) = self.start_at(visit, start) else { return false };
                start = met;
            }
        }
        self.starts[visit as usize] = start;
        if together {
            for tie in ties {
                let mate = &self.data.tasks[tie.mate as usize];
                if self.route_of[tie.mate as usize] != NONE && mate.fact.is_none() {
                    self.starts[tie.mate as usize] = start;
                }
            }
        }
        true
    }

    /// When the visit is reached, if the stop before it is timed.
    fn arrival(&self, visit: u32) -> Option<Time> {
        let route = self.route_of[visit as usize];
        if route == NONE {
            return Some(UNSET);
        }
        let (route, index) = (route as usize, self.index_of[visit as usize] as usize);
        let (ready, place) = self.ready_before(route, index);
        let leg = self.data.legs_of(route).get(place, self.data.tasks[visit as usize].place);
        self.reached(route, index, visit, ready, leg)
    }

    /// Works out how much later the visits of a route may start, those of other routes being as they are. Only an estimate where starts
    /// hang together in both directions: it ranks places, it decides nothing.
    pub(super) fn loosen(&mut self, route: usize) {
        let count = self.routes[route].visits.len();
        let mut after: Option<(Time, Time)> = None;
        for index in (0..count).rev() {
            let visit = self.routes[route].visits[index];
            let task = &self.data.tasks[visit as usize];
            let start = self.starts[visit as usize];
            let windows = &self.windows[visit as usize];
            let used = windows.iter().rev().find(|window| window.from <= start);
            let mut slack = used.map_or(0, |window| (window.to - start).max(0));
            if let Some((next_start, next_slack)) = after {
                let next = self.routes[route].visits[index + 1];
                let next_place = self.data.tasks[next as usize].place;
                let leg = self.data.legs_of(route).get(task.place, next_place);
                slack = slack.min(next_start - start - task.duration - leg + next_slack);
            }
            for tie in self.data.ties(visit) {
                let mate = tie.mate as usize;
                if self.starts[mate] == UNSET {
                    continue;
                }
                let lag = self
                    .data
                    .ties(tie.mate)
                    .iter()
                    .find(|back| back.mate == visit)
                    .map_or(0, |back| back.lag);
                slack = slack.min(self.starts[mate] - start - lag + self.slack[mate]);
            }
            self.slack[visit as usize] = slack.max(0);
            after = Some((start, slack.max(0)));
        }
    }
}
