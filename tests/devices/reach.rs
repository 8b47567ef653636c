//! Who hears of devices: the house of a resident, and whoever works for the provider of a station.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::json;
use songhe::access::{Place, Role};
use songhe::alerts::AlertKind;
use songhe::devices::gb26875::model::{Command, Content};
use songhe::devices::gb26875::{PanelInput, set_panel};
use songhe::devices::{DeviceKind, DevicePlace};
use songhe_firmware_protocol::{AlarmKind, Channel};

use super::client::Seen;
use super::fire::panel::{ADDRESS, Panel, gateway};
use super::live::rig::{Device, embedded};
use crate::support::app::{TestApp, both};
use crate::support::live::Live;
use crate::support::seed::town_code;

const LIMIT: Duration = Duration::from_secs(20);
/// Longer than an event takes.
const WHILE: Duration = Duration::from_secs(2);

/// The number in the next event of an alert; none where none comes.
async fn alert_told(live: &mut Live, limit: Duration) -> Option<i64> {
    loop {
        let event = live.next(limit).await?;
        if event.name == "alert" {
            return serde_json::from_str::<serde_json::Value>(&event.data).unwrap()["id"].as_i64();
        }
    }
}

fn last_alert(app: &TestApp) -> i64 {
    app.count("SELECT max(id) AS n FROM alerts")
}

/// An elder who lives in a house; gives the elder.
fn resident(app: &TestApp, house: i64) -> i64 {
    let (bed, elder) = (app.add_bed(1, house), app.add_elder(1));
    app.taken(&format!(
        "INSERT INTO stays (bed_id, elder_id, institution_id, town_code, starts_at) VALUES \
         ({bed}, {elder}, {house}, '{}', '2026-01-01 00:00:00.000')",
        town_code(1)
    ));
    elder
}

