//! `songhe config check` and `songhe config print`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::config::{Config, ConfigError, Overrides, annotated};

/// Check or show the configuration.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    songhe config check\n  \
    songhe config check config/cluster.toml\n  \
    SONGHE_HTTP__LISTEN=0.0.0.0:8080 songhe config print\n  \
    songhe config print > songhe.toml")]
pub struct ConfigArgs {
    #[command(subcommand)]
    pub action: ConfigAction,
}

#[derive(Debug, Clone, Subcommand)]
pub enum ConfigAction {
    /// Say whether the program would start with this configuration, and what is wrong if not.
    Check {
        /// The file to check instead of the one that would be read.
        file: Option<PathBuf>,
    },
    /// Show every key with its explanation, the value in force and where it came from. Passwords are masked.
    Print {
        /// The file to read instead of the one that would be read.
        file: Option<PathBuf>,
    },
}

/// Why the command ended with status 1.
#[derive(Debug, thiserror::Error)]
pub enum ConfigFailure {
    #[error(transparent)]
    Refused(#[from] ConfigError),
    #[error("the result cannot be written: {0}")]
    Output(#[from] io::Error),
}

/// Runs the command; `file` is what `--config` named. The result goes to `out`, a refusal is returned.
pub fn run(
    args: &ConfigArgs,
    file: Option<&Path>,
    overrides: &Overrides,
    out: &mut dyn Write,
) -> Result<(), ConfigFailure> {
    match &args.action {
        ConfigAction::Check { file: named } => {
            let loaded = Config::load_with_origins(named.as_deref().or(file), overrides)?;
            let read = loaded.file.as_ref().map_or("no file".to_owned(), |path| path.display().to_string());
            let (from_file, from_environment, from_flags) = loaded.given_counts();
            writeln!(
                out,
                "The configuration is good: {from_file} values from {read}, {from_environment} from the \
                 environment, {from_flags} from flags; the rest are defaults."
            )?;
        }
        ConfigAction::Print { file: named } => {
            let loaded = Config::load_with_origins(named.as_deref().or(file), overrides)?;
            out.write_all(annotated(&loaded).as_bytes())?;
        }
    }
    out.flush()?;
    Ok(())
}
