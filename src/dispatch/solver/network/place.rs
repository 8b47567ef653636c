//! Where absent visits go: places are ranked by what they cost at least, and the best ones are tried.

use std::ops::Range;

use super::super::data::NONE;
use super::super::problem::Time;
use super::super::search::State;
use super::value::RESTLESS;
use super::{Blinks, NetworkState};

/// A place for a visit.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Place {
    pub route: u32,
    pub index: u32,
    /// Behind the break that lies on the same leg.
    pub after_rest: bool,
    /// Where the route has its break now.
    rest_before: Option<u32>,
    /// What going there costs at least.
    pub least: i64,
}

/// Pairs are sought among so many places of each member.
const PAIR_PLACES_MAX: usize = 24;

impl NetworkState<'_, '_> {
    /// The cost of the plan with the visits at these places; the plan is left as it was. Nothing where it cannot be.
    fn tried(&mut self, visits: &[(u32, Place)]) -> Option<i64> {
        self.tried_if(visits, |_| true)
    }

    fn tried_if(&mut self, visits: &[(u32, Place)], mut accepts: impl FnMut(&Self) -> bool) -> Option<i64> {
        let (first, cost) = (self.trail.len(), self.cost);
        let possible = self.enter(visits) && accepts(self);
        let tried = self.cost;
        self.take_back(first, cost);
        for (_, place) in visits.iter().rev() {
            self.unlink(place.route as usize, place.index as usize);
            if let Some(rest) = place.rest_before {
                self.routes[place.route as usize].rest = Some(rest as usize);
            }
        }
        possible.then_some(tried)
    }

    /// Starts, values and cost as they were when the trail had this length.
    fn take_back(&mut self, first: usize, cost: i64) {
        for (route, value) in self.value_trail.drain(..).rev() {
            self.values[route as usize] = value;
        }
        while self.trail.len() > first {
            if let Some((visit, start)) = self.trail.pop() {
                self.starts[visit as usize] = start;
            }
        }
        self.cost = cost;
    }

    /// Puts visits at places and counts the cost; the values changed are kept in `value_trail`.
    fn enter(&mut self, visits: &[(u32, Place)]) -> bool {
        self.value_trail.clear();
        for (visit, place) in visits {
            self.link(*visit, place.route as usize, place.index as usize, place.after_rest);
        }
        for (_, place) in visits {
            self.queue(place.route, place.index);
        }
        self.count_spread()
    }

    /// Lets the work spread and counts what it changed.
    fn count_spread(&mut self) -> bool {
        let mut possible = self.spread();
        let mut touched = std::mem::take(&mut self.touched);
        for route in touched.drain(..) {
            self.is_touched[route as usize] = false;
            if !possible {
                continue;
            }
            match self.value(route as usize) {
                Some(value) => {
                    self.value_trail.push((route, self.values[route as usize]));
                    self.values[route as usize] = value;
                }
                None => possible = false,
            }
        }
        self.touched = touched;
        if possible {
            self.cost = self.total();
        }
        possible
    }

    pub(in super::super) fn settle(&mut self, visits: &[(u32, Place)]) {
        for (_, place) in visits {
            self.save(place.route as usize);
        }
        self.enter(visits);
        for at in 0..self.value_trail.len() {
            self.loosen(self.value_trail[at].0 as usize);
        }
        self.value_trail.clear();
        self.trail.clear();
    }

    /// All places of a visit that cost less than leaving it out, cheapest first.
    fn places(
        &self,
        visit: u32,
        routes: Range<usize>,
        limit: i64,
        blinks: &mut Blinks,
        places: &mut Vec<Place>,
    ) {
        places.clear();
        let data = self.data;
        let task = &data.tasks[visit as usize];
        let weights = &data.problem.weights;
        let most_idle = self.values.iter().map(|value| value.idle).max().unwrap_or(0);
        for route in routes {
            if !data.may(visit, route) {
                continue;
            }
            let legs = data.legs_of(route);
            let (to, from) = (legs.to(task.place), legs.from(task.place));
            let fixed = data.fixed(visit, route);
            let value = &self.values[route];
            let visits = &self.routes[route].visits;
            let rest_at = self.routes[route].rest;
            for index in self.first_free[route]..=visits.len() {
                let (ready, before) = self.ready_before(route, index);
                if ready > task.to {
                    break;
                }
                let after = self.neighbours(route, index).1;
                let through = if visits.is_empty() { 0 } else { legs.get(before, after) };
                let added = to[before as usize] + from[after as usize] - through;
                if self.brings_forward(route, index, added + task.duration) {
                    continue;
                }
                let (left, earliest) = self.left(route, index, visit, ready);
                let start = self.start_at(visit, (left + to[before as usize]).max(earliest));
                let Some(start) = start else { continue };
                let mut least = weights.travel * i64::from(added) + fixed;
                if let Some(price) = task.late {
                    least += price * i64::from(self.lateness(visit, start));
                }
                if let Some(next) = visits.get(index)
                    && rest_at != Some(index)
                {
                    let arrival = start + task.duration + from[after as usize];
                    let excess = arrival - self.starts[*next as usize] - self.slack[*next as usize];
                    least += self.late_price * i64::from(excess.max(0));
                }
                let busy = i64::from(added + task.duration);
                least -= self.most_saved(route, busy, value.idle == most_idle);
                if least >= limit || blinks.blink() {
                    continue;
                }
                let place = Place {
                    route: route as u32,
                    index: index as u32,
                    after_rest: false,
                    rest_before: rest_at.map(|at| at as u32),
                    least,
                };
                places.push(place);
                if rest_at == Some(index) {
                    places.push(Place { after_rest: true, ..place });
                }
            }
        }
        places.sort_unstable_by_key(|place| (place.least, place.route, place.index, place.after_rest));
    }

