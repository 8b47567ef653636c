//! What people see of devices: within their reach only, as it happens, and who answered first.

use std::time::Duration;

use futures_util::StreamExt;
use reqwest::StatusCode;
use songhe::access::Role;
use songhe::devices::DeviceKind;
use songhe_firmware_protocol::{AlarmKind, Channel};

use super::rig::{Device, add_device, alerts_of, embedded};
use crate::devices::client::Seen;
use crate::devices::gate::within;
use crate::support::app::both;
use crate::support::client::{expect, location};
use crate::support::seed::town;

both!(a_reading_arrives_on_an_open_stream, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let foreign = add_device(app, "ST-2", DeviceKind::SmartStation, 2);
    app.add_user("lin", Role::DutyOfficer, town(1));
    let lin = app.login("lin").await;
    let (service, address) = embedded(app).await;
    let mut stream = lin.get("/live").await.bytes_stream();
    let mut text = String::new();
    let mut read = async |wanted: &str| {
        while !text.contains(wanted) {
            text.push_str(std::str::from_utf8(&stream.next().await.unwrap().unwrap()).unwrap());
        }
        text.clone()
    };
    within(read("event: beat")).await;
    let mut other = Device::connect(app, address, "ST-2").await;
    assert_eq!(other.live(0, Channel::RoomTemperature, 199).await, Seen::Acked);
    let mut device = Device::connect(app, address, "ST-1").await;
    assert_eq!(device.live(0, Channel::RoomTemperature, 235).await, Seen::Acked);
    assert_eq!(device.live(1, Channel::Door, 1).await, Seen::Acked);
    let text = within(read("value_texts")).await;
    assert!(
        text.contains("event: reading") && text.contains("23.5 °C") && text.contains("09:00:00"),
        "{text}"
    );
    assert!(
        text.contains(&format!("\"device_id\":{id}")) && text.contains("有人") != text.contains("开"),
        "{text}"
    );
    assert!(!text.contains(&format!("\"device_id\":{foreign}")) && !text.contains("19.9"), "foreign: {text}");
    service.stop().await;
});

both!(devices_and_alerts_of_other_towns_do_not_exist, |app| async {
    app.add_towns();
    let own = add_device(app, "ST-OWN", DeviceKind::SmartStation, 1);
    let foreign = add_device(app, "ST-FAR", DeviceKind::SmartStation, 2);
    let (service, address) = embedded(app).await;
    for code in ["ST-OWN", "ST-FAR"] {
        let mut device = Device::connect(app, address, code).await;
        assert_eq!(device.alarm(0, AlarmKind::Sos, true, 0).await, Seen::Acked);
        assert_eq!(device.live(1, Channel::RoomTemperature, 235).await, Seen::Acked);
    }
    app.add_user("lin", Role::Coordinator, town(1));
    let lin = app.login("lin").await;
    for path in ["/devices", "/alerts", "/devices?town=350582101", "/devices?q=ST", "/alerts?state=all"] {
        let page = lin.page(path).await;
        assert!(!page.contains("ST-FAR"), "{path}");
        assert_eq!(page.contains("ST-OWN"), !path.contains("town"), "{path}");
    }
    let alert = |device: i64| alerts_of(app, device)[0].0;
    assert_eq!(lin.status(&format!("/devices/{own}")).await, 200);
    assert_eq!(lin.status(&format!("/devices/{foreign}")).await, 404);
    assert_eq!(lin.status(&format!("/alerts/{}", alert(own))).await, 200);
    assert_eq!(lin.status(&format!("/alerts/{}", alert(foreign))).await, 404);
    let path = format!("/alerts/{}/acknowledge", alert(foreign));
    assert_eq!(lin.post_form(&path, &[]).await.status(), StatusCode::NOT_FOUND);
    let page = lin.page(&format!("/devices/{own}?lang=en")).await;
    assert!(
        page.contains(&format!("data-live-value=\"reading:{own}:32\"")) && page.contains("23.5 °C"),
        "{page}"
    );
    assert!(page.contains("Call for help") && page.contains("Room temperature"), "{page}");
    for path in ["/devices.xlsx", "/alerts.xlsx"] {
        assert_eq!(lin.status(path).await, 200);
    }
    service.stop().await;
});

both!(of_two_who_acknowledge_one_wins, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let (service, address) = embedded(app).await;
    let mut device = Device::connect(app, address, "ST-1").await;
    assert_eq!(device.alarm(0, AlarmKind::Sos, true, 0).await, Seen::Acked);
    let alert = alerts_of(app, id)[0].0;
    for login in ["lin", "chen"] {
        app.add_user(login, Role::DutyOfficer, town(1));
    }
    app.add_user("wang", Role::CityManager, songhe::access::Place::City);
    let (lin, chen, wang) = (app.login("lin").await, app.login("chen").await, app.login("wang").await);
    let path = format!("/alerts/{alert}/acknowledge");
    assert_eq!(wang.post_form(&path, &[]).await.status(), StatusCode::FORBIDDEN);
    assert!(lin.page("/alerts").await.contains(&path));
    assert!(!wang.page("/alerts").await.contains(&path), "no button for whoever may not");

    let (one, other) = tokio::join!(lin.post_form(&path, &[]), chen.post_form(&path, &[]));
    let (winner, won, lost) =
        if one.status() == StatusCode::SEE_OTHER { ("lin", one, other) } else { ("chen", other, one) };
    assert_eq!(location(&won), format!("/alerts/{alert}"));
    let told = expect(lost, StatusCode::CONFLICT).await;
    assert!(told.contains(winner), "{told}");
    let page = wang.page("/alerts").await;
    assert!(page.contains(winner) && !page.contains(&path), "acknowledged and still active: {page}");
    app.hand.advance(chrono::TimeDelta::from_std(Duration::from_secs(5)).unwrap());
    assert_eq!(device.alarm(1, AlarmKind::Sos, false, 0).await, Seen::Acked);
    assert!(
        !wang.page("/alerts").await.contains(&format!("/alerts/{alert}\"")),
        "nobody needs to look any more"
    );
    assert!(wang.page("/alerts?state=cleared").await.contains(&format!("/alerts/{alert}\"")));
    service.stop().await;
});
