//! The office of devices: what is on file, who may change it, calibrations, and what somebody should look after.

use chrono::TimeDelta;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use songhe::access::{Place, Role};
use songhe::devices::store::{Unread, put_aside};
use songhe::devices::{DeviceKind, DevicePlace};
use songhe_firmware_protocol::{Birth, Lane};

use super::client::Seen;
use super::live::rig::{Device, embedded, encoded};
use crate::api::{Program, fields};
use crate::support::app::{TestApp, both};
use crate::support::client::{expect, location};
use crate::support::seed::town;

/// A device in town 1, and the city's manager.
async fn office(app: &TestApp) -> (i64, Program) {
    app.add_towns();
    let station = app.add_station(1, None);
    let device = app.add_device("ST-1", DeviceKind::SmartStation, 1, DevicePlace::Station(station));
    app.add_user("wang", Role::CityManager, Place::City);
    (device, Program::enter(app, "wang").await)
}

both!(a_device_is_put_on_file_by_a_program_and_changed_by_version, |app| async {
    let (_, wang) = office(app).await;
    let station = app.add_station(2, None);
    let new = json!({ "code": "ST-2", "kind": "smart_station", "name": "二号", "station_id": station,
        "serial_number": "SN-2", "installed_on": "2026-11-20", "heartbeat_s": 60 });
    let (status, device) = wang.send(Method::POST, "/api/v1/devices", &new).await;
    assert_eq!(status, 201, "{device}");
    assert_eq!((&device["claimed_at"], &device["has_credential"]), (&Value::Null, &json!(false)));
    assert_eq!((&device["serial_number"], &device["heartbeat_s"]), (&json!("SN-2"), &json!(60)));
    let path = format!("/api/v1/devices/{}", device["id"]);
    let seen = device["version"].clone();
    let change = json!({ "version": seen, "note": "朝南", "calibration_due_on": "2026-12-01" });
    let (status, changed) = wang.send(Method::PATCH, &path, &change).await;
    assert_eq!((status, &changed["note"], &changed["serial_number"]), (200, &json!("朝南"), &json!("SN-2")));
    let (status, stale) = wang.send(Method::PATCH, &path, &change).await;
    assert_eq!((status, &stale["code"]), (409, &json!("stale")), "{stale}");
    let written = app.audited("device.change");
    assert!(
        written.len() == 1 && written[0].1.contains("\"calibration_due_on\":[\"\",\"2026-12-01\"]"),
        "{written:?}"
    );
    let version = changed["version"].clone();
    for (field, value) in [
        ("name", json!("")),
        ("serial_number", json!("x".repeat(61))),
        ("firmware", json!("x".repeat(33))),
        ("installed_on", json!("2026-11-24")),
        ("heartbeat_s", json!(4)),
        ("heartbeat_s", json!(86_401)),
        ("note", json!("x".repeat(301))),
    ] {
        let (status, problem) =
            wang.send(Method::PATCH, &path, &json!({ "version": version, field: value })).await;
        assert_eq!((status, fields(&problem)), (422, vec![field]), "{problem}");
    }
    for (change, field) in [
        (json!({ "code": "ST 3" }), "code"),
        (json!({ "code": "ST-2" }), "code"),
        (json!({ "code": "ST-3", "station_id": 999_999 }), "station_id"),
        (json!({ "code": "ST-3", "institution_id": 1 }), "place"),
    ] {
        let mut wrong = new.clone();
        wrong.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let (status, problem) = wang.send(Method::POST, "/api/v1/devices", &wrong).await;
        assert_eq!((status, fields(&problem)), (422, vec![field]), "{problem}");
    }
    assert_eq!(app.count("SELECT count(*) AS n FROM devices"), 2);
    assert_eq!(app.count("SELECT version AS n FROM devices WHERE code = 'ST-2'"), version.as_i64().unwrap());
});

both!(who_saves_second_is_shown_what_the_first_one_changed, |app| async {
    let (device, _) = office(app).await;
    let wang = app.login("wang").await;
    app.add_user("admin", Role::SystemAdministrator, Place::City);
    let admin = app.login("admin").await;
    let sheet = |name: &'static str, version: &'static str| {
        [
            ("name", name),
            ("serial_number", ""),
            ("installed_on", ""),
            ("calibration_due_on", ""),
            ("note", ""),
            ("version", version),
        ]
    };
    let path = format!("/devices/{device}");
    assert_eq!(location(&wang.post_form(&path, &sheet("大厅", "1")).await), path);
    let lost =
        expect(admin.post_form(&format!("{path}?lang=en"), &sheet("门口", "1")).await, StatusCode::CONFLICT)
            .await;
    assert!(lost.contains("wang") && lost.contains("大厅") && lost.contains("门口"), "{lost}");
    assert_eq!(app.text("SELECT name AS t FROM devices"), "大厅");
    // Firmware and heartbeat that the form leaves out stay as they are.
    app.taken("UPDATE devices SET firmware = '9.9', heartbeat_s = 45, last_seen_at = created_at");
    assert_eq!(location(&wang.post_form(&path, &sheet("大厅二", "2")).await), path);
    assert_eq!(app.text("SELECT firmware AS t FROM devices"), "9.9");
    assert_eq!(app.count("SELECT CAST(heartbeat_s AS BIGINT) AS n FROM devices"), 45);
});

