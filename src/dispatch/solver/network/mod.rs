//! The search's state for every other problem: starts come from longest paths through routes and groups, and costs from starts.

mod assemble;
mod links;
mod place;
mod timing;
mod value;

pub(super) use self::assemble::assemble;
pub(super) use self::place::Place;

use std::cell::RefCell;
use std::collections::VecDeque;

use self::timing::{StartWindow, UNSET};
use self::value::Value;
use super::data::{Data, NEVER, NONE};
use super::problem::{Due, Time};
use super::search::{Blinks, State, Tour};

#[derive(Debug, Clone, Default)]
pub(super) struct NetworkRoute {
    pub visits: Vec<u32>,
    /// The break lies on the leg to the visit of this index.
    pub rest: Option<usize>,
    pub travel: i64,
    pub service: i64,
    pub load: i64,
    pub fixed: i64,
}

pub(super) struct NetworkState<'d, 'p> {
    pub data: &'d Data<'p>,
    pub routes: Vec<NetworkRoute>,
    values: Vec<Value>,
    /// By visit; [`UNSET`] where it is absent.
    pub starts: Vec<Time>,
    route_of: Vec<u32>,
    index_of: Vec<u32>,
    pub absent: Vec<u32>,
    /// Costs of absent visits.
    left_out: i64,
    cost: i64,
    /// By visit: no start before it, whatever the windows allow. Unset but for repairs, which bring nobody forward.
    pub floor: Vec<Time>,
    windows: Vec<Vec<StartWindow>>,
    fair_share: Vec<i64>,
    /// What a tick of waiting for the next window is taken to cost.
    wait_price: i64,
    /// The sum of all shifts: the guide is never more than the largest idle time.
    idle_scale: i64,
    is_guided: bool,
    /// First visit of each route that is no fact.
    first_free: Vec<usize>,
    /// Routes to be looked at, and from which visit on.
    work: VecDeque<u32>,
    queued_from: Vec<u32>,
    queued_to: Vec<u32>,
    rises_max: u8,
    /// Visits by their starts when all were last worked out.
    order: Vec<u32>,
    /// By visit: how much later it may start before somebody is late.
    slack: Vec<Time>,
    /// The lowest price of a tick of lateness.
    late_price: i64,
    trail: Vec<(u32, Time)>,
    rises: Vec<u8>,
    touched: Vec<u32>,
    is_touched: Vec<bool>,
    value_trail: Vec<(u32, Value)>,
    shifts: RefCell<Vec<value::Shift>>,
    swallowed: RefCell<Vec<Time>>,
    before: Before,
    options: Vec<place::Place>,
    partner_options: Vec<place::Place>,
}

/// The state when the step began.
#[derive(Default)]
struct Before {
    routes: Vec<(usize, NetworkRoute)>,
    is_saved: Vec<bool>,
    spare: Vec<NetworkRoute>,
    starts: Vec<Time>,
    values: Vec<Value>,
    absent: Vec<u32>,
    left_out: i64,
    cost: i64,
}

