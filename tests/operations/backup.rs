//! The restore drill: a backup made under writes, put back elsewhere, is one moment of the original and is whole.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use sha2::{Digest, Sha256};
use songhe::access::{Place as Where, Role};
use songhe::db::{AnyConnection, Db, Kind, Options};

use super::{Place, said};
use crate::support::app::TestApp;

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

const TABLES: [&str; 8] =
    ["users", "user_grants", "towns", "villages", "institutions", "providers", "caregivers", "elders"];

/// A digest of every row of the tables that the test writes to.
fn digest(connection: &mut AnyConnection) -> String {
    let mut hasher = Sha256::new();
    for table in TABLES {
        let key = if ["towns", "villages"].contains(&table) { "code" } else { "id" };
        let query = match connection {
            AnyConnection::Postgres(_) => format!("SELECT t::text AS line FROM {table} AS t ORDER BY {key}"),
            AnyConnection::Sqlite(_) => {
                let columns: Vec<Line> =
                    diesel::sql_query(format!("SELECT name AS line FROM pragma_table_info('{table}')"))
                        .load(connection)
                        .unwrap();
                let quoted: Vec<String> =
                    columns.iter().map(|column| format!("quote({})", column.line)).collect();
                format!("SELECT {} AS line FROM {table} ORDER BY {key}", quoted.join(" || ',' || "))
            }
        };
        let rows: Vec<Line> = diesel::sql_query(query).load(connection).unwrap();
        hasher.update(table);
        for row in rows {
            hasher.update(row.line);
        }
    }
    hex::encode(hasher.finalize())
}

fn count(connection: &mut AnyConnection, query: &str) -> i64 {
    diesel::sql_query(query).get_result::<Count>(connection).unwrap().n
}

/// The settings of another program's data, for the real one.
fn at(app: &TestApp) -> [String; 4] {
    let url = app.app.config.database.url.expose().to_owned();
    ["--data".to_owned(), app.data_dir().display().to_string(), "--database".to_owned(), url]
}

fn songhe(app: &TestApp, arguments: &[&str]) -> String {
    let mut command = crate::support::process::songhe_command();
    said(&command.current_dir(app.data_dir()).args(arguments).args(at(app)).output().unwrap(), 0)
}

fn open(place: &Place) -> Db {
    Db::open(place.database.source(), &Options::default()).unwrap().0
}

fn drill(kind: Kind) {
    let Some(app) = TestApp::start(kind) else { return };
    app.add_towns();
    for town in 1..=3 {
        app.add_institution(town);
        let provider = app.add_provider(town);
        app.add_caregiver(town, provider);
        app.add_elder(town);
    }
    let folder = tempfile::tempdir().unwrap();
    let (busy, still) = (folder.path().join("busy"), folder.path().join("still"));

    // Each transaction adds a user and its audit row: in any one moment there are as many of the one as of the other.
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut number = 0;
            while !done.load(Ordering::SeqCst) {
                app.add_user(&format!("user{number}"), Role::CityManager, Where::City);
                number += 1;
            }
            number
        });
        songhe(&app, &["backup", &busy.display().to_string()]);
        done.store(true, Ordering::SeqCst);
        assert!(writer.join().unwrap() > 0);
    });
    restored(kind, &busy, |db| {
        db.read_now(|connection| {
            let users = count(connection, "SELECT count(*) AS n FROM users");
            assert_eq!(users, count(connection, "SELECT count(*) AS n FROM audit_log"), "half a transaction");
            assert_eq!(
                users,
                count(connection, "SELECT count(*) AS n FROM user_grants"),
                "half a transaction"
            );
            Ok(())
        })
        .unwrap();
    });

    songhe(&app, &["backup", &still.display().to_string()]);
    let original = app.read(|connection| Ok(digest(connection)));
    restored(kind, &still, |db| {
        assert_eq!(db.read_now(|connection| Ok(digest(connection))).unwrap(), original);
    });
}

/// Restores a backup into a new place, verifies its audit log there, and looks at it.
fn restored(kind: Kind, backup: &Path, look: impl FnOnce(&Db)) {
    let place = Place::new(kind).unwrap();
    let backup = backup.display().to_string();
    assert!(said(&place.songhe(&["restore", &backup]), 0).contains("the audit log is whole"));
    assert!(said(&place.songhe(&["audit", "verify"]), 0).contains("whole"));
    look(&open(&place));
    // What is there now is not replaced by accident.
    assert!(said(&place.songhe(&["restore", &backup]), 1).contains("--force"));
    said(&place.songhe(&["restore", &backup, "--force"]), 0);
    assert!(said(&place.songhe(&["audit", "verify"]), 0).contains("whole"));
}

#[test]
fn sqlite_is_restored_as_it_was() {
    drill(Kind::Sqlite);
}

#[test]
fn postgres_is_restored_as_it_was() {
    drill(Kind::Postgres);
}

#[test]
fn a_damaged_backup_changes_nothing() {
    let app = TestApp::start(Kind::Sqlite).unwrap();
    app.add_user("lin", Role::CityManager, Where::City);
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup");
    songhe(&app, &["backup", &backup.display().to_string()]);
    let file = backup.join("songhe.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let place = Place::new(Kind::Sqlite).unwrap();
    let refusal = said(&place.songhe(&["restore", &backup.display().to_string()]), 1);
    assert!(refusal.contains("songhe.db is damaged"), "{refusal}");
    assert_eq!(std::fs::read_dir(place.data()).unwrap().count(), 0);
}

#[test]
fn a_backup_does_not_overwrite_another() {
    let app = TestApp::start(Kind::Sqlite).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("older"), "x").unwrap();
    let mut command = crate::support::process::songhe_command();
    let arguments = ["backup".to_owned(), folder.path().display().to_string()];
    let refusal = said(&command.args(arguments).args(at(&app)).output().unwrap(), 1);
    assert!(refusal.contains("is not empty"), "{refusal}");
}
