//! The command line.

pub mod audit;
pub mod backup;
pub mod bench;
pub mod completions;
pub mod config;
pub mod demo;
pub mod device;
pub mod figures;
pub mod import;
mod log;
pub mod plan;
pub mod scales;
pub mod serve;
pub mod simulate;
pub mod user;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::app::App;
use crate::clock::Clock;
use crate::config::{Config, LogFormat, Overrides, SecretUrl};
use crate::db::Source;
use crate::error::Error;
use crate::start;

/// Why a command ended with status 1.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Config(#[from] config::ConfigFailure),
    #[error(transparent)]
    Simulate(#[from] simulate::SimulateFailure),
    /// A refusal or fault while starting: the operator sees the context that a page would not.
    #[error("{}", .0.for_operator())]
    Start(#[from] Error),
    /// A check that the command was asked for found something wrong.
    #[error("{0}")]
    Found(String),
}

impl From<crate::config::ConfigError> for Failure {
    fn from(error: crate::config::ConfigError) -> Self {
        Failure::Config(error.into())
    }
}

/// A line for the person at the terminal. A reader that went away (`| head`) is no fault.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Elderly-care facility and home-service dispatch platform for a city.
#[derive(Debug, Parser)]
#[command(name = "songhe", version)]
struct Cli {
    #[command(flatten)]
    flags: ConfigFlags,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::ServeArgs),
    Device(device::DeviceArgs),
    Simulate(simulate::SimulateArgs),
    Demo(demo::DemoArgs),
    Figures(figures::FiguresArgs),
    Import(import::ImportArgs),
    Scales(scales::ScalesArgs),
    Plan(plan::PlanArgs),
    User(user::UserArgs),
    Audit(audit::AuditArgs),
    Backup(backup::BackupArgs),
    Restore(backup::RestoreArgs),
    Bench(bench::BenchArgs),
    Config(config::ConfigArgs),
    Completions(completions::CompletionsArgs),
}

/// The flags every command shares; they win over the file and the environment.
#[derive(Debug, Clone, Default, Args)]
pub struct ConfigFlags {
    /// Configuration file [default: config/songhe.toml if it exists].
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder for everything the program writes.
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Address and port of the pages; port 0 picks a free one.
    #[arg(long, global = true, value_name = "ADDR:PORT")]
    pub http: Option<SocketAddr>,
    /// Address and port of the embedded MQTT broker; port 0 picks a free one.
    #[arg(long, global = true, value_name = "ADDR:PORT")]
    pub mqtt: Option<SocketAddr>,
    /// Database: sqlite:FILE or postgres://USER:PASSWORD@HOST:PORT/DATABASE.
    #[arg(long, global = true, value_name = "URL")]
    pub database: Option<SecretUrl>,
    /// Log lines for people or for a collector.
    #[arg(long, global = true, value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
    /// What is logged, such as "info,songhe::devices=debug".
    #[arg(long, global = true, value_name = "FILTER")]
    pub log: Option<String>,
}

impl ConfigFlags {
    pub fn overrides(&self) -> Overrides {
        Overrides {
            data_dir: self.data.clone(),
            http_listen: self.http,
            mqtt_listen: self.mqtt,
            database_url: self.database.clone(),
            log_format: self.log_format,
            log_filter: self.log.clone(),
        }
    }
}

/// Runs the command line of the process. Status 0, 1 (refused, with the reason) or 2 (usage).
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match dispatch(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            #[expect(
                clippy::print_stderr,
                reason = "the reason of a refusal is for the person at the terminal"
            )]
            {
                eprintln!("songhe: {failure}");
            }
            ExitCode::from(1)
        }
    }
}

/// Opens the data that is there; a command on data that is not must not make an empty database.
fn open(config: Config) -> Result<App, Failure> {
    if let Source::Sqlite(file) = start::source(&config)
        && !file.exists()
    {
        let text = format!("there is no database at {}: check --data and --database", file.display());
        return Err(Failure::Start(Error::internal(text)));
    }
    Ok(start::open(config, Clock::system())?)
}

fn dispatch(cli: &Cli) -> Result<(), Failure> {
    let overrides = cli.flags.overrides();
    let file = cli.flags.config.as_deref();
    let load = || -> Result<Config, Failure> { Ok(Config::load(file, &overrides)?) };
    match &cli.command {
        Command::Serve(_) => serve::run(load()?),
        Command::Device(args) => device::run(args, load()?),
        Command::Simulate(args) => {
            let report = match args.panels.gateway {
                Some(gateway) => simulate::run_panels(args.clone(), gateway)?.to_string(),
                None => simulate::run(args.clone())?.to_string(),
            };
            say(&report);
            Ok(())
        }
        Command::Demo(args) => {
            let mut overrides = overrides.clone();
            overrides.data_dir.get_or_insert_with(|| demo::DATA_DIR.into());
            demo::run(args, Config::load(file, &overrides)?)
        }
        Command::Figures(args) => figures::run(args, load()?),
        Command::Import(args) => import::run(args, load()?),
        Command::Scales(args) => scales::run(args, &load()?),
        Command::Plan(args) => plan::run(args, load()?),
        Command::User(args) => user::run(load()?, args),
        Command::Audit(args) => audit::run(load()?, args),
        Command::Backup(args) => backup::back_up(load()?, args),
        Command::Restore(args) => backup::restore(&load()?, args),
        Command::Completions(args) => completions::run(args, &mut std::io::stdout().lock()),
        Command::Bench(args) => bench::run(args, file, &overrides),
        Command::Config(args) => Ok(config::run(args, file, &overrides, &mut std::io::stdout().lock())?),
    }
}
