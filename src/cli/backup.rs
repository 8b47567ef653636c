//! `songhe backup` and `songhe restore`.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, say};
use crate::backup;
use crate::config::Config;

/// Copy the database, the key file and the head of the audit log into a new folder, while the program runs.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  songhe backup /backups/2026-11-23\n  \
    songhe backup --config config/cluster.toml /backups/$(date +%F)\n\n\
    The folder holds the keys of the sealed data: keep it as secret as the data itself. PostgreSQL needs pg_dump, on \
    the PATH or from Debian's postgresql-client.")]
pub struct BackupArgs {
    /// A folder that does not exist yet or is empty.
    folder: PathBuf,
}

/// Put a backup in place of the configured database and data folder; stop the program first.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  songhe restore /backups/2026-11-23 --data /var/lib/songhe\n  \
    songhe restore /backups/2026-11-23 --force\n\n\
    Every file's digest and the audit log are verified. What --force replaces is kept under the ending .replaced \
    (SQLite and the key file); of a PostgreSQL database make a backup first.")]
pub struct RestoreArgs {
    /// A folder made by `songhe backup`.
    folder: PathBuf,
    /// Replace the data that is there.
    #[arg(long)]
    force: bool,
}

pub fn back_up(config: Config, args: &BackupArgs) -> Result<(), Failure> {
    let app = super::open(config)?;
    let manifest = backup::make(&app, &args.folder)?;
    let bytes: u64 = manifest.files.iter().map(|file| file.bytes).sum();
    say(&format!(
        "Backup of {} at schema step {}: {} files, {bytes} bytes in {}",
        manifest.database,
        manifest.schema,
        manifest.files.len(),
        args.folder.display()
    ));
    Ok(())
}

pub fn restore(config: &Config, args: &RestoreArgs) -> Result<(), Failure> {
    let restored = backup::restore(config, &args.folder, args.force)?;
    say(&format!(
        "Restored the backup of {}: the audit log is whole, {} rows.",
        restored.manifest.made_at, restored.audit_rows
    ));
    Ok(())
}
