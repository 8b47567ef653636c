//! What cannot be is refused with one message that names the field and the rule, the same on the page and for programs, in
//! either language; and nothing is changed.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use songhe::access::{Grant, Place, Role};
use songhe::beds::{Departure, RuleCode, RuleMode, discharge, record_death, set_rule};

use super::help::stay_in;
use crate::api::{Program, answer, fields};
use crate::support::app::{TestApp, both};
use crate::support::client::Client;

/// What a refused step might have written to.
const TABLES: [&str; 14] = [
    "elders",
    "rooms",
    "beds",
    "stays",
    "stay_risks",
    "holds",
    "outages",
    "leaves",
    "transfers",
    "waiting_entries",
    "bed_claims",
    "request_keys",
    "audit_log",
    "outbox",
];

/// The house at 14:00: who lives there does since 09:00.
struct House {
    free: i64,
    /// Of a house that is closed, of one whose licence has expired, and of a room for women.
    closed: i64,
    unlicensed: i64,
    women: i64,
    lived_in: i64,
    stay: i64,
    left: i64,
    elder: i64,
    resident: i64,
    dead: i64,
    institutions: [i64; 3],
}

/// Who manages every house and sees everybody, so that not the reach but the rule is what refuses.
fn add_manager(app: &TestApp, house: &House) {
    let homes = house.institutions.map(|id| (Role::InstitutionManager, Place::Institution(id)));
    let all = [(Role::CityManager, Place::City)].into_iter().chain(homes);
    let grants: Vec<Grant> = all.map(|(role, place)| Grant { role, place }).collect();
    app.add_user_with("mei", &grants);
}

fn house(app: &TestApp) -> House {
    app.add_towns();
    let (home, idle, old) = (app.add_institution(1), app.add_institution(1), app.add_institution(2));
    let (lived_in, once, women) = (app.add_bed(1, home), app.add_bed(1, home), app.add_bed(1, home));
    let (resident, gone, dead) = (app.add_elder(1), app.add_elder(1), app.add_elder(1));
    let (stay, left, last) =
        (stay_in(app, resident, lived_in), stay_in(app, gone, once), stay_in(app, dead, women));
    app.hand.advance(TimeDelta::hours(1));
    app.write(|tx| discharge(tx, left, 1, &Departure::default()));
    app.write(|tx| record_death(tx, last, 1, &Departure::default()));
    app.hand.advance(TimeDelta::hours(4));
    app.write(|tx| set_rule(tx, RuleCode::Licence, RuleMode::Block));
    let house = House {
        free: app.add_bed(1, home),
        closed: app.add_bed(1, idle),
        unlicensed: app.add_bed(2, old),
        women,
        lived_in,
        stay,
        left,
        elder: app.add_elder(1),
        resident,
        dead,
        institutions: [home, idle, old],
    };
    app.taken(&format!("UPDATE institutions SET state = 'idle' WHERE id = {idle}"));
    app.taken(&format!("UPDATE institutions SET licence_ends_on = '2026-11-22' WHERE id = {old}"));
    app.taken(&format!(
        "UPDATE rooms SET gender_rule = 'female' WHERE id = (SELECT room_id FROM beds WHERE id = {women})"
    ));
    house
}

/// One wrong step, as a form and as JSON.
struct Wrong {
    what: &'static str,
    page: String,
    form: Vec<(&'static str, String)>,
    api: String,
    body: Value,
    status: u16,
    /// As the interface for programs calls it; empty where no single field is wrong.
    field: &'static str,
    /// The address of the page names what is not there: the page does not exist.
    has_no_page: bool,
}

impl Wrong {
    fn of(what: &'static str, status: u16, field: &'static str) -> Wrong {
        let (page, api, form) = (String::new(), String::new(), Vec::new());
        Wrong { what, page, form, api, body: json!({}), status, field, has_no_page: false }
    }

