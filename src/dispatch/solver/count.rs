//! What a plan costs, component by component, from its times.

use super::plan::{Components, Plan, Route};
use super::problem::{Due, Lateness, Problem, Time};

/// The components of a plan that keeps the rules.
pub(super) fn components(problem: &Problem, plan: &Plan) -> Components {
    let mut sum = Components::default();
    let mut assigned = vec![None; problem.visits.len()];
    let service: i64 = problem.visits.iter().map(|visit| i64::from(visit.duration)).sum();
    let length = |shift: super::problem::Window| i64::from(shift.to - shift.from);
    let shifts: i64 = problem.caregivers.iter().map(|caregiver| length(caregiver.shift)).sum();
    for (index, (caregiver, route)) in problem.caregivers.iter().zip(&plan.routes).enumerate() {
        let rest = caregiver.rest.map_or(0, |rest| i64::from(rest.duration));
        if route.stops.is_empty() {
            sum.idle_max = sum.idle_max.max(length(caregiver.shift) - rest);
            continue;
        }
        let travel = travel(problem, index, route);
        let busy: i64 = route.stops.iter().map(|stop| i64::from(stop.end - stop.start)).sum();
        let rested = if route.rest.is_some() { rest } else { 0 };
        let overtime = i64::from((route.returns_at - caregiver.shift.to).max(0));
        sum.travel += travel;
        sum.overtime += overtime;
        sum.missed_rests += i64::from(caregiver.rest.is_some() && route.rest.is_none());
        sum.unfair += (travel + busy - service * length(caregiver.shift) / shifts.max(1)).max(0);
        sum.idle_max = sum.idle_max.max(length(caregiver.shift) - travel - busy - rested + overtime);
        sum.waiting += waiting(problem, index, route);
        for stop in &route.stops {
            assigned[stop.visit] = Some(index);
            add_visit(problem, stop.visit, stop.start, index, &mut sum);
        }
    }
    for visit in &plan.unserved {
        let left_out = &problem.visits[*visit];
        let counted = if left_out.mandatory { &mut sum.unserved_mandatory } else { &mut sum.unserved };
        *counted += i64::from(left_out.priority);
    }
    if let Some(baseline) = &problem.baseline {
        let told = baseline.assigned.iter().zip(&assigned);
        sum.changes =
            told.filter(|(told, now)| told.is_some_and(|told| **now != Some(told.caregiver))).count() as i64;
    }
    sum
}

fn add_visit(problem: &Problem, index: usize, start: Time, caregiver: usize, sum: &mut Components) {
    let visit = &problem.visits[index];
    let who = &problem.caregivers[caregiver];
    if let Lateness::Soft { factor } = visit.lateness {
        let due = if problem.rules.due == Due::End { start + visit.duration } else { start };
        let used =
            visit.windows.iter().rev().find(|window| window.from <= start).unwrap_or(&visit.windows[0]);
        let late = i64::from((due - used.to).max(0));
        sum.lateness += late * i64::from(factor);
        sum.lateness_max = sum.lateness_max.max(late);
    }
    if !visit.preferred.is_empty() {
        let known = visit.preferred.iter().find(|preferred| preferred.caregiver == caregiver);
        sum.continuity +=
            i64::from(problem.rules.familiarity_max - known.map_or(0, |preferred| preferred.familiarity));
    }
    let gender = visit.gender.as_ref().is_some_and(|wish| !wish.hard && who.gender != Some(wish.value));
    let language = visit
        .languages
        .as_ref()
        .is_some_and(|wish| !wish.hard && !wish.value.iter().any(|one| who.languages.contains(one)));
    sum.wishes += i64::from(gender) + i64::from(language);
}

fn travel(problem: &Problem, index: usize, route: &Route) -> i64 {
    let caregiver = &problem.caregivers[index];
    let matrix = &problem.travel[caregiver.mode];
    let mut place = caregiver.start_place;
    let mut travel = 0;
    for stop in &route.stops {
        let next = problem.visits[stop.visit].place;
        travel += i64::from(matrix.get(place, next));
        place = next;
    }
    travel + i64::from(matrix.get(place, caregiver.end_place))
}

fn waiting(problem: &Problem, index: usize, route: &Route) -> i64 {
    let matrix = &problem.travel[problem.caregivers[index].mode];
    let place = |visit: usize| problem.visits[visit].place;
    let mut waiting = 0;
    for (at, two) in route.stops.windows(2).enumerate() {
        let between = two[1].start - two[0].end - matrix.get(place(two[0].visit), place(two[1].visit));
        let rest = route.rest.filter(|rest| rest.before == at + 1).map_or(0, |rest| rest.end - rest.start);
        waiting += i64::from((between - rest).max(0));
    }
    if let (Some(rest), Some(last)) = (route.rest, route.stops.last())
        && rest.before == route.stops.len()
    {
        let home = matrix.get(place(last.visit), problem.caregivers[index].end_place);
        waiting += i64::from((route.returns_at - last.end - home - (rest.end - rest.start)).max(0));
    }
    waiting
}
