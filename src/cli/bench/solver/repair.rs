//! `songhe bench repair`: how long a running day's questions take: an urgent visit, a caregiver who falls ill, why a visit is where it is,
//! and how soon a cancelled search comes back.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;

use super::super::report::{Machine, percentile};
use super::super::server::memory_mb;
use super::{Benchmark, at, day, seconds, text_of};
use crate::cli::{Failure, say};
use crate::dispatch::solver::{
    Lock, Options, Plan, Problem, Refusal, Repair, RepairOptions, Time, Window, check, explain,
    explain_unserved, insert, release, solve,
};

/// Plan a day, let it run, and measure repairs and explanations on it.
#[derive(Debug, Clone, Args)]
pub struct RepairArgs {
    /// A day of a city, as for `bench solver --format day`.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Time for the plan of the day.
    #[arg(long, default_value = "10", value_name = "S", value_parser = seconds)]
    seconds: Duration,
    /// Hour of the day at which it runs: what has begun by then is a fact.
    #[arg(long, default_value = "10.5", value_name = "HOUR", value_parser = hour)]
    at: f64,
    /// At most so many other visits change.
    #[arg(long, default_value = "3", value_name = "K")]
    changes: usize,
    /// The best repair found by then counts.
    #[arg(long, default_value = "150", value_name = "MS")]
    limit_ms: u64,
    /// Urgent visits tried, each on the same plan; a fifth as many caregivers fall ill and as many visits are explained.
    #[arg(long, default_value = "200", value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    visits: u16,
    /// Start of the random numbers of the plan.
    #[arg(long, default_value = "1", value_name = "K")]
    seed: u64,
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    machine: Machine,
    visits: usize,
    caregivers: usize,
    unserved: usize,
    rows: Vec<Row>,
    /// The most memory that the process ever held; Linux only.
    peak_memory_mb: Option<f64>,
}

/// Milliseconds of each of `runs`; `found` of `asked` visits have a place, or an explanation.
#[derive(Debug, Serialize)]
struct Row {
    name: &'static str,
    runs: usize,
    asked: usize,
    found: usize,
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
}

const QUARTER: Time = 900;
const HOUR: Time = 3_600;

fn hour(text: &str) -> Result<f64, String> {
    let hour = text.parse().ok().filter(|hour| (0.0..=24.0).contains(hour));
    hour.ok_or_else(|| "not an hour of the day, from 0 to 24".to_owned())
}

pub fn run(args: &RepairArgs) -> Result<(), Failure> {
    let bytes = std::fs::read(&args.file).map_err(|error| at(&args.file, error))?;
    let day = day::read(&text_of(bytes), false).map_err(|fault| at(&args.file, fault))?;
    let refused = |refusal: Refusal| at(&args.file, refusal);
    let problem = day.problem();
    let options = Options {
        deadline: Some(Instant::now() + args.seconds),
        seed: args.seed,
        threads: 1,
        ..Options::default()
    };
    let plan = solve(problem, &options).map_err(refused)?.plan;
    let now = (args.at * f64::from(HOUR)) as Time;
    let running = plan.under_way(problem, now);
    let few = usize::from(args.visits).div_ceil(5);
    let rows = vec![
        urgent(args, &running, &plan, now)?,
        ill(args, &running, &plan, now, few)?,
        explained(&running, &plan, few).map_err(refused)?,
        all_unserved(&running, &plan).map_err(refused)?,
        cancelled(args, problem, 1, CANCELLATIONS)?,
        cancelled(args, problem, 2, CANCELLATIONS)?,
    ];
    let report = Report {
        machine: Machine::here(),
        visits: problem.visits.len(),
        caregivers: problem.caregivers.len(),
        unserved: plan.unserved.len(),
        rows,
        peak_memory_mb: memory_mb("self", "VmHWM:"),
    };
    say(&if args.json { serde_json::to_string(&report).unwrap_or_default() } else { text(&report) });
    Ok(())
}

fn repair_options(args: &RepairArgs) -> RepairOptions {
    let deadline = Some(Instant::now() + Duration::from_millis(args.limit_ms));
    RepairOptions { changes_max: args.changes, drift_max: QUARTER, deadline }
}

/// A repair that breaks a rule or changes more than it may makes the figures worthless.
fn examine(args: &RepairArgs, problem: &Problem, repair: &Repair, freed: &[usize]) -> Result<(), Failure> {
    if let Some(violation) = check(problem, &repair.plan).first() {
        return Err(at(&args.file, format!("a repaired plan is wrong: {violation}")));
    }
    let others = repair.changes.iter().filter(|change| !freed.contains(&change.visit)).count();
    if others > args.changes {
        return Err(at(&args.file, format!("a repair changes {others} other visits")));
    }
    Ok(())
}