    fn admit(mut self, bed: i64, elder: i64) -> Wrong {
        self.page = format!("/beds/{bed}/admit");
        self.form = vec![("elder", elder.to_string())];
        "/api/v1/stays".clone_into(&mut self.api);
        self.body = json!({ "bed_id": bed, "elder_id": elder });
        self
    }

    fn hold(mut self, bed: i64, elder: i64) -> Wrong {
        self.page = format!("/beds/{bed}/hold");
        self.form = vec![("elder", elder.to_string())];
        "/api/v1/holds".clone_into(&mut self.api);
        self.body = json!({ "bed_id": bed, "elder_id": elder });
        self
    }

    fn out(mut self, bed: i64) -> Wrong {
        self.page = format!("/beds/{bed}/out");
        self.form = vec![("why", "repair".to_owned())];
        "/api/v1/outages".clone_into(&mut self.api);
        self.body = json!({ "bed_id": bed, "why": "repair" });
        self
    }

    fn step(mut self, stay: i64, step: &str, version: i64) -> Wrong {
        self.page = format!("/stays/{stay}/{step}");
        self.form = vec![("version", version.to_string())];
        self.api = format!("/api/v1/stays/{stay}/{step}");
        self.body = json!({ "version": version });
        self
    }

    fn of_no_page(mut self) -> Wrong {
        self.has_no_page = true;
        self
    }

    /// The same value in both.
    fn with(mut self, name: &'static str, api_name: &str, value: &str) -> Wrong {
        self.form.push((name, value.to_owned()));
        self.body[api_name] = json!(value);
        self
    }

