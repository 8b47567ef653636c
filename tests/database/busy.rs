//! When every connection is held, a request is told to come back instead of waiting for ever.

use std::sync::mpsc;
use std::time::Duration;

use songhe::access::{Place, Role};
use songhe::db::Kind;

use crate::support::app::TestApp;
use crate::support::poll;

async fn answers_busy(kind: Kind) {
    let Some(app) = TestApp::start_with(kind, |config| config.database.write_timeout_ms = 200) else {
        return;
    };
    app.add_user("lin", Role::CityManager, Place::City);
    let lin = app.login("lin").await;
    assert_eq!(lin.status("/institutions").await, 200);

    let mut held = Vec::new();
    let mut readers = Vec::new();
    // More than there are: those beyond are refused and stop at once.
    for _ in 0..8 {
        let (release, until) = mpsc::channel::<()>();
        let db = app.app.db.clone();
        held.push(release);
        readers.push(tokio::spawn(async move {
            db.read(move |_| {
                let _ = until.recv();
                Ok(())
            })
            .await
        }));
    }
    poll::until_async(Duration::from_secs(10), "every connection is held", || async {
        app.app.db.read(|_| Ok(())).await.is_err()
    })
    .await;
    let answer = lin.get("/institutions").await;
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "2");
    assert!(answer.text().await.unwrap().contains("系统繁忙"));
    // Signing in again is refused the same way, and the process itself still lives.
    assert_eq!(lin.status("/health/live").await, 200);

    drop(held);
    for reader in readers {
        let _ = reader.await.unwrap();
    }
    assert_eq!(lin.status("/institutions").await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn sqlite_answers_busy() {
    answers_busy(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn postgres_answers_busy() {
    answers_busy(Kind::Postgres).await;
}
