//! Problems that cannot be planned are refused before anything is planned, with the item and the rule named.

mod rule;
#[cfg(test)]
mod tests;

use std::fmt;

pub use rule::Rule;

use super::plan::Plan;
use super::problem::{
    Baseline, Caregiver, Due, GROUP_MEMBERS_MAX, Group, Lateness, Lock, Matrix, Problem, Relation,
    SKILLS_MAX, TIME_MAX, Time, Visit, Weights, Window,
};

/// The worst cost of a plan stays below this, so that differences and sums of two costs fit as well.
const COST_MAX: i128 = 1 << 62;

/// Why a problem is not planned: the first item that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{item}: {rule}")]
pub struct Refusal {
    pub item: Item,
    pub rule: Rule,
}

/// What a refusal is about. Indices are positions in the vectors of [`Problem`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    Visit {
        index: usize,
        name: String,
    },
    Caregiver {
        index: usize,
        name: String,
    },
    Group(usize),
    Matrix(usize),
    Leg {
        matrix: usize,
        from: usize,
        to: usize,
    },
    Skills,
    Weights,
    Weight(&'static str),
    Rules,
    Baseline,
    /// The plan that was given.
    Plan,
    /// The entry of this visit in the baseline.
    BaselineOf(usize),
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Item::Visit { index, name } => named(f, "visit", *index, name),
            Item::Caregiver { index, name } => named(f, "caregiver", *index, name),
            Item::Group(index) => write!(f, "group {index}"),
            Item::Matrix(index) => write!(f, "travel matrix {index}"),
            Item::Leg { matrix, from, to } => write!(f, "travel matrix {matrix}, from place {from} to {to}"),
            Item::Skills => f.write_str("skills"),
            Item::Weights => f.write_str("weights"),
            Item::Weight(name) => write!(f, "weight {name}"),
            Item::Rules => f.write_str("rules"),
            Item::Baseline => f.write_str("baseline"),
            Item::Plan => f.write_str("plan"),
            Item::BaselineOf(visit) => write!(f, "baseline of visit {visit}"),
        }
    }
}

fn named(f: &mut fmt::Formatter<'_>, kind: &str, index: usize, name: &str) -> fmt::Result {
    if name.is_empty() { write!(f, "{kind} {index}") } else { write!(f, "{kind} {index} \"{name}\"") }
}

/// Refuses a problem that breaks a rule of the model; the empty problem breaks none. A visit that nobody can make is no reason to
/// refuse the day: it stays unserved.
pub fn validate(problem: &Problem) -> Result<(), Refusal> {
    ensure(problem.skills.len() <= SKILLS_MAX, || Item::Skills, Rule::SkillsTooMany)?;
    matrices(problem)?;
    for (index, visit) in problem.visits.iter().enumerate() {
        let item = || Item::Visit { index, name: visit.name.clone() };
        of_visit(problem, visit).or_else(|rule| refuse(item, rule))?;
    }
    for (index, caregiver) in problem.caregivers.iter().enumerate() {
        let item = || Item::Caregiver { index, name: caregiver.name.clone() };
        of_caregiver(problem, caregiver).or_else(|rule| refuse(item, rule))?;
    }
    groups(problem)?;
    let now = problem.rules.now.is_none_or(is_time);
    ensure(now, || Item::Rules, Rule::TimeTooLarge)?;
    if let Some(baseline) = &problem.baseline {
        of_baseline(problem, baseline)?;
    }
    weights(problem)
}

/// Refuses a plan that is of another problem. One that breaks rules is taken over as far as it breaks none.
pub(super) fn of_plan(problem: &Problem, plan: &Plan) -> Result<(), Refusal> {
    ensure(plan.routes.len() == problem.caregivers.len(), || Item::Plan, Rule::PlanRoutes)?;
    let stops = plan.routes.iter().flat_map(|route| &route.stops);
    let visits = stops.map(|stop| stop.visit).chain(plan.unserved.iter().copied());
    for visit in visits {
        of_number(problem, visit)?;
    }
    Ok(())
}

/// Refuses the number of a visit that is not in the problem.
pub(super) fn of_number(problem: &Problem, visit: usize) -> Result<(), Refusal> {
    let item = || Item::Visit { index: visit, name: String::new() };
    ensure(visit < problem.visits.len(), item, Rule::NoSuchItem)
}

/// Refuses the number of a caregiver who is not in the problem.
pub(super) fn of_caregiver_number(problem: &Problem, caregiver: usize) -> Result<(), Refusal> {
    let item = || Item::Caregiver { index: caregiver, name: String::new() };
    ensure(caregiver < problem.caregivers.len(), item, Rule::NoSuchItem)
}

fn refuse<T>(item: impl Fn() -> Item, rule: Rule) -> Result<T, Refusal> {
    Err(Refusal { item: item(), rule })
}

fn ensure(holds: bool, item: impl Fn() -> Item, rule: Rule) -> Result<(), Refusal> {
    if holds { Ok(()) } else { refuse(item, rule) }
}

