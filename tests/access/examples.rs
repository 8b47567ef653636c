//! The table of example addresses: one for each subject whose routes hold places. A route without a row here fails the
//! scope test, so that nobody adds one without thinking of whose record it shows.

mod records;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use songhe::access::{Place, Role};
use songhe::web::{Need, Route};

use self::records::{add_bed_records, add_elder_parts, add_import, add_visit, add_visit_records};
use crate::support::app::TestApp;
use crate::support::seed::{town, town_code, village_code};

/// Stands in the names of every record of town 2.
pub const FOREIGN: &str = "异地";

/// Numbers of the records of one town.
pub struct Records {
    pub institution: i64,
    provider: i64,
    station: i64,
    caregiver: i64,
    elder: i64,
    bed: i64,
    room: i64,
    stay: i64,
    leave: i64,
    hold: i64,
    outage: i64,
    transfer: i64,
    waiting: i64,
    visit: i64,
    assessment: i64,
    plan: PlanRecords,
    proposal: i64,
    device: i64,
    fire_frame: i64,
    quarantined: i64,
    alert: i64,
    card_reading: i64,
    import: i64,
    absence: i64,
    correction: i64,
    follow_up: i64,
    town: usize,
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// A plan with an item and a pause.
struct PlanRecords {
    plan: i64,
    item: i64,
    pause: i64,
}

fn add_plan_records(app: &TestApp, elder: i64) -> PlanRecords {
    let plan = insert(
        app,
        format!(
            "INSERT INTO care_plans (elder_id, state, starts_on, note, updated_at) VALUES \
         ({elder}, 'active', '2026-11-01', '', '2026-11-01 00:00:00.000')"
        ),
    );
    let item = insert(
        app,
        format!(
            "INSERT INTO plan_items (plan_id, service_code, rule, starts_on, window_starts_min, window_ends_min, \
         tolerance_days, holiday_rule, caregivers, caregiver_rule, note) VALUES ({plan}, 'meal', 'FREQ=DAILY', \
         '2026-11-01', 540, 660, 0, 'as_planned', 1, 'any', '')"
        ),
    );
    let pause = insert(
        app,
        format!(
            "INSERT INTO plan_pauses (plan_id, reason, starts_on, ends_on, note) VALUES \
         ({plan}, 'away', '2026-11-02', '2026-11-03', '')"
        ),
    );
    PlanRecords { plan, item, pause }
}

/// A proposal that was stopped before it began.
fn add_proposal(app: &TestApp, town: usize) -> i64 {
    let code = town_code(town);
    insert(
        app,
        format!(
            "INSERT INTO day_proposals (town_code, day, state, asked_by, asked_at, seconds_max) VALUES \
         ('{code}', '2026-11-24', 'stopped', 'seed', '2026-11-23 00:30:00.000', 5)"
        ),
    )
}

/// What is around beds and stays.
struct BedRecords {
    leave: i64,
    hold: i64,
    outage: i64,
    transfer: i64,
    waiting: i64,
}

/// Runs an `INSERT` and gives the number of its row.
fn insert(app: &TestApp, sql: String) -> i64 {
    app.write(|tx| Ok(diesel::sql_query(format!("{sql} RETURNING id")).get_result::<Id>(tx.connection)?.id))
}

/// One record of every kind in a town.
pub fn add_records(app: &TestApp, town: usize) -> Records {
    let (institution, provider) = (app.add_institution(town), app.add_provider(town));
    let (station, caregiver) = (app.add_station(town, Some(provider)), app.add_caregiver(town, provider));
    let (elder, bed) = (app.add_elder(town), app.add_bed(town, institution));
    let code = town_code(town);
    let stay = insert(
        app,
        format!(
            "INSERT INTO stays (bed_id, elder_id, institution_id, town_code, starts_at) \
         VALUES ({bed}, {elder}, {institution}, '{code}', '2026-11-01 00:00:00.000')"
        ),
    );
    let BedRecords { leave, hold, outage, transfer, waiting } =
        add_bed_records(app, town, institution, (stay, elder));
    add_elder_parts(app, elder, caregiver);
    let visit = add_visit(app, elder, code);
    let assessment = add_assessment(app, elder, code);
    let (absence, correction, follow_up) = add_visit_records(app, code, (visit, elder, caregiver));
    let blob = blob(app);
    let device = insert(
        app,
        format!(
            "INSERT INTO devices (code, kind, name, town_code, station_id, token_hash, presence, presence_at, created_at) \
         VALUES ('D{town}', 'smart_station', '设备', '{code}', {station}, {blob}, 'never', \
         '2026-11-01 00:00:00.000', '2026-11-01 00:00:00.000')"
        ),
    );
    let fire_frame = add_panel(app, device, (town, blob));
    let alert = insert(
        app,
        format!(
            "INSERT INTO alerts (device_id, town_code, kind, channel, value, raised_at) \
         VALUES ({device}, '{code}', 'sos', 1, 1, '2026-11-23 00:30:00.000')"
        ),
    );
    let room = app.count(&format!("SELECT room_id AS n FROM beds WHERE id = {bed}"));
    let import = add_import(app, town, institution);
    Records {
        institution,
        provider,
        station,
        caregiver,
        elder,
        bed,
        room,
        stay,
        leave,
        hold,
        outage,
        transfer,
        waiting,
        visit,
        assessment,
        plan: add_plan_records(app, elder),
        proposal: add_proposal(app, town),
        device,
        fire_frame,
        quarantined: add_quarantined(app, device, blob),
        alert,
        card_reading: add_card_reading(app, device, (town, blob)),
        import,
        absence,
        correction,
        follow_up,
        town,
    }
}

/// A byte, as the database writes it.
fn blob(app: &TestApp) -> &'static str {
    match app.kind() {
        songhe::db::Kind::Sqlite => "x'00'",
        songhe::db::Kind::Postgres => "'\\x00'",
    }
}

