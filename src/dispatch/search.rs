//! The search for a day's plan, and its outcome as rows.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant as Moment};

use sha2::{Digest, Sha256};

use super::model::{RowChange, Said};
use super::problem::{Built, Purpose, build};
use super::rows::{DayRows, Standing, VisitFact};
use super::solver::{Explanation, Options, Plan, Progress, explain_unserved, solve};
use super::starts::settled;
use super::words;
use crate::clock::Instant;
use crate::error::{Error, Result};

/// The first part of the time is for a plan that can be shown early.
const FIRST_PART: u32 = 5;

/// The best that is known so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Best {
    pub cost: Option<i64>,
    pub visit_count: i64,
    pub served_count: i64,
    pub travel_s: i64,
}

/// What is proposed for one visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposed {
    pub visit_id: i64,
    pub version: i64,
    pub change: RowChange,
    pub fixed: bool,
    pub before: Option<(i64, Instant)>,
    pub after: Option<(i64, Instant)>,
    pub reasons: Vec<Said>,
}

pub struct Outcome {
    pub best: Best,
    pub digest: String,
    pub rows: Vec<Proposed>,
}

/// Plans the day within `limit`, or until `stop` turns true. `tell` hears of better plans.
pub fn search(
    rows: &DayRows,
    limit: Duration,
    stop: &AtomicBool,
    tell: &(dyn Fn(Best) + Sync),
) -> Result<Outcome> {
    let built = build(rows, Purpose::WholeDay);
    let plan = best_plan(&built, limit, stop, tell)?;
    let best = best_of(&built, &plan);
    let plan = settled(&built, &plan);
    let explained = explain_unserved(&built.problem, &plan).map_err(not_a_problem)?;
    Ok(Outcome { best, digest: digest(&built), rows: proposed(rows, &built, &plan, &explained) })
}

fn best_plan(
    built: &Built,
    limit: Duration,
    stop: &AtomicBool,
    tell: &(dyn Fn(Best) + Sync),
) -> Result<Plan> {
    let began = Moment::now();
    let mut plan = solve(&built.problem, &Options { cancel: Some(stop), ..Options::default() })
        .map_err(not_a_problem)?
        .plan;
    tell(best_of(built, &plan));
    for part in [limit / FIRST_PART, limit] {
        if stop.load(Ordering::Relaxed) || built.problem.visits.is_empty() {
            break;
        }
        let known = best_of(built, &plan);
        let hear = |progress: Progress| tell(Best { cost: Some(progress.cost), ..known });
        let options = Options {
            deadline: Some(began + part),
            start: Some(&plan),
            cancel: Some(stop),
            progress: Some(&hear),
            seed: 1,
            ..Options::default()
        };
        let found = solve(&built.problem, &options).map_err(not_a_problem)?.plan;
        if found.cost.total <= plan.cost.total {
            plan = found;
        }
        tell(best_of(built, &plan));
    }
    Ok(plan)
}

fn not_a_problem(refusal: super::solver::Refusal) -> Error {
    Error::internal("the day is no problem").because(refusal)
}

fn best_of(built: &Built, plan: &Plan) -> Best {
    let parts = |job: &usize| built.jobs[*job].len() as i64;
    let all: i64 = (0..built.jobs.len()).map(|job| parts(&job)).sum();
    let unserved: i64 = plan.unserved.iter().map(parts).sum();
    Best {
        cost: Some(plan.cost.total),
        visit_count: all,
        served_count: all - unserved,
        travel_s: plan.cost.components.travel,
    }
}

/// The same for the same problem.
fn digest(built: &Built) -> String {
    let hash = Sha256::digest(format!("{:?}", built.problem));
    hex::encode(&hash[..8])
}

/// One row for each visit of the town and day that there is something to say of.
pub fn proposed(rows: &DayRows, built: &Built, plan: &Plan, explained: &[Explanation]) -> Vec<Proposed> {
    let mut found = Vec::new();
    let of_day = rows.visits.iter().enumerate();
    for (index, fact) in of_day.filter(|(_, fact)| fact.is_asked && fact.standing() != Standing::Outside) {
        let before = fact.told.map(|(id, from, _)| (id, from));
        let job = built.job_of(index);
        let is_fixed = job.is_none_or(|job| built.problem.visits[job].lock != super::solver::Lock::None);
        let after =
            if is_fixed { before } else { job.and_then(|job| served(rows, built, plan, (job, index))) };
        let change = match (before, after) {
            (_, None) => RowChange::Unserved,
            (None, Some(_)) => RowChange::New,
            (before, after) if before == after => RowChange::Same,
            _ => RowChange::Moved,
        };
        let explanation = explained.iter().find(|one| Some(one.visit) == job);
        let reasons = explanation.filter(|_| after.is_none()).map(words::unserved).unwrap_or_default();
        found.push(row(fact, change, is_fixed, (before, after), reasons));
    }
    found
}

/// Who and when.
type Slot = (i64, Instant);

fn row(
    fact: &VisitFact,
    change: RowChange,
    fixed: bool,
    (before, after): (Option<Slot>, Option<Slot>),
    reasons: Vec<Said>,
) -> Proposed {
    Proposed { visit_id: fact.id, version: fact.version, change, fixed, before, after, reasons }
}

fn served(
    rows: &DayRows,
    built: &Built,
    plan: &Plan,
    (job, visit): (usize, usize),
) -> Option<(i64, Instant)> {
    let part = built.jobs[job].iter().find(|part| part.visit == visit)?;
    plan.routes.iter().enumerate().find_map(|(caregiver, route)| {
        let stop = route.stops.iter().find(|stop| stop.visit == job)?;
        let id = rows.caregivers[built.people[caregiver]].id;
        Some((id, built.instant(stop.start + part.offset)))
    })
}
