//! Limits of a device's own: set by whoever may, judged by from the next value on, and how alerts are shown.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use songhe::access::{Place, Role};
use songhe::alerts::AlertKind;
use songhe::devices::{DeviceKind, DevicePlace};
use songhe_firmware_protocol::{AlarmKind, Channel};

use super::client::Seen;
use super::live::rig::{Device, add_device, alerts_of, embedded};
use crate::support::app::{TestApp, both};
use crate::support::client::Client;
use crate::support::seed::town;

async fn set(client: &Client, device: i64, body: Value) -> (u16, Value) {
    let path = format!("/api/v1/devices/{device}/limits");
    let request = client.request(Method::POST, &path).header("sec-fetch-site", "same-origin");
    let response = request.json(&body).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn held(client: &Client, device: i64, channel: Channel) -> Value {
    let page = client.get_json(&format!("/api/v1/devices/{device}/limits")).await;
    let items = page["items"].as_array().unwrap();
    items.iter().find(|item| item["channel"] == channel.name()).cloned().unwrap()
}

fn rooms(app: &TestApp, device: i64) -> Vec<(String, bool)> {
    alerts_of(app, device).into_iter().map(|alert| (alert.1, alert.2)).collect()
}

both!(a_device_is_judged_by_its_own_limits, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let other = add_device(app, "ST-2", DeviceKind::SmartStation, 1);
    app.add_user("lin", Role::Coordinator, town(1));
    let lin = app.login("lin").await;
    let (service, address) = embedded(app).await;
    let mut device = Device::connect(app, address, "ST-1").await;
    let mut plain = Device::connect(app, address, "ST-2").await;
    let mut seq = 0;
    let mut measure = async |value_scaled: i32| {
        app.hand.advance(chrono::TimeDelta::seconds(1));
        for one in [&mut device, &mut plain] {
            assert_eq!(one.live(seq, Channel::RoomTemperature, value_scaled).await, Seen::Acked);
        }
        seq += 1;
        (rooms(app, id), rooms(app, other))
    };
    let own = json!({ "version": 0, "channel": "room_temperature", "choice": "own", "high_raise": 28.5, "high_clear": 27 });
    let (status, told) = set(&lin, id, own.clone()).await;
    assert_eq!((status, &told["high_raise"], &told["version"]), (200, &json!(28.5), &json!(1)), "{told}");
    let raised = |over| vec![("threshold".to_owned(), over)];
    assert_eq!(measure(284).await, (vec![], vec![]));
    assert_eq!(measure(285).await, (raised(false), vec![]), "its own limit");
    assert_eq!(measure(60).await, (raised(true), raised(false)), "too cold for nobody but the other");
    assert_eq!(measure(271).await, (raised(true), raised(true)));
    assert_eq!(measure(290).await.0, [raised(true), raised(false)].concat());

    // No alert for this channel: the one that is active ends, and none is raised.
    let none = json!({ "version": 1, "channel": "room_temperature", "choice": "none" });
    assert_eq!(set(&lin, id, none).await.0, 200);
    assert_eq!(rooms(app, id), [raised(true), raised(true)].concat());
    assert_eq!(measure(450).await.0.len(), 2);
    // Back to the protocol's.
    let default = json!({ "version": 2, "channel": "room_temperature", "choice": "default" });
    let (status, told) = set(&lin, id, default).await;
    assert_eq!((status, &told["high_raise"], &told["version"]), (200, &json!(35.0), &json!(3)), "{told}");
    assert_eq!(measure(451).await.0.len(), 3);
    assert_eq!(app.audited("device.limit").len(), 3);
    service.stop().await;
});

