//! What one route costs, its starts being known.

use super::super::data::NONE;
use super::super::problem::{Relation, RestPlace, Time};
use super::NetworkState;
use super::timing::through_rest;

/// What a route adds to the cost, and its part in the largest values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Value {
    pub cost: i64,
    pub late_max: Time,
    pub idle: i64,
    pub waiting: i64,
    /// Draws work to whoever is idle, where only the idlest counts: the largest value alone tells the search nothing about the others.
    pub guide: i64,
}

/// Beyond what any plan costs: a break that may not be left out does not fit.
pub(super) const RESTLESS: i64 = 1 << 40;

/// A stop on the way of a delay.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shift {
    /// The waiting after it, before the next stop.
    gap: Time,
    /// How much later it may start at all, and without being late.
    room: Time,
    free: Time,
    late_price: i64,
}

impl NetworkState<'_, '_> {
    /// When the end place is reached and, if the break comes last, when it ends; nothing where it does not fit.
    fn home(&self, route: usize) -> Option<(Time, Time)> {
        let count = self.routes[route].visits.len();
        let (back, ready) = self.home_without_rest(route);
        let leg = back - ready;
        match (&self.data.rests[route], self.routes[route].rest) {
            (Some(rest), Some(at)) if at == count => {
                let back = through_rest(rest, ready, leg, count == 0, true)?;
                Some((back, back - leg))
            }
            _ => Some((back, ready)),
        }
    }

    fn home_without_rest(&self, route: usize) -> (Time, Time) {
        let count = self.routes[route].visits.len();
        let (ready, place) = self.ready_before(route, count);
        let end_place = self.data.problem.caregivers[route].end_place as u32;
        (ready + self.data.legs_of(route).get(place, end_place), ready)
    }

    /// Whether the break of a route can be where it is; after facts alone it may be too late for it.
    pub(super) fn fits_rest(&self, route: usize) -> bool {
        self.home(route).is_some()
    }

    fn guide(&self, idle: i64) -> i64 {
        if self.is_guided {
            self.data.problem.weights.idle_max * idle.max(0) * idle.max(0) / self.idle_scale
        } else {
            0
        }
    }

    /// Nothing where the route cannot be.
    pub(super) fn value(&self, index: usize) -> Option<Value> {
        let data = self.data;
        let weights = &data.problem.weights;
        let caregiver = &data.problem.caregivers[index];
        let route = &self.routes[index];
        let shift = i64::from(caregiver.shift.to - caregiver.shift.from);
        let rest_duration = caregiver.rest.map_or(0, |rest| i64::from(rest.duration));
        if route.visits.is_empty() {
            let idle = shift - rest_duration;
            return Some(Value { idle, guide: self.guide(idle), ..Value::default() });
        }
        let work = route.travel + route.service;
        // No limit is held against what happened.
        let is_past = self.first_free[index] == route.visits.len();
        let is_too_much = route.load > caregiver.capacity.unwrap_or(i64::MAX)
            || work > caregiver.work_max.map_or(i64::MAX, i64::from);
        if is_too_much && !is_past {
            return None;
        }
        let home = self.home(index);
        let rest_at = route.rest.filter(|_| home.is_some());
        let (back, last_end) = home.or_else(|| is_past.then(|| self.home_without_rest(index)))?;
        let overtime = back - caregiver.shift.to;
        if overtime > caregiver.overtime_max && !is_past {
            return None;
        }
        let overtime = i64::from(overtime.max(0));
        let mut cost = weights.travel * route.travel + route.fixed + weights.overtime * overtime;
        cost += weights.fairness * (work - self.fair_share[index]).max(0);
        let rest_taken = match (&caregiver.rest, rest_at) {
            (Some(_), Some(_)) => rest_duration,
            (Some(rest), None) => {
                cost += if rest.skippable || is_past { weights.missed_rests } else { RESTLESS };
                0
            }
            (None, _) => 0,
        };
        let mut late_max = 0;
        let delay = if weights.waiting > 0 { self.delay(index) } else { Delay::default() };
        let mut delayed = delay.by;
        let mut ends = Time::MIN;
        for (at, visit) in route.visits.iter().enumerate() {
            let mut start = self.starts[*visit as usize];
            if at > 0 && delayed > 0 {
                delayed = (delayed - self.gap(index, at, ends)).max(0);
            }
            ends = start + data.tasks[*visit as usize].duration;
            start += delayed;
            if let Some(price) = data.tasks[*visit as usize].late {
                let late = self.lateness(*visit, start);
                cost += price * i64::from(late);
                late_max = late_max.max(late);
            }
        }
        let waiting = self.waiting(index, last_end, delay.by);
        cost += weights.waiting * waiting;
        let idle = shift - work - rest_taken + overtime;
        Some(Value { cost, late_max, idle, waiting, guide: self.guide(idle) })
    }

    /// The starts of a route with the delay that saves waiting.
    pub(super) fn delayed_starts(&self, route: usize) -> Vec<Time> {
        let visits = &self.routes[route].visits;
        let mut delayed = if self.data.problem.weights.waiting > 0 { self.delay(route).by } else { 0 };
        let mut starts = Vec::with_capacity(visits.len());
        let mut ends = Time::MIN;
        for (at, visit) in visits.iter().enumerate() {
            let start = self.starts[*visit as usize];
            if at > 0 && delayed > 0 {
                delayed = (delayed - self.gap(route, at, ends)).max(0);
            }
            ends = start + self.data.tasks[*visit as usize].duration;
            starts.push(start + delayed);
        }
        starts
    }

