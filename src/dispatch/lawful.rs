//! Whether visits may be given to people at a time: judged by the solver's own check, against everything that was told.

use super::problem::Built;
use super::solver::{Assigned, Plan, Time, Violation, check};

/// A visit of the problem, and who is to have it when.
pub type Placed = (usize, Assigned);

/// The first rule that is broken by putting a visit there and that was not broken before.
pub fn broken(built: &Built, visit: usize, to: Assigned) -> Option<Violation> {
    broken_by(built, &[(visit, to)]).into_iter().next().map(|(_, violation)| violation)
}

/// Every rule that is broken by putting all of these there at once and that was not broken before, each with the position of
/// the one that has to give way.
pub fn broken_by(built: &Built, placed: &[Placed]) -> Vec<(usize, Violation)> {
    let before = built.without(placed);
    let after = placed.iter().fold(before.clone(), |plan, (visit, to)| built.with(&plan, *visit, *to));
    let known = check(&built.problem, &before);
    let is_new = |violation: &Violation| {
        is_rule(violation)
            && !known.iter().any(|old| is_same(old, violation) && figure(old) >= figure(violation))
    };
    let found = check(&built.problem, &after).into_iter().filter(is_new);
    found
        .flat_map(|violation| {
            blamed(built, &after, placed, &violation).into_iter().map(move |at| (at, violation.clone()))
        })
        .collect()
}

/// Routes are put together here without what they cost, and as a person says: not the best way to get there.
fn is_rule(violation: &Violation) -> bool {
    !matches!(
        violation,
        Violation::ComponentWrong { .. }
            | Violation::TotalWrong { .. }
            | Violation::ChangesTooMany { .. }
            | Violation::DepartsWrong { .. }
            | Violation::ReturnsWrong { .. }
    )
}

/// The same rule of the same visit and person, whatever the figures.
fn is_same(one: &Violation, other: &Violation) -> bool {
    one.code() == other.code() && subject(one) == subject(other)
}

/// By how much a rule is broken, where that can differ.
fn figure(violation: &Violation) -> i64 {
    match violation {
        Violation::TravelTooShort { ready: figure, .. }
        | Violation::WorkTooLong { work: figure, .. }
        | Violation::LoadTooLarge { load: figure, .. } => *figure,
        _ => 0,
    }
}

#[derive(PartialEq, Eq)]
enum Subject {
    Visit(usize),
    /// The first visit of a route, or its last one, is what breaks the rule.
    Start(usize),
    End(usize),
    Group(usize),
    Plan,
}

fn subject(violation: &Violation) -> Subject {
    match *violation {
        Violation::SkillMissing { visit, .. }
        | Violation::GenderWish { visit, .. }
        | Violation::LanguageWish { visit, .. }
        | Violation::Barred { visit, .. }
        | Violation::LockedCaregiver { visit, .. }
        | Violation::OutsideWindows { visit, .. }
        | Violation::BeforeWindows { visit, .. }
        | Violation::LockedStart { visit, .. }
        | Violation::BeforeNow { visit, .. }
        | Violation::FactNotFirst { visit, .. }
        | Violation::TravelTooShort { visit, .. } => Subject::Visit(visit),
        Violation::DepartsEarly { caregiver } => Subject::Start(caregiver),
        Violation::ReturnsLate { caregiver, .. }
        | Violation::WorkTooLong { caregiver, .. }
        | Violation::LoadTooLarge { caregiver, .. } => Subject::End(caregiver),
        Violation::GroupSplit { group }
        | Violation::GroupCaregiver { group, .. }
        | Violation::NotTogether { group, .. }
        | Violation::LagOutside { group, .. } => Subject::Group(group),
        _ => Subject::Plan,
    }
}

/// The position of what has to give way; all of them where no single one is in the way.
fn blamed(built: &Built, after: &Plan, placed: &[Placed], violation: &Violation) -> Vec<usize> {
    let position = |visit: usize| placed.iter().position(|(one, _)| *one == visit);
    let one = match subject(violation) {
        Subject::Visit(visit) => position(visit).or_else(|| {
            let stops =
                &after.routes.iter().find(|route| route.stops.iter().any(|stop| stop.visit == visit))?.stops;
            let at = stops.iter().position(|stop| stop.visit == visit)?;
            // What comes before it makes it late; what has happened is out of order for what was put before it.
            stops[..at].iter().rev().chain(&stops[at..]).find_map(|stop| position(stop.visit))
        }),
        Subject::Start(caregiver) => {
            after.routes[caregiver].stops.iter().find_map(|stop| position(stop.visit))
        }
        Subject::End(caregiver) => {
            after.routes[caregiver].stops.iter().rev().find_map(|stop| position(stop.visit))
        }
        Subject::Group(group) => {
            built.problem.groups[group].members.iter().rev().find_map(|visit| position(*visit))
        }
        Subject::Plan => None,
    };
    one.map_or_else(|| (0..placed.len()).collect(), |one| vec![one])
}

/// Who of the problem's caregivers is meant: the one whose shift holds the whole visit.
pub fn entry_at(built: &Built, caregiver: usize, (from, duration): (Time, Time)) -> Option<usize> {
    let holds = |entry: &usize| {
        let shift = built.problem.caregivers[*entry].shift;
        built.people[*entry] == caregiver && shift.from <= from && from + duration <= shift.to
    };
    (0..built.people.len()).find(holds)
}
