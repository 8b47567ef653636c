//! Claim codes and credentials: a code is exchanged once, guessing is slow, what is shown once is stored nowhere, and a rotation
//! leaves nobody outside.

use chrono::TimeDelta;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use songhe::access::{Place, Role};
use songhe::devices::{CLAIM_DAYS, DeviceKind, DevicePlace, DeviceSheet, NewRecord, register_device};

use super::client::{Client as Mqtt, Seen, Version};
use super::live::rig::embedded;
use crate::api::{Program, answer, fields};
use crate::support::app::{TestApp, both};
use crate::support::client::{Client, expect, location};

/// A device on file that nobody has claimed; gives its number.
fn on_file(app: &TestApp, code: &str, serial_number: &str) -> i64 {
    let place = DevicePlace::Station(app.add_station(1, None));
    let sheet = DeviceSheet {
        name: code.to_owned(),
        serial_number: serial_number.to_owned(),
        ..DeviceSheet::default()
    };
    let new = NewRecord { code: code.to_owned(), kind: DeviceKind::SmartStation, place, sheet };
    app.write(|tx| register_device(tx, &new))
}

async fn manager(app: &TestApp) -> Program {
    app.add_towns();
    app.add_user("wang", Role::CityManager, Place::City);
    Program::enter(app, "wang").await
}

async fn issue(wang: &Program, device: i64) -> String {
    let (status, body) = post(wang, &format!("/api/v1/devices/{device}/claim-code")).await;
    assert_eq!(status, 200, "{body}");
    body["claim_code"].as_str().unwrap().to_owned()
}

async fn post(program: &Program, path: &str) -> (u16, Value) {
    answer(program.request(Method::POST, path).send().await.unwrap()).await
}

/// Exchanges a code, as a tool without a session does.
async fn claim(client: &Client, code: &str, serial_number: &str) -> (u16, Value) {
    let body = json!({ "claim_code": code, "serial_number": serial_number, "firmware_version": "2.0.1" });
    answer(client.request(Method::POST, "/api/v1/devices/claim").json(&body).send().await.unwrap()).await
}

/// Every text and every byte that the database holds of devices, their codes and the log.
fn everything(app: &TestApp) -> String {
    let hex = |column: &str| match app.kind() {
        songhe::db::Kind::Sqlite => format!("hex({column})"),
        songhe::db::Kind::Postgres => format!("encode({column}, 'hex')"),
    };
    let mut all = String::new();
    for (table, what) in [
        ("devices", format!("code || name || serial_number || {}", hex("token_hash"))),
        ("device_claims", hex("code_index")),
        ("audit_log", "detail".to_owned()),
        ("outbox", "payload".to_owned()),
    ] {
        let rows = app.count(&format!("SELECT count(*) AS n FROM {table}"));
        for row in 0..rows {
            all += &app.text(&format!("SELECT {what} AS t FROM {table} ORDER BY id LIMIT 1 OFFSET {row}"));
            all.push('\n');
        }
    }
    all
}

both!(a_code_is_exchanged_once_for_a_credential_that_connects, |app| async {
    let wang = manager(app).await;
    let device = on_file(app, "ST-NEW", "SN-1");
    let (service, address) = embedded(app).await;
    let listed = wang.read("/api/v1/devices?health=unclaimed").await;
    assert_eq!(listed["items"][0]["id"], device);
    assert_eq!(listed["items"][0]["has_credential"], false);
    let code = issue(&wang, device).await;
    let tool = app.client();
    // Whatever the case and what stands between; a typing error is no try.
    let typed = code.to_lowercase().replace('-', " ");
    let (status, problem) = claim(&tool, &typed[..9], "SN-1").await;
    assert_eq!((status, fields(&problem)), (422, vec!["claim_code"]), "{problem}");
    let (status, given) = claim(&tool, &typed, "SN-1").await;
    assert_eq!(status, 200, "{given}");
    let password = given["password"].as_str().unwrap().to_owned();
    assert_eq!((&given["client_id"], &given["username"]), (&json!("ST-NEW"), &json!("ST-NEW")));
    assert_eq!(password.len(), 64);
    let mut client = Mqtt::connect(Version::V5, address, "ST-NEW", &password).await.unwrap();
    client.say_goodbye().await;

    let (status, problem) = claim(&tool, &code, "SN-1").await;
    assert_eq!((status, &problem["code"]), (409, &json!("taken")), "{problem}");
    let told = app.audited("device.claim_refused");
    assert_eq!(told.len(), 1);
    assert!(told[0].1.contains("\"reason\":\"used\"") && told[0].1.contains("127.0.0.1"), "{told:?}");
    assert_eq!(app.audited("device.claim").len(), 1);
    let shown = wang.read(&format!("/api/v1/devices/{device}")).await;
    assert_eq!((&shown["firmware"], &shown["has_credential"]), (&json!("2.0.1"), &json!(true)));
    assert!(shown["claimed_at"].is_string() && !shown.to_string().contains(&password));
    // Neither is anywhere in the database.
    let all = everything(app).to_uppercase();
    assert!(!all.contains(&password.to_uppercase()) && !all.contains(&code.replace('-', "")), "stored");
    service.stop().await;
});

