//! Routes of good plans, kept to be put together anew.

use std::collections::HashMap;

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::partition::{Known, Partition};
use super::{State, Tour};
use crate::dispatch::solver::data::Data;

/// Routes kept of a round, and at most within it; beyond, those go that were part of the dearest plans only. Each round leaves its own, or
/// the first one that is good would be all that is left.
const ROUTES_KEPT: usize = 1_500;
const ROUTES_MAX: usize = 6_000;
/// A plan is near the best one if it costs no more than so many average legs beyond it.
const MARGIN_LEGS: f64 = 5.0;

pub(super) struct Pool {
    /// By caregiver: its kind, those being alike who can take over each other's routes at the same cost.
    kind_of: Vec<u32>,
    caregivers: Vec<u32>,
    unserved: Vec<i64>,
    /// Random numbers by visit; the sum of those of a route tells the set of its visits.
    marks: Vec<u64>,
    margin: i64,
    routes: Vec<Known>,
    /// Routes before this one are of earlier rounds.
    round_from: usize,
    number_of: HashMap<(u32, u64), usize>,
}

impl Pool {
    pub fn new<S: State>(state: &S, leg: f64, rng: &mut ChaCha8Rng) -> Pool {
        let data = state.data();
        let kind_of = kinds(data);
        let mut caregivers = vec![0; kind_of.iter().max().map_or(0, |last| *last as usize + 1)];
        for kind in &kind_of {
            caregivers[*kind as usize] += 1;
        }
        Pool {
            kind_of,
            caregivers,
            unserved: data.tasks.iter().map(|task| task.unserved).collect(),
            marks: data.tasks.iter().map(|_| rng.random()).collect(),
            margin: (leg * MARGIN_LEGS) as i64,
            routes: Vec::new(),
            round_from: 0,
            number_of: HashMap::new(),
        }
    }

    /// Keeps these routes as they are, if the plan is near the best one.
    pub fn add_all<S: State>(&mut self, state: &S, best_cost: i64, routes: &[usize]) {
        if state.exact_cost() <= best_cost + self.margin {
            for route in routes {
                self.add(state, *route);
            }
        }
    }

    fn add<S: State>(&mut self, state: &S, route: usize) {
        let Some(cost) = state.cost_of(route).filter(|_| state.visits_of(route) > 0) else { return };
        let visits = || (0..state.visits_of(route)).map(|index| state.visit_at(route, index));
        let key = (self.kind_of[route], self.mark(visits()));
        let plan_cost = state.exact_cost();
        if let Some(number) = self.number_of.get(&key) {
            let known = &mut self.routes[*number];
            known.plan_cost = known.plan_cost.min(plan_cost);
            if cost < known.cost {
                known.cost = cost;
                known.visits.clear();
                known.visits.extend(visits());
            }
            return;
        }
        if self.routes.len() - self.round_from >= ROUTES_MAX {
            self.forget();
        }
        self.number_of.insert(key, self.routes.len());
        self.routes.push(Known { cost, kind: key.0, visits: visits().collect(), plan_cost });
    }

    fn mark(&self, visits: impl Iterator<Item = u32>) -> u64 {
        visits.fold(0, |sum: u64, visit| sum.wrapping_add(self.marks[visit as usize]))
    }

    /// Forgets what this round found in dear plans only.
    fn forget(&mut self) {
        let keep = (self.routes.len() - self.round_from).min(ROUTES_KEPT);
        self.routes[self.round_from..].sort_by_key(|route| route.plan_cost);
        self.routes.truncate(self.round_from + keep);
        let key = |route: &Known| (route.kind, self.mark(route.visits.iter().copied()));
        self.number_of = self.routes.iter().enumerate().map(|(number, route)| (key(route), number)).collect();
    }

    /// What is left of the round stays.
    pub fn end_round(&mut self) {
        self.forget();
        self.round_from = self.routes.len();
    }

    /// The tours of the cheapest plan that the routes make up, if one costs less than `below`.
    pub fn cheapest(&self, below: i64, is_over: impl Fn() -> bool) -> Option<Vec<Tour>> {
        let (routes, unserved, caregivers) = (&self.routes, &self.unserved, &self.caregivers);
        let partition = Partition { routes, unserved, caregivers, below };
        let mut chosen = partition.cheapest(is_over)?;
        let tour = |kind: &u32| {
            let at = chosen.iter().position(|number| routes[*number].kind == *kind);
            let number = at.map(|at| chosen.swap_remove(at));
            Tour { visits: number.map_or_else(Vec::new, |number| routes[number].visits.clone()), rest: None }
        };
        Some(self.kind_of.iter().map(tour).collect())
    }
}

/// By caregiver: the number of its kind.
fn kinds(data: &Data<'_>) -> Vec<u32> {
    let caregivers = &data.problem.caregivers;
    let visits = 0..data.tasks.len() as u32;
    let are_alike = |a: usize, b: usize| {
        let (one, other) = (&caregivers[a], &caregivers[b]);
        (one.start_place, one.end_place, one.mode) == (other.start_place, other.end_place, other.mode)
            && (one.shift, one.rest, one.work_max) == (other.shift, other.rest, other.work_max)
            && (one.capacity, one.on_the_way) == (other.capacity, other.on_the_way)
            && visits.clone().all(|visit| {
                (data.may(visit, a), data.fixed(visit, a)) == (data.may(visit, b), data.fixed(visit, b))
            })
    };
    let mut firsts: Vec<usize> = Vec::new();
    let kind = |caregiver: usize| {
        let known = firsts.iter().position(|first| are_alike(*first, caregiver));
        known.unwrap_or_else(|| {
            firsts.push(caregiver);
            firsts.len() - 1
        }) as u32
    };
    (0..caregivers.len()).map(kind).collect()
}