    /// Whether a stop at `index` that takes so much longer than the direct way may let a start fall that others wait for: they would hold
    /// each other up. A detour may be shorter than the direct way, and whoever was under way is no longer.
    fn brings_forward(&self, route: usize, index: usize, longer: Time) -> bool {
        let later = &self.routes[route].visits[index..];
        let diverts = || {
            let is_next = |next: &u32| self.data.under_way(route, *next).is_some();
            index == self.first_free[route] && later.first().is_some_and(is_next)
        };
        (longer < 0 || diverts()) && later.iter().any(|visit| !self.data.ties(*visit).is_empty())
    }

    /// What so much more work in a route saves at most, where idling and waiting cost.
    fn most_saved(&self, route: usize, busy: i64, is_idlest: bool) -> i64 {
        let weights = &self.data.problem.weights;
        let value = &self.values[route];
        let busy = busy.max(0);
        let mut saved = weights.waiting * value.waiting.min(busy);
        if weights.idle_max > 0 && self.is_guided {
            saved += 2 * weights.idle_max * value.idle.max(0) * busy / self.idle_scale + 1;
        }
        if is_idlest {
            saved += weights.idle_max * busy;
        }
        saved
    }

    /// The cheapest place in these routes that `accepts` takes, with the plan's cost there, whether or not leaving the visit out costs less.
    /// The state given to `accepts` has the visit at the place.
    pub(in super::super) fn cheapest_place(
        &mut self,
        visit: u32,
        routes: Range<usize>,
        mut accepts: impl FnMut(&Self) -> bool,
    ) -> Option<(i64, Place)> {
        let mut places = Vec::new();
        self.places(visit, routes, i64::MAX, &mut Blinks::never(), &mut places);
        let absent = self.cost - self.data.tasks[visit as usize].unserved;
        let mut best: Option<(i64, Place)> = None;
        for place in places {
            if best.is_some_and(|(cost, _)| absent + place.least >= cost) {
                break;
            }
            let tried = self.tried_if(&[(visit, place)], &mut accepts);
            if let Some(cost) = tried
                && best.is_none_or(|(least, _)| cost < least)
            {
                best = Some((cost, place));
            }
        }
        best
    }

    /// Takes one visit out and leaves those of its group where they are. `false` where the rest cannot be.
    pub(in super::super) fn take_out(&mut self, visit: u32) -> bool {
        let Some((route, index)) = self.find(visit) else { return true };
        self.save(route);
        self.unlink(route, index);
        self.count_all()
    }

    /// Puts a visit into a route where it costs least, with the break where it is, or else where the break finds another leg. A step has
    /// begun; where there is no place it is to be undone.
    pub(in super::super) fn put_into(&mut self, visit: u32, route: usize) -> bool {
        if let Some((_, place)) = self.cheapest_place(visit, route..route + 1, |_| true)
            && self.data.rests[route].is_none_or(|rest| rest.skippable || self.routes[route].rest.is_some())
        {
            self.settle(&[(visit, place)]);
            return true;
        }
        self.save(route);
        self.drop_rests();
        let mut places = Vec::new();
        if self.data.rests[route].is_none() || !self.count_all() {
            return false;
        }
        self.places(visit, route..route + 1, i64::MAX, &mut Blinks::never(), &mut places);
        places.into_iter().any(|place| {
            if self.tried(&[(visit, place)]).is_none() {
                return false;
            }
            self.settle(&[(visit, place)]);
            self.place_rests();
            if self.values[route].cost < RESTLESS {
                return true;
            }
            self.unlink(route, place.index as usize);
            self.drop_rests();
            self.count_all();
            false
        })
    }