/// What somebody measured there with a card that nobody has: another one in each town.
fn add_card_reading(app: &TestApp, device: i64, (town, blob): (usize, &str)) -> i64 {
    let card = blob.replace("00", &format!("0{town}"));
    insert(
        app,
        format!(
            "INSERT INTO card_readings (device_id, boot_id, lane, seq, channel, value, at, received_at, card_index) \
         VALUES ({device}, 1, 0, {town}, 3, 72, '2026-11-23 00:30:00.000', '2026-11-23 00:30:00.000', {card})"
        ),
    )
}

/// Makes the device a fire panel that has sent a frame; gives the frame's number.
fn add_panel(app: &TestApp, device: i64, (town, blob): (usize, &str)) -> i64 {
    app.taken(&format!(
        "INSERT INTO fire_panels (device_id, address) VALUES ({device}, '00000000000{town}')"
    ));
    insert(
        app,
        format!(
            "INSERT INTO fire_frames (device_id, source, seq, hash, round, command, raw, received_at, is_test) \
         VALUES ({device}, '0{town}0000000000', 1, {blob}, 0, 2, {blob}, '2026-11-23 00:30:00.000', FALSE)"
        ),
    )
}

/// A message of the device that could not be read.
fn add_quarantined(app: &TestApp, device: i64, blob: &str) -> i64 {
    insert(
        app,
        format!(
            "INSERT INTO quarantine (device_id, topic, payload, error, first_at, last_at, occurrences) VALUES \
         ({device}, 'up', {blob}, 'malformed', '2026-11-23 00:30:00.000', '2026-11-23 00:30:00.000', 1)"
        ),
    )
}

/// One that is ordered.
fn add_assessment(app: &TestApp, elder: i64, code: &str) -> i64 {
    let assessment = insert(
        app,
        format!(
            "INSERT INTO assessments (elder_id, town_code, scale, reason, ordered_on) \
         VALUES ({elder}, '{code}', 'gbt42195', 'first', '2026-11-20')"
        ),
    );
    app.write(|tx| {
        Ok(tx.connection.batch_execute(&format!(
            "INSERT INTO assessment_events (assessment_id, seq, kind, from_state, to_state, at, actor, note) \
             VALUES ({assessment}, 1, 'order', 'none', 'ordered', '2026-11-20 01:00:00.000', 'seed', '')"
        ))?)
    });
    assessment
}

/// Writes [`FOREIGN`] into every name of town 2.
pub fn mark_foreign(app: &TestApp) {
    let code = town_code(2);
    let tables = ["institutions", "providers", "stations", "caregivers", "elders", "devices"];
    let sql: Vec<String> = tables
        .iter()
        .map(|table| format!("UPDATE {table} SET name = '{FOREIGN}' || name WHERE town_code = '{code}'"))
        .collect();
    app.write(|tx| Ok(tx.connection.batch_execute(&sql.join(";"))?));
}

/// A user of every role; those of a place hold it in town 1. The login is the role's name.
pub fn add_users(app: &TestApp, home: &Records) {
    for role in Role::ALL {
        let place = match role {
            Role::Coordinator | Role::DutyOfficer => town(1),
            Role::Caregiver => Place::Own(home.caregiver),
            Role::InstitutionManager => Place::Institution(home.institution),
            _ => Place::City,
        };
        app.add_user(role.name(), role, place);
    }
}

