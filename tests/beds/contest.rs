//! Clients who race over HTTP for the same beds and elders, and all that must be true afterwards.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use diesel::prelude::*;
use serde_json::{Value, json};
use songhe::db::{Db, Kind, Options};

use super::help::Dice;
use super::history::{self, Event, Step, Told};
use crate::support::database::Database;
use crate::support::poll;
use crate::support::process::Songhe;

pub const CLIENTS: usize = 64;
pub const PLACES: usize = 50;
/// Between two questions to a program that does not answer.
const PAUSE: Duration = Duration::from_millis(20);

/// Beds, elders and claims that follow each other and overlap: a neighbour that begins before the one in front of it ends.
pub const OVERLAPS: [&str; 3] = [
    "SELECT count(*) AS n FROM (SELECT ends_at, lead(starts_at) OVER (PARTITION BY bed_id ORDER BY starts_at, id) AS next \
     FROM stays) AS s WHERE next IS NOT NULL AND (ends_at IS NULL OR ends_at > next)",
    "SELECT count(*) AS n FROM (SELECT ends_at, lead(starts_at) OVER (PARTITION BY elder_id ORDER BY starts_at, id) AS next \
     FROM stays) AS s WHERE next IS NOT NULL AND (ends_at IS NULL OR ends_at > next)",
    "SELECT count(*) AS n FROM (SELECT ends_at, lead(starts_at) OVER (PARTITION BY bed_id ORDER BY starts_at, kind, source_id) \
     AS next FROM bed_claims) AS s WHERE next IS NOT NULL AND (ends_at IS NULL OR ends_at > next)",
];

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Keyed {
    #[diesel(sql_type = diesel::sql_types::Text)]
    key: String,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    answer: i64,
}

pub fn numbers(db: &Db, query: &str) -> Vec<i64> {
    let query = query.to_owned();
    let rows: Vec<Number> =
        db.read_now(move |connection| Ok(diesel::sql_query(query).load(connection)?)).unwrap();
    rows.into_iter().map(|row| row.n).collect()
}

/// What the keys that begin so made.
pub fn answers(db: &Db, prefix: &str) -> HashMap<String, i64> {
    let query = format!("SELECT key, answer FROM request_keys WHERE key LIKE '{prefix}%'");
    let rows: Vec<Keyed> =
        db.read_now(move |connection| Ok(diesel::sql_query(query).load(connection)?)).unwrap();
    rows.into_iter().map(|row| (row.key, row.answer)).collect()
}

/// A demo city whose first house has free beds for the race, and elders who left it.
pub struct City {
    pub songhe: Songhe,
    pub db: Db,
    pub http: reqwest::Client,
    pub token: String,
    pub beds: Vec<i64>,
    pub elders: Vec<i64>,
    pub database: Database,
    _folder: tempfile::TempDir,
}

impl City {
    /// None where there is no server for the database.
    pub async fn start(kind: Kind) -> Option<City> {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::bare(kind, folder.path())?;
        let arguments = ["demo", "--scale", "0.3", "--seed", "4", "--database", database.url.as_str()];
        let mut songhe = Songhe::start(&arguments, &[]);
        // From now on nobody but the clients changes a bed.
        songhe.restart_as(&["serve", "--database", database.url.as_str()]);
        let db = Db::open_migrated(database.source(), &Options::default()).unwrap();
        // The race is for beds, not about who may share a room.
        let open = "UPDATE rooms SET gender_rule = 'any', isolation = FALSE";
        db.write_now(|connection| Ok(diesel::sql_query(open).execute(connection)?)).unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let token = token(&http, &songhe).await;
        discharge_some(&http, &songhe, &token, &db).await;
        let beds = "SELECT id AS n FROM beds WHERE institution_id = 1 AND id NOT IN (SELECT bed_id FROM bed_claims \
             WHERE ends_at IS NULL OR kind = 'hold') ORDER BY id";
        // Whoever left within thirty days is within the manager's reach.
        let elders = "SELECT elder_id AS n FROM stays WHERE institution_id = 1 AND ends_at IS NOT NULL ORDER BY ends_at DESC";
        let take = |query: &str| -> Vec<i64> { numbers(&db, query).into_iter().take(PLACES).collect() };
        let (beds, elders) = (take(beds), take(elders));
        assert_eq!((beds.len(), elders.len()), (PLACES, PLACES));
        Some(City { songhe, db, http, token, beds, elders, database, _folder: folder })
    }