impl<'d, 'p> NetworkState<'d, 'p> {
    pub fn new(data: &'d Data<'p>) -> Self {
        let problem = data.problem;
        let (visits, caregivers) = (data.tasks.len(), data.caregivers);
        let service: i64 = problem.visits.iter().map(|visit| i64::from(visit.duration)).sum();
        let shift = |index: usize| {
            let shift = problem.caregivers[index].shift;
            i64::from(shift.to - shift.from)
        };
        let shifts: i64 = (0..caregivers).map(shift).sum();
        let windows = (0..visits).map(|visit| start_windows(data, visit)).collect();
        let mut state = NetworkState {
            data,
            routes: problem
                .caregivers
                .iter()
                .map(|one| NetworkRoute { rest: one.rest.map(|_| 0), ..NetworkRoute::default() })
                .collect(),
            values: vec![Value::default(); caregivers],
            starts: vec![UNSET; visits],
            route_of: vec![NONE; visits],
            index_of: vec![0; visits],
            absent: (0..visits as u32).collect(),
            left_out: data.tasks.iter().map(|task| task.unserved).sum(),
            cost: 0,
            floor: vec![UNSET; visits],
            windows,
            fair_share: (0..caregivers).map(|index| service * shift(index) / shifts.max(1)).collect(),
            wait_price: problem.weights.waiting.max(problem.weights.travel),
            idle_scale: shifts.max(1),
            is_guided: true,
            first_free: vec![0; caregivers],
            work: VecDeque::new(),
            queued_from: vec![NONE; caregivers],
            queued_to: vec![0; caregivers],
            rises_max: timing::RISES_MAX,
            order: (0..visits as u32).collect(),
            slack: vec![0; visits],
            late_price: data.tasks.iter().filter_map(|task| task.late).min().unwrap_or(0),
            trail: Vec::new(),
            rises: vec![0; visits],
            touched: Vec::new(),
            is_touched: vec![false; caregivers],
            value_trail: Vec::new(),
            shifts: RefCell::default(),
            swallowed: RefCell::default(),
            before: Before { is_saved: vec![false; caregivers], ..Before::default() },
            options: Vec::new(),
            partner_options: Vec::new(),
        };
        state.count_all();
        state
    }

    fn touch(&mut self, route: usize) {
        if !std::mem::replace(&mut self.is_touched[route], true) {
            self.touched.push(route as u32);
        }
    }

    fn untouch(&mut self) {
        for route in self.touched.drain(..) {
            self.is_touched[route as usize] = false;
        }
    }

    /// Works out all starts and costs anew. `false` when the routes cannot be.
    fn count_all(&mut self) -> bool {
        let possible = self.time_all();
        self.untouch();
        for route in 0..self.routes.len() {
            match self.value(route) {
                Some(value) => self.values[route] = value,
                None => return false,
            }
        }
        self.cost = self.total();
        // From above, or members of a group would hold each other down.
        self.slack.fill(NEVER / 2);
        for _ in 0..2 {
            for route in 0..self.routes.len() {
                self.loosen(route);
            }
        }
        possible
    }

    /// Whether starts and cost are what a count from nothing gives.
    fn is_counted_right(&mut self) -> bool {
        let (cost, starts) = (self.cost, self.starts.clone());
        self.count_all() && self.cost == cost && self.starts == starts
    }

    fn total(&self) -> i64 {
        let routes = self.values.iter().map(|value| value.cost + value.guide);
        routes.sum::<i64>() + self.largest() + self.left_out
    }

    /// The part of the cost that depends on the worst route only.
    fn largest(&self) -> i64 {
        let weights = &self.data.problem.weights;
        let mut cost = 0;
        if weights.lateness_max > 0 {
            cost += weights.lateness_max
                * i64::from(self.values.iter().map(|value| value.late_max).max().unwrap_or(0));
        }
        if weights.idle_max > 0 {
            cost += weights.idle_max * self.values.iter().map(|value| value.idle).max().unwrap_or(0).max(0);
        }
        cost
    }

    fn save(&mut self, index: usize) {
        if std::mem::replace(&mut self.before.is_saved[index], true) {
            return;
        }
        let mut copy = self.before.spare.pop().unwrap_or_default();
        let route = &self.routes[index];
        copy.visits.clone_from(&route.visits);
        let visits = std::mem::take(&mut copy.visits);
        let copy = NetworkRoute { visits, ..NetworkRoute { visits: Vec::new(), ..*route } };
        self.before.routes.push((index, copy));
    }
}

/// The windows of a visit's start, with the last instants that are not late.
fn start_windows(data: &Data<'_>, index: usize) -> Vec<StartWindow> {
    let problem = data.problem;
    let visit = &problem.visits[index];
    let before_end = if problem.rules.due == Due::End { visit.duration } else { 0 };
    let windows =
        visit.windows.iter().map(|window| StartWindow { from: window.from, to: window.to - before_end });
    windows.collect()
}

