//! `songhe bench ingest`: devices behind real connections, from publishing to the commit, to memory, and to an open page.

mod calls;
mod figures;
mod people;

use std::path::Path;
use std::time::Duration;

use clap::Args;

use self::figures::{Aim, Figure, IngestReport};
use self::people::Logins;
use super::city::{self, City};
use super::http::sign_in;
use super::report::{Machine, ServerReport, percentile};
use super::server::Server;
use crate::app::App;
use crate::cli::{Failure, say, serve};
use crate::clock::Clock;
use crate::config::{Overrides, SecretUrl};
use crate::db::Kind;
use crate::devices::simulator::load::{self, Idle, LoadError, Mark, Target, Word};
use crate::devices::store;
use crate::error::{Error, Result};
use crate::start;

/// Messages a second that are offered while times are taken.
const RATE_PER_S: u32 = 2_000;
const STEADY_DEVICES: usize = 100;
const STEADY_SAMPLES: usize = 1;
/// Rows of the comparison with the database alone.
const LIMIT_ROWS: u64 = 200_000;
const MILLION: u64 = 1_000_000;
/// After many connections came or went, until the next look.
const SETTLE: Duration = Duration::from_secs(5);

/// Measure what devices send: rows a second, time to the commit, memory of idle connections, calls for help.
///
/// Makes a demo city in a temporary folder (or in the folder of --data) with devices of its own, starts this program on it, and
/// connects to its broker over TCP as devices do. The devices run in this process: their work is part of the figures.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  songhe bench ingest\n  songhe bench ingest --rows 100000000\n  \
    songhe bench ingest --database postgres://songhe@127.0.0.1/empty --broker mqtt://127.0.0.1:1883 --json")]
pub struct IngestArgs {
    /// Rows to store, in the log that grows with them.
    #[arg(long, value_name = "N", default_value_t = MILLION, value_parser = clap::value_parser!(u64).range(10_000..=100_000_000))]
    rows: u64,
    /// Devices that send at once, each one message at a time.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=2_000))]
    connections: u32,
    /// Readings in a message.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    samples: u32,
    /// Connections that only stay, for the memory; 0 leaves that out.
    #[arg(long, value_name = "N", default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(0..=15_000))]
    idle: u32,
    /// How long 2,000 messages a second are offered.
    #[arg(long, value_name = "S", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// A broker of its own as well, such as mqtt://127.0.0.1:1883: it transports the same rows.
    #[arg(long, value_name = "URL")]
    broker: Option<SecretUrl>,
    /// Print the figures as JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &IngestArgs, file: Option<&Path>, overrides: &Overrides) -> Result<(), Failure> {
    if let Err(error) = people::raise_file_limit() {
        tracing::warn!(%error, "the number of open files could not be raised");
    }
    let city = city::prepare(file, overrides)?;
    let app = start::open(city.config.clone(), Clock::system())?;
    let limit = store::append_limit(&app.db, LIMIT_ROWS, app.clock.now())?;
    let logins = people::add_devices(&app, args.connections as usize, args.idle as usize, STEADY_DEVICES)?;
    let mut figures = serve::runtime()?.block_on(measure(args, &city, &app, &logins))?;
    figures.1.push(Figure::new(
        "appending alone, a thousand rows a commit",
        per_second(LIMIT_ROWS, limit.taken),
        "rows/s",
        None,
    ));
    for percent in [50, 99] {
        let name = format!("appending alone, one row a commit, p{percent}");
        figures.1.push(Figure::new(&name, percentile(&limit.single, percent), "ms", None));
    }
    let report = IngestReport {
        machine: Machine::here(),
        server: figures.0,
        samples: args.samples,
        connections: args.connections,
        figures: figures.1,
    };
    say(&if args.json {
        serde_json::to_string_pretty(&report).map_err(|error| Error::internal("report").because(error))?
    } else {
        report.to_string()
    });
    Ok(())
}

