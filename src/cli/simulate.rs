//! `songhe simulate`: devices that exist only as a program.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tokio::io::AsyncReadExt;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::devices::simulator::{Report, SimulatorError, SimulatorSettings, read_credentials, simulate};

/// Act as smart stations and fire gateways: connect to a broker and send readings and alarms.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    songhe simulate --broker 127.0.0.1:1883 --credentials devices.json\n  \
    songhe simulate --credentials devices.json --rate 20 --seconds 60 --oracle acknowledged.jsonl\n\n\
    The credentials file: [{\"device\": \"ST-0001\", \"token\": \"...\", \"kind\": \"station\"}], kind station or fire.")]
pub struct SimulateArgs {
    /// Address of the MQTT broker.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:1883")]
    pub broker: SocketAddr,
    /// JSON file with the devices to be.
    #[arg(long, value_name = "FILE")]
    pub credentials: PathBuf,
    /// Readings messages per second and device.
    #[arg(long, value_name = "R", default_value_t = 0.2)]
    pub rate: f64,
    /// The same seed gives the same values.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Calls for help per hour and station.
    #[arg(long, value_name = "X", default_value_t = 0.0)]
    pub sos_per_hour: f64,
    /// Smoke events per hour and fire gateway.
    #[arg(long, value_name = "Y", default_value_t = 0.0)]
    pub smoke_per_hour: f64,
    /// Stop after so many seconds [default: run until interrupted].
    #[arg(long, value_name = "S")]
    pub seconds: Option<u64>,
    /// Append the identity of every acknowledged message to this file, one JSON object a line.
    #[arg(long, value_name = "FILE")]
    pub oracle: Option<PathBuf>,
    /// Stop when standard input closes, so that nothing outlives the program that started this one.
    #[arg(long)]
    pub until_stdin_closes: bool,
}

/// Why the command failed.
#[derive(Debug, thiserror::Error)]
pub enum SimulateFailure {
    #[error(transparent)]
    Simulator(#[from] SimulatorError),
    #[error("no threads for the simulation: {0}")]
    Threads(#[from] std::io::Error),
}

/// Simulates until one of the reasons to stop, and gives the sums to print.
pub fn run(args: SimulateArgs) -> Result<Report, SimulateFailure> {
    let settings = SimulatorSettings {
        broker: args.broker,
        credentials: read_credentials(&args.credentials)?,
        rate: args.rate,
        seed: args.seed,
        sos_per_hour: args.sos_per_hour,
        smoke_per_hour: args.smoke_per_hour,
        oracle: args.oracle,
        clock: Clock::system(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let report = runtime.block_on(async {
        let (stop, stopped) = watch::channel(false);
        let simulation = tokio::spawn(simulate(settings, stopped));
        let ended = simulation_or_stop(simulation, args.seconds, args.until_stdin_closes, &stop);
        ended.await
    });
    // A thread that still reads standard input must not hold the program back.
    runtime.shutdown_background();
    Ok(report??)
}

async fn simulation_or_stop(
    mut simulation: tokio::task::JoinHandle<Result<Report, SimulatorError>>,
    seconds: Option<u64>,
    until_stdin_closes: bool,
    stop: &watch::Sender<bool>,
) -> std::io::Result<Result<Report, SimulatorError>> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        // Ended by itself: it could not begin.
        ended = &mut simulation => return Ok(ended?),
        () = tokio::time::sleep(Duration::from_secs(seconds.unwrap_or(0))), if seconds.is_some() => {}
        () = stdin_closed(), if until_stdin_closes => {}
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    stop.send_replace(true);
    Ok(simulation.await?)
}

async fn stdin_closed() {
    let mut stdin = tokio::io::stdin();
    let mut ignored = [0; 256];
    while stdin.read(&mut ignored).await.is_ok_and(|length| length > 0) {}
}
