//! Why a visit is where it is, and why others cannot make it: what a coordinator asks before moving it by hand.

mod alone;

use self::alone::Alone;
use super::count::components;
use super::data::{Data, NONE, unwelcome_person};
use super::network::NetworkState;
use super::plan::{Components, Plan};
use super::problem::{Assigned, Lock, Problem, Time};
use super::refuse::{Refusal, of_number, of_plan, validate};
use super::search::State;
use super::solve::{lawful, tours};

/// Who could make a visit, and why the others cannot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    pub visit: usize,
    /// Who makes it in the plan; nobody where it is unserved.
    pub assigned: Option<Assigned>,
    /// Cheapest first; who makes it now is among them, at the best place in the same route.
    pub candidates: Vec<Candidate>,
    /// By the size of the smallest relaxation; those without one last.
    pub rejected: Vec<Rejected>,
}

/// The plan with the visit at its best place in one caregiver's route, the other routes as they are but for visits of the same group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub caregiver: usize,
    /// Position among the stops of the route.
    pub index: usize,
    pub start: Time,
    /// Change of the weighted cost against the plan as it is.
    pub cost: i64,
    /// Change of each component.
    pub components: Components,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    pub caregiver: usize,
    pub reason: Reason,
    /// What would make it possible, one at a time: times by their size, then the visit to bump. Empty where no single one does.
    pub relaxations: Vec<Relaxation>,
}

/// The first rule that keeps a caregiver from a visit: who may come, in this order, then the rules of the route, each with those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The first skill that is missing.
    Skill(usize),
    Gender,
    Language,
    Barred,
    /// The visit is locked to another caregiver, or has happened.
    Locked,
    /// The caregiver makes another visit of the group.
    SameGroup,
    /// Not there in any window, even with all other visits of the route out of the way of it.
    Window,
    Load,
    Work,
    /// Not back in time, overtime included, even if the other visits could wait.
    Shift,
    /// The other visits would start outside their windows.
    OtherVisits,
    Rest,
    /// It fits by itself, but nobody is found for the other visits of its group, or not with the visits of other groups.
    Group,
    /// Whoever makes it now could not make the rest without it: the way round by it is shorter than the direct one.
    Unmovable,
    /// More visits would differ from the baseline than may.
    Changes,
}

/// One rule given way, in the least amount that helps, the other caregivers keeping their times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relaxation {
    /// The windows open so many ticks earlier.
    Earlier { by: Time },
    /// The windows close so many ticks later.
    Later { by: Time },
    /// So many more ticks of overtime.
    Overtime { by: Time },
    /// Another visit of the route, not mandatory where this one is not and of no higher priority, is given away.
    Bump { visit: usize },
}

/// Explains one visit of a plan.
pub fn explain(problem: &Problem, plan: &Plan, visit: usize) -> Result<Explanation, Refusal> {
    validate(problem)?;
    of_plan(problem, plan)?;
    of_number(problem, visit)?;
    let data = Data::bare(problem);
    Ok(Explaining::new(&data, plan).explain(visit))
}

/// Explains every visit that the plan leaves out, in the order of their numbers.
pub fn explain_unserved(problem: &Problem, plan: &Plan) -> Result<Vec<Explanation>, Refusal> {
    validate(problem)?;
    of_plan(problem, plan)?;
    let data = Data::bare(problem);
    let mut explaining = Explaining::new(&data, plan);
    Ok(plan.unserved.iter().map(|visit| explaining.explain(*visit)).collect())
}

struct Explaining<'d, 'p> {
    state: NetworkState<'d, 'p>,
    plan: &'d Plan,
    told: Components,
}

impl<'d, 'p> Explaining<'d, 'p> {
    fn new(data: &'d Data<'p>, plan: &'d Plan) -> Self {
        let mut state = NetworkState::new(data);
        state.load(&lawful(data, tours(plan)));
        Explaining { state, plan, told: components(data.problem, plan) }
    }

    fn explain(&mut self, visit: usize) -> Explanation {
        let assigned = self.plan.routes.iter().enumerate().find_map(|(caregiver, route)| {
            let stop = route.stops.iter().find(|stop| stop.visit == visit)?;
            Some(Assigned { caregiver, start: stop.start })
        });
        let data = self.state.data;
        let mut explanation = Explanation { visit, assigned, candidates: Vec::new(), rejected: Vec::new() };
        for caregiver in 0..data.caregivers {
            let mut found = self.candidate(visit, caregiver);
            let is_now = assigned.is_some_and(|now| now.caregiver == caregiver);
            if is_now && found.as_ref().ok().is_none_or(|candidate| candidate.cost > 0) {
                // The plan itself is a way to make it, even where nothing that is tried is as good.
                found = Ok(self.difference(visit, caregiver, self.plan));
            }
            match found {
                Ok(candidate) => explanation.candidates.push(candidate),
                Err(reason) => explanation.rejected.push(self.rejected(visit, caregiver, reason)),
            }
        }
        explanation.candidates.sort_by_key(|candidate| (candidate.cost, candidate.caregiver));
        explanation.rejected.sort_by_key(|rejected| (size(&rejected.relaxations), rejected.caregiver));
        explanation
    }

