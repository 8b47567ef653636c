//! The plan that people get, from the routes that the search found.

use super::super::count::components;
use super::super::data::{Data, NEVER, NONE};
use super::super::plan::{Cost, Plan, RestAt, RestStop, Route, Stop};
use super::super::problem::{Rest, RestPlace, Time};
use super::super::search::{State, Tour};
use super::NetworkState;
use super::value::RESTLESS;

/// The plan with these tours. Visits in tours that cannot be kept whole are left out, so that what comes back is possible.
pub(in super::super) fn assemble(data: &Data<'_>, tours: &[Tour]) -> Plan {
    let mut state = NetworkState::new(data);
    state.load(tours);
    state.plan()
}

impl NetworkState<'_, '_> {
    /// The plan with the state's routes.
    pub(in super::super) fn plan(&self) -> Plan {
        let problem = self.data.problem;
        let routes = (0..self.routes.len()).map(|route| self.route(route)).collect();
        let unserved =
            (0..self.data.tasks.len()).filter(|visit| self.find(*visit as u32).is_none()).collect();
        let mut plan = Plan { routes, unserved, cost: Cost::default() };
        let counted = components(problem, &plan);
        plan.cost = Cost { total: counted.total(&problem.weights), components: counted };
        plan
    }

    /// Takes over tours that break no rule but perhaps those of time and load (see `lawful`): whole where they are possible, and visit by
    /// visit, as far as that goes, where they are not. The state is empty before.
    pub(in super::super) fn load(&mut self, tours: &[Tour]) {
        for (route, tour) in tours.iter().enumerate() {
            for (index, visit) in tour.visits.iter().enumerate() {
                self.link(*visit, route, index, false);
            }
            if !tour.visits.is_empty() {
                self.routes[route].rest = tour.rest.filter(|_| self.data.rests[route].is_some());
            }
        }
        self.order_by_index();
        if !self.count_all() || !self.load_rests() {
            self.load_by_route();
        }
        let route_of = &self.route_of;
        self.absent.retain(|visit| route_of[*visit as usize] == NONE);
    }

    /// Gives the breaks that are owed to routes that came without. `false` where one does not fit that may not be left out.
    fn load_rests(&mut self) -> bool {
        for route in 0..self.routes.len() {
            if self.data.rests[route].is_some() && self.routes[route].rest.is_none() {
                self.save(route);
            }
        }
        self.place_rests();
        self.forget_step();
        self.values.iter().all(|value| value.cost < RESTLESS)
    }

    fn forget_step(&mut self) {
        self.before.routes.clear();
        self.before.is_saved.fill(false);
    }

    /// One route after the other, so that one that cannot be kept whole disturbs no other.
    fn load_by_route(&mut self) {
        let given: Vec<Tour> =
            self.routes.iter().map(|route| Tour { visits: route.visits.clone(), rest: route.rest }).collect();
        for route in 0..given.len() {
            self.clear(route);
        }
        self.count_all();
        for (route, tour) in given.iter().enumerate() {
            self.load_route(route, tour);
        }
        self.part_groups();
        self.forget_step();
    }

    /// Takes out of a route what has not happened.
    fn clear(&mut self, route: usize) {
        for index in (self.first_free[route]..self.routes[route].visits.len()).rev() {
            self.unlink(route, index);
        }
        self.routes[route].rest = self.data.rests[route].map(|_| self.first_free[route]);
    }

    fn load_route(&mut self, route: usize, tour: &Tour) {
        let visits = &tour.visits[self.first_free[route]..];
        if visits.is_empty() {
            return;
        }
        for (at, visit) in visits.iter().enumerate() {
            self.link(*visit, route, self.routes[route].visits.len(), false);
            // After all whose starts are known, in this order.
            self.starts[*visit as usize] = NEVER / 2 + at as Time;
        }
        // The break where it was, or else wherever it fits.
        for rest in [tour.rest, None] {
            self.routes[route].rest = rest;
            if self.count_all() && self.load_rests() {
                return;
            }
        }
        self.clear(route);
        self.count_all();
        for visit in visits {
            // Groups find their places together, later.
            if self.data.tasks[*visit as usize].group == NONE
                && let Some((_, place)) = self.cheapest_place(*visit, route..route + 1, |_| true)
            {
                self.settle(&[(*visit, place)]);
            }
        }
    }

