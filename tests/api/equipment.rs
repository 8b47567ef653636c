//! Devices and alerts as a program reads them, and alerts answered by it.

use reqwest::Method;
use serde_json::{Value, json};
use songhe::access::{Place, Role};
use songhe::alerts::AlertKind;
use songhe::alerts::store::clear_alert;
use songhe::devices::{DeviceKind, DevicePlace, PresenceState, disable_device};
use songhe_firmware_protocol::Channel;

use super::{Program, answer, fields};
use crate::support::app::{TestApp, both};
use crate::support::seed::{town, town_code};

/// Numbers of the items of a list, in its order.
async fn listed(program: &Program, address: &str) -> Vec<i64> {
    let page = program.read(&format!("/api/v1/{address}")).await;
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect()
}

async fn acknowledge(program: &Program, alert: i64) -> (u16, Value) {
    let path = format!("/api/v1/alerts/{alert}/acknowledge");
    answer(program.request(Method::POST, &path).send().await.unwrap()).await
}

/// A station's device and an institution's sensor in town 1, a station's device in town 2.
fn add_devices(app: &TestApp) -> [i64; 3] {
    app.add_towns();
    app.add_user("hu", Role::CityManager, Place::City);
    app.add_user("lin", Role::Coordinator, town(1));
    app.add_user("wen", Role::AuditAdministrator, Place::City);
    let (near, far) = (app.add_station(1, None), app.add_station(2, None));
    let home = app.add_institution(1);
    [
        app.add_device("ST-1", DeviceKind::SmartStation, 1, DevicePlace::Station(near)),
        app.add_device("FIRE-1", DeviceKind::FireSensor, 1, DevicePlace::Institution(home)),
        app.add_device("ST-2", DeviceKind::SmartStation, 2, DevicePlace::Station(far)),
    ]
}

both!(a_device_is_told_with_its_place_presence_and_latest_values, |app| async {
    let [device, sensor, _] = add_devices(app);
    app.hand.advance(chrono::TimeDelta::minutes(5));
    app.report(device, Channel::RoomTemperature, 23.5);
    app.report(device, Channel::Door, 1.0);
    app.set_presence(device, PresenceState::Online);
    app.write(|tx| disable_device(tx, "FIRE-1"));
    let lin = Program::enter(app, "lin").await;
    let told = lin.read(&format!("/api/v1/devices/{device}")).await;
    let now = app.app.calendar.rfc3339(app.app.clock.now());
    for (field, value) in [
        ("id", json!(device)),
        ("code", json!("ST-1")),
        ("name", json!("ST-1")),
        ("kind", json!("smart_station")),
        ("town_code", json!(town_code(1))),
        ("institution_id", Value::Null),
        ("presence", json!("online")),
        ("presence_at", json!(now)),
        ("last_seen_at", Value::Null),
        ("disabled_at", Value::Null),
        (
            "latest",
            json!([{ "channel": 32, "value": 23.5, "at": now }, { "channel": 34, "value": 1.0, "at": now }]),
        ),
    ] {
        assert_eq!(told[field], value, "{field}");
    }
    assert!(told["station_id"].is_i64() && !told.to_string().contains("token"), "{told}");
    let told = lin.read(&format!("/api/v1/devices/{sensor}")).await;
    assert!(told["institution_id"].is_i64() && told["station_id"].is_null(), "{told}");
    assert_eq!((&told["presence"], &told["disabled_at"]), (&json!("never"), &json!(now)));
    assert_eq!(told["latest"], json!([]));
});

both!(devices_are_filtered_within_reach, |app| async {
    let [device, sensor, foreign] = add_devices(app);
    app.set_presence(device, PresenceState::Online);
    let (hu, lin) = (Program::enter(app, "hu").await, Program::enter(app, "lin").await);
    let far = format!("town={}", town_code(2));
    for (query, everywhere, near) in [
        ("", vec![device, sensor, foreign], vec![device, sensor]),
        ("q=ST-", vec![device, foreign], vec![device]),
        ("q=%25", vec![], vec![]),
        (&far, vec![foreign], vec![]),
        ("kind=fire_sensor", vec![sensor], vec![sensor]),
        ("presence=never", vec![sensor, foreign], vec![sensor]),
        ("presence=online&kind=smart_station", vec![device], vec![device]),
    ] {
        assert_eq!(listed(&hu, &format!("devices?{query}")).await, everywhere, "{query}");
        assert_eq!(listed(&lin, &format!("devices?{query}")).await, near, "{query}");
    }
    for (query, field) in [("kind=toaster", "kind"), ("presence=1", "presence"), ("colour=red", "colour")] {
        let (status, problem) = hu.refusal(&format!("/api/v1/devices?{query}")).await;
        assert_eq!((status, fields(&problem)), (422, vec![field]), "{problem}");
    }
    assert_eq!(lin.refusal(&format!("/api/v1/devices/{foreign}")).await.0, 404);
    let wen = Program::enter(app, "wen").await;
    for path in ["/api/v1/devices".to_owned(), format!("/api/v1/devices/{device}")] {
        assert_eq!(wen.refusal(&path).await.0, 403, "{path}");
        assert_eq!(app.client().status(&path).await, 401, "{path}");
    }
});

