//! The search's state for plain problems (see `Problem::is_plain`): routes with earliest and latest times.

mod look;
mod route;
mod tails;

use self::route::{Bounds, Point, Route, backward, forward, rest_leg};
use super::data::{Data, NEVER, NONE};
use super::problem::Time;
use super::search::{Blinks, State, Tour};

/// A place for a visit that was looked for before, good for as long as the route has the same version.
#[derive(Debug, Clone, Copy)]
struct Remembered {
    version: u32,
    added: Time,
    index: u16,
}

pub(super) struct PlainState<'d, 'p> {
    pub data: &'d Data<'p>,
    bounds: Vec<Bounds>,
    routes: Vec<Route>,
    /// By visit: its caregiver, or [`NONE`].
    pub route_of: Vec<u32>,
    pub absent: Vec<u32>,
    remembered: Vec<Remembered>,
    versions: u32,
    /// Version by route, close together for scanning.
    version_of: Vec<u32>,
    /// By absent visit: it has no place in any route whose version is not above this.
    hopeless: Vec<u32>,
    changed: Vec<u32>,
    stamps: Vec<u32>,
    stamp: u32,
    travel_weight: i64,
    pub cost: i64,
    /// Routes as they were before the step under way.
    saved: Vec<(usize, Route)>,
    is_saved: Vec<bool>,
    spare: Vec<Route>,
    /// The absent as they were, with what was known of them.
    absent_before: Vec<(u32, u32)>,
    cost_before: i64,
    removing: Vec<usize>,
    reinstated: Vec<usize>,
    tails: (Vec<Point>, Vec<Point>),
}

impl<'d, 'p> PlainState<'d, 'p> {
    /// All visits absent.
    pub fn new(data: &'d Data<'p>) -> Self {
        let problem = data.problem;
        let mut state = PlainState {
            data,
            bounds: Vec::new(),
            routes: Vec::new(),
            route_of: vec![NONE; data.tasks.len()],
            absent: (0..data.tasks.len() as u32).collect(),
            remembered: vec![
                Remembered { version: 0, added: 0, index: 0 };
                data.tasks.len() * data.caregivers
            ],
            versions: 0,
            version_of: Vec::new(),
            hopeless: vec![0; data.tasks.len()],
            changed: vec![0; data.caregivers],
            stamps: vec![0; data.caregivers],
            stamp: 0,
            travel_weight: problem.weights.travel,
            cost: data.tasks.iter().map(|task| task.unserved).sum(),
            saved: Vec::new(),
            is_saved: vec![false; data.caregivers],
            spare: Vec::new(),
            absent_before: Vec::new(),
            cost_before: 0,
            removing: Vec::new(),
            reinstated: Vec::new(),
            tails: (Vec::new(), Vec::new()),
        };
        for (index, caregiver) in problem.caregivers.iter().enumerate() {
            state.bounds.push(Bounds {
                caregiver: index,
                rest: data.rests[index],
                work_max: caregiver.work_max.map_or(i64::MAX / 4, i64::from),
                capacity: caregiver.capacity.unwrap_or(i64::MAX / 4),
            });
            let rests = caregiver.rest.is_some();
            let leaves = caregiver.shift.from;
            let back = caregiver.shift.to;
            let start = Point {
                visit: NONE,
                place: caregiver.start_place as u32,
                leg: 0,
                end: if rests { [leaves, NEVER] } else { [leaves; 2] },
                latest: [back; 2],
            };
            let end = Point {
                visit: NONE,
                place: caregiver.end_place as u32,
                // Who visits nobody does not travel.
                leg: 0,
                end: [leaves; 2],
                latest: if rests { [-NEVER, back] } else { [back; 2] },
            };
            state.versions += 1;
            state.version_of.push(state.versions);
            state.routes.push(Route {
                points: vec![start, end],
                version: state.versions,
                first_free: 1,
                ..Route::default()
            });
        }
        state
    }

    /// Takes over tours, as far as they are possible.
    pub fn load(&mut self, tours: &[Tour]) {
        self.append_tours(tours);
        self.keep(|_| ());
    }

    fn append_tours(&mut self, tours: &[Tour]) {
        for (route, tour) in tours.iter().enumerate() {
            for visit in &tour.visits {
                if self.route_of[*visit as usize] != NONE {
                    continue;
                }
                let index = self.routes[route].points.len() - 1;
                self.put(*visit, route, index);
                if !self.is_possible(route) {
                    self.take(route, &[index]);
                    self.absent.pop();
                }
            }
        }
        let route_of = &self.route_of;
        self.absent.retain(|visit| route_of[*visit as usize] == NONE);
    }

