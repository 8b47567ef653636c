//! The best plan of a search.

use super::{State, Tour};

/// The best plan so far, copied route by route where it changed.
pub(super) struct Best {
    pub tours: Vec<Tour>,
    pub cost: i64,
    touched: Vec<usize>,
    is_touched: Vec<bool>,
}

impl Best {
    pub fn new(routes: usize) -> Self {
        Best {
            tours: vec![Tour::default(); routes],
            cost: i64::MAX,
            touched: (0..routes).collect(),
            is_touched: vec![true; routes],
        }
    }

    pub fn touch(&mut self, route: usize) {
        if !std::mem::replace(&mut self.is_touched[route], true) {
            self.touched.push(route);
        }
    }

    pub fn take(&mut self, state: &impl State) {
        self.cost = state.exact_cost();
        for route in self.touched.drain(..) {
            self.is_touched[route] = false;
            let tour = &mut self.tours[route];
            tour.visits.clear();
            tour.visits.extend((0..state.visits_of(route)).map(|index| state.visit_at(route, index)));
            tour.rest = state.rest_of(route);
        }
    }
}
