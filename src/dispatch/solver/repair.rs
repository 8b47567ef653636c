//! Repairing a running day: an urgent visit, a caregiver who falls ill. Few others are to notice.

use std::time::Instant;

use super::data::{Data, NEVER};
use super::network::{NetworkState, Place};
use super::plan::Plan;
use super::problem::{Assigned, Lock, Problem, Time};
use super::refuse::{Refusal, of_caregiver_number, of_number, of_plan, validate};
use super::search::{State, Tour};
use super::solve::{lawful, tours};

/// What a repair may do.
#[derive(Debug, Clone, Copy)]
pub struct RepairOptions {
    /// At most so many **other** visits change: another caregiver, nobody, or a start moved by more than `drift_max`. Members of the same
    /// group go with a visit that nobody can take over; whoever was on the way to one of them leaves for the next visit only then, and what
    /// that delays is not for the repair to choose.
    pub changes_max: usize,
    /// A start that moves by no more than this is no change (ticks).
    pub drift_max: Time,
    /// The best repair found by then counts; a first look at every caregiver is always taken.
    pub deadline: Option<Instant>,
}

/// A repaired plan and what is different in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    pub plan: Plan,
    /// Every visit that changed, the inserted or released ones too, in the order of their numbers.
    pub changes: Vec<Change>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    pub visit: usize,
    pub before: Option<Assigned>,
    pub after: Option<Assigned>,
}

/// Routes looked at for a visit to push out, nearest first; and how many of the most promising are followed further.
const ROUTES_MAX: usize = 40;
const FOLLOWED_MAX: usize = 8;

/// Puts a visit that the plan does not serve into it. First with no other visit changed but by drift, then by pushing out one visit, which
/// finds another place, and so on up to the limit. Unserved when there is no way.
pub fn insert(
    problem: &Problem,
    plan: &Plan,
    visit: usize,
    options: &RepairOptions,
) -> Result<Repair, Refusal> {
    validate(problem)?;
    of_plan(problem, plan)?;
    of_number(problem, visit)?;
    let data = Data::bare(problem);
    let mut repairing = Repairing::new(&data, plan, plan, options);
    repairing.free.push(visit as u32);
    repairing.insert(visit as u32);
    Ok(repairing.finish(plan))
}

/// Takes every visit from `from` on away from a caregiver and gives them to others; what happened before stays. The visits taken away do
/// not count as changes, others do.
pub fn release(
    problem: &Problem,
    plan: &Plan,
    caregiver: usize,
    from: Time,
    options: &RepairOptions,
) -> Result<Repair, Refusal> {
    validate(problem)?;
    of_plan(problem, plan)?;
    of_caregiver_number(problem, caregiver)?;
    let mut without = problem.clone();
    let mut kept = plan.clone();
    let is_fact = |visit: usize| matches!(problem.visits[visit].lock, Lock::Fact { .. });
    let (stay, leave): (Vec<_>, Vec<_>) = plan.routes[caregiver]
        .stops
        .iter()
        .copied()
        .partition(|stop| stop.start < from || is_fact(stop.visit));
    if let Some(rest) = &mut kept.routes[caregiver].rest {
        rest.before = rest.before.min(stay.len());
    }
    for (index, visit) in without.visits.iter_mut().enumerate() {
        if stay.iter().all(|stop| stop.visit != index) && !visit.barred.contains(&caregiver) {
            visit.barred.push(caregiver);
        }
    }
    kept.routes[caregiver].stops = stay;
    let mut leave: Vec<usize> = leave.iter().map(|stop| stop.visit).collect();
    leave.sort_by_key(|visit| {
        let visit = &problem.visits[*visit];
        (std::cmp::Reverse(visit.rank()), visit.windows[0].from)
    });
    let data = Data::bare(&without);
    let mut repairing = Repairing::new(&data, plan, &kept, options);
    for visit in &leave {
        repairing.state.floor[*visit] = -NEVER;
    }
    repairing.free = leave.iter().map(|visit| *visit as u32).collect();
    for visit in leave {
        repairing.insert(visit as u32);
    }
    let mut repair = repairing.finish(plan);
    // Told in terms of the problem as it was given.
    repair.plan.cost.components = super::count::components(problem, &repair.plan);
    repair.plan.cost.total = repair.plan.cost.components.total(&problem.weights);
    Ok(repair)
}

struct Repairing<'d, 'p> {
    state: NetworkState<'d, 'p>,
    options: RepairOptions,
    told: Vec<Option<Assigned>>,
    /// Visits whose changes are what the repair is for.
    free: Vec<u32>,
}

