//! The plan that people get, from the routes that the search found.

use super::super::count::components;
use super::super::data::Data;
use super::super::plan::{Cost, Plan, RestAt, RestStop, Route, Stop};
use super::super::problem::{Rest, RestPlace, Time};
use super::super::search::{State, Tour};
use super::NetworkState;

/// The plan with these tours. Visits in tours that cannot be kept whole are left out, so that what comes back is possible.
pub(in super::super) fn assemble(data: &Data<'_>, tours: &[Tour]) -> Plan {
    let mut state = NetworkState::new(data);
    state.load(tours);
    let mut routes = Vec::with_capacity(tours.len());
    for route in 0..tours.len() {
        routes.push(state.route(route));
    }
    let mut unserved: Vec<usize> =
        (0..data.tasks.len()).filter(|visit| state.find(*visit as u32).is_none()).collect();
    unserved.sort_unstable();
    let mut plan = Plan { routes, unserved, cost: Cost::default() };
    let counted = components(data.problem, &plan);
    plan.cost = Cost { total: counted.total(&data.problem.weights), components: counted };
    plan
}

impl NetworkState<'_, '_> {
    /// Takes over tours, whatever the state was.
    pub(in super::super) fn load(&mut self, tours: &[Tour]) -> bool {
        for (route, tour) in tours.iter().enumerate() {
            for (index, visit) in tour.visits.iter().enumerate() {
                self.link(*visit, route, index, false);
            }
            if self.data.problem.caregivers[route].rest.is_some() {
                self.routes[route].rest = if tour.visits.is_empty() { Some(0) } else { tour.rest };
            }
        }
        self.absent.retain(|visit| self.route_of[*visit as usize] == super::NONE);
        self.order_by_place();
        self.count_all()
    }

    fn route(&mut self, index: usize) -> Route {
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
        let rest = match (&caregiver.rest, self.routes[index].rest) {
            (Some(rest), Some(before)) => Some(self.rest_stop(index, rest, before, &stops)),
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
            let next = self.neighbours(route, before).1;
            let ready = if before == 0 { earliest } else { stops[before - 1].end };
            (self.data.legs_of(route).get(place, next), ready)
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
