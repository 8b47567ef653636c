//! What single visits, groups and the baseline ask of a plan.

use super::{Served, Violation};
use crate::dispatch::solver::problem::{Due, Group, Lateness, Lock, Problem, Relation, Visit};

/// Rules of one visit that is in a route. Nothing but who and when is asked of a fact.
pub(super) fn of_visit(problem: &Problem, visit: usize, served: Served, found: &mut Vec<Violation>) {
    let Served { caregiver, start, end } = served;
    let asked = &problem.visits[visit];
    if i64::from(end) != i64::from(start) + i64::from(asked.duration) {
        found.push(Violation::EndWrong { visit, end });
    }
    if let Lock::Fact { caregiver: who, start: when } = asked.lock {
        if who != caregiver || when != start {
            found.push(Violation::FactMoved { visit, caregiver, start });
        }
        return;
    }
    who(problem, visit, caregiver, found);
    if problem.rules.now.is_some_and(|now| start < now) {
        found.push(Violation::BeforeNow { visit, start });
    }
    match asked.lateness {
        Lateness::Hard if !is_in_window(problem, asked, served) => {
            found.push(Violation::OutsideWindows { visit, start });
        }
        Lateness::Soft { .. } if asked.windows.first().is_some_and(|first| start < first.from) => {
            found.push(Violation::BeforeWindows { visit, start });
        }
        _ => {}
    }
    if let Lock::Start(pinned) | Lock::Both { start: pinned, .. } = asked.lock
        && pinned != start
    {
        found.push(Violation::LockedStart { visit, start });
    }
}

fn who(problem: &Problem, visit: usize, caregiver: usize, found: &mut Vec<Violation>) {
    let (asked, sent) = (&problem.visits[visit], &problem.caregivers[caregiver]);
    if asked.skills.iter().any(|skill| !sent.skills.contains(skill)) {
        found.push(Violation::SkillMissing { visit, caregiver });
    }
    if asked.gender.as_ref().is_some_and(|wish| wish.hard && sent.gender != Some(wish.value)) {
        found.push(Violation::GenderWish { visit, caregiver });
    }
    let speaks = |languages: &[u16]| languages.iter().any(|language| sent.languages.contains(language));
    if asked.languages.as_ref().is_some_and(|wish| wish.hard && !speaks(&wish.value)) {
        found.push(Violation::LanguageWish { visit, caregiver });
    }
    if asked.barred.contains(&caregiver) {
        found.push(Violation::Barred { visit, caregiver });
    }
    if let Lock::Caregiver(pinned) | Lock::Both { caregiver: pinned, .. } = asked.lock
        && pinned != caregiver
    {
        found.push(Violation::LockedCaregiver { visit, caregiver });
    }
}

fn is_in_window(problem: &Problem, asked: &Visit, served: Served) -> bool {
    let due = match problem.rules.due {
        Due::Start => served.start,
        Due::End => served.end,
    };
    asked.windows.iter().any(|window| window.from <= served.start && due <= window.to)
}

/// Rules of one group. Facts are not asked to obey, but what is still to come obeys the facts; a group of which only facts are served is
/// not held against a plan, since the rest may have become impossible.
pub(super) fn of_group(
    problem: &Problem,
    index: usize,
    served: &[Option<Served>],
    found: &mut Vec<Violation>,
) {
    let group = &problem.groups[index];
    let is_fact = |visit: usize| matches!(problem.visits[visit].lock, Lock::Fact { .. });
    let is_served = |visit: &usize| served[*visit].is_some();
    let is_planned = group.members.iter().any(|visit| is_served(visit) && !is_fact(*visit));
    if is_planned && !group.members.iter().all(is_served) {
        found.push(Violation::GroupSplit { group: index });
    }
    for (at, second) in group.members.iter().copied().enumerate() {
        for first in group.members[..at].iter().copied().filter(|first| !is_fact(*first) || !is_fact(second))
        {
            if let (Some(one), Some(other)) = (served[first], served[second])
                && one.caregiver == other.caregiver
            {
                found.push(Violation::GroupCaregiver { group: index, caregiver: one.caregiver });
            }
        }
    }
    for pair in group.members.windows(2).filter(|pair| !is_fact(pair[0]) || !is_fact(pair[1])) {
        if let (Some(first), Some(second)) = (served[pair[0]], served[pair[1]]) {
            let lag = i64::from(second.start) - i64::from(first.start);
            found.extend(of_lag(group, index, pair[1], lag));
        }
    }
}

/// `lag` is the start of `visit` less that of the member before it.
fn of_lag(group: &Group, index: usize, visit: usize, lag: i64) -> Option<Violation> {
    match group.relation {
        Relation::Together if lag != 0 => Some(Violation::NotTogether { group: index, visit }),
        Relation::After { lag_min, lag_max } if lag < i64::from(lag_min) || lag > i64::from(lag_max) => {
            Some(Violation::LagOutside { group: index, visit, lag })
        }
        _ => None,
    }
}

/// More visits than allowed differ from what people were told. What has happened is not counted: it cannot be otherwise.
pub(super) fn of_changes(problem: &Problem, served: &[Option<Served>]) -> Option<Violation> {
    let changes_max = problem.rules.changes_max?;
    let assigned = &problem.baseline.as_ref()?.assigned;
    let differs = |visit: &usize| {
        let told = assigned.get(*visit).copied().flatten();
        let is_fact = matches!(problem.visits[*visit].lock, Lock::Fact { .. });
        !is_fact && told.is_some_and(|told| served[*visit].is_none_or(|is| is.caregiver != told.caregiver))
    };
    let changes = (0..problem.visits.len()).filter(differs).count();
    (changes > changes_max).then_some(Violation::ChangesTooMany { changes, changes_max })
}
