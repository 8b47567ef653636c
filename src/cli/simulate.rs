//! `songhe simulate`: devices that exist only as a program.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use tokio::io::AsyncReadExt;
use tokio::sync::watch;

use crate::clock::{Calendar, Clock};
use crate::config::Config;
use crate::devices::gb26875::model::Address;
use crate::devices::simulator::{
    BACKFILL_RATE, DeviceFaults, Faults, PanelReport, PanelSettings, Report, SimulatorError,
    SimulatorSettings, Word, choose, read_credentials, simulate, simulate_panels,
};

/// Act as smart stations and fire gateways that connect to a broker, or as fire panels that speak GB/T 26875.3.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    songhe simulate --broker 127.0.0.1:1883 --credentials devices.json\n  \
    songhe simulate --credentials devices.json --stations 20 --fire 5 --rate 20 --seconds 60 --faults 0.02 --oracle acknowledged.jsonl\n  \
    songhe simulate --gateway 127.0.0.1:26875 --panel 010203040506 --faults 0.1 --fire-per-hour 2\n\n\
    The credentials file: [{\"device\": \"ST-0001\", \"token\": \"...\", \"kind\": \"station\"}], kind station or fire.")]
pub struct SimulateArgs {
    /// Address of the MQTT broker.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:1883")]
    pub broker: SocketAddr,
    /// JSON file with the devices to be.
    #[arg(long, value_name = "FILE", required_unless_present = "gateway", conflicts_with = "gateway")]
    pub credentials: Option<PathBuf>,
    /// Be only the first N stations of the file [default: all].
    #[arg(long, value_name = "N")]
    pub stations: Option<usize>,
    /// Be only the first N fire gateways of the file [default: all].
    #[arg(long, value_name = "N")]
    pub fire: Option<usize>,
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
    /// Chance of each fault at each sending, 0 to 1: sent again, out of order, connection cut; a tenth of it: started anew,
    /// unreadable bytes. Of panels: split and glued writes, frames sent twice, wrong bits, cut connections.
    #[arg(long, value_name = "P", default_value_t = 0.0)]
    pub faults: f64,
    /// Each device's clock is off by up to so many seconds either way.
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub clock_skew: u32,
    /// Whose word counts that a message is stored: the broker's, or behind a broker of the city's own the application's, which is
    /// Songhe. Without the word a message is sent again after 30 seconds.
    #[arg(long, value_name = "WHO", value_enum, default_value_t = Acks::Broker)]
    pub acks: Acks,
    /// Share of devices, 0 to 1, whose clock nobody has set: they say no time.
    #[arg(long, value_name = "P", default_value_t = 0.0)]
    pub clockless: f64,
    /// Append every acknowledged message to this file, one JSON object a line: its identity and what it measured.
    #[arg(long, value_name = "FILE")]
    pub oracle: Option<PathBuf>,
    /// Stop when standard input closes, so that nothing outlives the program that started this one.
    #[arg(long)]
    pub until_stdin_closes: bool,
    #[command(flatten)]
    pub panels: PanelArgs,
}

/// Who says that a message is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Acks {
    Broker,
    Application,
}

/// Fire panels instead of devices of a broker.
#[derive(Debug, Clone, Default, Args)]
pub struct PanelArgs {
    /// Address of the fire gateway: act as fire panels.
    #[arg(long, value_name = "ADDR:PORT", requires = "panel")]
    pub gateway: Option<SocketAddr>,
    /// Address on the label of a panel, twelve hexadecimal digits; may be given several times.
    #[arg(long, value_name = "HEX", requires = "gateway")]
    pub panel: Vec<String>,
    /// Fires per hour and panel.
    #[arg(long, value_name = "Z", default_value_t = 0.0)]
    pub fire_per_hour: f64,
    /// Seconds by which the panels' clocks are ahead at first.
    #[arg(long, value_name = "S", default_value_t = 0, allow_hyphen_values = true)]
    pub clock_ahead: i64,
    /// Nobody answers guard checks.
    #[arg(long)]
    pub unmanned: bool,
}

