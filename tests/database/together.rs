//! Writes that wait at the same time share a commit: each is whole or not at all, as if it were alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use songhe::db::{AnyConnection, Kind};
use songhe::error::{Code, Error, Result};

use super::writes::clash;
use crate::support::app::{TestApp, both};
use crate::support::poll;

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn put(connection: &mut AnyConnection, number: u32) -> Result<()> {
    let row = format!(
        "INSERT INTO dated_settings (name, effective_on, value, source) VALUES ('n{number}', '2026-01-01', {number}, 'test')"
    );
    Ok(connection.batch_execute(&row)?)
}

fn stored(app: &TestApp) -> Vec<i64> {
    let query = "SELECT value AS n FROM dated_settings WHERE name LIKE 'n%' ORDER BY value";
    let rows: Vec<Number> = app.read(|connection| Ok(diesel::sql_query(query).load(connection)?));
    rows.into_iter().map(|row| row.n).collect()
}

/// Holds the writers up until the returned sender is dropped.
async fn hold_up(app: &TestApp) -> mpsc::Sender<()> {
    let (release, held) = mpsc::channel::<()>();
    let begun = Arc::new(AtomicU32::new(0));
    let (db, seen) = (app.app.db.clone(), Arc::clone(&begun));
    tokio::spawn(async move {
        db.write(move |_| {
            seen.store(1, Ordering::SeqCst);
            let _ = held.recv();
            Ok(())
        })
        .await
    });
    poll::until_async(Duration::from_secs(10), "a write holds the others up", async || {
        begun.load(Ordering::SeqCst) == 1
    })
    .await;
    release
}

both!(of_writes_that_wait_together_each_is_whole_or_nothing, |app| async {
    let release = hold_up(app).await;
    let writes = (0..20_u32).map(|number| {
        let db = app.app.db.clone();
        async move {
            db.write(move |connection| {
                put(connection, number)?;
                match number % 5 {
                    // Refused by a rule, refused by the database, and broken off.
                    1 => Err(Error::not_found()),
                    2 => put(connection, number),
                    3 => panic!("a fault of this write alone"),
                    _ => Ok(()),
                }
            })
            .await
        }
    });
    // All wait behind the first when it is let go.
    let writes = tokio::spawn(futures_util::future::join_all(writes.collect::<Vec<_>>()));
    poll::until_async(Duration::from_secs(10), "the writes wait", async || app.app.db.waiting() == 20).await;
    drop(release);
    let outcomes = writes.await.unwrap();
    for (number, outcome) in outcomes.into_iter().enumerate() {
        match (number % 5, outcome) {
            (0 | 4, Ok(())) => {}
            (1, Err(error)) => assert_eq!(error.code, Code::NotFound),
            (2 | 3, Err(error)) => assert_eq!(error.code, Code::Internal),
            (_, outcome) => panic!("{number}: {outcome:?}"),
        }
    }
    assert_eq!(stored(app), [0, 4, 5, 9, 10, 14, 15, 19]);
    put_one_more(app).await;
});

async fn put_one_more(app: &TestApp) {
    app.app.db.write(|connection| put(connection, 99)).await.unwrap();
    assert_eq!(stored(app).last(), Some(&99));
}

both!(a_clash_in_company_runs_again_alone_and_harms_nobody, |app| async {
    let release = hold_up(app).await;
    let runs = Arc::new(AtomicU32::new(0));
    let writes = (0..6_u32).map(|number| {
        let (db, runs) = (app.app.db.clone(), Arc::clone(&runs));
        async move {
            db.write(move |connection| {
                put(connection, number)?;
                if number == 3 && runs.fetch_add(1, Ordering::SeqCst) == 0 {
                    clash(connection)?;
                }
                Ok(())
            })
            .await
        }
    });
    let writes = tokio::spawn(futures_util::future::join_all(writes.collect::<Vec<_>>()));
    poll::until_async(Duration::from_secs(10), "the writes wait", async || app.app.db.waiting() == 6).await;
    drop(release);
    for outcome in writes.await.unwrap() {
        outcome.unwrap_or_else(|error| panic!("{}", error.for_log()));
    }
    assert_eq!((runs.load(Ordering::SeqCst), stored(app)), (2, vec![0, 1, 2, 3, 4, 5]));
});

async fn waits_in_vain(kind: Kind) {
    let Some(app) = TestApp::start_with(kind, |config| config.database.write_timeout_ms = 100) else {
        return;
    };
    let release = hold_up(&app).await;
    let late = app.app.db.write(|connection| put(connection, 1)).await;
    assert_eq!(late.unwrap_err().code, Code::Busy);
    drop(release);
    put_one_more(&app).await;
    assert_eq!(stored(&app), [99], "what was taken back is not done later");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn sqlite_does_not_do_later_what_it_refused() {
    waits_in_vain(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn postgres_does_not_do_later_what_it_refused() {
    waits_in_vain(Kind::Postgres).await;
}
