//! `songhe audit verify`.

use clap::{Args, Subcommand};

use super::{Failure, say};
use crate::access::audit::{self, Verdict};
use crate::config::Config;
use crate::text::Lang;

/// Verify the audit log.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  songhe audit verify\n  songhe audit verify --data /var/lib/songhe && echo whole\n\n\
    Exit status: 0 when every row fits, 1 when one does not (its number is named)."
)]
pub struct AuditArgs {
    #[command(subcommand)]
    action: AuditAction,
}

#[derive(Debug, Clone, Subcommand)]
enum AuditAction {
    /// Walk the whole chain and compare it with the anchor file.
    Verify,
}

pub fn run(config: Config, args: &AuditArgs) -> Result<(), Failure> {
    let app = super::open(config)?;
    match args.action {
        AuditAction::Verify => {
            let anchor = audit::read_anchor(&app.anchor_file())?;
            match app.db.read_now(|connection| audit::verify(connection, &app.keys, anchor.as_ref()))? {
                Verdict::Whole { rows } => say(&format!("The audit log is whole: {rows} rows.")),
                Verdict::Broken { row, why } => {
                    let why = why.to(Lang::English);
                    return Err(Failure::Found(format!("the audit log is broken at row {row}: {why}")));
                }
            }
        }
    }
    Ok(())
}