    fn is_possible(&self, index: usize) -> bool {
        let (route, bounds) = (&self.routes[index], &self.bounds[index]);
        let last = route.points[route.points.len() - 1];
        route.is_past()
            || last.end[1] <= last.latest[1]
                && route.load <= bounds.capacity
                && route.travel + route.service <= bounds.work_max
    }

    /// The cost that a route adds to the plan's.
    fn route_cost(&self, route: usize) -> i64 {
        let route = &self.routes[route];
        route.travel * self.travel_weight + route.fixed
    }

    fn save(&mut self, index: usize) {
        if self.is_saved[index] {
            return;
        }
        self.is_saved[index] = true;
        let mut copy = self.spare.pop().unwrap_or_default();
        let route = &self.routes[index];
        copy.points.clone_from(&route.points);
        let points = std::mem::take(&mut copy.points);
        copy = Route { points, ..Route { points: Vec::new(), ..*route } };
        self.saved.push((index, copy));
    }

    /// Puts the visit before the point `index` of a route.
    fn put(&mut self, visit: u32, route_index: usize, index: usize) {
        self.save(route_index);
        let data = self.data;
        let task = &data.tasks[visit as usize];
        let legs = data.legs_of(route_index);
        let before_cost = self.route_cost(route_index);
        let route = &mut self.routes[route_index];
        let before = route.points[index - 1].place;
        let after = &mut route.points[index];
        let (to, from) = (legs.get(before, task.place), legs.get(task.place, after.place));
        route.travel += i64::from(to) + i64::from(from) - i64::from(after.leg);
        after.leg = from;
        let point = Point { visit, place: task.place, leg: to, end: [NEVER; 2], latest: [-NEVER; 2] };
        route.points.insert(index, point);
        route.service += i64::from(task.duration);
        route.load += task.load;
        route.fixed += data.fixed(visit, route_index);
        if task.fact.is_some() {
            route.first_free = index + 1;
        }
        forward(data, &self.bounds[route_index], route, index);
        backward(data, &self.bounds[route_index], route, index);
        self.renew(route_index, before_cost);
        self.cost -= task.unserved;
        self.route_of[visit as usize] = route_index as u32;
    }

    /// Takes the visits at the points `indices` (ascending) out of a route.
    fn take(&mut self, route_index: usize, indices: &[usize]) {
        self.save(route_index);
        let data = self.data;
        let legs = data.legs_of(route_index);
        let before_cost = self.route_cost(route_index);
        let route = &mut self.routes[route_index];
        for index in indices.iter().rev() {
            let point = route.points.remove(*index);
            let task = &data.tasks[point.visit as usize];
            let before = route.points[index - 1].place;
            let empty = route.is_empty();
            let after = &mut route.points[*index];
            let leg = if empty { 0 } else { legs.get(before, after.place) };
            route.travel += i64::from(leg) - i64::from(point.leg) - i64::from(after.leg);
            after.leg = leg;
            route.service -= i64::from(task.duration);
            route.load -= task.load;
            route.fixed -= data.fixed(point.visit, route_index);
            self.cost += task.unserved;
            self.route_of[point.visit as usize] = NONE;
            self.hopeless[point.visit as usize] = 0;
            self.absent.push(point.visit);
        }
        forward(data, &self.bounds[route_index], route, indices[0]);
        backward(data, &self.bounds[route_index], route, indices[indices.len() - 1] - indices.len());
        self.renew(route_index, before_cost);
    }

    /// Whether the cost is what a count from nothing gives, and every route is possible.
    fn is_counted_right(&self) -> bool {
        let mut cost: i64 = 0;
        for (index, route) in self.routes.iter().enumerate() {
            let legs = self.data.legs_of(index);
            let pairs = route.points.windows(2);
            let travel: i64 = pairs.map(|two| i64::from(legs.get(two[0].place, two[1].place))).sum();
            if !route.is_empty() {
                let visits = route.points[1..route.points.len() - 1].iter().map(|point| point.visit);
                let fixed: i64 = visits.map(|visit| self.data.fixed(visit, index)).sum();
                cost += travel * self.travel_weight + fixed;
                let mut again = route.clone();
                let reaches_home = forward(self.data, &self.bounds[index], &mut again, 1) || route.is_past();
                if !self.is_possible(index) || !reaches_home {
                    return false;
                }
            }
        }
        let absent = self.route_of.iter().zip(&self.data.tasks).filter(|(route, _)| **route == NONE);
        cost + absent.map(|(_, task)| task.unserved).sum::<i64>() == self.cost
    }

