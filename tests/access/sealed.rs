//! Personal data is sealed: neither the raw database nor the audit log nor the outbox holds it in clear, nor do the logs of
//! the running program.

use diesel::prelude::*;
use diesel::sql_types::Text;
use reqwest::{Method, StatusCode};
use serde_json::json;
use songhe::access::{Place, Role};
use songhe::clock::Clock;
use songhe::db::Kind;
use songhe::registry::caregivers::{self, CaregiverInput, Gender, Language, Skill, TravelMode, Weekday};

use crate::support::app::{TestApp, both};
use crate::support::client::{Client, expect, location};
use crate::support::people::{ADDRESS, IDENTITY, PHONE};
use crate::support::process::Songhe;
use crate::support::seed::{PASSWORD, town, town_code};

const CAREGIVER_PHONE: &str = "13959512345";

/// Has the form of an identity number, and is nobody's.
const UNKNOWN_IDENTITY: &str = "350582194013014321";

/// What no file may hold, and no log.
const HIDDEN: [&str; 5] = [IDENTITY, PHONE, ADDRESS, CAREGIVER_PHONE, UNKNOWN_IDENTITY];

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Every byte that the program stores: the files of its folder, and all rows where the database is a server.
fn raw(app: &TestApp) -> Vec<u8> {
    let files = std::fs::read_dir(app.data_dir()).unwrap().map(|entry| entry.unwrap().path());
    let mut bytes: Vec<u8> = files.flat_map(|file| std::fs::read(file).unwrap()).collect();
    if app.kind() == Kind::Sqlite {
        return bytes;
    }
    let lines = |query: &str| -> Vec<String> {
        app.read(|connection| {
            let rows: Vec<Row> = diesel::sql_query(query).load(connection)?;
            Ok(rows.into_iter().map(|row| row.line).collect())
        })
    };
    let tables =
        lines("SELECT table_name::text AS line FROM information_schema.tables WHERE table_schema = 'public'");
    for table in tables {
        let rows = lines(&format!("SELECT t::text AS line FROM {table} AS t"));
        bytes.extend(rows.concat().into_bytes());
    }
    bytes
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

/// Fails where one of the texts is stored, also as the digits of its bytes, in which PostgreSQL shows binary columns.
#[track_caller]
fn assert_sealed(app: &TestApp, open: &str, hidden: &[&str]) {
    let stored = raw(app);
    assert!(holds(&stored, open), "what is not sealed is found in the raw data: {open}");
    for text in hidden {
        assert!(!holds(&stored, text), "{text} is in the raw data");
        assert!(!holds(&stored, &hex::encode(text)), "{text} is in the raw data, as digits");
    }
}

both!(a_phone_number_is_nowhere_in_clear, |app| async {
    app.add_towns();
    let provider = app.add_provider(1);
    let input = CaregiverInput {
        name: "陈护理".to_owned(),
        gender: Gender::Female,
        provider_id: provider,
        town_code: town_code(1).to_owned(),
        phone: Some(CAREGIVER_PHONE.to_owned()),
        skills: vec![Skill::Daily],
        languages: vec![Language::Minnan],
        shift_days: vec![Weekday::Monday],
        shift_starts_min: 480,
        shift_ends_min: 1_080,
        travel_mode: TravelMode::EBike,
        longitude: 118.55,
        latitude: 24.82,
        active: true,
    };
    app.write(|tx| caregivers::add(tx, &input));
    assert_sealed(app, "陈护理", &[CAREGIVER_PHONE]);
});

/// An elder with sealed data, a bed, and people to work with them.
struct Office {
    elder: i64,
    bed: i64,
    provider: i64,
    caregiver: i64,
}

fn office(app: &TestApp) -> Office {
    app.add_towns();
    let (institution, provider) = (app.add_institution(1), app.add_provider(1));
    let caregiver = app.add_caregiver(1, provider);
    app.add_user("lin", Role::Coordinator, town(1));
    app.add_user("mei", Role::InstitutionManager, Place::Institution(institution));
    app.add_user("chen", Role::Caregiver, Place::Own(caregiver));
    Office { elder: app.add_sealed_elder(1, IDENTITY), bed: app.add_bed(1, institution), provider, caregiver }
}

async fn enter(base_url: &str, login: &str) -> Client {
    let client = Client::new(base_url);
    let answer = client.post_form("/login", &[("name", login), ("password", PASSWORD)]).await;
    assert_eq!(location(&answer), "/");
    client
}

/// Sends a body as it stands; gives the status.
async fn send(client: &Client, path: &str, kind: &str, body: String) -> StatusCode {
    let request = client.request(Method::POST, path).header("sec-fetch-site", "same-origin");
    request.header("content-type", kind).body(body).send().await.unwrap().status()
}

/// Sends personal data to the program in every way there is, well and badly, and has it shown.
async fn work(base_url: &str, office: &Office) {
    let (lin, mei) = (enter(base_url, "lin").await, enter(base_url, "mei").await);
    let Office { elder, bed, provider, .. } = office;
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    let found = lin.post_form("/elders/find", &[("identity", IDENTITY)]).await;
    assert_eq!(location(&found), format!("/elders/{elder}"));
    for wrong in [UNKNOWN_IDENTITY, PHONE, ADDRESS, &format!("{IDENTITY}{IDENTITY}")] {
        expect(lin.post_form("/elders/find", &[("identity", wrong)]).await, refused).await;
    }
    let form = "application/x-www-form-urlencoded";
    assert_eq!(send(&lin, "/elders/find", form, format!("identity={IDENTITY}%FF%FE")).await, refused);
    let shown = lin.post_form(&format!("/elders/{elder}/personal"), &[]).await;
    let shown = expect(shown, StatusCode::OK).await;
    assert!(shown.contains(IDENTITY) && shown.contains(PHONE) && shown.contains(ADDRESS), "{shown}");

    let caregiver = json!({
        "name": "林护理", "gender": "female", "provider_id": provider, "town_code": town_code(1),
        "phone": CAREGIVER_PHONE, "skills": ["daily"], "languages": ["minnan"], "shift_days": ["1"],
        "shift_starts_min": 480, "shift_ends_min": 1080, "travel_mode": "e_bike", "longitude": 118.55,
        "latitude": 24.82, "active": true,
    });
    let mut wrong = caregiver.clone();
    wrong["provider_id"] = json!(CAREGIVER_PHONE);
    for (body, status) in [(wrong, refused), (caregiver, StatusCode::CREATED)] {
        expect(lin.send_json(Method::POST, "/api/v1/caregivers", &body).await, status).await;
    }

    let digits: i64 = IDENTITY.parse().unwrap();
    for identity in [json!(digits), json!([IDENTITY]), json!(ADDRESS), json!(UNKNOWN_IDENTITY)] {
        let body = json!({ "bed_id": bed, "identity": identity });
        expect(mei.send_json(Method::POST, "/api/v1/stays", &body).await, refused).await;
    }
    let cut = format!("{{\"bed_id\": {bed}, \"identity\": \"{IDENTITY}");
    assert_eq!(send(&mei, "/api/v1/stays", "application/json", cut).await, refused);
    let admit = format!("/beds/{bed}/admit");
    expect(mei.post_form(&admit, &[("elder", UNKNOWN_IDENTITY)]).await, refused).await;
    assert_eq!(location(&mei.post_form(&admit, &[("elder", IDENTITY)]).await), format!("/beds/{bed}"));
}

both!(what_is_sealed_of_an_elder_is_nowhere_in_clear, |app| async {
    let office = office(app);
    work(&app.base_url, &office).await;
    // A caregiver reads the address on the day of the visit.
    let visit = songhe::visits::Plan {
        elder_id: office.elder,
        service_code: "meal".to_owned(),
        service_on: app.app.calendar.day_of(app.app.clock.now()),
        window_starts_min: 14 * 60,
        window_ends_min: 16 * 60,
    };
    app.write(|tx| {
        let id = songhe::visits::plan(tx, &visit)?;
        songhe::visits::assign(tx, id, 1, office.caregiver, None)
    });
    assert!(app.login("chen").await.page("/today").await.contains(ADDRESS));
    for action in ["elder.look_up", "elder.unmask", "elder.address"] {
        assert!(!app.audited(action).is_empty(), "{action} is written down");
    }
    assert_sealed(app, &app.name_of_elder(office.elder), &HIDDEN);
});

/// At its most talkative the program says which route was asked and what went wrong, and nothing of what was sent.
async fn logs_hold_nothing(kind: Kind) {
    let Some(mut app) = TestApp::start(kind) else { return };
    // From here on the real program serves this database.
    app.stop();
    app.hand.set(Clock::system().now());
    let office = office(&app);
    let keys = app.app.config.key_file().display().to_string();
    let mut songhe = Songhe::start(
        &["serve"],
        &[
            ("SONGHE_DATABASE__URL", app.app.config.database.url.expose()),
            ("SONGHE_SECURITY__KEY_FILE", &keys),
            ("SONGHE_MQTT__MODE", "off"),
            ("SONGHE_LOG__FILTER", "trace"),
        ],
    );
    work(&songhe.url(""), &office).await;
    // A fault names the cell that does not open.
    app.taken(&format!("UPDATE elders SET phone_sealed = address_sealed WHERE id = {}", office.elder));
    let lin = enter(&songhe.url(""), "lin").await;
    assert_eq!(lin.status(&format!("/elders/{}", office.elder)).await, 500);
    assert!(songhe.stop().success());
    let log = songhe.output();
    for said in ["/elders/find", "/api/v1/stays", "refused", "elders.phone of row"] {
        assert!(log.contains(said), "the log does not say {said}: {log}");
    }
    for text in HIDDEN.into_iter().chain([PASSWORD]) {
        let lines: Vec<&str> = log.lines().filter(|line| line.contains(text)).collect();
        assert_eq!(lines, Vec::<&str>::new(), "{text} is in the log");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn logs_hold_nothing_that_is_sealed_on_sqlite() {
    logs_hold_nothing(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn logs_hold_nothing_that_is_sealed_on_postgres() {
    logs_hold_nothing(Kind::Postgres).await;
}