both!(limits_that_cannot_be_change_nothing, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let foreign = add_device(app, "ST-2", DeviceKind::SmartStation, 2);
    app.add_user("lin", Role::Coordinator, town(1));
    app.add_user("duty", Role::DutyOfficer, Place::City);
    let (lin, duty) = (app.login("lin").await, app.login("duty").await);
    for (body, field) in [
        (json!({ "channel": "pulse", "choice": "own", "low_raise": 50, "low_clear": 50 }), "low_clear"),
        (json!({ "channel": "pulse", "choice": "own", "high_raise": 100 }), "high_clear"),
        (json!({ "channel": "pulse", "choice": "own" }), "low_raise"),
        (json!({ "channel": "pulse", "choice": "own", "high_raise": 100.5, "high_clear": 90 }), "high_raise"),
        (json!({ "channel": "pulse", "choice": "none", "high_raise": 100 }), "high_raise"),
        (json!({ "channel": "smoke", "choice": "none" }), "choice"),
        (json!({ "channel": "smoke", "choice": "own", "high_raise": 100, "high_clear": 99 }), "high_raise"),
        (json!({ "channel": "door", "choice": "none" }), "channel"),
        (json!({ "channel": "toast", "choice": "none" }), "channel"),
    ] {
        let mut body = body;
        body["version"] = json!(0);
        let (status, problem) = set(&lin, id, body).await;
        let fields: Vec<&str> = problem["fields"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["field"].as_str().unwrap())
            .collect();
        assert_eq!((status, fields.contains(&field)), (422, true), "{problem}");
    }
    let body = json!({ "version": 0, "channel": "pulse", "choice": "none" });
    assert_eq!(set(&lin, foreign, body.clone()).await.0, 404);
    assert_eq!(set(&duty, id, body.clone()).await.0, 403, "who only looks sets nothing");
    assert_eq!(held(&duty, id, Channel::Pulse).await["choice"], "default");
    assert_eq!(set(&lin, id, body.clone()).await.0, 200);
    let (status, problem) = set(&lin, id, body).await;
    assert_eq!(status, 409, "{problem}");
    assert_eq!(held(&lin, id, Channel::Pulse).await["version"], 1);
});

both!(limits_are_set_on_the_devices_page, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    app.add_user("lin", Role::Coordinator, town(1));
    let lin = app.login("lin").await;
    assert!(lin.page(&format!("/devices/{id}")).await.contains(&format!("/devices/{id}/limits")));
    let page = lin.page(&format!("/devices/{id}/limits?lang=en")).await;
    assert!(
        page.contains("131 /min, all-clear at 121 /min") && page.contains("limit?channel=pulse"),
        "{page}"
    );
    let form = format!("/devices/{id}/limit?channel=pulse");
    let page = lin.page(&format!("{form}&lang=en")).await;
    assert!(page.contains("value=\"131\"") && page.contains("Limits of the protocol"), "{page}");
    let wrong = [("version", "0"), ("limit_choice", "own"), ("high_raise", "100"), ("high_clear", "120")];
    let response = lin.post_form(&form, &wrong).await;
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = response.text().await.unwrap();
    assert!(page.contains("must lie inside of its limit") || page.contains("解除值须在限值以内"), "{page}");
    let right = [("version", "0"), ("limit_choice", "own"), ("high_raise", "100"), ("high_clear", "90")];
    assert_eq!(lin.post_form(&form, &right).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(lin.post_form(&form, &right).await.status(), StatusCode::CONFLICT);
    let page = lin.page(&format!("/devices/{id}/limits?lang=en")).await;
    assert!(page.contains("100 /min, all-clear at 90 /min") && page.contains("Limits of its own"), "{page}");
});

both!(what_endangers_life_stands_on_top, |app| async {
    app.add_towns();
    app.add_user("lin", Role::DutyOfficer, town(1));
    let lin = app.login("lin").await;
    let station = app.add_station(1, None);
    let device = app.add_device("ST-1", DeviceKind::SmartStation, 1, DevicePlace::Station(station));
    // One at once, whatever was measured before; the newest is not the first.
    let (service, address) = embedded(app).await;
    let mut connection = Device::connect(app, address, "ST-1").await;
    assert_eq!(connection.alarm(0, AlarmKind::Sos, true, 0).await, Seen::Acked);
    assert_eq!(connection.alarm(1, AlarmKind::Fire, true, 0).await, Seen::Acked);
    app.hand.advance(chrono::TimeDelta::minutes(7));
    app.add_alert(device, AlertKind::Threshold, Channel::RoomTemperature, 41.0);
    let page = lin.page("/alerts?lang=en").await;
    let place = |text: &str| {
        page.find(&format!(">{text}")).or(page.find(text)).unwrap_or_else(|| panic!("{text}: {page}"))
    };
    let body = page.find("<tbody").unwrap();
    let in_table = |text: &str| page[body..].find(text).unwrap_or_else(|| panic!("{text}: {page}"));
    assert!(
        in_table("Call for help") < in_table("Limit passed") && in_table("Fire") < in_table("Limit passed")
    );
    // The age counts from the device's time.
    assert!(page.contains("data-age") && place("data-age") > 0, "{page}");
    let raised = app.app.calendar.rfc3339(app.app.clock.now() - chrono::TimeDelta::minutes(7));
    assert!(page.contains(&raised), "{page}");
    service.stop().await;
});
