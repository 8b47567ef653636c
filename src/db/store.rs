//! Small statements about the database itself.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::{AnyConnection, Db, Kind, Source};
use crate::error::{Error, Result};

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = BigInt)]
    answer: i64,
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = Text)]
    version: String,
}

/// Asks the database for something small; an error means that it is not there or not ours. Gives the number of towns.
pub fn ping(connection: &mut AnyConnection) -> Result<i64> {
    Ok(diesel::sql_query("SELECT count(*) AS answer FROM towns").get_result::<Answer>(connection)?.answer)
}

/// Whether the database holds no people and no audit yet, so that no key can be missing.
pub fn is_empty(connection: &mut AnyConnection) -> Result<bool> {
    let query = "SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM audit_log) AS answer";
    Ok(diesel::sql_query(query).get_result::<Answer>(connection)?.answer == 0)
}

/// Name and version of the database, for reports.
pub fn version(connection: &mut AnyConnection) -> Result<String> {
    let query = match connection {
        AnyConnection::Sqlite(_) => "SELECT 'SQLite ' || sqlite_version() AS version",
        AnyConnection::Postgres(_) => "SELECT 'PostgreSQL ' || current_setting('server_version') AS version",
    };
    Ok(diesel::sql_query(query).get_result::<Version>(connection)?.version)
}

/// Number of the newest schema step that was applied, such as 0005.
pub fn schema_version(connection: &mut AnyConnection) -> Result<String> {
    let query = "SELECT max(version) AS version FROM __diesel_schema_migrations";
    Ok(diesel::sql_query(query).get_result::<Version>(connection)?.version)
}

/// Whether a PostgreSQL database holds tables already.
pub fn holds_tables(source: &Source) -> Result<bool> {
    let mut connection = source
        .connect(true)
        .map_err(|error| Error::internal(format!("cannot open {source:?}")).because(error))?;
    let query = "SELECT count(*) AS answer FROM information_schema.tables WHERE table_schema = 'public'";
    Ok(diesel::sql_query(query).get_result::<Answer>(&mut connection)?.answer > 0)
}

/// After much was written at once: PostgreSQL would plan as for empty tables until it looks at them by itself, up to a minute later.
pub fn learn_sizes(db: &Db) -> Result<()> {
    match db.kind() {
        Kind::Postgres => db.write_now(|connection| Ok(connection.batch_execute("ANALYZE")?)),
        Kind::Sqlite => Ok(()),
    }
}

/// A consistent copy of an SQLite database while it is in use.
pub fn copy_sqlite(db: &Db, to: &std::path::Path) -> Result<()> {
    if db.kind() != Kind::Sqlite {
        return Err(Error::internal("only an SQLite database is copied as a file"));
    }
    let mut connection = db.0.writers.get().map_err(|error| Error::busy().because(error))?;
    connection.batch_execute(&format!("VACUUM INTO '{}'", to.to_string_lossy().replace('\'', "''")))?;
    Ok(())
}

/// After rows were inserted with numbers of their own: makes the next generated number of each table a free one.
pub fn continue_numbers(connection: &mut AnyConnection, tables: &[&str]) -> Result<()> {
    if let AnyConnection::Postgres(inner) = connection {
        for table in tables {
            inner.batch_execute(&format!(
                "SELECT setval(pg_get_serial_sequence('{table}', 'id'), COALESCE((SELECT max(id) FROM {table}), 0) + 1, false)"
            ))?;
        }
    }
    Ok(())
}