both!(a_house_hears_the_calls_of_its_residents, |app| async {
    app.add_towns();
    let (house, other) = (app.add_institution(1), app.add_institution(1));
    let (elder, neighbour) = (resident(app, house), resident(app, house));
    let id = app.add_device("HD-1", DeviceKind::HomeDevice, 1, DevicePlace::Elder(elder));
    let manager = app.user("manager", Role::InstitutionManager, Place::Institution(house)).await;
    let stranger = app.user("stranger", Role::InstitutionManager, Place::Institution(other)).await;
    let mut told = Live::open(&manager, "/live").await;
    let mut foreign = Live::open(&stranger, "/live").await;
    let (service, address) = embedded(app).await;
    let mut device = Device::connect(app, address, "HD-1").await;
    assert_eq!(device.alarm(0, AlarmKind::Sos, true, 0).await, Seen::Acked);
    let alert = last_alert(app);
    assert_eq!(alert_told(&mut told, LIMIT).await, Some(alert));
    assert_eq!(alert_told(&mut foreign, WHILE).await, None);
    let link = format!("/alerts/{alert}");
    assert!(manager.page("/alerts").await.contains(&link) && !stranger.page("/alerts").await.contains(&link));
    assert!(manager.page(&format!("/devices/{id}")).await.contains(&link));
    assert_eq!((manager.status(&link).await, stranger.status(&link).await), (200, 404));
    // It stands with the elder and in no house; of the elder it is told once, and of another resident it is not told.
    assert_eq!(app.count("SELECT count(*) AS n FROM devices WHERE institution_id IS NOT NULL"), 0);
    let device_link = format!("/devices/{id}\"");
    for (who, times) in [(elder, 1), (neighbour, 0)] {
        let page = manager.page(&format!("/elders/{who}/timeline")).await;
        assert_eq!(page.matches(&device_link).count(), times, "{who}: {page}");
    }
    let answer = format!("{link}/acknowledge");
    assert_eq!(stranger.post_form(&answer, &[]).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(manager.post_form(&answer, &[]).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(alert_told(&mut told, LIMIT).await, Some(alert), "that somebody has answered");
    service.stop().await;
});

both!(a_house_hears_that_a_device_of_a_resident_changes, |app| async {
    app.add_towns();
    let house = app.add_institution(1);
    let elder = resident(app, house);
    let station = app.add_station(1, None);
    let id = app.add_device("HD-1", DeviceKind::HomeDevice, 1, DevicePlace::Station(station));
    let lin = app.user("lin", Role::Coordinator, Place::Town(town_code(1).to_owned())).await;
    let told = |since: i64| {
        app.count(&format!(
            "SELECT count(*) AS n FROM outbox WHERE id > {since} AND topic = 'device' AND institution_id = {house}"
        ))
    };
    let newest = || app.count("SELECT COALESCE(max(id), 0) AS n FROM outbox");
    let mut since = newest();
    let form = [("device_place", "elder"), ("elder_id", &*elder.to_string()), ("version", "1")];
    assert_eq!(lin.post_form(&format!("/devices/{id}/place"), &form).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(told(since), 1, "that it came");
    since = newest();
    let body = json!({ "channel": "pulse", "choice": "none", "version": 0 });
    let request = lin.request(Method::POST, &format!("/api/v1/devices/{id}/limits"));
    let answer = request.header("sec-fetch-site", "same-origin").json(&body).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "{}", answer.text().await.unwrap());
    assert_eq!(told(since), 1, "that its limits changed");
});

both!(whoever_works_for_a_stations_provider_hears_its_devices, |app| async {
    app.add_towns();
    let (provider, other) = (app.add_provider(1), app.add_provider(1));
    let station = app.add_station(1, Some(provider));
    let id = app.add_device("ST-1", DeviceKind::SmartStation, 1, DevicePlace::Station(station));
    let own = app.user("own", Role::Coordinator, Place::Provider(provider)).await;
    let stranger = app.user("stranger", Role::Coordinator, Place::Provider(other)).await;
    let mut told = Live::open(&own, "/live").await;
    let mut foreign = Live::open(&stranger, "/live").await;
    let (service, address) = embedded(app).await;
    let mut device = Device::connect(app, address, "ST-1").await;
    assert_eq!(device.live(0, Channel::RoomTemperature, 215).await, Seen::Acked);
    assert_eq!(
        told.next(LIMIT).await.map(|event| event.name == "device" || event.name == "reading"),
        Some(true)
    );
    assert_eq!(device.alarm(1, AlarmKind::Sos, true, 0).await, Seen::Acked);
    let alert = last_alert(app);
    assert_eq!(alert_told(&mut told, LIMIT).await, Some(alert));
    let board = own.page("/board?lang=en").await;
    assert!(board.contains("ST-1"), "{board}");
    assert_eq!(own.post_form(&format!("/alerts/{alert}/acknowledge"), &[]).await.status(), 303);
    assert_eq!(alert_told(&mut told, LIMIT).await, Some(alert), "that somebody has answered");
    // An alert stays with the provider of where it was raised when its device goes elsewhere.
    let elsewhere = app.add_station(1, Some(other));
    app.hand.advance(chrono::TimeDelta::minutes(1));
    let smoke = app.add_alert(id, AlertKind::Smoke, Channel::Smoke, 9.0);
    app.hand.advance(chrono::TimeDelta::minutes(1));
    let form = [
        ("device_place", "station"),
        ("station_id", &*elsewhere.to_string()),
        ("version", &*app.count(&format!("SELECT version AS n FROM devices WHERE id = {id}")).to_string()),
    ];
    assert_eq!(own.post_form(&format!("/devices/{id}/place"), &form).await.status(), 422, "out of reach");
    assert_eq!(alert_told(&mut foreign, WHILE).await, None, "nothing of before");
    let lin = app.user("lin", Role::Coordinator, Place::City).await;
    assert_eq!(lin.post_form(&format!("/devices/{id}/place"), &form).await.status(), 303);
    let told_of = app.lines(&format!(
        "SELECT DISTINCT CAST(provider_id AS TEXT) AS line FROM outbox WHERE topic = 'alert' AND entity_id = '{smoke}'"
    ));
    assert_eq!(told_of.len(), 2, "whom it left and whom it came to: {told_of:?}");
    assert!(alert_told(&mut foreign, LIMIT).await.is_some(), "that what lasted is over");
    service.stop().await;
});

both!(whoever_works_for_a_stations_provider_has_its_panel, |app| async {
    app.add_towns();
    let (provider, other) = (app.add_provider(1), app.add_provider(1));
    let station = app.add_station(1, Some(provider));
    let id = app.add_device("FR-1", DeviceKind::FireSensor, 1, DevicePlace::Station(station));
    let input = PanelInput { address: ADDRESS, profile: None };
    app.write(|tx| set_panel(tx, &app.app.fire_profiles, "FR-1", &input));
    let (service, address) = gateway(app).await;
    let mut panel = Panel::connect(app, address, ADDRESS).await;
    let fire = panel.component((1, 1), 3, "厨房");
    panel.tell(&fire).await;
    panel.tell(&Content::Heartbeat).await;
    let (clock, _) = panel.question().await;
    panel.settle(&clock, Command::Confirm).await;
    let own = app.user("own", Role::Coordinator, Place::Provider(provider)).await;
    let stranger = app.user("stranger", Role::Coordinator, Place::Provider(other)).await;
    for path in ["/api/v1/fire-frames", "/api/v1/fire-parts"] {
        assert_eq!(own.get_json(path).await["items"].as_array().map(Vec::len), Some(1), "{path}");
        assert_eq!(stranger.get_json(path).await["items"], json!([]), "{path}");
    }
    assert!(own.page("/fire-parts").await.contains("FR-1"));
    let path = format!("/devices/{id}/guard-checks");
    assert!(own.page(&format!("/devices/{id}")).await.contains(&path));
    assert_eq!((own.status(&path).await, stranger.status(&path).await), (200, 404));
    let minutes = [("minutes", "5")];
    assert_eq!(stranger.post_form(&path, &minutes).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(own.post_form(&path, &minutes).await.status(), StatusCode::SEE_OTHER);
    service.stop().await;
});