/// Visits at places of the day, each to begin within two hours, of half an hour to an hour.
fn urgent(args: &RepairArgs, running: &Problem, plan: &Plan, now: Time) -> Result<Row, Failure> {
    let (mut problem, mut plan) = (running.clone(), plan.clone());
    let visit = problem.visits.len();
    let Some(first) = running.visits.first() else { return Ok(Row::of("urgent visit", Vec::new(), 0, 0)) };
    problem.visits.push(first.clone());
    problem.baseline.iter_mut().for_each(|baseline| baseline.assigned.push(None));
    plan.unserved.push(visit);
    let (mut taken, mut found) = (Vec::new(), 0);
    for number in 0..usize::from(args.visits) {
        let mut urgent = running.visits[number * 37 % running.visits.len()].clone();
        let step = (number % 8) as Time;
        urgent.lock = Lock::None;
        urgent.duration = HOUR / 2 + step % 3 * QUARTER;
        urgent.windows = vec![Window { from: now + step * 600, to: now + 2 * HOUR }];
        urgent.priority = 2;
        problem.visits[visit] = urgent;
        let options = repair_options(args);
        let started = Instant::now();
        let repair = insert(&problem, &plan, visit, &options).map_err(|refusal| at(&args.file, refusal))?;
        taken.push(started.elapsed());
        examine(args, &problem, &repair, &[visit])?;
        found += usize::from(!repair.plan.unserved.contains(&visit));
    }
    let asked = taken.len();
    Ok(Row::of("urgent visit", taken, asked, found))
}

fn ill(args: &RepairArgs, running: &Problem, plan: &Plan, now: Time, runs: usize) -> Result<Row, Failure> {
    let (mut taken, mut asked, mut found) = (Vec::new(), 0, 0);
    for number in 0..runs.min(plan.routes.len()) {
        let caregiver = number * plan.routes.len() / runs;
        let ahead = plan.routes[caregiver].stops.iter().filter(|stop| stop.start >= now);
        let freed: Vec<usize> = ahead.map(|stop| stop.visit).collect();
        let options = repair_options(args);
        let started = Instant::now();
        let repair =
            release(running, plan, caregiver, now, &options).map_err(|refusal| at(&args.file, refusal))?;
        taken.push(started.elapsed());
        examine(args, running, &repair, &freed)?;
        asked += freed.len();
        found += freed.iter().filter(|visit| !repair.plan.unserved.contains(visit)).count();
    }
    Ok(Row::of("caregiver ill", taken, asked, found))
}

fn explained(running: &Problem, plan: &Plan, runs: usize) -> Result<Row, Refusal> {
    let (mut taken, mut found) = (Vec::new(), 0);
    for number in 0..runs.min(running.visits.len()) {
        let started = Instant::now();
        let explanation = explain(running, plan, number * 61 % running.visits.len())?;
        taken.push(started.elapsed());
        let told = explanation.candidates.len() + explanation.rejected.len();
        found += usize::from(told == running.caregivers.len());
    }
    let asked = taken.len();
    Ok(Row::of("explain", taken, asked, found))
}

fn all_unserved(running: &Problem, plan: &Plan) -> Result<Row, Refusal> {
    let started = Instant::now();
    let explained = explain_unserved(running, plan)?;
    Ok(Row::of("explain all unserved", vec![started.elapsed()], plan.unserved.len(), explained.len()))
}

const CANCELLATIONS: u32 = 20;

/// Searches with a far deadline, each cancelled a little later than the one before: some in the first plan, some in the search.
fn cancelled(args: &RepairArgs, problem: &Problem, threads: usize, times: u32) -> Result<Row, Failure> {
    let mut taken = Vec::new();
    for number in 0..times {
        let cancel = AtomicBool::new(false);
        let options = Options {
            deadline: Some(Instant::now() + Duration::from_mins(10)),
            threads,
            cancel: Some(&cancel),
            ..Options::default()
        };
        let solved = std::thread::scope(|scope| {
            let search = scope.spawn(|| (solve(problem, &options), Instant::now()));
            std::thread::sleep(Duration::from_millis(100) * number);
            let asked = Instant::now();
            cancel.store(true, Ordering::Relaxed);
            let (solved, back) = search.join().map_err(|_| at(&args.file, "a cancelled search broke off"))?;
            taken.push(back.duration_since(asked));
            solved.map_err(|refusal| at(&args.file, refusal))
        })?;
        if let Some(violation) = check(problem, &solved.plan).first() {
            return Err(at(&args.file, format!("a cancelled plan is wrong: {violation}")));
        }
    }
    let (name, found) = (if threads == 1 { "cancel" } else { "cancel, in parts" }, taken.len());
    Ok(Row::of(name, taken, found, found))
}