    pub(super) fn place_one(&mut self, visit: u32, blinks: &mut Blinks) -> bool {
        let unserved = self.data.tasks[visit as usize].unserved;
        let mut places = std::mem::take(&mut self.options);
        let all = 0..self.data.caregivers;
        self.places(visit, all, unserved, blinks, &mut places);
        let without = self.cost;
        let mut best: Option<(i64, Place)> = None;
        for place in &places {
            let bound = best.map_or(without, |(cost, _)| cost);
            // The plan's cost holds the visit's absence.
            if without - unserved + place.least >= bound {
                break;
            }
            if let Some(cost) = self.tried(&[(visit, *place)])
                && cost < bound
            {
                best = Some((cost, *place));
            }
        }
        self.options = places;
        if let Some((_, place)) = best {
            self.settle(&[(visit, place)]);
        }
        best.is_some()
    }

    pub(super) fn place_group(&mut self, group: usize, blinks: &mut Blinks) -> bool {
        let members = &self.data.problem.groups[group].members;
        let is_absent = |member: &&usize| self.route_of[**member] == NONE;
        let absent: Vec<u32> = members.iter().filter(is_absent).map(|member| *member as u32).collect();
        if let ([first, second], 2) = (absent.as_slice(), members.len()) {
            return self.place_pair(*first, *second, blinks);
        }
        let without = self.cost;
        for visit in &absent {
            let mut places = Vec::new();
            self.places(*visit, 0..self.data.caregivers, i64::MAX, blinks, &mut places);
            places.retain(|place| members.iter().all(|member| self.route_of[*member] != place.route));
            let tried = places.iter().filter_map(|place| Some((self.tried(&[(*visit, *place)])?, *place)));
            let Some((_, place)) = tried.min_by_key(|(cost, _)| *cost) else { break };
            self.settle(&[(*visit, place)]);
        }
        if absent.iter().all(|visit| self.route_of[*visit as usize] != NONE) && self.cost < without {
            return true;
        }
        for visit in &absent {
            if let Some((route, index)) = self.find(*visit) {
                self.unlink(route, index);
            }
        }
        self.count_all();
        false
    }

    fn place_pair(&mut self, first: u32, second: u32, blinks: &mut Blinks) -> bool {
        let unserved = self.data.tasks[first as usize].unserved + self.data.tasks[second as usize].unserved;
        let mut places = std::mem::take(&mut self.options);
        let mut others = std::mem::take(&mut self.partner_options);
        let all = 0..self.data.caregivers;
        self.places(first, all.clone(), unserved, blinks, &mut places);
        self.places(second, all, unserved, blinks, &mut others);
        let without = self.cost;
        let mut best: Option<(i64, Place, Place)> = None;
        for place in places.iter().take(PAIR_PLACES_MAX) {
            for other in others.iter().take(PAIR_PLACES_MAX) {
                let bound = best.map_or(without, |(cost, ..)| cost);
                if without - unserved + place.least + other.least >= bound {
                    break;
                }
                if place.route == other.route {
                    continue;
                }
                if let Some(cost) = self.tried(&[(first, *place), (second, *other)])
                    && cost < bound
                {
                    best = Some((cost, *place, *other));
                }
            }
        }
        self.options = places;
        self.partner_options = others;
        if let Some((_, place, other)) = best {
            self.settle(&[(first, place), (second, other)]);
        }
        best.is_some()
    }

    /// Takes the breaks out of the routes of this step, which have just lost visits; gives back those that are owed anyway.
    pub(super) fn drop_rests(&mut self) {
        for at in 0..self.before.routes.len() {
            let route = self.before.routes[at].0;
            if self.data.rests[route].is_some() {
                self.routes[route].rest = self.routes[route].visits.is_empty().then_some(0);
            }
        }
    }

    /// Gives every route of this step its break where it costs least, or none where that costs less.
    pub(super) fn place_rests(&mut self) {
        for at in 0..self.before.routes.len() {
            let route = self.before.routes[at].0;
            if self.data.rests[route].is_none() || self.routes[route].visits.is_empty() {
                continue;
            }
            let mut best = None;
            let mut least = self.cost;
            for index in self.first_free[route]..=self.routes[route].visits.len() {
                let (first, cost) = (self.trail.len(), self.cost);
                self.routes[route].rest = Some(index);
                let possible = self.enter_rest(route, index);
                if possible && self.cost < least {
                    least = self.cost;
                    best = Some(index);
                }
                self.take_back(first, cost);
            }
            self.routes[route].rest = best;
            if let Some(index) = best {
                self.enter_rest(route, index);
                self.value_trail.clear();
                self.trail.clear();
            }
        }
    }

    fn enter_rest(&mut self, route: usize, index: usize) -> bool {
        self.value_trail.clear();
        self.queue(route as u32, index as u32);
        self.count_spread()
    }
}