impl<'d, 'p> Repairing<'d, 'p> {
    /// `kept` is what is left of the plan that people were told.
    fn new(data: &'d Data<'p>, told: &Plan, kept: &Plan, options: &RepairOptions) -> Self {
        let told = assignments(told, data.tasks.len());
        let floor = |told: &Option<Assigned>| told.map_or(-NEVER, |told| told.start - options.drift_max);
        let floor: Vec<Time> = told.iter().map(floor).collect();
        let state = state_of(data, &lawful(data, tours(kept)), &floor);
        Repairing { state, options: *options, told, free: Vec::new() }
    }

    fn is_over(&self) -> bool {
        self.options.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    fn insert(&mut self, visit: u32) -> bool {
        if self.state.find(visit).is_some() {
            return true;
        }
        let group = self.state.data.problem.groups.get(self.state.data.tasks[visit as usize].group as usize);
        if let Some(group) = group {
            self.free.extend(group.members.iter().map(|member| *member as u32));
            return self.insert_group(visit);
        }
        (0..=self.options.changes_max).any(|pushed| self.insert_pushing(visit, pushed, &mut Vec::new()))
    }

    /// Groups come in whole or not at all, wherever that costs least; nobody is pushed out for them.
    fn insert_group(&mut self, visit: u32) -> bool {
        self.state.begin();
        let placed = self.state.place(visit, &mut super::search::Blinks::never());
        if placed && self.changed(&self.state) <= self.options.changes_max {
            self.state.keep(|_| ());
            return true;
        }
        self.state.undo();
        false
    }

    /// Finds a place for a visit by pushing out exactly `depth` others, one for another.
    fn insert_pushing(&mut self, visit: u32, depth: usize, pushed: &mut Vec<u32>) -> bool {
        let all = 0..self.state.data.caregivers;
        if depth == 0 {
            let (told, free, options) = (&self.told, &self.free, &self.options);
            let found = self.state.cheapest_place(visit, all, |state| {
                changed(state, told, free, options.drift_max) <= options.changes_max
            });
            let Some((_, place)) = found else { return false };
            self.state.settle(&[(visit, place)]);
            self.state.keep(|_| ());
            return true;
        }
        let mut followed = self.pushes(visit, depth, pushed);
        followed.sort_unstable_by_key(|push| (push.cost, push.out));
        if depth == 1 {
            // The whole chain has been costed: the first is the best.
            followed.truncate(1);
        }
        followed.truncate(FOLLOWED_MAX);
        for push in followed {
            if self.is_over() {
                return false;
            }
            let (before, floor) = (self.tours(), self.state.floor.clone());
            self.push_out(push.out);
            self.state.settle(&[(visit, push.place)]);
            self.state.keep(|_| ());
            pushed.push(push.out);
            let inserted = self.insert_pushing(push.out, depth - 1, pushed);
            pushed.pop();
            if inserted {
                return true;
            }
            self.state = state_of(self.state.data, &before, &floor);
        }
        false
    }

    /// Who could be pushed out for the visit, with the place that opens; on the last level only those who find another place at once.
    fn pushes(&mut self, visit: u32, depth: usize, pushed: &[u32]) -> Vec<Push> {
        let mut pushes = Vec::new();
        for route in self.routes_near(visit) {
            for index in (self.state.first_free(route)..self.state.visits_of(route)).rev() {
                let out = self.state.visit_at(route, index);
                if self.is_over() || !self.may_push(visit, out, pushed) {
                    continue;
                }
                self.state.begin();
                self.state.remove(route, &[index]);
                if self.state.removed()
                    && let Some((cost, place)) = self.state.cheapest_place(visit, route..route + 1, |_| true)
                {
                    let cost = if depth > 1 { Some(cost) } else { self.cost_of_both(visit, place, out) };
                    pushes.extend(cost.map(|cost| Push { cost, out, place }));
                }
                self.state.undo();
            }
        }
        pushes
    }

    /// The cost with the visit at its place and the one pushed out where it costs least.
    fn cost_of_both(&mut self, visit: u32, place: Place, out: u32) -> Option<i64> {
        self.state.settle(&[(visit, place)]);
        let (told, free, options) = (&self.told, &self.free, &self.options);
        let all = 0..self.state.data.caregivers;
        let floor = std::mem::replace(&mut self.state.floor[out as usize], -NEVER);
        let found = self.state.cheapest_place(out, all, |state| {
            changed(state, told, free, options.drift_max) <= options.changes_max
        });
        self.state.floor[out as usize] = floor;
        found.map(|(cost, _)| cost)
    }

    /// Only what is free to move and in the way at about that time; priority is never turned round.
    fn may_push(&self, visit: u32, out: u32, pushed: &[u32]) -> bool {
        let data = self.state.data;
        let (new, old) = (&data.problem.visits[visit as usize], &data.problem.visits[out as usize]);
        let start = self.state.starts[out as usize];
        let task = &data.tasks[visit as usize];
        let near_in_time = start < task.to.saturating_add(task.duration)
            && start.saturating_add(old.duration) > task.from.saturating_sub(old.duration);
        let is_free = matches!(old.lock, Lock::None | Lock::Caregiver(_));
        let alone = data.problem.groups.get(data.tasks[out as usize].group as usize).is_none();
        near_in_time
            && is_free
            && alone
            && new.rank() >= old.rank()
            && !pushed.contains(&out)
            && !self.free.contains(&out)
    }

    /// The routes of caregivers who may make the visit, by what the way there from their nearest stop takes.
    fn routes_near(&self, visit: u32) -> Vec<usize> {
        let data = self.state.data;
        let place = data.tasks[visit as usize].place;
        let distance = |route: &usize| {
            let legs = data.legs_of(*route);
            let visits = &self.state.routes[*route].visits;
            let leg = visits.iter().map(|other| legs.get(data.tasks[*other as usize].place, place)).min();
            (leg.unwrap_or(NEVER), *route)
        };
        let mut routes: Vec<usize> = (0..data.caregivers).filter(|route| data.may(visit, *route)).collect();
        routes.sort_by_key(distance);
        routes.truncate(ROUTES_MAX);
        routes
    }

    fn push_out(&mut self, out: u32) {
        if let Some((route, index)) = self.state.find(out) {
            self.state.begin();
            self.state.remove(route, &[index]);
            self.state.removed();
            self.state.keep(|_| ());
            self.state.floor[out as usize] = -NEVER;
        }
    }

    fn tours(&self) -> Vec<Tour> {
        let tour = |route: usize| Tour {
            visits: self.state.routes[route].visits.clone(),
            rest: self.state.rest_of(route),
        };
        (0..self.state.routes.len()).map(tour).collect()
    }

    fn changed(&self, state: &NetworkState<'_, '_>) -> usize {
        changed(state, &self.told, &self.free, self.options.drift_max)
    }

    fn finish(self, before: &Plan) -> Repair {
        let plan = self.state.plan();
        debug_assert_eq!(super::check(self.state.data.problem, &plan), Vec::new());
        let after = assignments(&plan, self.told.len());
        let changes = changes(before, &after, self.options.drift_max);
        Repair { plan, changes }
    }
}

fn state_of<'d, 'p>(data: &'d Data<'p>, tours: &[Tour], floor: &[Time]) -> NetworkState<'d, 'p> {
    let mut state = NetworkState::new(data);
    state.floor.copy_from_slice(floor);
    state.load(tours);
    state.keep(|_| ());
    state
}

/// A visit to push out, the place that opens, and the cost then.
struct Push {
    cost: i64,
    out: u32,
    place: Place,
}

/// Visits of the plan that changed, but for the free ones.
fn changed(state: &NetworkState<'_, '_>, told: &[Option<Assigned>], free: &[u32], drift_max: Time) -> usize {
    let differs = |(visit, told): (usize, &Option<Assigned>)| {
        let Some(told) = told else { return false };
        let moved = match state.find(visit as u32) {
            Some((route, _)) => {
                route != told.caregiver || (state.starts[visit] - told.start).abs() > drift_max
            }
            None => true,
        };
        moved && !free.contains(&(visit as u32))
    };
    told.iter().enumerate().filter(|one| differs(*one)).count()
}

fn assignments(plan: &Plan, visits: usize) -> Vec<Option<Assigned>> {
    let mut assigned = vec![None; visits];
    for (caregiver, route) in plan.routes.iter().enumerate() {
        for stop in &route.stops {
            assigned[stop.visit] = Some(Assigned { caregiver, start: stop.start });
        }
    }
    assigned
}

fn changes(before: &Plan, now: &[Option<Assigned>], drift_max: Time) -> Vec<Change> {
    let told = assignments(before, now.len());
    let pairs = told.iter().zip(now).enumerate();
    pairs
        .filter(|(_, (told, now))| match (told, now) {
            (Some(told), Some(now)) => {
                told.caregiver != now.caregiver || (told.start - now.start).abs() > drift_max
            }
            (told, now) => told != now,
        })
        .map(|(visit, (before, after))| Change { visit, before: *before, after: *after })
        .collect()
}
