//! Routes that are given to the solver, made to break no rule of who may come with whom.

use std::collections::HashSet;

use super::super::data::{Data, NONE};
use super::super::plan::{Plan, Route};
use super::super::problem::{Lock, Problem, Time};
use super::super::search::Tour;

/// A plan's routes as the search has them.
pub(in super::super) fn tours(plan: &Plan) -> Vec<Tour> {
    let tour = |route: &Route| Tour {
        visits: route.stops.iter().map(|stop| stop.visit as u32).collect(),
        rest: route.rest.map(|rest| rest.before),
    };
    plan.routes.iter().map(tour).collect()
}

/// What people were told, in the order of the times they were told.
pub(super) fn told(problem: &Problem) -> Vec<Tour> {
    let mut stops: Vec<Vec<Timed>> = vec![Vec::new(); problem.caregivers.len()];
    let assigned = problem.baseline.iter().flat_map(|baseline| baseline.assigned.iter().enumerate());
    for (visit, told) in assigned {
        if let Some(told) = told {
            stops[told.caregiver].push(timed(problem, visit, told.start));
        }
    }
    let tour = |stops: Vec<Timed>| Tour { visits: in_order(stops), rest: None };
    stops.into_iter().map(tour).collect()
}

/// Start, end and visit: what takes no time comes before what begins at the same instant.
type Timed = (Time, Time, u32);

fn timed(problem: &Problem, visit: usize, start: Time) -> Timed {
    (start, start + problem.visits[visit].duration, visit as u32)
}

fn in_order(mut stops: Vec<Timed>) -> Vec<u32> {
    stops.sort_unstable();
    stops.into_iter().map(|stop| stop.2).collect()
}

/// The tours with every fact, first and where it happened, and without visits that break a rule there: somebody who may not come, a
/// visit twice, part of a group, one caregiver for two of a group. Whether times and loads are possible is for the states to see.
pub(in super::super) fn lawful(data: &Data<'_>, given: Vec<Tour>) -> Vec<Tour> {
    let facts = facts(data.problem);
    let mut seen: HashSet<u32> = facts.iter().flatten().copied().collect();
    let mut who = vec![NONE; data.tasks.len()];
    let mut tours = Vec::with_capacity(facts.len());
    for (caregiver, facts) in facts.into_iter().enumerate() {
        let old = given.get(caregiver).cloned().unwrap_or_default();
        let stays = |visit: &&u32| data.may(**visit, caregiver) && seen.insert(**visit);
        let kept: Vec<u32> = old.visits.iter().filter(stays).copied().collect();
        let visits = [facts, kept].concat();
        for visit in &visits {
            who[*visit as usize] = caregiver as u32;
        }
        tours.push((old, visits));
    }
    for group in &data.problem.groups {
        let served: HashSet<u32> = group.members.iter().map(|member| who[*member]).collect();
        if served.len() < group.members.len() || served.contains(&NONE) {
            let planned = group.members.iter().filter(|member| data.tasks[**member].fact.is_none());
            for member in planned {
                who[*member] = NONE;
            }
        }
    }
    let tour = |(old, mut visits): (Tour, Vec<u32>)| {
        visits.retain(|visit| who[*visit as usize] != NONE);
        let rest = old.rest.and_then(|before| rest_among(&old.visits, before, &visits));
        Tour { visits, rest }
    };
    tours.into_iter().map(tour).collect()
}

/// Where the break lies among the visits that are left; nowhere, to be placed anew, if others came or the order changed.
fn rest_among(old: &[u32], before: usize, left: &[u32]) -> Option<usize> {
    let kept =
        |visits: &[u32]| visits.iter().filter(|visit| left.contains(visit)).copied().collect::<Vec<_>>();
    (kept(old) == left).then(|| kept(&old[..before.min(old.len())]).len())
}

/// By caregiver: what is done or running, in its order.
fn facts(problem: &Problem) -> Vec<Vec<u32>> {
    let mut facts: Vec<Vec<Timed>> = vec![Vec::new(); problem.caregivers.len()];
    for (visit, one) in problem.visits.iter().enumerate() {
        if let Lock::Fact { caregiver, start } = one.lock {
            facts[caregiver].push(timed(problem, visit, start));
        }
    }
    facts.into_iter().map(in_order).collect()
}
