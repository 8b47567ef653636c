//! kill -9 while a proposal is accepted, and while one is searched for.

use std::time::Duration;

use diesel::prelude::*;
use serde_json::{Value, json};
use songhe::db::{Db, Kind, Options};

use crate::support::database::Database;
use crate::support::poll;
use crate::support::process::Songhe;

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

fn number(db: &Db, query: &str) -> i64 {
    let query = query.to_owned();
    db.read_now(move |connection| Ok(diesel::sql_query(query).get_result::<Number>(connection)?.n)).unwrap()
}

/// Rows whose decision and visit do not say the same.
const ODD: &str = "SELECT count(*) AS n FROM day_proposal_rows r JOIN visits v ON v.id = r.visit_id WHERE r.decision = 'accepted' \
     AND NOT (v.caregiver_id = r.caregiver_after_id AND v.starts_at = r.starts_after_at AND v.version > r.visit_version)";
/// Visits of the proposal that moved without their row saying so.
const SILENT: &str = "SELECT count(*) AS n FROM day_proposal_rows r JOIN visits v ON v.id = r.visit_id WHERE r.decision = 'open' \
     AND r.change IN ('new', 'moved') AND v.version <> r.visit_version";
const ACCEPTED: &str = "SELECT count(*) AS n FROM day_proposal_rows WHERE decision = 'accepted'";
const STATES: &str = "SELECT count(*) AS n FROM day_proposals WHERE state = ";

struct Office {
    http: reqwest::Client,
    token: String,
}

impl Office {
    async fn enter(songhe: &Songhe) -> Office {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let file = songhe.data_dir().join("demo-logins.json");
        let logins: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let body = json!({ "login": "coordinator", "password": logins["password"] });
        let response = http.post(songhe.url("/api/v1/sessions")).json(&body).send().await.unwrap();
        let opened: Value = response.json().await.unwrap();
        Office { http, token: opened["token"].as_str().unwrap_or_else(|| panic!("{opened}")).to_owned() }
    }

    fn post(
        &self,
        url: String,
        body: &Value,
    ) -> impl Future<Output = reqwest::Result<reqwest::Response>> + use<> {
        self.http.post(url).bearer_auth(&self.token).json(body).send()
    }

    async fn state(&self, url: &str) -> String {
        let response = self.http.get(url).bearer_auth(&self.token).send().await.unwrap();
        response.json::<Value>().await.unwrap()["state"].as_str().unwrap().to_owned()
    }
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(90), "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn survives(kind: Kind) {
    let folder = tempfile::tempdir().unwrap();
    let Some(database) = Database::bare(kind, folder.path()) else { return };
    let arguments = ["demo", "--scale", "0.3", "--seed", "4", "--database", database.url.as_str()];
    let mut songhe = Songhe::start(&arguments, &[]);
    let db = Db::open_migrated(database.source(), &Options::default()).unwrap();
    let office = Office::enter(&songhe).await;
    let me: Value = office
        .http
        .get(songhe.url("/api/v1/towns"))
        .bearer_auth(&office.token)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let tomorrow = number(&db, "SELECT CAST(max(id) AS BIGINT) AS n FROM visits");
    assert!(tomorrow > 0);
    let (town, day) = open_day(&db);
    assert!(me["items"].as_array().is_some_and(|towns| !towns.is_empty()), "{me}");
    // Everything of the day is to be given anew.
    let asked = json!({ "town_code": town, "day": day, "seconds_max": 2 });
    let made: Value =
        office.post(songhe.url("/api/v1/proposals"), &asked).await.unwrap().json().await.unwrap();
    let id = made["id"].as_i64().unwrap_or_else(|| panic!("{made}"));
    let address = format!("/api/v1/proposals/{id}");
    let page = songhe.url(&address);
    poll::until_async(Duration::from_mins(1), "the proposal is ready", || async {
        office.state(&page).await == "ready"
    })
    .await;
    let accepting = tokio::spawn(office.post(songhe.url(&format!("{address}/accept")), &json!({})));
    until("some rows are accepted", || number(&db, ACCEPTED) >= 2).await;
    songhe.kill();
    let _ = accepting.await;
    let done = number(&db, ACCEPTED);
    assert!(done >= 2);
    assert_eq!((number(&db, ODD), number(&db, SILENT)), (0, 0), "what is accepted is what is told");
    songhe.restart();
    // The rest is accepted by whoever goes on.
    let response = office.post(songhe.url(&format!("{address}/accept")), &json!({})).await.unwrap();
    assert!([200, 409].contains(&response.status().as_u16()), "{}", response.text().await.unwrap());
    assert_eq!((number(&db, ODD), number(&db, SILENT)), (0, 0));
    // A search that is killed is ended by the next start.
    let asked = json!({ "town_code": town, "day": day, "seconds_max": 300 });
    office.post(songhe.url("/api/v1/proposals"), &asked).await.unwrap();
    until("it runs", || number(&db, &format!("{STATES}'running'")) == 1).await;
    songhe.kill();
    songhe.restart();
    until("it is known to have ended", || number(&db, &format!("{STATES}'stopped'")) == 1).await;
    songhe.stop();
}

/// A town and day with visits that nobody has yet: tomorrow's of the coordinator's town.
fn open_day(db: &Db) -> (String, String) {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = diesel::sql_types::Text)]
        town: String,
        #[diesel(sql_type = diesel::sql_types::Text)]
        day: String,
    }
    let query = "SELECT v.town_code AS town, CAST(v.service_on AS TEXT) AS day FROM visits v WHERE v.state = 'planned' AND \
         v.town_code IN (SELECT place_id FROM user_grants WHERE role = 'coordinator' AND place_kind = 'town') AND \
         v.service_on > (SELECT min(service_on) FROM visits WHERE state = 'assigned') \
         GROUP BY v.town_code, v.service_on ORDER BY count(*) DESC, v.service_on LIMIT 1";
    let found: Found =
        db.read_now(move |connection| Ok(diesel::sql_query(query).get_result(connection)?)).unwrap();
    (found.town, found.day)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn sqlite_accepts_exactly_what_it_tells_when_it_is_killed() {
    survives(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn postgres_accepts_exactly_what_it_tells_when_it_is_killed() {
    survives(Kind::Postgres).await;
}
