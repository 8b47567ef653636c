use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::make::copy_private;
use super::manifest::Manifest;
use super::{ANCHOR_FILE, KEY_FILE, POSTGRES_FILE, SQLITE_FILE, postgres};
use crate::access::audit::{self, Anchor, Verdict};
use crate::access::seal::Keys;
use crate::config::Config;
use crate::db::{self, Db, Kind, Options, Source, store};
use crate::error::{Error, Result};
use crate::start;

/// What a restore found and did.
#[derive(Debug)]
pub struct Restored {
    pub manifest: Manifest,
    /// Rows of the audit chain, all of which fit.
    pub audit_rows: i64,
}

/// Restores the backup in `folder` into the configured database and data folder. Without `force` the target must be empty.
///
/// SQLite: the audit chain is verified before anything is replaced, and what was there is kept under the ending
/// `.replaced`. PostgreSQL: the dump is loaded in one transaction, then the chain is verified.
pub fn restore(config: &Config, folder: &Path, force: bool) -> Result<Restored> {
    let manifest = Manifest::read_and_check(folder)?;
    let source = start::source(config);
    refuse_other_kind(&manifest, &source)?;
    if manifest.schema.as_str() > db::newest_step(source.kind())?.as_str() {
        return Err(Error::internal(format!(
            "the backup has schema step {}, which this version does not know: restore it with songhe {} or newer",
            manifest.schema, manifest.songhe
        )));
    }
    fs::create_dir_all(&config.data_dir).map_err(|error| {
        Error::internal(format!("cannot make {}", config.data_dir.display())).because(error)
    })?;
    refuse_running(config)?;
    let is_key_there = config.key_file().exists();
    let is_data_there = match &source {
        Source::Sqlite(file) => file.exists(),
        Source::Postgres(_) => store::holds_tables(&source)?,
    };
    if (is_key_there || is_data_there) && !force {
        let what =
            if is_data_there { format!("{source:?}") } else { config.key_file().display().to_string() };
        return Err(Error::internal(format!(
            "{what} is there already: nothing was changed; --force replaces it"
        )));
    }
    let keys = Keys::load_or_create(&folder.join(KEY_FILE), false)?;
    let anchor = audit::read_anchor(&folder.join(ANCHOR_FILE))?;
    let audit_rows = match &source {
        Source::Sqlite(file) => {
            let rows = verify_copy(folder, file, &keys, anchor.as_ref())?;
            replace(&folder.join(SQLITE_FILE), file)?;
            rows
        }
        Source::Postgres(url) => {
            postgres::load(url, &folder.join(POSTGRES_FILE), is_data_there)?;
            verify(&source, &keys, anchor.as_ref())?
        }
    };
    replace(&folder.join(KEY_FILE), &config.key_file())?;
    let anchor_file = config.data_dir.join(ANCHOR_FILE);
    if manifest.holds(ANCHOR_FILE) {
        replace(&folder.join(ANCHOR_FILE), &anchor_file)?;
    } else {
        set_aside(&anchor_file)?;
    }
    Ok(Restored { manifest, audit_rows })
}

fn refuse_other_kind(manifest: &Manifest, source: &Source) -> Result<()> {
    let fits = match source.kind() {
        Kind::Sqlite => manifest.holds(SQLITE_FILE),
        Kind::Postgres => manifest.holds(POSTGRES_FILE),
    };
    if fits && manifest.holds(KEY_FILE) {
        return Ok(());
    }
    let (held, database) = (&manifest.database, format!("{source:?}"));
    Err(Error::internal(format!("the backup is one of {held} and cannot be restored into {database}")))
}

/// A program that still writes would write into files that are no longer there.
fn refuse_running(config: &Config) -> Result<()> {
    let file = config.addresses_file();
    let told =
        fs::read(&file).ok().and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    let address =
        told.and_then(|told| told["http"].as_str().and_then(|text| text.parse::<SocketAddr>().ok()));
    let Some(address) = address else { return Ok(()) };
    if TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_err() {
        return Ok(());
    }
    Err(Error::internal(format!(
        "songhe still runs at {address}: stop it first (if it does not, delete {})",
        file.display()
    )))
}

/// Verifies the chain in a copy, so that nothing is replaced by a backup that was tampered with.
fn verify_copy(folder: &Path, file: &Path, keys: &Keys, anchor: Option<&Anchor>) -> Result<i64> {
    let copy = beside(file, "checking");
    copy_private(&folder.join(SQLITE_FILE), &copy)?;
    let outcome = verify(&Source::Sqlite(copy.clone()), keys, anchor);
    for ending in ["checking", "checking-wal", "checking-shm"] {
        // What is not there need not be deleted.
        let _ = fs::remove_file(beside(file, ending));
    }
    outcome
}

fn verify(source: &Source, keys: &Keys, anchor: Option<&Anchor>) -> Result<i64> {
    let options = Options { read_connections: 1, write_connections: 1, ..Options::default() };
    let db = Db::open_migrated(source.clone(), &options)?;
    match db.read_now(|connection| audit::verify(connection, keys, anchor))? {
        Verdict::Whole { rows } => Ok(rows),
        Verdict::Broken { row, why } => Err(Error::internal(format!(
            "the audit log of the backup is broken at row {row}: {}",
            why.to(crate::text::Lang::English)
        ))),
    }
}

/// Puts a copy of `from` in the place of `to`; what was there keeps its content under the ending `.replaced`.
fn replace(from: &Path, to: &Path) -> Result<()> {
    let fresh = beside(to, "restoring");
    copy_private(from, &fresh)?;
    set_aside(to)?;
    fs::rename(&fresh, to)
        .map_err(|error| Error::internal(format!("cannot write {}", to.display())).because(error))
}

fn set_aside(file: &Path) -> Result<()> {
    // The log of an SQLite file belongs to it and would be applied to its successor.
    for ending in ["", "-wal", "-shm"] {
        let there = PathBuf::from(format!("{}{ending}", file.display()));
        if there.exists() {
            let aside = PathBuf::from(format!("{}.replaced{ending}", file.display()));
            fs::rename(&there, &aside).map_err(|error| {
                Error::internal(format!("cannot move {}", there.display())).because(error)
            })?;
        }
    }
    Ok(())
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    PathBuf::from(format!("{}.{ending}", file.display()))
}