    /// Waiting before the visit at `index`, the one before it ending at `ends`; a break on the leg is no waiting.
    fn gap(&self, route: usize, index: usize, ends: Time) -> Time {
        let visits = &self.routes[route].visits;
        let (before, visit) = (visits[index - 1], visits[index]);
        let tasks = &self.data.tasks;
        let leg = self.data.legs_of(route).get(tasks[before as usize].place, tasks[visit as usize].place);
        let mut gap = self.starts[visit as usize] - ends - leg;
        if self.routes[route].rest == Some(index) {
            gap -= self.data.rests[route].map_or(0, |rest| rest.duration);
        }
        gap
    }

    /// Ticks between the first start and the last end that are neither service nor travel nor break.
    fn waiting(&self, route_index: usize, last_end: Time, delay: Time) -> i64 {
        let route = &self.routes[route_index];
        let caregiver = &self.data.problem.caregivers[route_index];
        let legs = self.data.legs_of(route_index);
        let (first, last) = (route.visits[0], route.visits[route.visits.len() - 1]);
        let tasks = &self.data.tasks;
        let outer = legs.get(caregiver.start_place as u32, tasks[first as usize].place)
            + legs.get(tasks[last as usize].place, caregiver.end_place as u32);
        let rest = match (&caregiver.rest, route.rest) {
            (Some(rest), Some(at)) if at > 0 => i64::from(rest.duration),
            _ => 0,
        };
        let span = i64::from(last_end - self.starts[first as usize] - delay);
        span - (route.travel - i64::from(outer)) - route.service - rest
    }

    /// How much later the first visit of a route starts, so that less is waited on the way: as far as lateness does not cost more than
    /// the waiting saved. Whoever must meet somebody stays where they are.
    pub(super) fn delay(&self, route_index: usize) -> Delay {
        let route = &self.routes[route_index];
        let count = route.visits.len();
        let price = self.data.problem.weights.waiting;
        let mut by = 0;
        let mut reach = 0;
        let mut shifts = std::mem::take(&mut *self.shifts.borrow_mut());
        shifts.clear();
        for at in 0..count {
            shifts.push(self.shift(route_index, at));
        }
        // `gone[at]` of the delay has been swallowed by waiting before the visit `at`.
        let mut swallowed = vec_of(&mut self.swallowed.borrow_mut(), count);
        loop {
            while reach < count && shifts[reach].gap == 0 && reach + 1 < count {
                reach += 1;
                swallowed[reach] = by;
            }
            if reach + 1 >= count {
                break;
            }
            let mut slope = -price;
            let mut step = shifts[reach].gap;
            for at in 0..=reach {
                let moved = by - swallowed[at];
                let shift = &shifts[at];
                step = step.min(shift.room - moved);
                if moved >= shift.free {
                    slope += shift.late_price;
                } else {
                    step = step.min(shift.free - moved);
                }
            }
            if slope >= 0 || step <= 0 {
                break;
            }
            by += step;
            shifts[reach].gap -= step;
        }
        *self.shifts.borrow_mut() = shifts;
        *self.swallowed.borrow_mut() = swallowed;
        Delay { by }
    }

    fn shift(&self, route: usize, at: usize) -> Shift {
        let visits = &self.routes[route].visits;
        let visit = visits[at];
        let task = &self.data.tasks[visit as usize];
        let start = self.starts[visit as usize];
        let fixed = task.fact.is_some() || self.is_met(visit);
        let window = self.windows[visit as usize].iter().rev().find(|window| window.from <= start);
        let free = window.map_or(0, |window| (window.to - start).max(0));
        let rest_room = self.rest_room(route, at);
        let gap = if at + 1 < visits.len() { self.gap(route, at + 1, start + task.duration) } else { 0 };
        // A soft window may be left, a locked start may not.
        let last = (task.to - start).min(Time::MAX / 4);
        let hard_room = if task.late.is_none() { free.min(last) } else { last };
        Shift {
            gap,
            room: if fixed { 0 } else { hard_room.min(rest_room) },
            free,
            late_price: task.late.unwrap_or(0),
        }
    }

    /// How much later the visit at `at` may end for the break after it to start in time.
    fn rest_room(&self, route: usize, at: usize) -> Time {
        let far = Time::MAX / 4;
        let visits = &self.routes[route].visits;
        if self.routes[route].rest != Some(at + 1) {
            return far;
        }
        let Some(rest) = &self.data.rests[route] else { return far };
        let task = &self.data.tasks[visits[at] as usize];
        let ready = self.starts[visits[at] as usize] + task.duration;
        // A break that is taken after arriving stays there: before leaving, the way would come after it.
        let on_arrival = rest.place == RestPlace::AtStop && at + 1 < visits.len();
        let leg = if on_arrival {
            self.data.legs_of(route).get(task.place, self.data.tasks[visits[at + 1] as usize].place)
        } else {
            0
        };
        let last = if ready + leg <= rest.window.to { ready + leg } else { ready };
        (rest.window.to - last).max(0)
    }

    /// Whether the visit's start hangs on another caregiver.
    fn is_met(&self, visit: u32) -> bool {
        let group = self.data.tasks[visit as usize].group;
        group != NONE && self.data.problem.groups[group as usize].relation != Relation::Independent
    }
}

/// How much the first visit of a route is delayed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Delay {
    pub by: Time,
}

fn vec_of(spare: &mut Vec<Time>, count: usize) -> Vec<Time> {
    let mut values = std::mem::take(spare);
    values.clear();
    values.resize(count, 0);
    values
}
