//! 64 clients who race for the same beds and elders over HTTP while the program is killed and started again: no overlap, one
//! effect for each key, and whatever was acknowledged is stored. With `SONGHE_TEST_SOAK` set: 100,000 attempts.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use diesel::prelude::*;
use serde_json::{Value, json};
use songhe::db::{Db, Kind, Options};

use super::race::OVERLAPS;
use crate::support::database::Database;
use crate::support::process::Songhe;

const CLIENTS: usize = 64;
const PLACES: usize = 50;
const KILLS: usize = 3;

fn attempts() -> usize {
    if std::env::var_os("SONGHE_TEST_SOAK").is_some() { 100_000 } else { 1_200 }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

fn numbers(db: &Db, query: &str) -> Vec<i64> {
    let query = query.to_owned();
    let rows: Vec<Number> =
        db.read_now(move |connection| Ok(diesel::sql_query(query).load(connection)?)).unwrap();
    rows.into_iter().map(|row| row.n).collect()
}

/// What the clients share.
struct Race {
    http: reqwest::Client,
    base_url: String,
    token: String,
    beds: Vec<i64>,
    elders: Vec<i64>,
    made: AtomicUsize,
    /// Key and the stay that it was answered with.
    acknowledged: Mutex<HashMap<String, i64>>,
}

impl Race {
    /// Sends until there is an answer: a dead program is waited for, and the key makes the repetition harmless.
    async fn send(&self, path: &str, key: &str, body: &Value) -> (u16, Value) {
        loop {
            let request = self
                .http
                .post(format!("{}{path}", self.base_url))
                .bearer_auth(&self.token)
                .header("idempotency-key", key)
                .json(body);
            if let Ok(response) = request.send().await {
                let status = response.status().as_u16();
                if status != 503
                    && let Ok(body) = response.json().await
                {
                    return (status, body);
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn client(&self, number: usize, wanted: usize) {
        let mut dice = number as u64 + 1;
        let mut below = |end: usize| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((dice >> 33) as usize) % end
        };
        loop {
            let attempt = self.made.fetch_add(1, Ordering::SeqCst);
            if attempt >= wanted {
                return;
            }
            let (bed, elder) = (self.beds[below(self.beds.len())], self.elders[below(self.elders.len())]);
            let key = format!("admit-{attempt}");
            let (status, stay) =
                self.send("/api/v1/stays", &key, &json!({ "bed_id": bed, "elder_id": elder })).await;
            assert!([201, 409].contains(&status), "{status}: {stay}");
            if status != 201 {
                continue;
            }
            let id = stay["id"].as_i64().unwrap();
            let before = self.acknowledged.lock().unwrap().insert(key, id);
            assert_eq!(before, None);
            let path = format!("/api/v1/stays/{id}/discharge");
            let key = format!("discharge-{attempt}");
            let (status, ended) =
                self.send(&path, &key, &json!({ "version": 1, "destination": "home" })).await;
            // In the same millisecond as the admission there is no length yet.
            assert!([200, 422].contains(&status), "{status}: {ended}");
        }
    }
}

async fn token(http: &reqwest::Client, songhe: &Songhe) -> String {
    let logins: Value =
        serde_json::from_slice(&std::fs::read(songhe.data_dir().join("demo-logins.json")).unwrap()).unwrap();
    let body = json!({ "login": "manager", "password": logins["password"] });
    let response = http.post(songhe.url("/api/v1/sessions")).json(&body).send().await.unwrap();
    let opened: Value = response.json().await.unwrap();
    opened["token"].as_str().unwrap().to_owned()
}

/// Free beds of the first house, and those who left it last.
fn contested(db: &Db) -> (Vec<i64>, Vec<i64>) {
    let beds = "SELECT id AS n FROM beds WHERE institution_id = 1 AND id NOT IN (SELECT bed_id FROM bed_claims \
         WHERE ends_at IS NULL OR kind = 'hold') ORDER BY id";
    // Whoever left within thirty days is within the manager's reach.
    let elders = "SELECT elder_id AS n FROM stays WHERE institution_id = 1 AND ends_at IS NOT NULL ORDER BY ends_at DESC";
    let take = |query: &str| numbers(db, query).into_iter().take(PLACES).collect();
    (take(beds), take(elders))
}

async fn stays_whole(kind: Kind) {
    let folder = tempfile::tempdir().unwrap();
    let Some(database) = Database::bare(kind, folder.path()) else { return };
    let arguments = ["demo", "--scale", "0.3", "--seed", "4", "--database", database.url.as_str()];
    let mut songhe = Songhe::start(&arguments, &[]);
    let db = Db::open_migrated(database.source(), &Options::default()).unwrap();
    // The race is for beds, not about who may share a room.
    let open = "UPDATE rooms SET gender_rule = 'any', isolation = FALSE";
    db.write_now(|connection| Ok(diesel::sql_query(open).execute(connection)?)).unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let token = token(&http, &songhe).await;
    discharge_some(&http, &songhe, &token, &db).await;
    let (beds, elders) = contested(&db);
    assert!(beds.len() == PLACES && elders.len() >= PLACES, "{} beds, {} elders", beds.len(), elders.len());
    let first = numbers(&db, "SELECT max(id) AS n FROM stays")[0];
    let audited = "SELECT count(*) AS n FROM audit_log WHERE action = 'stay.admit'";
    let before = numbers(&db, audited)[0];
    let race = Arc::new(Race {
        http,
        base_url: songhe.url(""),
        token,
        beds,
        elders,
        made: AtomicUsize::new(0),
        acknowledged: Mutex::default(),
    });
    let wanted = attempts();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let race = Arc::clone(&race);
            tokio::spawn(async move { race.client(number, wanted).await })
        })
        .collect();
    for kill in 1..=KILLS {
        let due = wanted * kill / (KILLS + 1);
        while race.made.load(Ordering::SeqCst) < due {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        songhe.kill();
        songhe.restart_in_place();
    }
    for client in clients {
        client.await.unwrap();
    }
    for query in OVERLAPS {
        assert_eq!(numbers(&db, query), [0], "{query}");
    }
    let acknowledged = race.acknowledged.lock().unwrap().clone();
    let stored = numbers(&db, &format!("SELECT id AS n FROM stays WHERE id > {first} ORDER BY id"));
    assert!(acknowledged.len() > 20, "{}", acknowledged.len());
    assert!(acknowledged.values().all(|id| stored.contains(id)), "acknowledged is stored");
    let made = numbers(&db, audited)[0] - before;
    assert_eq!(made, stored.len() as i64, "an audit row for each effect");
    let by_key =
        numbers(&db, "SELECT answer AS n FROM request_keys WHERE key LIKE 'admit-%' ORDER BY answer");
    let mut known: Vec<i64> = acknowledged.into_values().collect();
    known.sort_unstable();
    assert_eq!(by_key, known, "one effect for each key, and every key was answered");
}

/// Lets residents of the first house leave, so that there are elders within reach who look for a bed.
async fn discharge_some(http: &reqwest::Client, songhe: &Songhe, token: &str, db: &Db) {
    let query = format!(
        "SELECT id AS n FROM stays WHERE institution_id = 1 AND ends_at IS NULL ORDER BY id LIMIT {}",
        PLACES + 10
    );
    for id in numbers(db, &query) {
        let version = numbers(db, &format!("SELECT version AS n FROM stays WHERE id = {id}"))[0];
        let response = http
            .post(songhe.url(&format!("/api/v1/stays/{id}/discharge")))
            .bearer_auth(token)
            .json(&json!({ "version": version }))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200, "{}", response.text().await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn sqlite_stays_whole_while_it_is_killed() {
    stays_whole(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn postgres_stays_whole_while_it_is_killed() {
    stays_whole(Kind::Postgres).await;
}