both!(a_code_ends_when_it_is_old_or_replaced_or_the_device_is_out_of_service, |app| async {
    let wang = manager(app).await;
    let device = on_file(app, "ST-1", "");
    let tool = app.client();
    let first = issue(&wang, device).await;
    let second = issue(&wang, device).await;
    assert_ne!(first, second);
    let refusal = async |code: &str| {
        let (status, problem) = claim(&tool, code, "").await;
        (status, problem["detail"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(refusal(&first).await.0, 409);
    app.hand.advance(TimeDelta::days(CLAIM_DAYS));
    assert_eq!(refusal(&second).await.0, 409, "its last day is over");
    let wang = Program::enter(app, "wang").await;
    let third = issue(&wang, device).await;
    assert_eq!(post(&wang, &format!("/api/v1/devices/{device}/disable")).await.0, 200);
    assert_eq!(refusal(&third).await.0, 409);
    assert_eq!(post(&wang, &format!("/api/v1/devices/{device}/enable")).await.0, 200);
    assert_eq!(claim(&tool, &third, "X").await.0, 200);
    // With a credential there is nothing to claim.
    assert_eq!(post(&wang, &format!("/api/v1/devices/{device}/claim-code")).await.0, 409);
    let reasons: Vec<String> = app.audited("device.claim_refused").into_iter().map(|row| row.1).collect();
    assert_eq!(reasons.iter().filter(|detail| detail.contains("\"over\"")).count(), 2, "{reasons:?}");
    assert_eq!(reasons.iter().filter(|detail| detail.contains("\"disabled\"")).count(), 1);
});

both!(the_right_code_of_another_device_is_refused_and_ends_after_five_tries, |app| async {
    let wang = manager(app).await;
    let device = on_file(app, "ST-1", "SN-7");
    let code = issue(&wang, device).await;
    let tool = app.client();
    for tries in 1..=5 {
        let (status, problem) = claim(&tool, &code, "SN-8").await;
        assert_eq!((status, fields(&problem)), (422, vec!["serial_number"]), "try {tries}: {problem}");
    }
    assert_eq!(claim(&tool, &code, "SN-7").await.0, 409, "it is worth nothing any more");
    assert_eq!(app.count("SELECT count(*) AS n FROM devices WHERE claimed_at IS NOT NULL"), 0);
    let other = issue(&wang, device).await;
    assert_eq!(claim(&tool, &other, "SN-7").await.0, 200);
});

both!(guessing_is_slowed_down_by_address, |app| async {
    let wang = manager(app).await;
    let device = on_file(app, "ST-1", "");
    let code = issue(&wang, device).await;
    let tool = app.client();
    let letters = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    // Codes of one letter, nine times, whose check fits: found as the program checks them.
    let guesses: Vec<String> = letters
        .iter()
        .flat_map(|letter| {
            let start = letter.repeat(9);
            "0123456789ABCDEFGHJKMNPQRSTVWXYZ".chars().map(move |check| format!("{start}{check}"))
        })
        .collect();
    let (mut wrong, mut known) = (0, String::new());
    for guess in &guesses {
        let (status, problem) = claim(&tool, guess, "").await;
        match status {
            422 if problem["detail"].as_str().unwrap().contains("没有这个") => {
                wrong += 1;
                known.clone_from(guess);
            }
            422 => {}
            429 => break,
            other => panic!("{other}: {problem}"),
        }
    }
    assert_eq!(wrong, 10);
    let limited = tool.request(Method::POST, "/api/v1/devices/claim");
    let limited = limited.json(&json!({ "claim_code": code })).send().await.unwrap();
    assert_eq!(
        (limited.status(), limited.headers()["retry-after"].to_str().unwrap()),
        (StatusCode::TOO_MANY_REQUESTS, "3600")
    );
    // The right one is refused as well, and counts an hour later.
    assert_eq!(claim(&tool, &code, "").await.0, 429);
    app.hand.advance(TimeDelta::minutes(61));
    assert_eq!(claim(&tool, &code, "").await.0, 200);
    // What was noted of addresses goes after a day.
    app.hand.advance(TimeDelta::hours(25));
    assert_eq!(claim(&tool, &known, "").await.0, 422);
    assert_eq!(app.count("SELECT count(*) AS n FROM device_claim_tries"), 1);
});

both!(a_rotated_credential_counts_until_the_new_one_is_used_and_a_day_at_most, |app| async {
    let wang = manager(app).await;
    let station = app.add_station(1, None);
    let device = app.add_device("ST-1", DeviceKind::SmartStation, 1, DevicePlace::Station(station));
    let first = crate::support::equipment::TOKEN.to_owned();
    let (service, address) = embedded(app).await;
    let connects = async |token: &str| match Mqtt::connect(Version::V5, address, "ST-1", token).await {
        Some(mut client) => {
            client.say_goodbye().await;
            true
        }
        None => false,
    };
    let rotate = async |wang: &Program| {
        let (status, body) = post(wang, &format!("/api/v1/devices/{device}/rotate")).await;
        assert_eq!(status, 200, "{body}");
        body["password"].as_str().unwrap().to_owned()
    };
    assert!(connects(&first).await);
    let second = rotate(&wang).await;
    assert!(connects(&first).await, "the old one counts beside the new one");
    // Not taken up: the device still has the first one, and the second never counted for it.
    let third = rotate(&wang).await;
    assert!(connects(&first).await && !connects(&second).await);
    assert!(connects(&third).await);
    assert!(!connects(&first).await, "the new one was used");
    let fourth = rotate(&wang).await;
    app.hand.advance(TimeDelta::hours(24));
    assert!(!connects(&third).await, "a day has gone");
    let wang = Program::enter(app, "wang").await;
    assert!(connects(&fourth).await);
    assert_eq!(app.audited("device.rotate").len(), 3);

    // Revoking ends the connection at once, and nothing connects any more.
    let mut live = Mqtt::connect(Version::V5, address, "ST-1", &fourth).await.unwrap();
    assert_eq!(post(&wang, &format!("/api/v1/devices/{device}/revoke")).await.0, 200);
    assert_eq!(live.next().await, Seen::Closed);
    assert!(!connects(&fourth).await && !connects("").await);
    assert_eq!(wang.read("/api/v1/devices?health=no_credential").await["items"][0]["id"], device);
    let fifth = rotate(&wang).await;
    assert!(connects(&fifth).await);
    service.stop().await;
});

both!(the_page_shows_a_code_once_and_only_to_whoever_manages_devices, |app| async {
    app.add_towns();
    let station = app.add_station(1, None);
    app.add_user("admin", Role::SystemAdministrator, Place::City);
    app.add_user("lin", Role::Coordinator, crate::support::seed::town(1));
    let (admin, lin) = (app.login("admin").await, app.login("lin").await);
    let station_id = station.to_string();
    let new = [
        ("device_code", "ST-9"),
        ("device_kind", "smart_station"),
        ("name", "新设备"),
        ("device_place", "station"),
        ("station_id", &station_id),
        ("serial_number", "SN-9"),
        ("firmware", ""),
        ("heartbeat_s", "30"),
        ("installed_on", "2026-11-20"),
        ("calibration_due_on", "2027-11-20"),
        ("note", ""),
    ];
    assert_eq!(lin.post_form("/devices", &new).await.status(), 403);
    let page = expect(admin.post_form("/devices?lang=en", &new).await, StatusCode::OK).await;
    assert!(page.contains("This is shown once") && page.contains("data-copy=\"secret\""), "{page}");
    let secret = page.split("<code id=\"secret\" translate=\"no\">").nth(1).unwrap();
    let code = secret.split('<').next().unwrap().to_owned();
    let device = app.count("SELECT id AS n FROM devices WHERE code = 'ST-9'");
    let shown = admin.page(&format!("/devices/{device}?lang=en")).await;
    assert!(
        !shown.contains(&code) && shown.contains("Not claimed yet") && shown.contains("Open until"),
        "{shown}"
    );
    assert!(shown.contains("SN-9") && shown.contains("2027-11-20"));
    let seen = lin.page(&format!("/devices/{device}?lang=en")).await;
    assert!(seen.contains("SN-9") && !seen.contains("/rotate") && !seen.contains("Open until"), "{seen}");
    for step in ["claim-code", "rotate", "revoke", "disable", "enable"] {
        assert_eq!(lin.post_form(&format!("/devices/{device}/{step}"), &[]).await.status(), 403, "{step}");
    }
    // A second device of the code is refused beside its field, and nothing was added.
    let again =
        expect(admin.post_form("/devices?lang=en", &new).await, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(again.contains("“ST-9” is in use") && again.contains("value=\"SN-9\""), "{again}");
    let credential =
        expect(admin.post_form(&format!("/devices/{device}/rotate?lang=en"), &[]).await, StatusCode::OK)
            .await;
    assert!(
        credential.contains("Client id and user name") && credential.contains("24 hours at most"),
        "{credential}"
    );
    assert_eq!(claim(&app.client(), &code, "SN-9").await.0, 409, "the code ended with it");
});

both!(an_installer_claims_on_a_page_and_a_mistake_is_said_there, |app| async {
    let wang = manager(app).await;
    let device = on_file(app, "ST-NEW", "SN-1");
    let (service, address) = embedded(app).await;
    let code = issue(&wang, device).await;
    let guest = app.client();
    assert!(guest.page("/login?lang=en").await.contains("href=\"/claim\""));
    assert!(guest.page("/claim?lang=zh-CN").await.contains("接入设备"));
    let sent = async |code: &str, serial: &str, status| {
        let fields = [("claim_code", code), ("serial_number", serial)];
        expect(guest.post_form("/claim?lang=en", &fields).await, status).await
    };
    let page = sent("ABC", "SN-1", StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(page.contains("Claim code: ") && page.contains("value=\"ABC\""), "{page}");
    let page = sent(&code, "SN-2", StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(page.contains("Serial number: ") && page.contains(&code), "what was typed stays: {page}");
    let page = sent(&code, "SN-1", StatusCode::OK).await;
    assert!(page.contains("ST-NEW") && page.contains("This is shown once"), "{page}");
    let secret = page.split("<code id=\"secret\" translate=\"no\">").nth(1).unwrap();
    let password = secret.split('<').next().unwrap();
    Mqtt::connect(Version::V5, address, "ST-NEW", password).await.unwrap().say_goodbye().await;
    let page = sent(&code, "SN-1", StatusCode::CONFLICT).await;
    assert!(!page.contains(password) && page.contains("role=\"alert\""), "{page}");
    service.stop().await;
});

both!(a_control_character_in_a_version_is_called_one, |app| async {
    manager(app).await;
    let body = json!({ "claim_code": "ABCDE-FGHJK", "firmware_version": "2.0\u{7}" });
    let request = app.client().request(Method::POST, "/api/v1/devices/claim").json(&body);
    let (status, problem) = answer(request.send().await.unwrap()).await;
    assert_eq!(status, 422, "{problem}");
    assert!(fields(&problem).contains(&"firmware_version"), "{problem}");
    assert!(problem.to_string().contains("不能含有控制字符"), "{problem}");
});

both!(a_device_that_was_put_on_file_by_mistake_is_taken_off_until_it_is_heard, |app| async {
    manager(app).await;
    let wang = app.login("wang").await;
    let (mistake, used) = (on_file(app, "ST-OOPS", ""), on_file(app, "ST-USED", ""));
    app.report(used, songhe_firmware_protocol::Channel::Pulse, 71.0);
    app.write(|tx| songhe::devices::store::set_last_seen(tx.connection, &[used], tx.now));
    assert!(wang.page(&format!("/devices/{mistake}")).await.contains(&format!("/devices/{mistake}/remove")));
    assert!(!wang.page(&format!("/devices/{used}")).await.contains(&format!("/devices/{used}/remove")));
    assert_eq!(wang.post_form(&format!("/devices/{used}/remove"), &[]).await.status(), 409);
    assert_eq!(location(&wang.post_form(&format!("/devices/{mistake}/remove"), &[]).await), "/devices");
    assert_eq!(wang.status(&format!("/devices/{mistake}")).await, 404);
    assert_eq!(app.audited("device.remove").len(), 1);
    // The name is free again.
    on_file(app, "ST-OOPS", "");
});
