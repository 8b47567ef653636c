//! The step of the schema that puts readings on days carries over what is there.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use songhe::db::schema::{reading_cursor, readings};
use songhe::db::{AnyConnection, Db, Kind, Options};
use songhe::devices::storage::gather;
use songhe::devices::store;

use super::pulse;
use crate::support::app::first_instant;
use crate::support::database::Database;

const STEP: &str = "0019_kept_readings";

/// The steps before ours, as they stand in their folder.
fn before(database: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(database);
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.as_str() < STEP)
        .collect();
    names.sort();
    let read = |name: String| {
        let text = std::fs::read_to_string(folder.join(&name).join("up.sql")).unwrap();
        (name.split('_').next().unwrap().to_owned(), text)
    };
    names.into_iter().map(read).collect()
}

fn carries_over(kind: Kind) {
    let folder = tempfile::tempdir().unwrap();
    let Some(database) = Database::bare(kind, folder.path()) else { return };
    let options = Options::default();
    let (mut older, name) = match kind {
        Kind::Sqlite => {
            let file = database.url.trim_start_matches("sqlite:");
            (AnyConnection::Sqlite(SqliteConnection::establish(file).unwrap()), "sqlite")
        }
        Kind::Postgres => {
            (AnyConnection::Postgres(PgConnection::establish(&database.url).unwrap()), "postgres")
        }
    };
    let mut run = |text: &str| older.batch_execute(text).unwrap();
    run("CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, \
         run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)");
    for (version, text) in before(name) {
        run(&format!("BEGIN; {text}; COMMIT"));
        run(&format!("INSERT INTO __diesel_schema_migrations (version) VALUES ('{version}')"));
    }
    run("INSERT INTO readings (id, device_id, boot_id, lane, seq, channel, value, at, received_at) VALUES \
         (5, 1, 1, 0, 0, 1, 70, '2026-11-20 10:00:00', '2026-11-20 10:00:00'), \
         (9, 1, 1, 0, 1, 1, 71, '2026-11-20 10:00:00.500', '2026-11-21 00:00:00')");
    drop(older);
    let (db, report) = Db::open(database.source(), &options).unwrap();
    assert!(!report.applied.is_empty(), "{report}");
    let days = db.read_now(store::days).unwrap();
    assert_eq!(days.len(), if kind == Kind::Sqlite { 0 } else { 2 }, "{days:?}");
    db.write_now(|connection| store::append_readings(connection, &[pulse(2, 72.0, first_instant())]))
        .unwrap();
    let rows: Vec<(i64, i64, f64)> = db
        .read_now(|connection| {
            let columns = (readings::id, readings::seq, readings::value);
            Ok(readings::table.order(readings::id).select(columns).load(connection)?)
        })
        .unwrap();
    assert_eq!(rows, [(5, 0, 70.0), (9, 1, 71.0), (10, 2, 72.0)]);
    let upto: i64 = db
        .read_now(|connection| Ok(reading_cursor::table.select(reading_cursor::upto).first(connection)?))
        .unwrap();
    assert_eq!(upto, 0, "what was there before is summed up too");
    assert_eq!(db.read_now(gather).unwrap().map(|piece| piece.rows), Some(3));
}

#[test]
fn sqlite_carries_readings_over() {
    carries_over(Kind::Sqlite);
}

#[test]
fn postgres_carries_readings_over() {
    carries_over(Kind::Postgres);
}