    /// An instant, `2026-11-23 08:00`; `name` is `from` for `from_on` and `from_time`.
    fn at(mut self, name: [&'static str; 2], api_name: &str, at: &str) -> Wrong {
        let (day, time) = at.split_once(' ').unwrap();
        self.form.extend([(name[0], day.to_owned()), (name[1], time.to_owned())]);
        self.body[api_name] = json!(format!("{day}T{time}:00+08:00"));
        self
    }
}

const FROM: [&str; 2] = ["from_on", "from_time"];
const TO: [&str; 2] = ["to_on", "to_time"];
const DIED: [&str; 2] = ["at_on", "at_time"];
const DUE: [&str; 2] = ["due_on", "due_time"];
const UNTIL: [&str; 2] = ["until_on", "until_time"];
const PLANNED: [&str; 2] = ["planned_on", "planned_time"];

/// Beds, houses, rules and people.
fn wrong_places(house: &House) -> Vec<Wrong> {
    let admit = |what, status, field, bed, elder| Wrong::of(what, status, field).admit(bed, elder);
    vec![
        admit("a bed that is not there", 422, "bed_id", 987_654, house.elder).of_no_page(),
        admit("a house that is closed", 422, "bed_id", house.closed, house.elder),
        admit("a licence that has expired", 422, "bed_id", house.unlicensed, house.elder),
        admit("a room for women", 422, "bed_id", house.women, house.elder),
        admit("an elder who is not there", 422, "elder_id", house.free, 987_654),
        admit("an elder who has died", 422, "elder_id", house.free, house.dead),
        admit("an elder who lives here", 409, "", house.free, house.resident),
        admit("a bed that is lived in", 409, "", house.lived_in, house.elder),
        Wrong::of("a hold in a house that is closed", 422, "bed_id").hold(house.closed, house.elder).at(
            UNTIL,
            "ends_at",
            "2026-11-24 08:00",
        ),
        Wrong::of("a hold of a bed that is not there", 422, "bed_id")
            .hold(987_654, house.elder)
            .at(UNTIL, "ends_at", "2026-11-24 08:00")
            .of_no_page(),
        Wrong::of("an outage of a bed that is lived in", 409, "").out(house.lived_in),
        Wrong::of("an outage of a bed that is not there", 422, "bed_id").out(987_654).of_no_page(),
        Wrong::of("who has left is discharged again", 409, "").step(house.left, "discharge", 2),
        Wrong::of("who has left goes on leave", 409, "").step(house.left, "leave", 2).with(
            "leave_kind",
            "kind",
            "home",
        ),
        Wrong::of("who has left dies here", 409, "").step(house.left, "death", 2),
        Wrong::of("the discharge of who has left is ordered", 409, "")
            .step(house.left, "plan-discharge", 2)
            .at(PLANNED, "planned_ends_at", "2026-11-25 08:00"),
        Wrong::of("a stay that is not there", 404, "").step(987_654, "discharge", 1),
    ]
}

/// Dates in the wrong order.
fn wrong_orders(house: &House) -> Vec<Wrong> {
    vec![
        Wrong::of("discharged before the admission", 422, "ends_at").step(house.stay, "discharge", 1).at(
            TO,
            "ends_at",
            "2026-11-23 08:00",
        ),
        Wrong::of("dead before the admission", 422, "ends_at").step(house.stay, "death", 1).at(
            DIED,
            "ends_at",
            "2026-11-23 08:00",
        ),
        Wrong::of("on leave before the admission", 422, "starts_at")
            .step(house.stay, "leave", 1)
            .with("leave_kind", "kind", "home")
            .at(FROM, "starts_at", "2026-11-23 08:00"),
        Wrong::of("back before the leave", 422, "due_at")
            .step(house.stay, "leave", 1)
            .with("leave_kind", "kind", "home")
            .at(FROM, "starts_at", "2026-11-23 10:00")
            .at(DUE, "due_at", "2026-11-23 09:30"),
        Wrong::of("the end before the start", 422, "ends_at")
            .step(house.left, "correct", 2)
            .with("reason", "reason", "x")
            .at(FROM, "starts_at", "2026-11-23 09:00")
            .at(TO, "ends_at", "2026-11-23 08:00"),
        Wrong::of("a contract that ends first", 422, "contract_ends_on")
            .admit(house.free, house.elder)
            .with("contract_starts_on", "contract_starts_on", "2026-12-01")
            .with("contract_ends_on", "contract_ends_on", "2026-11-30"),
        Wrong::of("a hold until yesterday", 422, "ends_at").hold(house.free, house.elder).at(
            UNTIL,
            "ends_at",
            "2026-11-22 08:00",
        ),
        Wrong::of("an outage that is over first", 422, "due_at").out(house.free).at(
            DUE,
            "due_at",
            "2026-11-22 08:00",
        ),
        Wrong::of("yesterday without a reason", 422, "reason").admit(house.free, house.elder).at(
            FROM,
            "starts_at",
            "2026-11-22 08:00",
        ),
    ]
}

/// Decades away.
fn wrong_decades(house: &House) -> Vec<Wrong> {
    let far = "2066-01-01 08:00";
    vec![
        Wrong::of("an admission in forty years", 422, "starts_at").admit(house.free, house.elder).at(
            FROM,
            "starts_at",
            far,
        ),
        Wrong::of("an admission of decades ago", 422, "starts_at")
            .admit(house.free, house.elder)
            .with("reason", "reason", "x")
            .at(FROM, "starts_at", "1990-01-01 08:00"),
        Wrong::of("a contract for a century", 422, "contract_ends_on")
            .admit(house.free, house.elder)
            .with("contract_starts_on", "contract_starts_on", "2026-12-01")
            .with("contract_ends_on", "contract_ends_on", "2126-12-01"),
        Wrong::of("a discharge in forty years", 422, "ends_at")
            .step(house.stay, "discharge", 1)
            .at(TO, "ends_at", far),
        Wrong::of("a discharge ordered for then", 422, "planned_ends_at")
            .step(house.stay, "plan-discharge", 1)
            .at(PLANNED, "planned_ends_at", far),
        Wrong::of("a leave that begins then", 422, "starts_at")
            .step(house.stay, "leave", 1)
            .with("leave_kind", "kind", "home")
            .at(FROM, "starts_at", far),
        Wrong::of("a leave until then", 422, "due_at")
            .step(house.stay, "leave", 1)
            .with("leave_kind", "kind", "hospital")
            .at(DUE, "due_at", far),
        Wrong::of("a hold until then", 422, "ends_at")
            .hold(house.free, house.elder)
            .at(UNTIL, "ends_at", far),
        Wrong::of("an outage until then", 422, "due_at").out(house.free).at(DUE, "due_at", far),
        Wrong::of("a start corrected to then", 422, "starts_at")
            .step(house.stay, "correct", 1)
            .with("reason", "reason", "x")
            .at(FROM, "starts_at", far),
    ]
}

fn is_chinese(text: &str) -> bool {
    text.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter))
}