/// Why the command failed.
#[derive(Debug, thiserror::Error)]
pub enum SimulateFailure {
    #[error(transparent)]
    Simulator(#[from] SimulatorError),
    #[error("no threads for the simulation: {0}")]
    Threads(#[from] std::io::Error),
}

/// Simulates devices until one of the reasons to stop, and gives the sums to print.
pub fn run(args: SimulateArgs) -> Result<Report, SimulateFailure> {
    let (seconds, until_stdin_closes) = (args.seconds, args.until_stdin_closes);
    let settings = devices(args)?;
    until_told(seconds, until_stdin_closes, |stopped| simulate(settings, stopped))
}

fn devices(args: SimulateArgs) -> Result<SimulatorSettings, SimulatorError> {
    let credentials = read_credentials(args.credentials.as_deref().unwrap_or(Path::new("")))?;
    Ok(SimulatorSettings {
        broker: args.broker,
        credentials: choose(credentials, (args.stations, args.fire))?,
        rate: args.rate,
        seed: args.seed,
        sos_per_hour: args.sos_per_hour,
        smoke_per_hour: args.smoke_per_hour,
        oracle: args.oracle,
        faults: DeviceFaults::each(args.faults),
        word: match args.acks {
            Acks::Broker => Word::Broker,
            Acks::Application => Word::Server,
        },
        backfill_rate: BACKFILL_RATE,
        clockless: args.clockless,
        clock_skew_s: args.clock_skew,
        clock: Clock::system(),
    })
}

/// The same as fire panels.
pub fn run_panels(args: SimulateArgs, gateway: SocketAddr) -> Result<PanelReport, SimulateFailure> {
    let (seconds, until_stdin_closes) = (args.seconds, args.until_stdin_closes);
    let settings = panels(args, gateway)?;
    until_told(seconds, until_stdin_closes, |stopped| simulate_panels(settings, stopped))
}

fn panels(args: SimulateArgs, gateway: SocketAddr) -> Result<PanelSettings, SimulatorError> {
    let address =
        |text: &String| Address::parse(text).ok_or_else(|| SimulatorError::PanelAddress(text.clone()));
    Ok(PanelSettings {
        gateway,
        panels: args.panels.panel.iter().map(address).collect::<Result<_, _>>()?,
        rate: args.rate,
        seed: args.seed,
        fire_per_hour: args.panels.fire_per_hour,
        faults: Faults::each(args.faults),
        answers_guard_checks: !args.panels.unmanned,
        clock_ahead_s: args.panels.clock_ahead,
        oracle: args.oracle,
        clock: Clock::system(),
        calendar: Calendar::new(Config::default().city.time_zone),
    })
}

fn until_told<R, F>(
    seconds: Option<u64>,
    until_stdin_closes: bool,
    simulation: impl FnOnce(watch::Receiver<bool>) -> F,
) -> Result<R, SimulateFailure>
where
    R: Send + 'static,
    F: Future<Output = Result<R, SimulatorError>> + Send + 'static,
{
    // Devices wait most of the time; each thread more has memory of its own.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let report = runtime.block_on(async {
        let (stop, stopped) = watch::channel(false);
        let simulation = tokio::spawn(simulation(stopped));
        simulation_or_stop(simulation, seconds, until_stdin_closes, &stop).await
    });
    // A thread that still reads standard input must not hold the program back.
    runtime.shutdown_background();
    Ok(report??)
}

async fn simulation_or_stop<R>(
    mut simulation: tokio::task::JoinHandle<Result<R, SimulatorError>>,
    seconds: Option<u64>,
    until_stdin_closes: bool,
    stop: &watch::Sender<bool>,
) -> std::io::Result<Result<R, SimulatorError>> {
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
