//! `songhe bench http`: start, memory and answer times of the pages that are looked at most.

use std::borrow::Cow;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::city::{self, City};
use super::load::{self, Plan, Target};
use super::report::{self, Machine, Report, ServerReport};
use super::server::Server;
use crate::cli::{Failure, say, serve};
use crate::config::Overrides;
use crate::error::{Error, Result};

const IDLE_FOR: Duration = Duration::from_secs(5);

const fn page(name: &'static str, path: &'static str) -> Target {
    Target { name, path: Cow::Borrowed(path), p99_limit_ms: 100.0 }
}

/// The pages, in the order in which they are asked for.
const TARGETS: [Target; 6] = [
    page("board", "/board"),
    page("elders", "/elders?home_visits=true&sort=name&page=20"),
    page("beds", "/beds"),
    page("visits", "/visits"),
    page("institutions", "/institutions"),
    page("api elders", "/api/v1/elders?limit=200"),
];

/// Measure start, memory and the pages' answer times at a fixed rate of requests.
///
/// Makes a demo city in a temporary folder, starts this program on it and signs in as a city manager. With --data the
/// demo city in that folder is used, and made there where the folder is empty.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  songhe bench http\n  songhe bench http --data bench --seconds 60 --json\n  \
    songhe bench http --database postgres://songhe@127.0.0.1/empty\n  \
    songhe bench http --url http://127.0.0.1:8080 --token $TOKEN"
)]
pub struct HttpArgs {
    /// A server that runs already on this machine, instead of one that is started.
    #[arg(long, value_name = "URL", requires = "token")]
    url: Option<reqwest::Url>,
    /// Token of a session there, from POST /api/v1/sessions.
    #[arg(long, value_name = "TOKEN", requires = "url")]
    token: Option<String>,
    /// How long requests are sent.
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// Requests per second, over all pages.
    #[arg(long, value_name = "R", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rate: u32,
    /// Print the figures as JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &HttpArgs, file: Option<&Path>, overrides: &Overrides) -> Result<(), Failure> {
    let report = if let (Some(url), Some(token)) = (&args.url, &args.token) {
        serve::runtime()?.block_on(measure_running(args, url, token))?
    } else {
        let city = city::prepare(file, overrides)?;
        serve::runtime()?.block_on(measure_own(args, &city))?
    };
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

async fn measure_running(args: &HttpArgs, url: &reqwest::Url, token: &str) -> Result<Report> {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if !is_here {
        return Err(Error::internal("--url must be of this machine: a measurement is no load for others"));
    }
    let base_url = url.as_str().trim_end_matches('/').to_owned();
    let plan = Plan { base_url, token: token.to_owned(), rate: args.rate, seconds: args.seconds };
    load::probe(&plan, &TARGETS).await?;
    let samples = load::run(&plan, &TARGETS).await?;
    Ok(report(args, None, &samples))
}

async fn measure_own(args: &HttpArgs, city: &City) -> Result<Report> {
    let server = Server::start(&city.config, &city.config.data_dir.join("bench-server.log")).await?;
    tokio::time::sleep(IDLE_FOR).await;
    let idle_memory_mb = server.memory_mb()?;
    let token = sign_in(&server.base_url, &city.login, &city.password).await?;
    let plan = Plan { base_url: server.base_url.clone(), token, rate: args.rate, seconds: args.seconds };
    load::probe(&plan, &TARGETS).await?;
    let samples = load::run(&plan, &TARGETS).await?;
    let told = ServerReport {
        database: city.database,
        database_version: city.database_version.clone(),
        city_ms: city.made_in.map(|taken| taken.as_millis() as u64),
        ready_ms: server.ready.as_millis() as u64,
        idle_memory_mb,
        loaded_memory_mb: server.memory_mb()?,
    };
    server.stop().await?;
    Ok(report(args, Some(told), &samples))
}

pub(super) async fn sign_in(base_url: &str, login: &str, password: &str) -> Result<String> {
    let fault = |error: reqwest::Error| Error::internal("signing in").because(error);
    let body = json!({ "login": login, "password": password });
    // This answer is read, not counted: it must not come compressed.
    let request = load::client("none")?
        .post(format!("{base_url}/api/v1/sessions"))
        .header(reqwest::header::ACCEPT_ENCODING, "identity")
        .json(&body);
    let response = request.send().await.map_err(fault)?.error_for_status().map_err(fault)?;
    let opened: serde_json::Value = response.json().await.map_err(fault)?;
    opened["token"].as_str().map(str::to_owned).ok_or_else(|| Error::internal("signing in gave no token"))
}

fn report(args: &HttpArgs, server: Option<ServerReport>, samples: &[load::Sample]) -> Report {
    let pages = report::pages(&TARGETS, samples);
    Report {
        machine: Machine::here(),
        server,
        rate_per_s: args.rate,
        seconds: args.seconds,
        errors: pages.iter().map(|page| page.errors).sum(),
        pages,
    }
}
