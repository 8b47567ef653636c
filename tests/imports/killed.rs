//! An import whose program is killed in the middle: what is in is known row by row, the work goes on or is taken back, and no row is
//! in twice. With the real program, on both databases.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use songhe::db::{Db, Kind, Options};

use crate::support::database::Database;
use crate::support::poll;
use crate::support::process::Songhe;

/// Two cores that are busy with other tests, and a program of the debug build.
const PATIENCE: Duration = Duration::from_mins(3);
const ROWS: usize = 3_000;

struct City {
    songhe: Songhe,
    db: Db,
    http: reqwest::Client,
    token: String,
    _database: Database,
    _folder: tempfile::TempDir,
}

impl City {
    /// None where there is no server for the database.
    async fn start(kind: Kind) -> Option<City> {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::bare(kind, folder.path())?;
        let arguments = ["demo", "--scale", "0.05", "--seed", "4", "--database", database.url.as_str()];
        let mut songhe = Songhe::start(&arguments, &[]);
        songhe.restart_as(&["serve", "--database", database.url.as_str()]);
        let db = Db::open_migrated(database.source(), &Options::default()).unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let logins = std::fs::read(songhe.data_dir().join("demo-logins.json")).unwrap();
        let logins: Value = serde_json::from_slice(&logins).unwrap();
        let body = json!({ "login": "city", "password": logins["password"] });
        let opened = http.post(songhe.url("/api/v1/sessions")).json(&body).send().await.unwrap();
        let opened: Value = opened.json().await.unwrap();
        let token = opened["token"].as_str().unwrap().to_owned();
        Some(City { songhe, db, http, token, _database: database, _folder: folder })
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> (u16, Value) {
        let request = self.http.request(method, self.songhe.url(&format!("/api/v1/imports{path}")));
        let request = request.bearer_auth(&self.token).header("content-type", "application/json");
        let request = match body {
            Some(body) => request.body(body),
            None => request,
        };
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn step(&self, id: i64, step: &str) -> (u16, Value) {
        let body = (step == "check").then(|| b"{}".to_vec());
        self.ask(Method::POST, &format!("/{id}/{step}"), body).await
    }

    async fn show(&self, id: i64) -> Value {
        self.ask(Method::GET, &format!("/{id}"), None).await.1
    }

    async fn reaches(&self, id: i64, state: &str) {
        poll::until_async(PATIENCE, state, async || self.show(id).await["state"] == state).await;
    }

    /// A batch of stations that have passed the check.
    async fn checked(&self, name: &str) -> i64 {
        let mut lines = "名称,村（社区）\n".to_owned();
        let village = self.text("SELECT code AS t FROM villages ORDER BY code LIMIT 1");
        for number in 0..ROWS {
            lines.extend([name, &number.to_string(), ",", &village, "\n"]);
        }
        let (status, batch) = self.ask(Method::POST, "?kind=stations", Some(lines.into_bytes())).await;
        assert_eq!(status, 201, "{batch}");
        let id = batch["id"].as_i64().unwrap();
        self.step(id, "check").await;
        self.reaches(id, "checked").await;
        id
    }

    /// Runs a batch and kills the program when some rows are in.
    async fn run_and_kill(&mut self, id: i64, name: &str) -> i64 {
        self.step(id, "run").await;
        poll::until_async(PATIENCE, "some rows are in", async || self.written(name) >= 200).await;
        self.songhe.kill();
        if self.db.kind() == Kind::Postgres {
            // A server's session may outlive its client.
            let busy = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() \
                 AND pid <> pg_backend_pid() AND state <> 'idle'";
            poll::until(PATIENCE, "no session works", || self.number(busy) == 0);
        }
        let written = self.written(name);
        assert!(written < ROWS as i64, "it was killed in the middle: {written}");
        self.songhe.restart_in_place();
        written
    }

    /// What a runner that died holds is free two minutes later.
    fn let_time_pass(&self, id: i64) {
        let past = format!("UPDATE imports SET runner_until = created_at WHERE id = {id}");
        self.db
            .write_now(|connection| Ok(diesel::RunQueryDsl::execute(diesel::sql_query(&past), connection)?))
            .unwrap();
    }

    fn number(&self, query: &str) -> i64 {
        #[derive(diesel::QueryableByName)]
        struct Number {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            n: i64,
        }
        let query = query.to_owned();
        let rows: Vec<Number> = self
            .db
            .read_now(move |connection| Ok(diesel::RunQueryDsl::load(diesel::sql_query(query), connection)?))
            .unwrap();
        rows[0].n
    }

    fn text(&self, query: &str) -> String {
        #[derive(diesel::QueryableByName)]
        struct Words {
            #[diesel(sql_type = diesel::sql_types::Text)]
            t: String,
        }
        let query = query.to_owned();
        let rows: Vec<Words> = self
            .db
            .read_now(move |connection| Ok(diesel::RunQueryDsl::load(diesel::sql_query(query), connection)?))
            .unwrap();
        rows.into_iter().next().unwrap().t
    }

    fn written(&self, name: &str) -> i64 {
        self.number(&format!("SELECT count(*) AS n FROM stations WHERE name LIKE '{name}%'"))
    }

    fn twice(&self) -> i64 {
        self.number(
            "SELECT count(*) AS n FROM (SELECT name FROM stations GROUP BY name, village_code HAVING count(*) > 1) AS s",
        )
    }
}

async fn survives(kind: Kind) {
    let Some(mut city) = City::start(kind).await else { return };
    let before = city.number("SELECT count(*) AS n FROM stations");

    // It goes on where it was.
    let id = city.checked("续站").await;
    let written = city.run_and_kill(id, "续站").await;
    let seen = city.show(id).await;
    let told = (&seen["state"], &seen["applied"], &seen["good"]);
    let rest = ROWS as i64 - written;
    assert_eq!(told, (&json!("running"), &json!(written), &json!(rest)), "what is in is known: {seen}");
    let (_, rows) =
        city.ask(Method::GET, &format!("/{id}/rows?outcome=applied&after={}", written - 1), None).await;
    assert_eq!(rows["items"][0]["number"], json!(written), "row by row: {rows}");
    let (status, early) = city.step(id, "run").await;
    assert_eq!(status, 409, "whoever runs it may be alive: {early}");
    city.let_time_pass(id);
    assert_eq!(city.show(id).await["is_stopped"], json!(true));
    assert_eq!(city.step(id, "run").await.0, 200);
    city.reaches(id, "done").await;
    assert_eq!((city.written("续站"), city.twice()), (ROWS as i64, 0));
    assert_eq!(city.show(id).await["applied"], json!(ROWS));

    // It is taken back as far as it came.
    let id = city.checked("撤站").await;
    city.run_and_kill(id, "撤站").await;
    city.let_time_pass(id);
    assert_eq!(city.step(id, "undo").await.0, 200);
    city.reaches(id, "undone").await;
    assert_eq!((city.written("撤站"), city.twice()), (0, 0));
    assert_eq!(city.number("SELECT count(*) AS n FROM stations"), before + ROWS as i64);
    assert_eq!(city.step(id, "run").await.0, 409, "what was taken back is not run again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn sqlite_imports_survive_a_kill() {
    survives(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn postgres_imports_survive_a_kill() {
    survives(Kind::Postgres).await;
}
