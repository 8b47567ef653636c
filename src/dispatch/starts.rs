//! When the visits of a plan begin: at the time people were told, where that is still possible; others at a time that is easily
//! remembered. Order and caregivers stay as they are.

use super::problem::Built;
use super::solver::{Lock, Plan, Route, Stop, Time};

/// New visits begin on the clock's next stroke of so many seconds.
const STROKE_S: Time = 300;

/// The plan with better starts. It costs the same: nothing is driven more, and nothing comes late.
pub fn settled(built: &Built, plan: &Plan) -> Plan {
    let routes =
        plan.routes.iter().enumerate().map(|(caregiver, route)| settled_route(built, caregiver, route));
    Plan { routes: routes.collect(), ..plan.clone() }
}

fn settled_route(built: &Built, caregiver: usize, route: &Route) -> Route {
    let latest = latest_starts(built, caregiver, &route.stops);
    let problem = &built.problem;
    let who = &problem.caregivers[caregiver];
    let legs = &problem.travel[who.mode];
    let now = problem.rules.now.unwrap_or(Time::MIN);
    let (mut place, mut free_at) = (who.start_place, who.shift.from);
    let mut stops = Vec::with_capacity(route.stops.len());
    for (stop, latest) in route.stops.iter().zip(latest) {
        let visit = &problem.visits[stop.visit];
        let ready = free_at.max(now).max(who.shift.from) + legs.get(place, visit.place);
        let earliest = ready.max(visit.windows[0].from);
        let start = if is_held(built, stop.visit) || earliest > latest {
            stop.start
        } else {
            wanted(built, stop.visit, caregiver, earliest).clamp(earliest, latest)
        };
        stops.push(Stop { visit: stop.visit, start, end: start + visit.duration });
        (place, free_at) = (visit.place, start + visit.duration);
    }
    built.route(caregiver, stops)
}

/// How late each stop may begin so that the ones after it are still in time.
fn latest_starts(built: &Built, caregiver: usize, stops: &[Stop]) -> Vec<Time> {
    let problem = &built.problem;
    let who = &problem.caregivers[caregiver];
    let legs = &problem.travel[who.mode];
    let (mut place, mut due) = (who.end_place, who.shift.to);
    let mut latest = vec![0; stops.len()];
    for (index, stop) in stops.iter().enumerate().rev() {
        let visit = &problem.visits[stop.visit];
        let last = due - legs.get(visit.place, place) - visit.duration;
        latest[index] = if is_held(built, stop.visit) { stop.start } else { last.min(visit.windows[0].to) };
        (place, due) = (visit.place, latest[index]);
    }
    latest
}

/// Not to be moved by looking at one route alone.
fn is_held(built: &Built, visit: usize) -> bool {
    let problem = &built.problem;
    problem.visits[visit].lock != Lock::None
        || problem.groups.iter().any(|group| group.members.contains(&visit))
}

fn wanted(built: &Built, visit: usize, caregiver: usize, earliest: Time) -> Time {
    let told = built.problem.baseline.as_ref().and_then(|baseline| baseline.assigned[visit]);
    match told {
        Some(told) if told.caregiver == caregiver => told.start,
        _ => earliest + (-earliest).rem_euclid(STROKE_S),
    }
}
