//! `songhe bench visits`: demand, the lists of a day, an elder's record and check-ins on two years of visits.

use std::borrow::Cow;
use std::path::Path;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use clap::Args;

use super::city::{self, City};
use super::http::sign_in;
use super::load::{self, Plan, Sample, Target};
use super::report::{self, Machine, PageReport, Report, ServerReport};
use super::server::Server;
use super::steps::{self, CHECK_IN, CHECK_INS, Shift};
use crate::app::App;
use crate::cli::{Failure, say, serve};
use crate::clock::Clock;
use crate::config::Overrides;
use crate::demo;
use crate::error::{Error, Result};
use crate::{plans, start};

const DEMAND: Target =
    Target { name: "14 days for everyone", path: Cow::Borrowed("songhe plan demand"), p99_limit_ms: 5_000.0 };

/// Measure the work of a day of home visits on a city with two years of visits.
///
/// Makes a demo city in a temporary folder (or in the folder of --data), adds visits of the years before, generates the fortnight
/// after the one that is there, starts this program on it, asks for the pages at a fixed rate, and then lets phones check in,
/// twenty a second.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  songhe bench visits\n  songhe bench visits --visits 100000 --seconds 10 --json"
)]
pub struct VisitsArgs {
    /// Visits in all.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(0..=5_000_000))]
    visits: u32,
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

pub fn run(args: &VisitsArgs, file: Option<&Path>, overrides: &Overrides) -> Result<(), Failure> {
    let city = city::prepare(file, overrides)?;
    let app = start::open(city.config.clone(), Clock::system())?;
    demo::add_visits(&app, i64::from(args.visits))?;
    let demand = generate(&city)?;
    let measured = app.db.read_now(demo::busiest)?;
    let now = app.clock.now();
    let at = (now, app.calendar.day_of(now));
    let visits = app.db.read_now(|connection| demo::visits_to_make(connection, at, CHECK_INS))?;
    let runtime = serve::runtime()?;
    let shifts = runtime.block_on(steps::add_phones(&app, &visits))?;
    let report = runtime.block_on(measure(args, &city, (&app, &measured), (demand, &shifts)))?;
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

/// The fortnight after the one that every demo city has, generated in one go.
fn generate(city: &City) -> Result<Duration> {
    let later = Clock::system().now() + TimeDelta::days(plans::DAYS_AHEAD);
    let (clock, _) = Clock::manual(later);
    let app = start::open(city.config.clone(), clock)?;
    let started = Instant::now();
    let made = plans::generate(&app, plans::DAYS_AHEAD, false, || false)?;
    let taken = started.elapsed();
    tracing::info!(changes = made.changes(), taken_ms = taken.as_millis() as u64, "a fortnight is generated");
    Ok(taken)
}

fn targets(measured: &demo::Busiest) -> Vec<Target> {
    let target = |name, path: String, p99_limit_ms| Target { name, path: Cow::Owned(path), p99_limit_ms };
    let demo::Busiest { town, elder_id } = measured;
    vec![
        target("day list of a town", format!("/visits?town={town}"), 50.0),
        target("day list (API)", format!("/api/v1/visits?town={town}"), 50.0),
        target("week of a town", format!("/visits/week?town={town}"), 100.0),
        target("coordinator's day", format!("/visits/day?town={town}"), 100.0),
        target("elder's record", format!("/elders/{elder_id}"), 100.0),
        target("elder's timeline", format!("/elders/{elder_id}/timeline"), 100.0),
    ]
}

async fn measure(
    args: &VisitsArgs,
    city: &City,
    (app, measured): (&App, &demo::Busiest),
    (demand, shifts): (Duration, &[Shift]),
) -> Result<Report> {
    let server = Server::start(&city.config, &city.config.data_dir.join("bench-server.log")).await?;
    let idle_memory_mb = server.memory_mb()?;
    let token = sign_in(&server.base_url, &city.login, &city.password).await?;
    let plan = Plan { base_url: server.base_url.clone(), token, rate: args.rate, seconds: args.seconds };
    let targets = targets(measured);
    load::probe(&plan, &targets).await?;
    let generated = Sample { target: 0, taken: Some(demand), size_bytes: 0 };
    let mut pages: Vec<PageReport> = report::pages(&[DEMAND], &[generated]);
    pages.extend(report::pages(&targets, &load::run(&plan, &targets).await?));
    let before = app.db.read_now(demo::steps_on_record)?;
    let arrived = steps::run(&server.base_url, shifts).await?;
    let answered = arrived.iter().filter(|sample| sample.taken.is_some()).count() as i64;
    let stored = app.db.read_now(demo::steps_on_record)? - before;
    if stored < answered {
        return Err(Error::internal(format!("{answered} check-ins were answered, {stored} are on record")));
    }
    pages.extend(report::pages(&[CHECK_IN], &arrived));
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
