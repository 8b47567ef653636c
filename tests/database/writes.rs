//! A write commits whole or not at all, loses nothing to another, and is tried again when another got in its way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use songhe::db::{AnyConnection, Db, Kind, Options};
use songhe::error::{Code, Error, Result};

use crate::support::app::both;
use crate::support::database::Database;

#[derive(QueryableByName)]
struct Value {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

fn value(connection: &mut AnyConnection) -> Result<i64> {
    let query = "SELECT value FROM dated_settings WHERE name = 'counter'";
    Ok(diesel::sql_query(query).get_result::<Value>(connection)?.value)
}

fn put(connection: &mut AnyConnection, value: i64) -> Result<()> {
    let changed = format!("UPDATE dated_settings SET value = {value} WHERE name = 'counter'");
    Ok(connection.batch_execute(&changed)?)
}

fn add_counter(connection: &mut AnyConnection) -> Result<()> {
    let row = "INSERT INTO dated_settings (name, effective_on, value, source) \
               VALUES ('counter', '2026-01-01', 0, 'test')";
    Ok(connection.batch_execute(row)?)
}

/// 400 times read, add one, write, by eight threads.
fn count_together(kind: Kind) {
    let folder = tempfile::tempdir().unwrap();
    let Some(database) = Database::new(kind, folder.path()) else { return };
    let options = Options { wait_max: Duration::from_mins(2), ..Options::default() };
    let db = Db::open_migrated(database.source(), &options).unwrap();
    db.write_now(add_counter).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    db.write_now(|connection| {
                        let before = value(connection)?;
                        put(connection, before + 1)
                    })
                    .unwrap_or_else(|error| panic!("{}", error.for_log()));
                }
            });
        }
    });
    assert_eq!(db.read_now(value).unwrap(), 400);
}

#[test]
fn sqlite_loses_none_of_400_increments() {
    count_together(Kind::Sqlite);
}

#[test]
fn postgres_loses_none_of_400_increments() {
    count_together(Kind::Postgres);
}

both!(a_write_that_fails_changes_nothing, |app| async {
    app.app.db.write_now(add_counter).unwrap();
    let refused = app
        .app
        .db
        .write(|connection| {
            put(connection, 7)?;
            Err::<(), _>(Error::not_found())
        })
        .await;
    assert_eq!(refused.unwrap_err().code, Code::NotFound);
    assert_eq!(app.read(value), 0);
    // A statement that the database refuses takes the ones before it along.
    let broken = app.app.db.write(|connection| {
        put(connection, 8)?;
        add_counter(connection)
    });
    assert_eq!(broken.await.unwrap_err().code, Code::Internal);
    assert_eq!(app.read(value), 0);
});

/// What the database says when two transactions cannot both go on.
pub fn clash(connection: &mut AnyConnection) -> Result<()> {
    match connection {
        // A checkpoint inside a write transaction is refused as a lock of another would be.
        AnyConnection::Sqlite(inner) => inner.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")?,
        AnyConnection::Postgres(inner) => {
            let raise = "DO $$ BEGIN RAISE EXCEPTION 'could not serialize' USING ERRCODE = '40001'; END $$";
            inner.batch_execute(raise)?;
        }
    }
    Ok(())
}

both!(a_write_that_clashes_runs_again_and_only_the_last_run_counts, |app| async {
    app.app.db.write_now(add_counter).unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    app.app
        .db
        .write(move |connection| {
            let run = counted.fetch_add(1, Ordering::SeqCst) + 1;
            let before = value(connection)?;
            put(connection, before + 10)?;
            if run < 3 { clash(connection) } else { Ok(()) }
        })
        .await
        .unwrap();
    assert_eq!((runs.load(Ordering::SeqCst), app.read(value)), (3, 10));
});

both!(a_write_that_always_clashes_is_told_to_come_back, |app| async {
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    let outcome = app
        .app
        .db
        .write(move |connection| {
            counted.fetch_add(1, Ordering::SeqCst);
            clash(connection)
        })
        .await;
    assert_eq!(outcome.unwrap_err().code, Code::Busy);
    assert_eq!(runs.load(Ordering::SeqCst), 8);
});

both!(a_write_behind_a_long_one_is_told_to_come_back_and_the_next_one_works, |app| async {
    let (release, held) = std::sync::mpsc::channel::<()>();
    let (taken, holding) = std::sync::mpsc::channel::<()>();
    let db = app.app.db.clone();
    let holder = std::thread::spawn(move || {
        db.write_now(|_| {
            taken.send(()).unwrap();
            held.recv().unwrap();
            Ok(())
        })
    });
    holding.recv().unwrap();
    let db = app.app.db.clone();
    let late = tokio::task::spawn_blocking(move || db.write_now(add_counter)).await.unwrap();
    let error = late.unwrap_err();
    assert_eq!(error.code, Code::Busy, "{}", error.for_log());
    release.send(()).unwrap();
    holder.join().unwrap().unwrap();
    // Every connection of the pool is as good as before.
    let db = app.app.db.clone();
    let next = tokio::task::spawn_blocking(move || {
        db.write_now(add_counter)?;
        (0..20).try_for_each(|number| db.write_now(|connection| put(connection, number)))?;
        db.write_now(value)
    });
    assert_eq!(next.await.unwrap().unwrap(), 19);
});
