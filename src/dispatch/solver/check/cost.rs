//! What a plan costs, from its starts alone.

use super::{Served, Violation, leg};
use crate::dispatch::solver::plan::{Components, Plan, Route};
use crate::dispatch::solver::problem::{Caregiver, Due, Lateness, Problem, Visit};

/// Components of the stated cost that differ from what the routes come to.
pub(super) fn of_cost(problem: &Problem, plan: &Plan, served: &[Option<Served>], found: &mut Vec<Violation>) {
    let computed = components(problem, plan, served);
    for ((component, stated), (_, computed)) in plan.cost.components.named().into_iter().zip(computed.named())
    {
        if stated != computed {
            found.push(Violation::ComponentWrong { component, stated, computed });
        }
    }
    let total = computed.total(&problem.weights);
    if plan.cost.total != total {
        found.push(Violation::TotalWrong { stated: plan.cost.total, computed: total });
    }
}

/// Every component of the objective. The plan names nothing that the problem does not have.
pub(super) fn components(problem: &Problem, plan: &Plan, served: &[Option<Served>]) -> Components {
    let mut sum = Components::default();
    for (index, (visit, served)) in problem.visits.iter().zip(served).enumerate() {
        match served {
            Some(served) => of_served(problem, visit, *served, &mut sum),
            None if visit.mandatory => sum.unserved_mandatory += i64::from(visit.priority),
            None => sum.unserved += i64::from(visit.priority),
        }
        let told =
            problem.baseline.as_ref().and_then(|baseline| baseline.assigned.get(index).copied().flatten());
        let is_kept = |caregiver: usize| served.is_some_and(|served| served.caregiver == caregiver);
        sum.changes += i64::from(told.is_some_and(|told| !is_kept(told.caregiver)));
    }
    let shares = Shares::of(problem);
    for (who, route) in problem.caregivers.iter().zip(&plan.routes) {
        of_route(problem, who, route, &shares, &mut sum);
    }
    sum
}

fn of_served(problem: &Problem, visit: &Visit, served: Served, sum: &mut Components) {
    let who = &problem.caregivers[served.caregiver];
    if let Lateness::Soft { factor } = visit.lateness {
        let late = lateness(problem, visit, served);
        sum.lateness += late * i64::from(factor);
        sum.lateness_max = sum.lateness_max.max(late);
    }
    if !visit.preferred.is_empty() {
        let known = visit.preferred.iter().find(|preferred| preferred.caregiver == served.caregiver);
        let familiarity = known.map_or(0, |preferred| preferred.familiarity);
        sum.continuity += i64::from(problem.rules.familiarity_max) - i64::from(familiarity);
    }
    let gender = visit.gender.as_ref().is_some_and(|wish| !wish.hard && who.gender != Some(wish.value));
    let speaks = |languages: &[u16]| who.languages.iter().any(|language| languages.contains(language));
    let language = visit.languages.as_ref().is_some_and(|wish| !wish.hard && !speaks(&wish.value));
    sum.wishes += i64::from(gender) + i64::from(language);
}

/// Ticks after the end of the last window that opens at or before the start, or of the first if none does (which only happens to facts).
fn lateness(problem: &Problem, visit: &Visit, served: Served) -> i64 {
    let opened = visit.windows.iter().rev().find(|window| window.from <= served.start);
    let Some(window) = opened.or(visit.windows.first()) else { return 0 };
    let due = match problem.rules.due {
        Due::Start => served.start,
        Due::End => served.end,
    };
    (i64::from(due) - i64::from(window.to)).max(0)
}

/// What is shared out among the caregivers by length of shift.
struct Shares {
    service: i128,
    shifts: i128,
}

impl Shares {
    fn of(problem: &Problem) -> Shares {
        Shares {
            service: problem.visits.iter().map(|visit| i128::from(visit.duration)).sum(),
            shifts: problem.caregivers.iter().map(|who| i128::from(shift(who))).sum(),
        }
    }

    /// Rounded down to whole ticks.
    fn fair(&self, who: &Caregiver) -> i64 {
        if self.shifts == 0 {
            return 0;
        }
        (self.service * i128::from(shift(who)) / self.shifts) as i64
    }
}

fn shift(who: &Caregiver) -> i64 {
    i64::from(who.shift.to) - i64::from(who.shift.from)
}

fn of_route(problem: &Problem, who: &Caregiver, route: &Route, shares: &Shares, sum: &mut Components) {
    // Without visits a caregiver who is owed a break takes it all the same.
    let owed = who.rest.map_or(0, |rest| i64::from(rest.duration));
    if route.stops.is_empty() {
        sum.idle_max = sum.idle_max.max(shift(who) - owed);
        return;
    }
    let travel: i64 = (0..=route.stops.len()).map(|at| leg(problem, who, route, at)).sum();
    let service: i64 = route.stops.iter().map(|stop| i64::from(problem.visits[stop.visit].duration)).sum();
    let rest = route.rest.map_or(0, |rest| i64::from(rest.end) - i64::from(rest.start));
    let overtime = (i64::from(route.returns_at) - i64::from(who.shift.to)).max(0);
    sum.travel += travel;
    sum.overtime += overtime;
    sum.missed_rests += i64::from(who.rest.is_some() && route.rest.is_none());
    sum.unfair += (travel + service - shares.fair(who)).max(0);
    sum.idle_max = sum.idle_max.max(shift(who) - service - travel - rest + overtime);
    // On the first leg nobody waits: it ends at the first stop, or it holds the break, after which waiting is not counted.
    for at in 1..=route.stops.len() {
        let from = i64::from(route.stops[at - 1].end);
        let to = route.stops.get(at).map_or(route.returns_at, |stop| stop.start);
        let resting = if route.rest.is_some_and(|rest| rest.before == at) { rest } else { 0 };
        sum.waiting += (i64::from(to) - from - leg(problem, who, route, at) - resting).max(0);
    }
}