    /// A route has changed: its old places are forgotten, its cost is counted anew.
    fn renew(&mut self, route_index: usize, before_cost: i64) {
        self.cost += self.route_cost(route_index) - before_cost;
        self.versions += 1;
        self.routes[route_index].version = self.versions;
        self.version_of[route_index] = self.versions;
    }
}

impl State for PlainState<'_, '_> {
    fn data(&self) -> &Data<'_> {
        self.data
    }

    fn cost(&self) -> i64 {
        self.cost
    }

    fn visits_of(&self, route: usize) -> usize {
        self.routes[route].visits()
    }

    fn visit_at(&self, route: usize, index: usize) -> u32 {
        self.routes[route].points[index + 1].visit
    }

    fn rest_of(&self, route: usize) -> Option<usize> {
        rest_leg(self.data, &self.bounds[route], &self.routes[route]).map(|point| point - 1)
    }

    fn find(&self, visit: u32) -> Option<(usize, usize)> {
        let route = self.route_of[visit as usize];
        (route != NONE).then(|| {
            let points = &self.routes[route as usize].points;
            let index = points.iter().position(|point| point.visit == visit);
            (route as usize, index.map_or(0, |index| index - 1))
        })
    }

    fn first_free(&self, route: usize) -> usize {
        self.routes[route].first_free - 1
    }

    fn absent(&mut self) -> &mut Vec<u32> {
        &mut self.absent
    }

    fn begin(&mut self) {
        self.absent_before.clear();
        self.absent_before.extend(self.absent.iter().map(|visit| (*visit, self.hopeless[*visit as usize])));
        self.cost_before = self.cost;
    }

    fn remove(&mut self, route: usize, indices: &[usize]) {
        // Visit indices count from the first visit, points from the start place.
        self.removing.clear();
        self.removing.extend(indices.iter().map(|index| index + 1));
        let removing = std::mem::take(&mut self.removing);
        self.take(route, &removing);
        self.removing = removing;
    }

    fn removed(&mut self) -> bool {
        self.saved.iter().all(|(route, _)| self.is_possible(*route))
    }

    fn place(&mut self, visit: u32, blinks: &mut Blinks) -> bool {
        let data = self.data;
        let mut changed = std::mem::take(&mut self.changed);
        let mut best = None;
        if self.hopeless[visit as usize] == 0 {
            self.near_routes(visit, &mut changed);
            best = self.cheapest_among(visit, &changed, blinks).0;
        }
        if best.is_none() {
            changed.clear();
            let seen = self.hopeless[visit as usize];
            let newer = (0..data.caregivers as u32).filter(|route| self.version_of[*route as usize] > seen);
            changed.extend(newer);
            let (found, hopeless) = self.cheapest_among(visit, &changed, blinks);
            if hopeless {
                self.hopeless[visit as usize] = self.versions;
            }
            best = found;
        }
        self.changed = changed;
        let Some((route, index)) = best else { return false };
        self.put(visit, route, usize::from(index));
        true
    }

    fn cross(&mut self, a: (usize, usize), b: (usize, usize), bound: f64) -> bool {
        self.exchange((a.0, a.1 + 1), (b.0, b.1 + 1), bound)
    }

    fn cost_of(&self, route: usize) -> Option<i64> {
        Some(self.route_cost(route))
    }

    fn replace(&mut self, tours: &[Tour]) {
        self.begin();
        for route in 0..self.routes.len() {
            let (first, last) = (self.routes[route].first_free, self.routes[route].points.len() - 1);
            if first < last {
                self.take(route, &(first..last).collect::<Vec<_>>());
            }
        }
        self.append_tours(tours);
    }

    fn keep(&mut self, mut changed: impl FnMut(usize)) {
        debug_assert!(self.is_counted_right(), "a cost that was added up differs from the whole count");
        for (route, old) in self.saved.drain(..) {
            self.is_saved[route] = false;
            changed(route);
            self.spare.push(old);
        }
    }

    fn undo(&mut self) {
        while let Some((index, old)) = self.saved.pop() {
            self.is_saved[index] = false;
            self.version_of[index] = old.version;
            let new = std::mem::replace(&mut self.routes[index], old);
            for point in &new.points[1..new.points.len() - 1] {
                self.route_of[point.visit as usize] = NONE;
            }
            self.spare.push(new);
            self.reinstated.push(index);
        }
        while let Some(index) = self.reinstated.pop() {
            let points = &self.routes[index].points;
            for point in &points[1..points.len() - 1] {
                self.route_of[point.visit as usize] = index as u32;
            }
        }
        self.absent.clear();
        for (visit, hopeless) in &self.absent_before {
            self.absent.push(*visit);
            self.hopeless[*visit as usize] = *hopeless;
        }
        self.cost = self.cost_before;
    }
}
