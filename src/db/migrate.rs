//! Schema steps: the same numbers and names for both databases, run at start, one process at a time.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use diesel::connection::SimpleConnection;
use diesel::migration::{MigrationSource, MigrationVersion};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::{AnyConnection, Kind, Source};
use crate::error::{Error, Result};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// A number that no other program of the same PostgreSQL uses, so that two replicas do not migrate at once.
const MIGRATION_LOCK: i64 = 0x736f_6e67_6865;

/// What the start did to the schema.
#[derive(Debug, Default)]
pub struct MigrationReport {
    pub applied: Vec<String>,
    /// The copy made before the first step (SQLite with data only).
    pub backup: Option<PathBuf>,
}

impl fmt::Display for MigrationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} schema step(s) applied", self.applied.len())?;
        match &self.backup {
            Some(path) => write!(f, ", copy before that in {}", path.display()),
            None => Ok(()),
        }
    }
}

/// Number of the newest schema step that this program knows, such as 0005.
pub fn newest_step(kind: Kind) -> Result<String> {
    let steps = match kind {
        Kind::Sqlite => MigrationSource::<diesel::sqlite::Sqlite>::migrations(&SQLITE)
            .map(|steps| steps.iter().map(|step| step.name().version().to_string()).max()),
        Kind::Postgres => MigrationSource::<diesel::pg::Pg>::migrations(&POSTGRES)
            .map(|steps| steps.iter().map(|step| step.name().version().to_string()).max()),
    };
    Ok(steps.map_err(|error| Error::internal("schema steps").because(error))?.unwrap_or_default())
}

pub(super) fn migrate(source: &Source) -> Result<MigrationReport> {
    let mut connection = source
        .connect(false)
        .map_err(|error| Error::internal(format!("cannot open {source:?}")).because(error))?;
    match (&mut connection, source) {
        (AnyConnection::Sqlite(inner), Source::Sqlite(path)) => run(inner, SQLITE, Some(path)),
        (AnyConnection::Postgres(inner), _) => {
            inner.batch_execute(&format!("SELECT pg_advisory_lock({MIGRATION_LOCK})"))?;
            let outcome = run(inner, POSTGRES, None);
            inner.batch_execute(&format!("SELECT pg_advisory_unlock({MIGRATION_LOCK})"))?;
            outcome
        }
        (AnyConnection::Sqlite(_), Source::Postgres(_)) => {
            Err(Error::internal("connection of the wrong kind"))
        }
    }
}

fn run<DB, C>(
    connection: &mut C,
    steps: EmbeddedMigrations,
    file: Option<&PathBuf>,
) -> Result<MigrationReport>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB> + SimpleConnection,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let known: BTreeSet<String> = MigrationSource::<DB>::migrations(&steps)
        .map_err(|error| Error::internal("schema steps").because(error))?
        .iter()
        .map(|step| step.name().version().to_string())
        .collect();
    let applied =
        connection.applied_migrations().map_err(|error| Error::internal("schema").because(error))?;
    refuse_newer(&applied, &known)?;

    let mut report = MigrationReport::default();
    let pending = known.len() - applied.len();
    if let (Some(file), true, true) = (file, pending > 0, !applied.is_empty()) {
        let copy =
            file.with_extension(format!("before-{}.db", known.iter().next_back().map_or("", String::as_str)));
        // VACUUM INTO refuses an existing file: a copy of an earlier try holds the same data.
        if !copy.exists() {
            connection
                .batch_execute(&format!("VACUUM INTO '{}'", copy.to_string_lossy().replace('\'', "''")))?;
        }
        report.backup = Some(copy);
    }
    let done = connection
        .run_pending_migrations(steps)
        .map_err(|error| Error::internal("schema step").because(error))?;
    report.applied = done.iter().map(ToString::to_string).collect();
    Ok(report)
}

fn refuse_newer(applied: &[MigrationVersion<'_>], known: &BTreeSet<String>) -> Result<()> {
    let unknown: Vec<String> =
        applied.iter().map(ToString::to_string).filter(|version| !known.contains(version)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(Error::internal(format!(
        "the database has schema step(s) {} that this version does not know: it was used by a newer songhe; start that \
         version, or restore a backup made before it",
        unknown.join(", ")
    )))
}