fn unescaped(page: &str) -> String {
    page.replace("&#39;", "'").replace("&#34;", "\"").replace("&lt;", "<").replace("&amp;", "&")
}

/// The refusal for a program, and the same on the page, in one language.
async fn refuse(wrong: &Wrong, program: &Program, browser: &Client, lang: &str) -> String {
    let what = wrong.what;
    let request = program.request(Method::POST, &wrong.api).header("accept-language", lang);
    let (status, problem) = answer(request.json(&wrong.body).send().await.unwrap()).await;
    assert_eq!(status, wrong.status, "{what}: {problem}");
    let named: Vec<&str> = fields(&problem);
    let expected: Vec<&str> = [wrong.field].into_iter().filter(|name| !name.is_empty()).collect();
    assert_eq!(named, expected, "{what}: {problem}");
    let told = problem["detail"].as_str().unwrap().to_owned();
    let request = browser.request(Method::POST, &wrong.page).header("accept-language", lang);
    let response = request.header("sec-fetch-site", "same-origin").form(&wrong.form).send().await.unwrap();
    if wrong.has_no_page {
        assert_eq!(response.status(), 404, "{what} on {}", wrong.page);
        return told;
    }
    assert_eq!(response.status().as_u16(), wrong.status, "{what} on {}", wrong.page);
    let page = unescaped(&response.text().await.unwrap());
    assert!(page.contains(&told), "{what}: the page does not say {told}: {page}");
    told
}

both!(bad_input_is_refused_alike_on_pages_and_for_programs_and_changes_nothing, |app| async {
    let house = house(app);
    add_manager(app, &house);
    let (program, browser) = (Program::enter(app, "mei").await, app.login("mei").await);
    let before = app.contents(&TABLES);
    for wrong in wrong_places(&house).into_iter().chain(wrong_orders(&house)).chain(wrong_decades(&house)) {
        let chinese = refuse(&wrong, &program, &browser, "zh-CN").await;
        let english = refuse(&wrong, &program, &browser, "en").await;
        assert!(is_chinese(&chinese) && chinese != english, "{chinese} / {english}");
        assert!(english.chars().next().is_some_and(|letter| letter.is_ascii_alphabetic()), "{english}");
        let after = app.contents(&TABLES);
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(before, after, "{}", wrong.what);
        }
    }
});

both!(an_expired_licence_that_only_warns_admits_and_keeps_the_warning, |app| async {
    let house = house(app);
    app.write(|tx| set_rule(tx, RuleCode::Licence, RuleMode::Warn));
    add_manager(app, &house);
    let program = Program::enter(app, "mei").await;
    let body = json!({ "bed_id": house.unlicensed, "elder_id": house.elder });
    let (status, stay) = program.send(Method::POST, "/api/v1/stays", &body).await;
    assert_eq!(status, 201, "{stay}");
    let kept = app.audited("stay.admit");
    assert!(kept.last().is_some_and(|(_, detail)| detail.contains("fit.licence")), "{kept:?}");
});
