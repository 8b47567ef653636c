//! Judges a plan without trusting whoever made it: everything is computed again from the problem and the stated starts, and nothing is
//! shared with the search but the words of [`problem`](super::problem) and [`plan`](super::plan).
//!
//! Where those leave room, this is what holds:
//!
//! - A break with [`RestPlace::AtStop`](super::problem::RestPlace) is at a visit, never at the start or end place.
//! - [`Route::departs_at`](super::plan::Route) is the first stop's start less the travel; with the break on the first leg: taken at the first
//!   stop, its start less the travel; on the way, the earlier of its start and the stop's start less travel and break; at the start place,
//!   the stop's start less the travel (and the break is in the shift).
//! - With the break on the last leg [`Route::returns_at`](super::plan::Route) is as early as possible, and after the break.
//! - A caregiver without visits is idle for the shift less the break. Overtime is only of caregivers with visits.
//! - The fair share is rounded down to whole ticks. No component is rounded otherwise.
//! - Visits with hard windows are never late. Facts count in every component, whatever the rules.

mod cost;
mod route;
#[cfg(test)]
mod tests;
mod violation;
mod visits;

pub use violation::Violation;

use super::plan::{Plan, Route};
use super::problem::{Caregiver, Lock, Problem, Time};

/// Who serves a visit, and when.
#[derive(Clone, Copy)]
struct Served {
    caregiver: usize,
    start: Time,
    end: Time,
}

/// Every rule that the plan breaks and every part of its cost that is wrong; empty for a valid plan of a problem that
/// [`validate`](super::refuse::validate) accepts. Rules of times and costs are only judged when every visit is in its place.
pub fn check(problem: &Problem, plan: &Plan) -> Vec<Violation> {
    let mut found = violation::of_shape(plan, problem.visits.len(), problem.caregivers.len());
    if !found.is_empty() {
        return found;
    }
    let served = served(problem, plan);
    for (visit, (asked, served)) in problem.visits.iter().zip(&served).enumerate() {
        match served {
            Some(served) => visits::of_visit(problem, visit, *served, &mut found),
            None if matches!(asked.lock, Lock::Fact { .. }) => found.push(Violation::FactUnserved { visit }),
            None => {}
        }
    }
    for (caregiver, route) in plan.routes.iter().enumerate() {
        route::of_route(problem, caregiver, route, &mut found);
    }
    for group in 0..problem.groups.len() {
        visits::of_group(problem, group, &served, &mut found);
    }
    found.extend(visits::of_changes(problem, &served));
    cost::of_cost(problem, plan, &served, &mut found);
    found
}

fn served(problem: &Problem, plan: &Plan) -> Vec<Option<Served>> {
    let mut served = vec![None; problem.visits.len()];
    for (caregiver, route) in plan.routes.iter().enumerate() {
        for stop in &route.stops {
            served[stop.visit] = Some(Served { caregiver, start: stop.start, end: stop.end });
        }
    }
    served
}

/// Travel to the stop of this index; the number of stops means the end place.
fn leg(problem: &Problem, who: &Caregiver, route: &Route, index: usize) -> i64 {
    let place = |stop: usize| problem.visits[route.stops[stop].visit].place;
    let from = if index == 0 { who.start_place } else { place(index - 1) };
    let to = if index == route.stops.len() { who.end_place } else { place(index) };
    i64::from(problem.travel[who.mode].get(from, to))
}
