//! `songhe bench beds`: the bed board, occupancy and admissions on ten years of stays.

use std::borrow::Cow;
use std::path::Path;

use clap::Args;

use super::admissions::{self, ADMISSION, Managers};
use super::city::{self, City};
use super::http::sign_in;
use super::load::{self, Plan, Target};
use super::report::{self, Machine, Report, ServerReport};
use super::server::Server;
use crate::cli::{Failure, say, serve};
use crate::clock::Clock;
use crate::config::Overrides;
use crate::demo;
use crate::error::{Error, Result};
use crate::start;

const fn target(name: &'static str, path: &'static str, p99_limit_ms: f64) -> Target {
    Target { name, path: Cow::Borrowed(path), p99_limit_ms }
}

/// The welfare centre is the first house of every demo city: 506 beds at full size.
const TARGETS: [Target; 5] = [
    target("bed board", "/institutions/1/beds", 50.0),
    target("bed timeline", "/institutions/1/beds?view=timeline", 50.0),
    // By town, by kind of bed and by kind of house, with the year and the fortnight ahead.
    target("city by town, kind", "/beds/city", 100.0),
    target("occupancy by house", "/api/v1/occupancy?limit=200", 100.0),
    target("each day of a year", "/api/v1/occupancy-trend", 300.0),
];

/// Measure the bed pages and admissions on a city with ten years of stays.
///
/// Makes a demo city in a temporary folder (or in the folder of --data), adds stays of the years before, starts this program on
/// it, asks for the pages at a fixed rate, and then lets 20 clients admit at once, each with a key.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  songhe bench beds\n  songhe bench beds --stays 200000 --seconds 30 --json"
)]
pub struct BedsArgs {
    /// Stays in all.
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(0..=500_000))]
    stays: u32,
    /// How long pages are asked for.
    #[arg(long, value_name = "S", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// Requests per second, over all pages.
    #[arg(long, value_name = "R", default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rate: u32,
    /// Print the figures as JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &BedsArgs, file: Option<&Path>, overrides: &Overrides) -> Result<(), Failure> {
    let city = city::prepare(file, overrides)?;
    let app = start::open(city.config.clone(), Clock::system())?;
    demo::add_history(&app, i64::from(args.stays))?;
    let runtime = serve::runtime()?;
    let pairs =
        app.db.read_now(|connection| demo::free_beds_and_clients(connection, admissions::ADMISSIONS))?;
    let managers = runtime.block_on(admissions::add_managers(&app, &pairs))?;
    let report = runtime.block_on(measure(args, &city, &managers, pairs))?;
    say(&if args.json {
        serde_json::to_string_pretty(&report).map_err(|error| Error::internal("report").because(error))?
    } else {
        report.to_string()
    });
    if report.errors > 0 {
        return Err(Failure::Found(format!("{} requests failed", report.errors)));
    }
    Ok(())
}

async fn measure(
    args: &BedsArgs,
    city: &City,
    managers: &Managers,
    pairs: Vec<demo::Pair>,
) -> Result<Report> {
    let server = Server::start(&city.config, &city.config.data_dir.join("bench-server.log")).await?;
    let idle_memory_mb = server.memory_mb()?;
    let token = sign_in(&server.base_url, &city.login, &city.password).await?;
    let plan = Plan { base_url: server.base_url.clone(), token, rate: args.rate, seconds: args.seconds };
    load::probe(&plan, &TARGETS).await?;
    let mut pages = report::pages(&TARGETS, &load::run(&plan, &TARGETS).await?);
    let admitted = admissions::run(&server.base_url, managers, pairs).await?;
    pages.extend(report::pages(&[ADMISSION], &admitted));
    let told = ServerReport {
        database: city.database,
        database_version: city.database_version.clone(),
        city_ms: city.made_in.map(|taken| taken.as_millis() as u64),
        ready_ms: server.ready.as_millis() as u64,
        idle_memory_mb,
        loaded_memory_mb: server.memory_mb()?,
    };
    server.stop().await?;
    Ok(Report {
        machine: Machine::here(),
        server: Some(told),
        rate_per_s: args.rate,
        seconds: args.seconds,
        errors: pages.iter().map(|page| page.errors).sum(),
        pages,
    })
}
