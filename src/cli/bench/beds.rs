//! `songhe bench beds`: the bed board, occupancy and admissions on ten years of stays.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clap::Args;

use super::city::{self, City};
use super::http::sign_in;
use super::load::{self, Plan, Sample, Target};
use super::report::{self, Machine, Report, ServerReport};
use super::server::Server;
use crate::access::Scope;
use crate::app::App;
use crate::beds::{Admission, Whom, admit};
use crate::cli::{Failure, say, serve};
use crate::clock::Clock;
use crate::config::Overrides;
use crate::demo;
use crate::error::{Error, Result};
use crate::start;

/// The welfare centre is the first house of every demo city: 506 beds at full size.
const TARGETS: [Target; 4] = [
    Target { name: "bed board", path: "/institutions/1/beds" },
    Target { name: "city view", path: "/beds/city" },
    Target { name: "occupancy", path: "/api/v1/occupancy?limit=200" },
    Target { name: "year", path: "/api/v1/occupancy-trend" },
];
const ADMISSION: [Target; 1] = [Target { name: "admission", path: "20 writers at once" }];
const WRITERS: usize = 20;
const ADMISSIONS: usize = 600;

/// Measure the bed pages and admissions on a city with a long history of stays.
///
/// Makes a demo city in a temporary folder (or in the folder of --data) and adds stays that ended years ago.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  songhe bench beds\n  songhe bench beds --stays 200000 --seconds 30 --json"
)]
pub struct BedsArgs {
    /// Stays in all.
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(0..=500_000))]
    stays: u32,
    /// How long pages are asked for.
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// Requests per second, over all pages.
    #[arg(long, value_name = "R", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
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
    let mut report = runtime.block_on(measure_pages(args, &city))?;
    let samples = runtime.block_on(measure_admissions(&app))?;
    report.pages.extend(report::pages(&ADMISSION, &samples));
    report.errors = report.pages.iter().map(|page| page.errors).sum();
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

async fn measure_pages(args: &BedsArgs, city: &City) -> Result<Report> {
    let server = Server::start(&city.config, &city.config.data_dir.join("bench-server.log")).await?;
    let idle_memory_mb = server.memory_mb()?;
    let token = sign_in(&server.base_url, city).await?;
    let plan = Plan { base_url: server.base_url.clone(), token, rate: args.rate, seconds: args.seconds };
    load::probe(&plan, &TARGETS).await?;
    let samples = load::run(&plan, &TARGETS).await?;
    let told = ServerReport {
        database: city.database,
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
        errors: 0,
        pages: report::pages(&TARGETS, &samples),
    })
}

/// Many writers who admit clients of the city to free beds, each to another bed.
async fn measure_admissions(app: &App) -> Result<Vec<Sample>> {
    let pairs =
        Arc::new(app.db.read(|connection| demo::free_beds_and_clients(connection, ADMISSIONS)).await?);
    let next = Arc::new(AtomicUsize::new(0));
    let writers = (0..WRITERS).map(|_| {
        let (app, pairs, next) = (app.clone(), Arc::clone(&pairs), Arc::clone(&next));
        tokio::spawn(async move {
            let mut taken: Vec<Option<Duration>> = Vec::new();
            while let Some((bed, elder)) = pairs.get(next.fetch_add(1, Ordering::Relaxed)).copied() {
                let admission = Admission::now(Whom::Elder(elder), bed);
                let started = Instant::now();
                let outcome = app.write(&Scope::system(), move |tx| admit(tx, &admission)).await;
                taken.push(outcome.is_ok().then(|| started.elapsed()));
            }
            taken
        })
    });
    let mut samples = Vec::new();
    for writer in writers.collect::<Vec<_>>() {
        let taken =
            writer.await.map_err(|error| Error::internal("a writer of the measurement").because(error))?;
        samples.extend(taken.into_iter().map(|taken| Sample { target: 0, taken, size_bytes: 0 }));
    }
    Ok(samples)
}