fn hold(holds: bool, rule: Rule) -> Result<(), Rule> {
    if holds { Ok(()) } else { Err(rule) }
}

fn is_time(time: Time) -> bool {
    (-TIME_MAX..=TIME_MAX).contains(&time)
}

fn is_window(window: Window) -> bool {
    is_time(window.from) && is_time(window.to)
}

fn has_place(problem: &Problem, place: usize) -> bool {
    problem.travel.iter().all(|matrix| place < matrix.size)
}

fn matrices(problem: &Problem) -> Result<(), Refusal> {
    let mut before: Option<usize> = None;
    for (index, matrix) in problem.travel.iter().enumerate() {
        let item = || Item::Matrix(index);
        ensure(matrix.size.checked_mul(matrix.size) == Some(matrix.ticks.len()), item, Rule::MatrixSize)?;
        ensure(before.is_none_or(|size| size == matrix.size), item, Rule::MatrixSizes)?;
        legs(index, matrix)?;
        before = Some(matrix.size);
    }
    Ok(())
}

fn legs(index: usize, matrix: &Matrix) -> Result<(), Refusal> {
    let Some(at) = matrix.ticks.iter().position(|ticks| !(0..=TIME_MAX).contains(ticks)) else {
        return Ok(());
    };
    let leg = || Item::Leg { matrix: index, from: at / matrix.size, to: at % matrix.size };
    refuse(leg, if matrix.ticks[at] < 0 { Rule::TravelNegative } else { Rule::TimeTooLarge })
}

fn of_visit(problem: &Problem, visit: &Visit) -> Result<(), Rule> {
    hold(has_place(problem, visit.place), Rule::UnknownPlace)?;
    hold(visit.duration >= 0, Rule::DurationNegative)?;
    hold(visit.duration <= TIME_MAX, Rule::TimeTooLarge)?;
    windows(problem, visit)?;
    hold(visit.load >= 0, Rule::LoadNegative)?;
    hold(visit.skills.iter().all(|skill| *skill < problem.skills.len()), Rule::UnknownSkill)?;
    hold(visit.languages.as_ref().is_none_or(|wish| !wish.value.is_empty()), Rule::LanguagesMissing)?;
    let exists = |caregiver: usize| caregiver < problem.caregivers.len();
    hold(visit.barred.iter().all(|caregiver| exists(*caregiver)), Rule::BarredUnknown)?;
    for (index, preferred) in visit.preferred.iter().enumerate() {
        hold(exists(preferred.caregiver), Rule::PreferredUnknown)?;
        let allowed = 1..=problem.rules.familiarity_max;
        hold(allowed.contains(&preferred.familiarity), Rule::FamiliarityOutside)?;
        let mut earlier = visit.preferred[..index].iter();
        hold(earlier.all(|other| other.caregiver != preferred.caregiver), Rule::PreferredTwice)?;
    }
    let (who, when) = match visit.lock {
        Lock::None => (None, None),
        Lock::Caregiver(caregiver) => (Some(caregiver), None),
        Lock::Start(start) => (None, Some(start)),
        Lock::Both { caregiver, start } | Lock::Fact { caregiver, start } => (Some(caregiver), Some(start)),
    };
    hold(who.is_none_or(exists), Rule::LockUnknown)?;
    hold(when.is_none_or(is_time), Rule::TimeTooLarge)
}

/// Windows that touch in one instant are allowed: the later one is used there.
fn windows(problem: &Problem, visit: &Visit) -> Result<(), Rule> {
    hold(!visit.windows.is_empty(), Rule::WindowMissing)?;
    hold(visit.windows.iter().all(|window| is_window(*window)), Rule::TimeTooLarge)?;
    hold(visit.windows.iter().all(|window| window.from <= window.to), Rule::WindowEmpty)?;
    hold(visit.windows.windows(2).all(|pair| pair[0].to <= pair[1].from), Rule::WindowsUnordered)?;
    let is_free = !matches!(visit.lock, Lock::Fact { .. });
    if is_free && visit.lateness == Lateness::Hard && problem.rules.due == Due::End {
        let fits = |window: &Window| window.to - window.from >= visit.duration;
        hold(visit.windows.iter().any(fits), Rule::WindowTooShort)?;
    }
    Ok(())
}