    /// Takes out groups of which only a part has found its place.
    fn part_groups(&mut self) {
        for group in &self.data.problem.groups {
            if group.members.iter().all(|member| self.route_of[*member] != NONE) {
                continue;
            }
            for member in &group.members {
                if let Some((route, index)) = self.find(*member as u32)
                    && self.data.tasks[*member].fact.is_none()
                {
                    self.unlink(route, index);
                }
            }
        }
        self.count_all();
    }

    fn route(&self, index: usize) -> Route {
        let count = self.routes[index].visits.len();
        if count == 0 {
            return Route::default();
        }
        let data = self.data;
        let caregiver = &data.problem.caregivers[index];
        let starts = self.delayed_starts(index);
        let stop = |(visit, start): (&u32, &Time)| Stop {
            visit: *visit as usize,
            start: *start,
            end: *start + data.tasks[*visit as usize].duration,
        };
        let stops: Vec<Stop> = self.routes[index].visits.iter().zip(&starts).map(stop).collect();
        let rest = match (&data.rests[index], self.routes[index].rest) {
            (Some(rest), Some(before)) if self.fits_rest(index) => {
                Some(self.rest_stop(index, rest, before, &stops))
            }
            _ => None,
        };
        let legs = data.legs_of(index);
        let place = |stop: &Stop| data.tasks[stop.visit].place;
        let out = legs.get(caregiver.start_place as u32, place(&stops[0]));
        let home = legs.get(place(&stops[count - 1]), caregiver.end_place as u32);
        let departs_at = match rest {
            Some(RestStop { before: 0, start, at: RestAt::Next, .. }) => start - out,
            Some(RestStop { before: 0, start, end, at: RestAt::Leg }) => {
                start.min(stops[0].start - out - (end - start))
            }
            _ => stops[0].start - out,
        };
        let last = stops[count - 1].end;
        let returns_at = match rest {
            Some(RestStop { before, start, end, at }) if before == count => match at {
                RestAt::Previous => end + home,
                RestAt::Leg => (last + home).max(start) + end - start,
                RestAt::Next => end,
            },
            _ => last + home,
        };
        Route { stops, rest, departs_at, returns_at }
    }

    /// When and where on its leg the break is taken: as late as the next stop allows, since nobody can be late for a break.
    fn rest_stop(&self, route: usize, rest: &Rest, before: usize, stops: &[Stop]) -> RestStop {
        let (from, to) = (rest.window.from, rest.window.to);
        let (leg, ready) = {
            let (earliest, place) = self.ready_before(route, before);
            let to = self.neighbours(route, before).1;
            let ready = if before == 0 { earliest } else { stops[before - 1].end };
            let next = stops.get(before).map(|stop| stop.visit as u32);
            let ready = next.map_or(ready, |next| self.left(route, before, next, ready).0);
            (self.data.legs_of(route).get(place, to), ready)
        };
        let at = |start: Time, at: RestAt| RestStop { before, start, end: start + rest.duration, at };
        let next = stops.get(before).map(|stop| (stop.start - rest.duration).min(to));
        if rest.place == RestPlace::OnTheWay {
            let start = ready.max(from);
            return at(if before == 0 { next.unwrap_or(start).max(start) } else { start }, RestAt::Leg);
        }
        match next {
            Some(start) if start >= (ready + leg).max(from) => at(start, RestAt::Next),
            _ => at(ready.max(from), RestAt::Previous),
        }
    }
}
