//! Schema steps: the same for both databases, only forwards, and never without a copy.

use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use songhe::db::{Db, Kind, Options, Source};

use crate::support::database::Database;
use crate::support::process::songhe_command;

fn folder(database: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(database)
}

fn steps(database: &str) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder(database))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn count(file: &Path, query: &str) -> Result<i64, String> {
    let mut connection = SqliteConnection::establish(&file.to_string_lossy()).unwrap();
    let counted = diesel::sql_query(query).get_result::<Count>(&mut connection);
    counted.map(|count| count.n).map_err(|error| error.to_string())
}

#[test]
fn both_databases_have_the_same_steps() {
    let names = steps("sqlite");
    assert!(!names.is_empty());
    assert_eq!(names, steps("postgres"));
    for (index, name) in names.iter().enumerate() {
        assert!(name.starts_with(&format!("{:04}_", index + 1)), "{name} leaves a gap");
        for database in ["sqlite", "postgres"] {
            assert!(folder(database).join(name).join("up.sql").exists(), "{database}: {name}");
        }
    }
}

fn refuses_a_newer_schema(kind: Kind) {
    let folder = tempfile::tempdir().unwrap();
    let Some(database) = Database::new(kind, folder.path()) else { return };
    let (db, report) = Db::open(database.source(), &Options::default()).unwrap();
    assert!(report.applied.is_empty(), "the template was up to date: {report}");
    db.write_now(|connection| {
        let later = "INSERT INTO __diesel_schema_migrations (version, run_on) VALUES ('9998', '2030-01-01')";
        Ok(connection.batch_execute(later)?)
    })
    .unwrap();
    drop(db);
    let error = Db::open(database.source(), &Options::default()).err().expect("a newer schema is refused");
    assert!(error.for_operator().contains("9998"), "{}", error.for_operator());
    assert!(error.for_operator().contains("newer songhe"), "{}", error.for_operator());
}

#[test]
fn sqlite_refuses_a_newer_schema() {
    refuses_a_newer_schema(Kind::Sqlite);
}

#[test]
fn postgres_refuses_a_newer_schema() {
    refuses_a_newer_schema(Kind::Postgres);
}

/// A file as an earlier version left it: the first two steps, and one town.
fn older_file(file: &Path) {
    let mut connection = SqliteConnection::establish(&file.to_string_lossy()).unwrap();
    connection
        .batch_execute(
            "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, \
             run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)",
        )
        .unwrap();
    for step in &steps("sqlite")[..2] {
        let text = std::fs::read_to_string(folder("sqlite").join(step).join("up.sql")).unwrap();
        connection.batch_execute(&text).unwrap();
        let version = step.split('_').next().unwrap();
        let done = format!("INSERT INTO __diesel_schema_migrations (version) VALUES ('{version}')");
        connection.batch_execute(&done).unwrap();
    }
    let town = "INSERT INTO towns (code, name_zh, name_en, kind, longitude, latitude, elders_60plus_est) \
                VALUES ('350582101', '安海镇', 'Anhai', 'town', 118.47, 24.72, 1)";
    connection.batch_execute(town).unwrap();
}

#[test]
fn an_older_sqlite_file_is_copied_before_its_schema_grows() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("songhe.db");
    older_file(&file);
    let (db, report) = Db::open(Source::Sqlite(file.clone()), &Options::default()).unwrap();
    drop(db);
    assert_eq!(report.applied.len(), steps("sqlite").len() - 2, "{report}");
    let copy = report.backup.expect("a copy was made");
    let (towns, elders) = ("SELECT count(*) AS n FROM towns", "SELECT count(*) AS n FROM elders");
    assert_eq!(count(&copy, towns), Ok(1));
    assert!(count(&copy, elders).is_err(), "the copy is of before the steps");
    assert_eq!(count(&file, towns), Ok(1));
    assert_eq!(count(&file, elders), Ok(0));
    let (_, again) = Db::open(Source::Sqlite(file), &Options::default()).unwrap();
    assert!(again.applied.is_empty() && again.backup.is_none(), "{again}");
}

#[test]
fn a_new_sqlite_file_needs_no_copy() {
    let folder = tempfile::tempdir().unwrap();
    let (_, report) = Db::open(Source::Sqlite(folder.path().join("songhe.db")), &Options::default()).unwrap();
    assert_eq!(report.applied.len(), steps("sqlite").len());
    assert_eq!(report.backup, None);
}

#[test]
fn a_mistyped_address_of_the_database_makes_no_file() {
    for address in ["sqlit:songhe.db", "songhe.db", "sqlite:", "postgre://songhe@127.0.0.1/songhe"] {
        let folder = tempfile::tempdir().unwrap();
        let output = songhe_command()
            .current_dir(folder.path())
            .args(["serve", "--http", "127.0.0.1:0", "--database", address])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{address}: {said}");
        assert!(said.contains("database.url"), "{address}: {said}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{address} made a file");
    }
}