impl Records {
    /// Numbers that stand for no record, to fill places with.
    pub fn none() -> Records {
        Records {
            institution: 1,
            provider: 2,
            station: 3,
            caregiver: 4,
            elder: 5,
            bed: 6,
            room: 16,
            stay: 7,
            leave: 11,
            hold: 12,
            outage: 13,
            transfer: 14,
            waiting: 15,
            visit: 8,
            assessment: 16,
            plan: PlanRecords { plan: 16, item: 17, pause: 18 },
            proposal: 19,
            device: 9,
            fire_frame: 21,
            quarantined: 22,
            alert: 10,
            card_reading: 22,
            import: 16,
            absence: 16,
            correction: 17,
            follow_up: 18,
            town: 2,
        }
    }

    /// The route's address with this town's records in its places; none for a subject without a row here.
    pub fn address(&self, path: &str) -> Option<String> {
        if !path.contains('{') {
            return Some(path.to_owned());
        }
        let plain = path.strip_prefix("/api/v1").unwrap_or(path);
        let subject = plain.split('/').nth(1).unwrap_or_default();
        let value = match subject {
            "institutions" => self.institution.to_string(),
            "providers" => self.provider.to_string(),
            "stations" => self.station.to_string(),
            "caregivers" => self.caregiver.to_string(),
            "elders" => self.elder.to_string(),
            "beds" => self.bed.to_string(),
            "rooms" => self.room.to_string(),
            "stays" => self.stay.to_string(),
            "leaves" => self.leave.to_string(),
            "holds" => self.hold.to_string(),
            "outages" => self.outage.to_string(),
            "transfers" => self.transfer.to_string(),
            "waiting" => self.waiting.to_string(),
            "visits" => self.visit.to_string(),
            "assessments" => self.assessment.to_string(),
            "proposals" => self.proposal.to_string(),
            "plans" => self.plan.plan.to_string(),
            "plan-items" => self.plan.item.to_string(),
            "plan-pauses" => self.plan.pause.to_string(),
            // Of the whole city, and there from the beginning.
            "services" | "holidays" | "entitlement-rules" => "1".to_owned(),
            "devices" => self.device.to_string(),
            "fire-frames" => self.fire_frame.to_string(),
            "quarantine" => self.quarantined.to_string(),
            "alerts" => self.alert.to_string(),
            "card-readings" => self.card_reading.to_string(),
            "imports" => self.import.to_string(),
            "absences" => self.absence.to_string(),
            "corrections" => self.correction.to_string(),
            "follow-ups" => self.follow_up.to_string(),
            "towns" => town_code(self.town).to_owned(),
            "villages" => village_code(self.town),
            // Of the whole city, of everybody, or of nobody: no such user, session, link or file.
            "users" | "sessions" | "account" | "setup" => "987654".to_owned(),
            "waiting-classes" => "general".to_owned(),
            "admission-rules" => "licence".to_owned(),
            "fail-reasons" => "nobody_home".to_owned(),
            "visit-settings" => "visit_fence_m".to_owned(),
            "card" => "12345678".to_owned(),
            "static" => "css/app.css".to_owned(),
            "docs" | "api" => "index.html".to_owned(),
            _ => return None,
        };
        let mut address = path.to_owned();
        while let (Some(start), Some(end)) = (address.find('{'), address.find('}')) {
            address.replace_range(start..=end, &value);
        }
        Some(address)
    }
}

/// Whether a role has what the route needs; none where the route needs no role.
pub fn is_allowed(role: Role, need: Need) -> Option<bool> {
    match need {
        Need::May(permission) => Some(role.may(permission)),
        Need::Either(one, other) => Some(role.may(one) || role.may(other)),
        Need::Open | Need::SignedIn | Need::Local => None,
    }
}

/// Whether the records behind the route belong to a town; users, sessions and audit rows are the city's.
pub fn is_of_a_town(path: &str) -> bool {
    let plain = path.strip_prefix("/api/v1").unwrap_or(path);
    let subject = plain.split('/').nth(1).unwrap_or_default();
    path.contains('{')
        && !["users", "sessions", "account", "setup", "static", "docs", "api", "card"].contains(&subject)
        && !["waiting-classes", "admission-rules", "services", "holidays"].contains(&subject)
        && !["entitlement-rules", "fail-reasons", "visit-settings"].contains(&subject)
}

/// Routes after which the asker's session is over.
pub fn ends_session(route: &Route) -> bool {
    route.path == "/logout" || (route.path == "/api/v1/session" && route.method == "DELETE")
}

/// The method as the client names it.
pub fn method(route: &Route) -> reqwest::Method {
    route.method.as_str().parse().unwrap()
}

#[test]
fn places_are_filled_by_subject_and_an_unknown_subject_is_refused() {
    let records = Records::none();
    assert_eq!(records.address("/api/v1/beds/{id}/admit").unwrap(), "/api/v1/beds/6/admit");
    assert_eq!(records.address("/towns/{code}").unwrap(), "/towns/350582101");
    assert_eq!(records.address("/beds").unwrap(), "/beds");
    assert_eq!(records.address("/rockets/{id}"), None);
}