impl Row {
    fn of(name: &'static str, mut taken: Vec<Duration>, asked: usize, found: usize) -> Row {
        taken.sort_unstable();
        let at = |percent| percentile(&taken, percent);
        Row { name, runs: taken.len(), asked, found, p50_ms: at(50), p99_ms: at(99), max_ms: at(100) }
    }
}

fn text(report: &Report) -> String {
    let memory = report.peak_memory_mb.map_or_else(|| "?".to_owned(), |memory| memory.to_string());
    let head = format!(
        "{} visits, {} caregivers, {} unserved; {} cores of {}, {} build; at most {memory} MB",
        report.visits,
        report.caregivers,
        report.unserved,
        report.machine.cores,
        report.machine.processor,
        report.machine.build,
    );
    let title =
        format!("{:<22} {:>5} {:>11} {:>9} {:>9} {:>9}", "", "runs", "found", "p50 ms", "p99 ms", "max ms");
    let rows = report.rows.iter().map(|row| {
        let found = format!("{}/{}", row.found, row.asked);
        let (p50, p99, max) = (row.p50_ms, row.p99_ms, row.max_ms);
        format!("{:<22} {:>5} {found:>11} {p50:>9.1} {p99:>9.1} {max:>9.1}", row.name, row.runs)
    });
    [head, title].into_iter().chain(rows).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::solver::{Caregiver, Change, Matrix, Visit, Weights};
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: RepairArgs,
    }

    fn args(more: &[&str]) -> Result<RepairArgs, clap::Error> {
        let line = ["repair", "day.json", "--visits", "10", "--changes", "1"];
        Line::try_parse_from(line.iter().chain(more)).map(|line| line.args)
    }

    /// Two caregivers and a visit each hour of the day, every place a minute from every other.
    fn day() -> (Problem, Plan) {
        let visit = |hour: Time| {
            Visit::at(hour as usize + 1, HOUR / 2, Window { from: hour * HOUR, to: (hour + 1) * HOUR })
        };
        let shift = Window { from: 0, to: 24 * HOUR };
        let mut problem = Problem {
            visits: (0..23).map(visit).collect(),
            caregivers: vec![Caregiver::at(0, shift), Caregiver::at(1, shift)],
            travel: vec![Matrix { size: 24, ticks: vec![60; 24 * 24] }],
            ..Problem::default()
        };
        problem.weights = Weights { unserved: 1_000_000, travel: 1, ..Weights::NONE };
        let options = Options { iterations: Some(50), ..Options::default() };
        let plan = solve(&problem, &options).unwrap().plan;
        (problem, plan)
    }

    #[test]
    fn a_running_day_takes_urgent_visits_and_the_rest_of_whoever_falls_ill() {
        let (problem, plan) = day();
        let (args, now) = (args(&["--limit-ms", "60000"]).unwrap(), 10 * HOUR);
        let running = plan.under_way(&problem, now);
        let row = urgent(&args, &running, &plan, now).unwrap();
        assert_eq!((row.runs, row.asked, row.found), (10, 10, 10));
        let ahead =
            plan.routes.iter().flat_map(|route| &route.stops).filter(|stop| stop.start >= now).count();
        let row = ill(&args, &running, &plan, now, 2).unwrap();
        assert_eq!((row.runs, row.asked, row.found), (2, ahead, ahead));
        let row = explained(&running, &plan, 3).unwrap();
        assert_eq!((row.asked, row.found), (3, 3));
        let row = all_unserved(&running, &plan).unwrap();
        assert_eq!((row.asked, row.found), (0, 0));
        let row = cancelled(&args, &problem, 2, 2).unwrap();
        assert_eq!((row.runs, row.found), (2, 2));
    }

    #[test]
    fn a_repair_that_changes_more_than_it_may_is_told() {
        let (problem, plan) = day();
        let moved = Repair { plan: plan.clone(), changes: changes_of(&[3, 4]) };
        let args = args(&[]).unwrap();
        assert!(examine(&args, &problem, &moved, &[3]).is_ok());
        assert!(examine(&args, &problem, &moved, &[]).is_err());
    }

    fn changes_of(visits: &[usize]) -> Vec<Change> {
        let change = |visit: &usize| Change { visit: *visit, before: None, after: None };
        visits.iter().map(change).collect()
    }

    #[test]
    fn an_hour_that_no_day_has_is_refused() {
        for hour in ["-1", "24.5", "NaN", "noon"] {
            let refusal = args(&[&format!("--at={hour}")]).unwrap_err().to_string();
            assert!(refusal.contains("from 0 to 24"), "{refusal}");
        }
        assert!(args(&["--at=24"]).is_ok());
    }
}