fn of_caregiver(problem: &Problem, caregiver: &Caregiver) -> Result<(), Rule> {
    hold(caregiver.mode < problem.travel.len(), Rule::UnknownMode)?;
    let places = [caregiver.start_place, caregiver.end_place];
    hold(places.iter().all(|place| has_place(problem, *place)), Rule::UnknownPlace)?;
    hold(is_window(caregiver.shift), Rule::TimeTooLarge)?;
    hold(caregiver.shift.from <= caregiver.shift.to, Rule::ShiftEmpty)?;
    hold(caregiver.overtime_max >= 0, Rule::OvertimeNegative)?;
    hold(caregiver.overtime_max <= TIME_MAX, Rule::TimeTooLarge)?;
    hold(caregiver.work_max.is_none_or(|work| work >= 0), Rule::WorkNegative)?;
    hold(caregiver.work_max.is_none_or(is_time), Rule::TimeTooLarge)?;
    hold(caregiver.capacity.is_none_or(|capacity| capacity >= 0), Rule::CapacityNegative)?;
    hold(caregiver.skills.iter().all(|skill| *skill < problem.skills.len()), Rule::UnknownSkill)?;
    if let Some(to) = caregiver.on_the_way {
        hold(to.visit < problem.visits.len(), Rule::UnknownVisit)?;
        hold(is_time(to.arrives_at), Rule::TimeTooLarge)?;
    }
    let Some(rest) = caregiver.rest else { return Ok(()) };
    hold(rest.duration >= 0, Rule::RestNegative)?;
    hold(is_window(rest.window) && is_time(rest.duration), Rule::TimeTooLarge)?;
    hold(rest.window.from <= rest.window.to, Rule::RestEmpty)?;
    hold(rest.duration <= caregiver.shift.to - caregiver.shift.from, Rule::RestTooLong)
}

fn groups(problem: &Problem) -> Result<(), Refusal> {
    let mut group_of: Vec<Option<usize>> = vec![None; problem.visits.len()];
    for (index, group) in problem.groups.iter().enumerate() {
        of_group(index, group, &mut group_of).or_else(|rule| refuse(|| Item::Group(index), rule))?;
    }
    Ok(())
}

fn of_group(index: usize, group: &Group, group_of: &mut [Option<usize>]) -> Result<(), Rule> {
    hold(group.members.len() >= 2, Rule::GroupTooSmall)?;
    hold(group.members.len() <= GROUP_MEMBERS_MAX, Rule::GroupTooLarge)?;
    for member in &group.members {
        let Some(taken) = group_of.get_mut(*member) else { return Err(Rule::MemberUnknown) };
        hold(*taken != Some(index), Rule::MemberTwice)?;
        hold(taken.is_none(), Rule::MemberShared)?;
        *taken = Some(index);
    }
    if let Relation::After { lag_min, lag_max } = group.relation {
        hold(is_time(lag_min) && is_time(lag_max), Rule::TimeTooLarge)?;
        hold(lag_min <= lag_max, Rule::LagsCrossed)?;
    }
    Ok(())
}

fn of_baseline(problem: &Problem, baseline: &Baseline) -> Result<(), Refusal> {
    ensure(baseline.assigned.len() == problem.visits.len(), || Item::Baseline, Rule::BaselineLength)?;
    for (visit, assigned) in baseline.assigned.iter().enumerate() {
        let Some(assigned) = assigned else { continue };
        let item = || Item::BaselineOf(visit);
        ensure(assigned.caregiver < problem.caregivers.len(), item, Rule::UnknownCaregiver)?;
        ensure(is_time(assigned.start), item, Rule::TimeTooLarge)?;
    }
    Ok(())
}

/// Each weight with its name and the largest value that its component can have in any plan of the problem.
fn weights(problem: &Problem) -> Result<(), Refusal> {
    let Weights {
        unserved_mandatory,
        unserved,
        lateness,
        lateness_max,
        overtime,
        missed_rests,
        continuity,
        wishes,
        fairness,
        idle_max,
        waiting,
        changes,
        travel,
    } = problem.weights;
    let day = 4 * i128::from(TIME_MAX);
    let (visits, caregivers) = (problem.visits.len() as i128, problem.caregivers.len() as i128);
    let prioritised: i128 = problem.visits.iter().map(|visit| i128::from(visit.priority)).sum();
    let factors = problem.visits.iter().map(|visit| match visit.lateness {
        Lateness::Hard => 0,
        Lateness::Soft { factor } => i128::from(factor),
    });
    let largest = [
        ("unserved_mandatory", unserved_mandatory, prioritised),
        ("unserved", unserved, prioritised),
        ("lateness", lateness, factors.sum::<i128>() * day),
        ("lateness_max", lateness_max, day),
        ("overtime", overtime, caregivers * day),
        ("missed_rests", missed_rests, caregivers),
        ("continuity", continuity, visits * i128::from(problem.rules.familiarity_max)),
        ("wishes", wishes, visits * 2),
        ("fairness", fairness, caregivers * day),
        ("idle_max", idle_max, day),
        ("waiting", waiting, caregivers * day),
        ("changes", changes, visits),
        ("travel", travel, (visits + caregivers) * i128::from(TIME_MAX)),
    ];
    for (name, weight, _) in largest {
        ensure(weight >= 0, || Item::Weight(name), Rule::WeightNegative)?;
    }
    let worst: i128 = largest.iter().map(|(_, weight, value)| i128::from(*weight) * value).sum();
    ensure(worst < COST_MAX, || Item::Weights, Rule::CostTooLarge)
}
