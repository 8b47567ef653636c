//! `songhe bench solver`: plans public benchmark instances and says how good the plans are.

mod best;
mod day;
mod hhcrsp;
mod json;
mod repair;
mod table;
mod uhhc;
mod vrptw;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use self::best::Best;
pub use self::repair::{RepairArgs, run as run_repair};
use self::table::Row;
use crate::cli::{Failure, say};
use crate::dispatch::solver::{Options, Plan, Problem, check, solve};

/// Plan benchmark instances and compare the costs with the best known ones.
#[derive(Debug, Clone, Args)]
pub struct SolverArgs {
    /// Format of the instances.
    #[arg(long, value_enum)]
    format: Format,
    /// Instances. Best known costs are read from best_known.csv beside them.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Time for each instance.
    #[arg(long, default_value = "10", value_name = "S", value_parser = seconds)]
    seconds: Duration,
    /// Threads to plan with.
    #[arg(long, default_value = "1", value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: u16,
    /// Start of the random numbers.
    #[arg(long, default_value = "1", value_name = "K")]
    seed: u64,
    /// With the caregivers' breaks (format day only).
    #[arg(long)]
    breaks: bool,
    /// Folder for the plans, in the benchmark's own format: DIR/INSTANCE.json.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// One JSON object a line instead of a table.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Home health care with synchronised visits.
    Hhcrsp,
    /// Unified home health care.
    Uhhc,
    /// Vehicle routes with time windows.
    Vrptw,
    /// A day of a city.
    Day,
}

/// An instance and how its benchmark sees a plan.
trait Benchmark {
    fn problem(&self) -> &Problem;
    fn score(&self, plan: &Plan) -> Score;
    /// The plan in the benchmark's own formats: endings of file names, and texts.
    fn solution(&self, plan: &Plan) -> Vec<(&'static str, String)>;
}

/// In the benchmark's own units.
#[derive(Debug, Clone, PartialEq)]
struct Score {
    /// None where something mandatory is unserved: the benchmark gives such a plan no cost.
    cost: Option<f64>,
    components: Vec<(&'static str, f64)>,
    /// Travel in seconds, or in the benchmark's unit where that unit is not a time.
    travel: f64,
}

/// Why an instance cannot be read: where in the file, and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{item}: {rule}")]
struct Fault {
    item: String,
    rule: String,
}

impl Fault {
    fn new(item: impl Into<String>, rule: impl Into<String>) -> Fault {
        Fault { item: item.into(), rule: rule.into() }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

pub fn run(args: &SolverArgs) -> Result<(), Failure> {
    if args.breaks && args.format != Format::Day {
        return Err(Failure::Found("--breaks goes with --format day only".to_owned()));
    }
    if let Some(folder) = &args.out {
        std::fs::create_dir_all(folder).map_err(|error| at(folder, error))?;
    }
    if !args.json {
        say(&table::head());
    }
    for file in &args.files {
        let row = bench(args, file)?;
        say(&if args.json { row.json() } else { row.line() });
    }
    Ok(())
}

fn at(file: &Path, what: impl std::fmt::Display) -> Failure {
    Failure::Found(format!("{}: {what}", file.display()))
}

fn bench(args: &SolverArgs, file: &Path) -> Result<Row, Failure> {
    let bytes = std::fs::read(file).map_err(|error| at(file, error))?;
    let benchmark = read(args, bytes).map_err(|fault| at(file, fault))?;
    let problem = benchmark.problem();
    let started = Instant::now();
    let options = Options {
        deadline: Some(started + args.seconds),
        seed: args.seed,
        threads: args.threads.into(),
        ..Options::default()
    };
    let solved = solve(problem, &options).map_err(|refusal| at(file, refusal))?;
    let taken = started.elapsed();
    if let Some(violation) = check(problem, &solved.plan).first() {
        return Err(at(file, format!("the plan is wrong: {violation}")));
    }
    let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    if let Some(folder) = &args.out {
        for (ending, text) in benchmark.solution(&solved.plan) {
            let file = folder.join(format!("{name}.{ending}"));
            std::fs::write(&file, text).map_err(|error| at(&file, error))?;
        }
    }
    let visits_served = problem.visits.len() - solved.plan.unserved.len();
    Ok(Row {
        best: Best::beside(file, &name),
        score: benchmark.score(&solved.plan),
        visits: problem.visits.len(),
        visits_served,
        seconds: taken.as_secs_f64(),
        iterations: solved.iterations,
        instance: name,
    })
}

fn read(args: &SolverArgs, bytes: Vec<u8>) -> Result<Box<dyn Benchmark>, Fault> {
    let text = text_of(bytes);
    Ok(match args.format {
        Format::Hhcrsp => Box::new(hhcrsp::read(&text)?),
        Format::Uhhc => Box::new(uhhc::read(&text)?),
        Format::Vrptw => Box::new(vrptw::read(&text)?),
        Format::Day => Box::new(day::read(&text, args.breaks)?),
    })
}

/// Old instances are not in UTF-8; each of their bytes is a character.
fn text_of(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| error.into_bytes().into_iter().map(char::from).collect())
}

#[cfg(test)]
mod tests;
