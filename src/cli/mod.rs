//! The command line.

pub mod config;
pub mod simulate;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{LogFormat, Overrides, SecretUrl};

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
    Config(config::ConfigArgs),
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
    let outcome = match &cli.command {
        Command::Config(args) => {
            let overrides = cli.flags.overrides();
            config::run(args, cli.flags.config.as_deref(), &overrides, &mut std::io::stdout().lock())
        }
    };
    match outcome {
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
