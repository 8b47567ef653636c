//! Visits in and out of the lists and sums of routes.

use super::super::data::NONE;
use super::NetworkState;
use super::timing::UNSET;

impl NetworkState<'_, '_> {
    /// Enters a visit into a route's list and sums, not into its times.
    pub(super) fn link(&mut self, visit: u32, route_index: usize, index: usize, after_rest: bool) {
        let task = &self.data.tasks[visit as usize];
        let (before, after) = self.neighbours(route_index, index);
        let legs = self.data.legs_of(route_index);
        let through = if self.routes[route_index].visits.is_empty() { 0 } else { legs.get(before, after) };
        let added = legs.get(before, task.place) + legs.get(task.place, after) - through;
        let route = &mut self.routes[route_index];
        route.travel += i64::from(added);
        route.service += i64::from(task.duration);
        route.load += task.load;
        route.fixed += self.data.fixed(visit, route_index);
        route.visits.insert(index, visit);
        if let Some(rest) = &mut route.rest
            && (*rest > index || *rest == index && !after_rest)
        {
            *rest += 1;
        }
        for (at, visit) in self.routes[route_index].visits.iter().enumerate().skip(index) {
            self.index_of[*visit as usize] = at as u32;
        }
        self.route_of[visit as usize] = route_index as u32;
        self.left_out -= task.unserved;
        if task.fact.is_some() {
            self.first_free[route_index] = index + 1;
        }
    }

    /// The opposite of `link`.
    pub(super) fn unlink(&mut self, route_index: usize, index: usize) -> u32 {
        let visit = self.routes[route_index].visits.remove(index);
        let task = &self.data.tasks[visit as usize];
        let (before, after) = self.neighbours(route_index, index);
        let legs = self.data.legs_of(route_index);
        let through = if self.routes[route_index].visits.is_empty() { 0 } else { legs.get(before, after) };
        let removed = legs.get(before, task.place) + legs.get(task.place, after) - through;
        let route = &mut self.routes[route_index];
        route.travel -= i64::from(removed);
        route.service -= i64::from(task.duration);
        route.load -= task.load;
        route.fixed -= self.data.fixed(visit, route_index);
        if let Some(rest) = &mut route.rest
            && *rest > index
        {
            *rest -= 1;
        }
        for (at, visit) in self.routes[route_index].visits.iter().enumerate().skip(index) {
            self.index_of[*visit as usize] = at as u32;
        }
        self.route_of[visit as usize] = NONE;
        self.starts[visit as usize] = UNSET;
        self.left_out += task.unserved;
        visit
    }

    /// The places before and after the gap at `index`.
    pub(super) fn neighbours(&self, route: usize, index: usize) -> (u32, u32) {
        let caregiver = &self.data.problem.caregivers[route];
        let visits = &self.routes[route].visits;
        let place = |visit: u32| self.data.tasks[visit as usize].place;
        let before = if index == 0 { caregiver.start_place as u32 } else { place(visits[index - 1]) };
        let after = visits.get(index).map_or(caregiver.end_place as u32, |visit| place(*visit));
        (before, after)
    }
}