impl State for NetworkState<'_, '_> {
    fn data(&self) -> &Data<'_> {
        self.data
    }

    fn cost(&self) -> i64 {
        self.cost
    }

    fn leave_guide(&mut self) {
        if std::mem::replace(&mut self.is_guided, false) {
            self.count_all();
        }
    }

    fn exact_cost(&self) -> i64 {
        self.cost - self.values.iter().map(|value| value.guide).sum::<i64>()
    }

    fn visits_of(&self, route: usize) -> usize {
        self.routes[route].visits.len()
    }

    fn visit_at(&self, route: usize, index: usize) -> u32 {
        self.routes[route].visits[index]
    }

    fn rest_of(&self, route: usize) -> Option<usize> {
        self.routes[route].rest
    }

    fn find(&self, visit: u32) -> Option<(usize, usize)> {
        let route = self.route_of[visit as usize];
        (route != NONE).then(|| (route as usize, self.index_of[visit as usize] as usize))
    }

    fn first_free(&self, route: usize) -> usize {
        self.first_free[route]
    }

    fn absent(&mut self) -> &mut Vec<u32> {
        &mut self.absent
    }

    fn begin(&mut self) {
        self.before.starts.clone_from(&self.starts);
        self.before.values.clone_from(&self.values);
        self.before.absent.clone_from(&self.absent);
        self.before.left_out = self.left_out;
        self.before.cost = self.cost;
    }

    fn remove(&mut self, route: usize, indices: &[usize]) {
        self.save(route);
        let first = self.absent.len();
        for index in indices.iter().rev() {
            let visit = self.unlink(route, *index);
            self.absent.push(visit);
        }
        // Who was to come with them stays out too.
        for at in first..self.absent.len() {
            let group = self.data.tasks[self.absent[at] as usize].group;
            if group == NONE {
                continue;
            }
            for member in &self.data.problem.groups[group as usize].members {
                if let Some((other, index)) = self.find(*member as u32)
                    && self.data.tasks[*member].fact.is_none()
                {
                    self.save(other);
                    self.unlink(other, index);
                    self.absent.push(*member as u32);
                }
            }
        }
    }

    fn removed(&mut self) -> bool {
        self.drop_rests();
        let possible = self.count_all();
        if possible {
            self.place_rests();
        }
        possible
    }

    fn place(&mut self, visit: u32, blinks: &mut Blinks) -> bool {
        if self.route_of[visit as usize] != NONE {
            return true;
        }
        match self.data.tasks[visit as usize].group {
            NONE => self.place_one(visit, blinks),
            group => self.place_group(group as usize, blinks),
        }
    }

    fn cross(&mut self, _a: (usize, usize), _b: (usize, usize), _bound: f64) -> bool {
        false
    }

    fn cost_of(&self, _route: usize) -> Option<i64> {
        None
    }

    fn replace(&mut self, _tours: &[Tour]) {
        // Asked only of states that tell what a route costs.
    }

    fn keep(&mut self, mut changed: impl FnMut(usize)) {
        debug_assert!(self.is_counted_right(), "a cost that was added up differs from the whole count");
        while let Some((route, old)) = self.before.routes.pop() {
            self.before.is_saved[route] = false;
            changed(route);
            self.before.spare.push(old);
        }
    }

    fn undo(&mut self) {
        let mut routes = std::mem::take(&mut self.before.routes);
        for (index, old) in &mut routes {
            self.before.is_saved[*index] = false;
            std::mem::swap(&mut self.routes[*index], old);
            for visit in &old.visits {
                self.route_of[*visit as usize] = NONE;
            }
        }
        for (index, old) in routes.drain(..) {
            for (at, visit) in self.routes[index].visits.iter().enumerate() {
                self.route_of[*visit as usize] = index as u32;
                self.index_of[*visit as usize] = at as u32;
            }
            self.before.spare.push(old);
        }
        self.before.routes = routes;
        std::mem::swap(&mut self.starts, &mut self.before.starts);
        std::mem::swap(&mut self.values, &mut self.before.values);
        std::mem::swap(&mut self.absent, &mut self.before.absent);
        self.left_out = self.before.left_out;
        self.cost = self.before.cost;
    }
}
