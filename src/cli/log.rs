//! Log lines to standard error, for people or for a collector.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use super::Failure;
use crate::config::{Config, LogFormat};
use crate::error::Error;

/// Starts logging; once per process.
pub fn start(config: &Config) -> Result<(), Failure> {
    // The broker's library is chatty about every connection.
    let directives = format!("{},rmqtt=warn,rmqtt_net=warn", config.log.filter);
    let filter = EnvFilter::try_new(directives)
        .map_err(|error| Failure::Start(Error::internal("log.filter").because(error)))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let outcome = match config.log.format {
        LogFormat::Human => builder.with_ansi(std::io::stderr().is_terminal()).with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    outcome.map_err(|error| Failure::Start(Error::internal("log").because(error)))
}