both!(firmware_and_heartbeat_follow_the_birth_message, |app| async {
    let (device, wang) = office(app).await;
    let (service, address) = embedded(app).await;
    let mut sent = Device::connect(app, address, "ST-1").await;
    assert_eq!(sent.birth(0).await, Seen::Acked);
    let told = wang.read(&format!("/api/v1/devices/{device}")).await;
    assert_eq!(
        (&told["firmware"], &told["heartbeat_s"], &told["version"]),
        (&json!("1.0"), &json!(30), &json!(1))
    );
    // No heartbeat says nothing of it, and characters that no page can show are left out.
    let header = sent.header(Lane::Live, 1);
    let odd = encoded(|out| Birth::encode(&header, 1, "2.\u{0}1\u{7}", 0, &[32], out).unwrap());
    assert_eq!(sent.send("birth", &odd).await, Seen::Acked);
    let told = wang.read(&format!("/api/v1/devices/{device}")).await;
    assert_eq!((&told["firmware"], &told["heartbeat_s"]), (&json!("2.1"), &json!(30)));
    service.stop().await;
});

both!(calibrations_are_on_record_and_overdue_ones_are_pointed_out, |app| async {
    let (device, wang) = office(app).await;
    let path = format!("/api/v1/devices/{device}/calibrations");
    let done =
        json!({ "done_on": "2026-10-01", "done_by": "计量院", "next_due_on": "2026-11-22", "note": "" });
    let (status, row) = wang.send(Method::POST, &path, &done).await;
    assert_eq!((status, &row["recorded_by"]), (201, &json!("wang")), "{row}");
    for (field, value) in
        [("done_on", json!("2026-11-24")), ("done_by", json!("")), ("next_due_on", json!("2026-10-01"))]
    {
        let mut wrong = done.clone();
        wrong[field] = value;
        if field == "done_on" {
            wrong["next_due_on"] = Value::Null;
        }
        let (status, problem) = wang.send(Method::POST, &path, &wrong).await;
        assert_eq!((status, fields(&problem)), (422, vec![field]), "{problem}");
    }
    let listed = async |health: &str| {
        wang.read(&format!("/api/v1/devices?health={health}")).await["items"].as_array().unwrap().len()
    };
    assert_eq!((listed("calibration_overdue").await, listed("calibration_soon").await), (1, 0));
    let browser = app.login("wang").await;
    let list = browser.page("/devices?lang=en").await;
    assert!(list.contains("1 with an overdue calibration") && list.contains("Calibration overdue"), "{list}");
    let page = browser.page(&format!("/devices/{device}?lang=en")).await;
    assert!(page.contains("2026-11-22 · Calibration overdue") && page.contains("计量院"), "{page}");
    // An older one that is written down later moves nothing.
    let older = json!({ "done_on": "2025-10-01", "done_by": "计量院", "next_due_on": "2026-09-30" });
    assert_eq!(wang.send(Method::POST, &path, &older).await.0, 201);
    assert_eq!(app.text("SELECT CAST(calibration_due_on AS TEXT) AS t FROM devices"), "2026-11-22");
    let form =
        [("done_on", "2026-11-23"), ("done_by", "计量院"), ("next_due_on", "2026-12-23"), ("note", "换电池")];
    location(&browser.post_form(&format!("/devices/{device}/calibrations"), &form).await);
    assert_eq!((listed("calibration_overdue").await, listed("calibration_soon").await), (0, 1));
    let rows = wang.read(&path).await;
    let days: Vec<&str> =
        rows["items"].as_array().unwrap().iter().map(|row| row["done_on"].as_str().unwrap()).collect();
    assert_eq!(days, ["2026-11-23", "2026-10-01", "2025-10-01"]);
    assert_eq!(app.audited("device.calibrate").len(), 3);
});

both!(the_list_is_narrowed_by_place_and_by_what_somebody_should_look_after, |app| async {
    let (device, wang) = office(app).await;
    let home = app.add_institution(1);
    let elder = app.add_elder(1);
    let house = app.add_device("FS-1", DeviceKind::FireSensor, 1, DevicePlace::Institution(home));
    let personal = app.add_device("HD-1", DeviceKind::HomeDevice, 1, DevicePlace::Elder(elder));
    app.taken(&format!("UPDATE devices SET serial_number = 'SN-77' WHERE id = {house}"));
    let now = app.app.clock.now();
    app.write(|tx| songhe::devices::store::set_last_seen(tx.connection, &[device, house], tx.now));
    let unread = Unread { device_id: house, topic: "up", payload: b"\xff", error: "malformed", at: now };
    app.write(|tx| put_aside(tx.connection, tx.keys, &unread));
    let listed = async |wang: &Program, query: &str| {
        let page = wang.read(&format!("/api/v1/devices?{query}")).await;
        page["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    for (query, wanted) in [
        ("place=station", vec![device]),
        ("place=institution", vec![house]),
        ("place=room", vec![]),
        ("place=elder", vec![personal]),
        (&format!("institution={home}"), vec![house]),
        ("q=SN-77", vec![house]),
        ("health=garbling", vec![house]),
        ("health=silent", vec![personal]),
        ("health=disabled", vec![]),
    ] {
        assert_eq!(listed(&wang, query).await, wanted, "{query}");
    }
    app.hand.advance(TimeDelta::minutes(61));
    let wang = Program::enter(app, "wang").await;
    assert_eq!(listed(&wang, "health=silent").await, [device, house, personal]);
    app.hand.advance(TimeDelta::hours(24));
    let wang = Program::enter(app, "wang").await;
    assert_eq!(listed(&wang, "health=garbling").await, Vec::<i64>::new(), "that was yesterday");
    // Outside of a town nothing is counted.
    app.add_user("hong", Role::Coordinator, town(2));
    app.taken(&format!("UPDATE devices SET calibration_due_on = '2026-01-01' WHERE id = {device}"));
    let hong = app.login("hong").await;
    let page = hong.page("/devices?lang=en").await;
    assert!(!page.contains("overdue calibration") && !page.contains("ST-1"), "{page}");
});
