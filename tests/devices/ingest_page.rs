//! How ingest is doing, and what could not be read: for those who manage devices, each look inside written down.

use reqwest::{Method, StatusCode};
use serde_json::json;
use songhe::access::{Place, Role};
use songhe::devices::DeviceKind;
use songhe_firmware_protocol::Channel;

use super::client::Seen;
use super::gate::eventually;
use super::live::rig::{Device, add_device, embedded};
use crate::api::{Program, answer};
use crate::support::app::both;
use crate::support::client::expect;
use crate::support::seed::town;

both!(what_ingest_took_is_counted_and_agrees_with_the_broker, |app| async {
    app.add_towns();
    add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    app.add_user("wang", Role::CityManager, Place::City);
    app.add_user("lin", Role::Coordinator, town(1));
    let (service, address) = embedded(app).await;
    let mut device = Device::connect(app, address, "ST-1").await;
    for seq in [0, 1, 1] {
        assert_eq!(device.live(seq, Channel::RoomTemperature, 230).await, Seen::Acked);
    }
    assert_eq!(device.send("up", b"\x82\x01").await, Seen::Acked, "it is kept, though nobody can read it");
    let wang = Program::enter(app, "wang").await;
    // The broker's counters are taken over every few seconds.
    let told = eventually(|| async {
        let told = wang.read("/api/v1/ingest").await;
        (told["broker"]["publishes"] == 4).then_some(told)
    })
    .await;
    for (field, count) in
        [("messages", 4), ("rows", 2), ("duplicates", 1), ("unreadable", 1), ("refused", 0), ("queue", 0)]
    {
        assert_eq!(told[field], count, "{field}: {told}");
    }
    assert!(
        told["commits"].as_i64().unwrap() >= 4 && told["messages_per_s"].as_f64().unwrap() > 0.0,
        "{told}"
    );
    assert_eq!((&told["broker"]["acknowledged"], &told["broker"]["under_way"]), (&json!(4), &json!(0)));
    let browser = app.login("wang").await;
    let page = browser.page("/devices/health?lang=en").await;
    assert!(page.contains("They agree") && page.contains("hx-trigger=\"every 5s\""), "{page}");
    assert!(page.contains("Acknowledged, each committed") && page.contains("<figure"), "{page}");
    assert_eq!(app.login("lin").await.status("/devices/health").await, 403);
    service.stop().await;
});

both!(an_unreadable_message_is_looked_at_byte_by_byte_and_each_look_is_written_down, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    app.add_user("wang", Role::CityManager, Place::City);
    app.add_user("lin", Role::Coordinator, town(1));
    let (service, address) = embedded(app).await;
    let mut device = Device::connect(app, address, "ST-1").await;
    let payload = b"\x83\x01\x63abc\x44\x01";
    assert_eq!(device.send("up", payload).await, Seen::Acked);
    service.stop().await;
    let browser = app.login("wang").await;
    let list = browser.page("/quarantine?lang=en").await;
    assert!(list.contains("ST-1") && list.contains("Look inside") && !list.contains("abc"), "{list}");
    assert!(app.audited("device.open_quarantine").is_empty(), "the list shows no payload");
    let row = app.count("SELECT id AS n FROM quarantine");
    let page =
        expect(browser.post_form(&format!("/quarantine/{row}?lang=en"), &[]).await, StatusCode::OK).await;
    assert!(page.contains("[1, &#34;abc&#34;, ") || page.contains("[1, &quot;abc&quot;, "), "{page}");
    assert!(page.contains("Stops at byte 7: it ends within an item"), "{page}");
    assert!(page.contains("000000  83 01 63 61 62 63 44 01"), "{page}");
    let looks = app.audited("device.open_quarantine");
    assert!(looks.len() == 1 && looks[0].0 == id.to_string(), "{looks:?}");
    let wang = Program::enter(app, "wang").await;
    let listed = wang.read(&format!("/api/v1/quarantine?device={id}")).await;
    assert_eq!((&listed["items"][0]["occurrences"], &listed["items"][0]["topic"]), (&json!(1), &json!("up")));
    let request = wang.request(Method::POST, &format!("/api/v1/quarantine/{row}/open"));
    let (status, opened) = answer(request.send().await.unwrap()).await;
    assert_eq!((status, &opened["bytes"], &opened["stops_at"]), (200, &json!(8), &json!(7)), "{opened}");
    assert_eq!(app.audited("device.open_quarantine").len(), 2);
    let book = browser.get("/quarantine.xlsx").await;
    assert_eq!(book.status(), 200);
    let lin = app.login("lin").await;
    assert_eq!((lin.status("/quarantine").await, lin.status("/quarantine.xlsx").await), (403, 403));
    assert_eq!(lin.post_form(&format!("/quarantine/{row}"), &[]).await.status(), 403);
    assert_eq!(app.audited("device.open_quarantine").len(), 2, "who is refused has seen nothing");
});
