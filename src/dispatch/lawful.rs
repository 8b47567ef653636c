//! Whether a visit may be given to somebody at a time: judged by the solver's own check, against everything that was told.

use super::problem::Built;
use super::solver::{Assigned, Time, Violation, check};

/// The first rule that is broken by putting a visit there and that was not broken before.
pub fn broken(built: &Built, visit: usize, to: Assigned) -> Option<Violation> {
    let before = built.told(Some(visit));
    let after = built.with(&before, visit, to);
    let known = check(&built.problem, &before);
    let is_rule = |violation: &Violation| {
        // Routes are put together here without what they cost, and as a person says: not the best way to get there.
        !matches!(
            violation,
            Violation::ComponentWrong { .. }
                | Violation::TotalWrong { .. }
                | Violation::ChangesTooMany { .. }
                | Violation::DepartsWrong { .. }
                | Violation::ReturnsWrong { .. }
        )
    };
    check(&built.problem, &after)
        .into_iter()
        .find(|violation| is_rule(violation) && !known.contains(violation))
}

/// Who of the problem's caregivers is meant: the one whose shift holds the whole visit.
pub fn entry_at(built: &Built, caregiver: usize, (from, duration): (Time, Time)) -> Option<usize> {
    let holds = |entry: &usize| {
        let shift = built.problem.caregivers[*entry].shift;
        built.people[*entry] == caregiver && shift.from <= from && from + duration <= shift.to
    };
    (0..built.people.len()).find(holds)
}