    /// A race to one or more programs on this city.
    pub fn contest(&self, addresses: Vec<String>) -> Arc<Contest> {
        Arc::new(Contest {
            http: self.http.clone(),
            addresses,
            token: self.token.clone(),
            beds: self.beds.clone(),
            elders: self.elders.clone(),
            made: AtomicUsize::new(0),
            lost: AtomicUsize::new(0),
            acknowledged: Mutex::default(),
            events: Mutex::default(),
        })
    }

    /// The stay in each bed of the race.
    pub fn held(&self) -> BTreeMap<i64, Option<i64>> {
        let in_bed = |bed: &i64| {
            let query = format!("SELECT id AS n FROM stays WHERE bed_id = {bed} AND ends_at IS NULL");
            (*bed, numbers(&self.db, &query).first().copied())
        };
        self.beds.iter().map(in_bed).collect()
    }

    /// kill -9, and nothing of it goes on in the database server either.
    pub fn kill(&mut self) {
        self.songhe.kill();
        self.settle();
    }

    /// A server's session may outlive its client: waits until none works any more.
    pub fn settle(&self) {
        if self.db.kind() == Kind::Postgres {
            let busy = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() \
                 AND pid <> pg_backend_pid() AND state <> 'idle'";
            poll::until(Duration::from_secs(30), "no session works", || numbers(&self.db, busy) == [0]);
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

/// What the clients share.
pub struct Contest {
    http: reqwest::Client,
    addresses: Vec<String>,
    token: String,
    beds: Vec<i64>,
    elders: Vec<i64>,
    /// Attempts to admit so far.
    pub made: AtomicUsize,
    /// Requests that got no answer.
    pub lost: AtomicUsize,
    /// Key and the stay that it was answered with.
    pub acknowledged: Mutex<HashMap<String, i64>>,
    events: Mutex<Vec<Event>>,
}

struct Runner {
    thread: usize,
    address: usize,
    dice: Dice,
}

impl Contest {
    /// Lets every client work until there were `until` attempts in all; they are not waited for.
    pub fn run_until(self: &Arc<Self>, until: usize) -> Vec<tokio::task::JoinHandle<()>> {
        let base = self.made.load(Ordering::SeqCst);
        let client = |number: usize| {
            let contest = Arc::clone(self);
            let seed = (base * CLIENTS + number) as u64 + 1;
            let runner =
                Runner { thread: number, address: number % contest.addresses.len(), dice: Dice(seed) };
            tokio::spawn(async move { contest.work(runner, until).await })
        };
        (0..CLIENTS).map(client).collect()
    }

    /// The events since the last call.
    pub fn take_events(&self) -> Vec<Event> {
        std::mem::take(&mut self.events.lock().unwrap())
    }

    fn note(&self, runner: &Runner, bed: i64, step: Step) {
        self.events.lock().unwrap().push(Event { bed, thread: runner.thread, step });
    }

    fn next_attempt(&self, until: usize) -> Option<usize> {
        let next = |made| (made < until).then_some(made + 1);
        self.made.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next).ok()
    }

    async fn work(&self, mut runner: Runner, until: usize) {
        while let Some(attempt) = self.next_attempt(until) {
            let (bed, elder) = (runner.dice.pick(&self.beds), runner.dice.pick(&self.elders));
            let key = format!("admit-{attempt}");
            self.note(&runner, bed, Step::Admit(key.clone()));
            let body = json!({ "bed_id": bed, "elder_id": elder });
            let Some((status, stay)) = self.send(&mut runner, "/api/v1/stays", &key, &body).await else {
                continue;
            };
            let told = match (status, stay["detail"].as_str().unwrap_or_default()) {
                (201, _) => Told::Admitted(stay["id"].as_i64().unwrap()),
                (409, detail) if detail.starts_with("This bed") => Told::BedTaken,
                (409, detail) if detail.starts_with("This elder") => Told::ElderElsewhere,
                _ => panic!("{status}: {stay}"),
            };
            self.note(&runner, bed, Step::Told(told.clone()));
            match told {
                Told::Admitted(id) => {
                    let before = self.acknowledged.lock().unwrap().insert(key, id);
                    assert_eq!(before, None);
                    // Who leaves it to others is found by whoever looks.
                    if runner.dice.below(8) > 0 {
                        self.discharge(&mut runner, bed, id).await;
                    }
                }
                Told::BedTaken if runner.dice.below(2) == 0 => self.look(&mut runner, bed).await,
                _ => {}
            }
        }
    }

    /// Looks who is in the bed, and now and then ends that stay.
    async fn look(&self, runner: &mut Runner, bed: i64) {
        self.note(runner, bed, Step::Look);
        let path = format!("/api/v1/stays?bed={bed}&current=true");
        let found = loop {
            let request = self.http.get(format!("{}{path}", self.addresses[runner.address]));
            if let Ok(response) = request.bearer_auth(&self.token).send().await
                && response.status() == 200
                && let Ok(found) = response.json::<Value>().await
            {
                break found;
            }
            tokio::time::sleep(PAUSE).await;
        };
        let stays: Vec<i64> =
            found["items"].as_array().unwrap().iter().map(|stay| stay["id"].as_i64().unwrap()).collect();
        assert!(stays.len() <= 1, "two in one bed: {found}");
        let held = stays.first().copied();
        self.note(runner, bed, Step::Told(Told::Holds(held)));
        if let Some(id) = held.filter(|_| runner.dice.below(3) == 0) {
            self.discharge(runner, bed, id).await;
        }
    }

    async fn discharge(&self, runner: &mut Runner, bed: i64, stay: i64) {
        let key = format!("discharge-{stay}-{}", runner.thread);
        let path = format!("/api/v1/stays/{stay}/discharge");
        self.note(runner, bed, Step::Discharge(stay));
        let body = json!({ "version": 1, "destination": "home" });
        let Some((status, ended)) = self.send(runner, &path, &key, &body).await else { return };
        let told = match status {
            200 => Told::Discharged,
            409 => Told::NotThere,
            422 => Told::TooSoon,
            _ => panic!("{status}: {ended}"),
        };
        self.note(runner, bed, Step::Told(told));
    }

    /// Sends until there is an answer: the key makes the repetition harmless. One in four gives up when the program dies, and
    /// never hears what became of the request; none then.
    async fn send(&self, runner: &mut Runner, path: &str, key: &str, body: &Value) -> Option<(u16, Value)> {
        loop {
            let request = self
                .http
                .post(format!("{}{path}", self.addresses[runner.address]))
                .bearer_auth(&self.token)
                .header("idempotency-key", key)
                .header("accept-language", "en")
                .json(body);
            match request.send().await {
                Ok(response) if response.status() == 503 => {}
                Ok(response) => {
                    let status = response.status().as_u16();
                    if let Ok(body) = response.json().await {
                        return Some((status, body));
                    }
                    if self.gives_up(runner) {
                        return None;
                    }
                }
                Err(_) if self.gives_up(runner) => return None,
                Err(_) => {}
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn gives_up(&self, runner: &mut Runner) -> bool {
        self.lost.fetch_add(1, Ordering::SeqCst);
        let gives_up = runner.dice.below(4) == 0;
        if gives_up {
            // What is open stays open: whoever goes on is somebody else.
            runner.thread += CLIENTS;
        }
        gives_up
    }
}

/// What a finished race amounts to.
#[derive(Debug, Default)]
pub struct Sum {
    pub attempts: usize,
    pub stays: usize,
    pub lost: usize,
}

/// Checks the round's histories; gives how many requests they hold.
pub fn check_round(city: &City, contest: &Contest, first: &BTreeMap<i64, Option<i64>>) -> usize {
    let made = answers(&city.db, "admit-");
    let checked = history::check(&contest.take_events(), first, &city.held(), |key| made.get(key).copied());
    checked.unwrap_or_else(|fault| panic!("{fault}"))
}

/// What must be true of the whole race: no overlap, one effect for each key, and what was acknowledged is stored.
/// `before`: the newest stay and the admissions written down before the race.
pub fn check_whole(city: &City, contest: &Contest, before: (i64, i64)) -> Sum {
    for query in OVERLAPS {
        assert_eq!(numbers(&city.db, query), [0], "{query}");
    }
    let acknowledged = contest.acknowledged.lock().unwrap().clone();
    let stored = numbers(&city.db, &format!("SELECT id AS n FROM stays WHERE id > {} ORDER BY id", before.0));
    let by_key = answers(&city.db, "admit-");
    for (key, stay) in &acknowledged {
        assert_eq!(by_key.get(key), Some(stay), "what {key} was answered is stored");
    }
    let mut made: Vec<i64> = by_key.into_values().collect();
    made.sort_unstable();
    assert_eq!(made, stored, "one effect for each key, and none without one");
    assert_eq!(audited(&city.db) - before.1, stored.len() as i64, "an audit row for each effect");
    Sum {
        attempts: contest.made.load(Ordering::SeqCst),
        stays: stored.len(),
        lost: contest.lost.load(Ordering::SeqCst),
    }
}

/// The newest stay, and how many admissions were written down.
pub fn mark(city: &City) -> (i64, i64) {
    (numbers(&city.db, "SELECT max(id) AS n FROM stays")[0], audited(&city.db))
}

fn audited(db: &Db) -> i64 {
    numbers(db, "SELECT count(*) AS n FROM audit_log WHERE action = 'stay.admit'")[0]
}
