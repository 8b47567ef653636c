//! What a timed layout costs, from the words of the model.

use songhe::dispatch::solver::*;

use super::brute::{Layout, travel};

pub struct Timed {
    pub starts: Vec<Time>,
    pub returns: Vec<Time>,
}

pub fn cost(problem: &Problem, layout: &Layout, timed: &Timed) -> i64 {
    let mut served = vec![None; problem.visits.len()];
    for (caregiver, route) in layout.routes.iter().enumerate() {
        for visit in route {
            served[*visit] = Some(caregiver);
        }
    }
    let weights = &problem.weights;
    let late = (0..served.len()).filter(|visit| served[*visit].is_some());
    let late = late.map(|visit| lateness(problem, visit, timed.starts[visit])).max().unwrap_or(0);
    let idle = (0..layout.routes.len()).map(|caregiver| idle(problem, layout, timed, caregiver)).max();
    let visits: i64 =
        (0..served.len()).map(|visit| of_visit(problem, visit, served[visit], timed.starts[visit])).sum();
    let routes: i64 = (0..layout.routes.len()).map(|route| of_route(problem, layout, timed, route)).sum();
    visits + routes + weights.lateness_max * late + weights.idle_max * idle.unwrap_or(0).max(0)
}

fn lateness(problem: &Problem, visit: usize, start: Time) -> i64 {
    let visit = &problem.visits[visit];
    let due = if problem.rules.due == Due::End { start + visit.duration } else { start };
    match visit.lateness {
        Lateness::Hard => 0,
        Lateness::Soft { .. } => i64::from((due - visit.windows[0].to).max(0)),
    }
}

fn of_visit(problem: &Problem, index: usize, served: Option<usize>, start: Time) -> i64 {
    let (visit, weights) = (&problem.visits[index], &problem.weights);
    let told = problem.baseline.as_ref().and_then(|baseline| baseline.assigned[index]);
    let changed = told.is_some_and(|told| served != Some(told.caregiver));
    let mut cost = weights.changes * i64::from(changed);
    let Some(caregiver) = served else {
        let weight = if visit.mandatory { weights.unserved_mandatory } else { weights.unserved };
        return cost + weight * i64::from(visit.priority);
    };
    let who = &problem.caregivers[caregiver];
    if let Lateness::Soft { factor } = visit.lateness {
        cost += weights.lateness * i64::from(factor) * lateness(problem, index, start);
    }
    if !visit.preferred.is_empty() {
        let known = visit.preferred.iter().find(|preferred| preferred.caregiver == caregiver);
        let missing = problem.rules.familiarity_max - known.map_or(0, |preferred| preferred.familiarity);
        cost += weights.continuity * i64::from(missing);
    }
    if visit.gender.as_ref().is_some_and(|wish| !wish.hard && who.gender != Some(wish.value)) {
        cost += weights.wishes;
    }
    let spoken = |wish: &Wish<Vec<u16>>| wish.value.iter().any(|one| who.languages.contains(one));
    if visit.languages.as_ref().is_some_and(|wish| !wish.hard && !spoken(wish)) {
        cost += weights.wishes;
    }
    cost
}

fn overtime(problem: &Problem, timed: &Timed, caregiver: usize) -> i64 {
    i64::from((timed.returns[caregiver] - problem.caregivers[caregiver].shift.to).max(0))
}

/// Service and travel.
fn work(problem: &Problem, layout: &Layout, caregiver: usize) -> i64 {
    let stops = &layout.routes[caregiver];
    let service: Time = stops.iter().map(|visit| problem.visits[*visit].duration).sum();
    i64::from(service + travel(problem, caregiver, stops))
}

fn shift(who: &Caregiver) -> i64 {
    i64::from(who.shift.to - who.shift.from)
}

fn idle(problem: &Problem, layout: &Layout, timed: &Timed, caregiver: usize) -> i64 {
    let who = &problem.caregivers[caregiver];
    let rest = who.rest.map_or(0, |rest| i64::from(rest.duration));
    if layout.routes[caregiver].is_empty() {
        return shift(who) - rest;
    }
    let rest = if layout.rests[caregiver].is_some() { rest } else { 0 };
    shift(who) - work(problem, layout, caregiver) - rest + overtime(problem, timed, caregiver)
}

fn of_route(problem: &Problem, layout: &Layout, timed: &Timed, caregiver: usize) -> i64 {
    let stops = &layout.routes[caregiver];
    if stops.is_empty() {
        return 0;
    }
    let (who, weights) = (&problem.caregivers[caregiver], &problem.weights);
    let service: i64 = problem.visits.iter().map(|visit| i64::from(visit.duration)).sum();
    let shifts: i64 = problem.caregivers.iter().map(shift).sum();
    let fair = if shifts == 0 { 0 } else { service * shift(who) / shifts };
    let missed = who.rest.is_some() && layout.rests[caregiver].is_none();
    weights.travel * i64::from(travel(problem, caregiver, stops))
        + weights.overtime * overtime(problem, timed, caregiver)
        + weights.missed_rests * i64::from(missed)
        + weights.fairness * (work(problem, layout, caregiver) - fair).max(0)
}
