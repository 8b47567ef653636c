//! One connection type over both databases, chosen by URL, and the manager that opens it with the right settings.

use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::r2d2::ManageConnection;
use diesel::{Connection as _, ConnectionError, PgConnection, SqliteConnection};

/// How a write begins on PostgreSQL; what else it needs before its snapshot, see [`super::Begin`].
pub(super) const BEGIN_SERIALIZABLE: &str = "BEGIN ISOLATION LEVEL SERIALIZABLE";

#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// Where the database is.
#[derive(Clone, PartialEq, Eq)]
pub enum Source {
    Sqlite(PathBuf),
    Postgres(String),
}

impl Source {
    /// `sqlite:FILE` (relative to `data_dir`) or `postgres://...`. Anything else is refused: a mistyped URL must not become
    /// an empty SQLite file.
    pub fn parse(url: &str, data_dir: &Path) -> Result<Source, String> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Source::Postgres(url.to_owned()));
        }
        match url.strip_prefix("sqlite:") {
            Some(file) if !file.is_empty() && !file.starts_with("//") => {
                Ok(Source::Sqlite(data_dir.join(file)))
            }
            _ => Err("expected sqlite:FILE or postgres://USER@HOST:PORT/NAME".to_owned()),
        }
    }

    pub fn kind(&self) -> Kind {
        match self {
            Source::Sqlite(_) => Kind::Sqlite,
            Source::Postgres(_) => Kind::Postgres,
        }
    }

    pub(super) fn connect(&self, read_only: bool) -> Result<AnyConnection, ConnectionError> {
        match self {
            Source::Sqlite(path) => {
                let mut connection = SqliteConnection::establish(&path.to_string_lossy())?;
                let guard = if read_only { "PRAGMA query_only = ON;" } else { "" };
                connection
                    .batch_execute(&format!(
                        "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
                         PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON; PRAGMA cache_size = -8192;
                         PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0; {guard}"
                    ))
                    .map_err(ConnectionError::CouldntSetupConfiguration)?;
                Ok(AnyConnection::Sqlite(connection))
            }
            Source::Postgres(url) => {
                let mut connection = PgConnection::establish(url)?;
                connection
                    .batch_execute(
                        "SET TIME ZONE 'UTC'; SET lock_timeout = '10s'; SET statement_timeout = '60s'",
                    )
                    // A write looks up single rows by their keys: planning each statement anew costs more than running it, and
                    // all other writes wait for it. Lists that are read are planned for the values they are asked with.
                    .and_then(|()| {
                        if read_only {
                            Ok(())
                        } else {
                            connection.batch_execute("SET plan_cache_mode = force_generic_plan")
                        }
                    })
                    .map_err(ConnectionError::CouldntSetupConfiguration)?;
                Ok(AnyConnection::Postgres(connection))
            }
        }
    }
}

/// Shows where, never the password.
impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Source::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Source::Postgres(url) => {
                let host = url.rsplit_once('@').map_or(url.as_str(), |(_, host)| host);
                write!(
                    f,
                    "postgres://{}",
                    host.trim_start_matches("postgres://").trim_start_matches("postgresql://")
                )
            }
        }
    }
}

pub(super) struct Manager {
    source: Source,
    read_only: bool,
}

impl Manager {
    pub(super) fn new(source: Source, read_only: bool) -> Self {
        Manager { source, read_only }
    }
}

impl ManageConnection for Manager {
    type Connection = AnyConnection;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<AnyConnection, Self::Error> {
        self.source.connect(self.read_only).map_err(diesel::r2d2::Error::ConnectionError)
    }

    /// Asked whenever a connection is handed out. A transaction that goes to a server begins here: that proves the connection as
    /// well as a question would, and saves one.
    fn is_valid(&self, connection: &mut AnyConnection) -> Result<(), Self::Error> {
        let proof = match (self.source.kind(), self.read_only) {
            (Kind::Sqlite, true) => "BEGIN DEFERRED",
            (Kind::Postgres, true) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            // A file that was opened stays open: nothing to ask.
            (Kind::Sqlite, false) => return Ok(()),
            (Kind::Postgres, false) => BEGIN_SERIALIZABLE,
        };
        connection.batch_execute(proof).map_err(diesel::r2d2::Error::QueryError)
    }

    fn has_broken(&self, _connection: &mut AnyConnection) -> bool {
        // A panic inside a transaction leaves it open: such a connection is thrown away.
        std::thread::panicking()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_url_is_refused() {
        let data = Path::new("data");
        assert!(Source::parse("postgre://x", data).is_err());
        assert!(Source::parse("songhe.db", data).is_err());
        assert!(Source::parse("sqlite:", data).is_err());
        assert!(Source::parse("sqlite:///tmp/x", data).is_err());
        assert_eq!(Source::parse("sqlite:s.db", data), Ok(Source::Sqlite(PathBuf::from("data/s.db"))));
    }

    #[test]
    fn a_source_never_shows_its_password() {
        let source = Source::parse("postgres://songhe:secret@db/x", Path::new("")).unwrap();
        assert_eq!(format!("{source:?}"), "postgres://db/x");
    }
}