    /// The plan with the visit at this caregiver, or the rule against it where that is known without looking at times.
    fn candidate(&mut self, visit: usize, caregiver: usize) -> Result<Candidate, Option<Reason>> {
        let problem = self.state.data.problem;
        if let Some(reason) = unwelcome(problem, visit, caregiver) {
            return Err(Some(reason));
        }
        let mates: Vec<u32> = problem
            .groups
            .get(self.state.data.tasks[visit].group as usize)
            .map(|group| group.members.iter().map(|member| *member as u32).collect())
            .unwrap_or_default();
        let is_there = |mate: &u32| self.state.find(*mate).is_some_and(|(route, _)| route == caregiver);
        if mates.iter().any(|mate| *mate as usize != visit && is_there(mate)) {
            return Err(Some(Reason::SameGroup));
        }
        if matches!(problem.visits[visit].lock, Lock::Fact { .. }) {
            return Ok(self.difference(visit, caregiver, self.plan));
        }
        self.state.begin();
        let placed = self.place(visit as u32, caregiver, &mates);
        let plan = placed.map(|()| self.state.plan());
        self.state.undo();
        let candidate = self.difference(visit, caregiver, &plan?);
        let most = problem.rules.changes_max.map_or(i64::MAX, |most| most as i64);
        if candidate.components.changes > 0 && self.told.changes + candidate.components.changes > most {
            return Err(Some(Reason::Changes));
        }
        Ok(candidate)
    }

    fn place(&mut self, visit: u32, caregiver: usize, mates: &[u32]) -> Result<(), Option<Reason>> {
        if !self.state.take_out(visit) {
            return Err(Some(Reason::Unmovable));
        }
        if !self.state.put_into(visit, caregiver) {
            return Err(None);
        }
        for mate in mates {
            if self.state.find(*mate).is_some() {
                continue;
            }
            let others = |state: &NetworkState<'_, '_>| {
                let who = |one: &u32| state.find(*one).map(|(route, _)| route);
                mates.iter().all(|other| other == mate || who(other).is_none() || who(other) != who(mate))
            };
            let all = 0..self.state.data.caregivers;
            let found = self.state.cheapest_place(*mate, all, others);
            let (_, place) = found.ok_or(Some(Reason::Group))?;
            self.state.settle(&[(*mate, place)]);
        }
        Ok(())
    }

    fn difference(&self, visit: usize, caregiver: usize, plan: &Plan) -> Candidate {
        let problem = self.state.data.problem;
        let stops = &plan.routes[caregiver].stops;
        let index = stops.iter().position(|stop| stop.visit == visit).unwrap_or(0);
        let components = components(problem, plan).minus(&self.told);
        let start = stops.get(index).map_or(0, |stop| stop.start);
        Candidate { caregiver, index, start, cost: components.total(&problem.weights), components }
    }

    fn rejected(&self, visit: usize, caregiver: usize, reason: Option<Reason>) -> Rejected {
        if let Some(reason) = reason {
            return Rejected { caregiver, reason, relaxations: Vec::new() };
        }
        let alone = Alone::new(self.state.data, self.plan, visit, caregiver);
        Rejected { caregiver, reason: alone.reason(), relaxations: alone.relaxations() }
    }
}

/// The rule about who may come that is broken, if there is one. What has happened breaks none.
fn unwelcome(problem: &Problem, index: usize, caregiver: usize) -> Option<Reason> {
    let (visit, who) = (&problem.visits[index], &problem.caregivers[caregiver]);
    if let Lock::Fact { caregiver: made_by, .. } = visit.lock {
        return (made_by != caregiver).then_some(Reason::Locked);
    }
    let skill = visit.skills.iter().find(|skill| !who.skills.contains(skill));
    skill.map(|skill| Reason::Skill(*skill)).or_else(|| unwelcome_person(problem, visit, caregiver))
}

/// Times by their length, then visits to bump, then nothing that helps.
fn size(relaxations: &[Relaxation]) -> (u8, Time) {
    match relaxations.first() {
        Some(Relaxation::Earlier { by } | Relaxation::Later { by } | Relaxation::Overtime { by }) => (0, *by),
        Some(Relaxation::Bump { .. }) => (1, 0),
        None => (2, 0),
    }
}

/// Whether the visit waits for others or they for it.
fn has_mates(data: &Data<'_>, visit: usize) -> bool {
    data.tasks[visit].group != NONE && !data.ties(visit as u32).is_empty()
}
