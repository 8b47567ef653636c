//! What the solver of the dispatch promises: the cheapest plan where trying everything can tell, possible plans everywhere.

mod anytime;
mod brute;
mod brute_cost;
mod draws;
mod explain;
mod given;
mod optimal;
mod repair;

use songhe::dispatch::solver::*;

/// The plan after so many steps of one thread.
fn planned(problem: &Problem, iterations: u64, seed: u64) -> Plan {
    let options = Options { iterations: Some(iterations), seed, ..Options::default() };
    solve(problem, &options).unwrap().plan
}

fn window(from: Time, to: Time) -> Window {
    Window { from, to }
}

/// What people are told with this plan.
fn baseline_of(problem: &Problem, plan: &Plan) -> Baseline {
    let mut assigned = vec![None; problem.visits.len()];
    for (caregiver, route) in plan.routes.iter().enumerate() {
        for stop in &route.stops {
            assigned[stop.visit] = Some(Assigned { caregiver, start: stop.start });
        }
    }
    Baseline { assigned }
}