async fn measure(
    args: &IngestArgs,
    city: &City,
    app: &App,
    logins: &Logins,
) -> Result<(ServerReport, Vec<Figure>)> {
    let log = city.config.data_dir.join("bench-server.log");
    let server = Server::start(&city.config, &log).await?;
    let address = server.mqtt.ok_or_else(|| Error::internal("the server has no broker"))?;
    let target = Target { address, word: Word::Broker };
    let idle_memory_mb = server.memory_mb()?;
    let mut figures = Vec::new();
    if !logins.idle.is_empty() {
        figures.push(idle_memory(&server, target, logins).await?);
    }
    let is_sqlite = app.db.kind() == Kind::Sqlite;
    let aim = Some(Aim::AtLeast(if is_sqlite { 50_000.0 } else { 40_000.0 }));
    let marks = flood(args, target, logins).await?;
    figures.extend(figures::rates("through the broker", &marks, aim));
    let token = sign_in(&server.base_url, &city.login, &city.password).await?;
    let calling = calls::run(&server.base_url, &token, target, &logins.caller, args.seconds);
    let steadily = load::steady(target, &logins.steady, (RATE_PER_S, args.seconds, STEADY_SAMPLES));
    let (taken, called) = tokio::join!(steadily, calling);
    let (mut taken, mut called) = (taken.map_err(failed)?, called?);
    taken.sort_unstable();
    called.sort_unstable();
    let ms = |name: &str, value: f64, limit: f64| Figure::new(name, value, "ms", Some(Aim::AtMost(limit)));
    figures.push(ms("2,000 messages/s, to the commit, p50", percentile(&taken, 50), 2.0));
    figures.push(ms("2,000 messages/s, to the commit, p99", percentile(&taken, 99), 20.0));
    figures.push(ms("call for help to an open page, p99", percentile(&called, 99), 1_000.0));
    let told = ServerReport {
        database: city.database,
        database_version: city.database_version.clone(),
        city_ms: city.made_in.map(|taken| taken.as_millis() as u64),
        ready_ms: server.ready.as_millis() as u64,
        idle_memory_mb,
        loaded_memory_mb: server.memory_mb()?,
    };
    server.stop().await?;
    if let Some(broker) = &args.broker {
        figures.extend(behind_broker(args, city, broker, logins).await?);
    }
    Ok((told, figures))
}

async fn idle_memory(server: &Server, target: Target, logins: &Logins) -> Result<Figure> {
    let idle = Idle::open(target, &logins.idle).await.map_err(failed)?;
    tokio::time::sleep(SETTLE).await;
    let name = format!("memory with {} idle connections", idle.len());
    let figure = Figure::new(&name, server.memory_mb()?, "MB", Some(Aim::AtMost(300.0)));
    drop(idle);
    // That they are gone is written down before anything else is measured.
    tokio::time::sleep(SETTLE).await;
    Ok(figure)
}

async fn flood(args: &IngestArgs, target: Target, logins: &Logins) -> Result<Vec<Mark>> {
    let mark = MILLION.min(args.rows / 4);
    load::flood(target, &logins.busy, (args.rows, args.samples as usize, mark)).await.map_err(failed)
}

/// The same rows over a broker elsewhere, which only transports: a device sends the next message when the server says that the last
/// one is stored.
async fn behind_broker(
    args: &IngestArgs,
    city: &City,
    broker: &SecretUrl,
    logins: &Logins,
) -> Result<Vec<Figure>> {
    let address = people::broker_address(broker.expose()).await?;
    let log = city.config.data_dir.join("bench-external.log");
    let settings = [("SONGHE_MQTT__MODE", "external"), ("SONGHE_MQTT__EXTERNAL_URL", broker.expose())];
    let server = Server::start_with(&city.config, &log, &settings).await?;
    let marks = flood(args, Target { address, word: Word::Server }, logins).await?;
    server.stop().await?;
    Ok(figures::rates("through a broker elsewhere", &marks, None))
}

fn per_second(rows: u64, taken: Duration) -> f64 {
    (rows as f64 / taken.as_secs_f64().max(f64::EPSILON)).round()
}

fn failed(error: LoadError) -> Error {
    Error::internal("the load").because(error)
}
