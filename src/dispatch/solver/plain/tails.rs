//! A move that strings do not make: two routes exchange everything after a point.

use super::super::data::{Legs, NONE};
use super::super::search::State;
use super::PlainState;
use super::route::{Point, backward, forward};

impl PlainState<'_, '_> {
    /// Exchanges the tails of two routes, from the point `a.1` and the point `b.1` on, if that is possible and changes the cost by less
    /// than `bound`.
    pub(super) fn exchange(&mut self, a: (usize, usize), b: (usize, usize), bound: f64) -> bool {
        let data = self.data;
        let gain = {
            let (left, right) = (&self.routes[a.0].points, &self.routes[b.0].points);
            let (left_legs, right_legs) = (data.legs_of(a.0), data.legs_of(b.0));
            let added = |legs: &Legs<'_>, before: &Point, after: &Point| {
                if after.visit == NONE { 0 } else { legs.get(before.place, after.place) }
            };
            let ends =
                |points: &[Point], at: usize| if points[at].visit == NONE { 0 } else { points[at].leg };
            let new = added(left_legs, &left[a.1 - 1], &right[b.1])
                + added(right_legs, &right[b.1 - 1], &left[a.1]);
            i64::from(new - ends(left, a.1) - ends(right, b.1))
        };
        // Only a rough look: ways home and what depends on the caregiver are counted when it is done.
        if data.fixed.is_empty() && data.same_home && (gain * self.travel_weight) as f64 >= bound {
            return false;
        }
        let allowed = |points: &[Point], from: usize, to: usize| {
            points[from..points.len() - 1].iter().all(|point| data.may(point.visit, to))
        };
        if !allowed(&self.routes[a.0].points, a.1, b.0) || !allowed(&self.routes[b.0].points, b.1, a.0) {
            return false;
        }
        let before = self.cost;
        self.begin();
        self.save(a.0);
        self.save(b.0);
        let costs = (self.route_cost(a.0), self.route_cost(b.0));
        let mut left_tail = std::mem::take(&mut self.tails.0);
        let mut right_tail = std::mem::take(&mut self.tails.1);
        left_tail.clear();
        right_tail.clear();
        let cut = |points: &mut Vec<Point>, from: usize, tail: &mut Vec<Point>| {
            let last = points.len() - 1;
            tail.extend(points.drain(from..last));
        };
        cut(&mut self.routes[a.0].points, a.1, &mut left_tail);
        cut(&mut self.routes[b.0].points, b.1, &mut right_tail);
        let possible = self.append(a.0, a.1, &right_tail) & self.append(b.0, b.1, &left_tail);
        self.tails = (left_tail, right_tail);
        self.renew(a.0, costs.0);
        self.renew(b.0, costs.1);
        if possible && ((self.cost - before) as f64) < bound {
            return true;
        }
        self.undo();
        false
    }

    /// Puts points before the end of a route and works it out anew.
    fn append(&mut self, route_index: usize, at: usize, tail: &[Point]) -> bool {
        let data = self.data;
        let legs = data.legs_of(route_index);
        let route = &mut self.routes[route_index];
        route.points.splice(at..at, tail.iter().copied());
        route.travel = 0;
        (route.service, route.load, route.fixed) = (0, 0, 0);
        let empty = route.is_empty();
        for index in 1..route.points.len() {
            let before = route.points[index - 1].place;
            let point = &mut route.points[index];
            if index >= at {
                point.leg = if empty { 0 } else { legs.get(before, point.place) };
            }
            route.travel += i64::from(point.leg);
            if point.visit != NONE {
                let task = &data.tasks[point.visit as usize];
                route.service += i64::from(task.duration);
                route.load += task.load;
                route.fixed += data.fixed(point.visit, route_index);
                self.route_of[point.visit as usize] = route_index as u32;
            }
        }
        let bounds = &self.bounds[route_index];
        let fits = route.load <= bounds.capacity && route.travel + route.service <= bounds.work_max;
        let possible = forward(data, bounds, route, at) && fits || empty || route.is_past();
        if possible {
            backward(data, bounds, route, usize::MAX);
        }
        possible
    }
}