both!(alerts_are_filtered_by_how_far_they_have_come, |app| async {
    let [device, sensor, foreign] = add_devices(app);
    let open = app.add_alert(device, AlertKind::Sos, Channel::Sos, 1.0);
    let answered = app.add_alert(sensor, AlertKind::Smoke, Channel::Smoke, 8.5);
    let over = app.add_alert(device, AlertKind::Threshold, Channel::RoomTemperature, 41.0);
    let elsewhere = app.add_alert(foreign, AlertKind::Sos, Channel::Sos, 1.0);
    let (hu, lin) = (Program::enter(app, "hu").await, Program::enter(app, "lin").await);
    for alert in [answered, over] {
        assert_eq!(acknowledge(&lin, alert).await.0, 200);
    }
    app.hand.advance(chrono::TimeDelta::minutes(5));
    app.write(|tx| clear_alert(tx.connection, over, tx.now));
    let (far, of_device) = (format!("town={}", town_code(2)), format!("state=all&device={device}"));
    for (query, everywhere, near) in [
        ("", vec![open, answered, elsewhere], vec![open, answered]),
        ("state=open", vec![open, answered, elsewhere], vec![open, answered]),
        ("state=acknowledged", vec![answered], vec![answered]),
        ("state=cleared", vec![over], vec![over]),
        ("state=all", vec![open, answered, over, elsewhere], vec![open, answered, over]),
        ("kind=sos", vec![open, elsewhere], vec![open]),
        (&far, vec![elsewhere], vec![]),
        (&of_device, vec![open, over], vec![open, over]),
    ] {
        assert_eq!(listed(&hu, &format!("alerts?{query}")).await, everywhere, "{query}");
        assert_eq!(listed(&lin, &format!("alerts?{query}")).await, near, "{query}");
    }
    let told = lin.read(&format!("/api/v1/alerts/{over}")).await;
    let at = |instant| json!(app.app.calendar.rfc3339(instant));
    assert_eq!(told["cleared_at"], at(app.app.clock.now()));
    assert_eq!(told["raised_at"], at(app.app.clock.now() - chrono::TimeDelta::minutes(5)));
    assert_eq!((&told["kind"], &told["value"]), (&json!("threshold"), &json!(41.0)));
    assert_eq!((&told["device_id"], &told["device_name"]), (&json!(device), &json!("ST-1")));
    assert!(told["place"].as_str().unwrap().contains("服务站"), "{told}");
    for (query, field) in [("state=new", "state"), ("kind=flood", "kind"), ("device=x", "device")] {
        let (status, problem) = hu.refusal(&format!("/api/v1/alerts?{query}")).await;
        assert_eq!((status, fields(&problem)), (422, vec![field]), "{problem}");
    }
});

both!(an_alert_is_acknowledged_once_by_whoever_may, |app| async {
    let [device, _, foreign] = add_devices(app);
    let alert = app.add_alert(device, AlertKind::Sos, Channel::Sos, 1.0);
    let elsewhere = app.add_alert(foreign, AlertKind::Sos, Channel::Sos, 1.0);
    app.add_user("duty", Role::DutyOfficer, town(1));
    let (hu, lin, duty) = (
        Program::enter(app, "hu").await,
        Program::enter(app, "lin").await,
        Program::enter(app, "duty").await,
    );
    // The city manager sees alerts and answers none; what is elsewhere does not exist.
    assert_eq!(acknowledge(&hu, alert).await.0, 403);
    for unknown in [elsewhere, 999_999_999] {
        let (status, problem) = acknowledge(&lin, unknown).await;
        assert_eq!((status, &problem["code"]), (404, &json!("not_found")));
    }
    let stranger =
        app.client().request(Method::POST, &format!("/api/v1/alerts/{alert}/acknowledge")).send().await;
    assert_eq!(stranger.unwrap().status(), 401);
    for id in [alert, elsewhere] {
        assert_eq!(hu.read(&format!("/api/v1/alerts/{id}")).await["acknowledged_at"], Value::Null);
    }

    app.hand.advance(chrono::TimeDelta::minutes(2));
    let (status, told) = acknowledge(&duty, alert).await;
    let now = app.app.calendar.rfc3339(app.app.clock.now());
    assert_eq!((status, &told["acknowledged_by"]), (200, &json!("duty")), "{told}");
    assert_eq!((&told["acknowledged_at"], &told["cleared_at"]), (&json!(now), &Value::Null));
    assert_eq!(hu.read(&format!("/api/v1/alerts/{alert}")).await, told);

    app.hand.advance(chrono::TimeDelta::minutes(2));
    for late in [&lin, &duty] {
        let (status, problem) = acknowledge(late, alert).await;
        assert_eq!((status, &problem["code"]), (409, &json!("taken")));
        assert!(problem["detail"].as_str().unwrap().contains("duty"), "{problem}");
    }
    assert_eq!(hu.read(&format!("/api/v1/alerts/{alert}")).await, told, "the first answer stays");
    let written = app.audited("alert.acknowledge");
    assert_eq!(written.len(), 1, "{written:?}");
    assert_eq!(written[0].0, alert.to_string());
});
