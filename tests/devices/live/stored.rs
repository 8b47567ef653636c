//! Acknowledged means stored, once; what may change a latest value or an alert, and what may not.

use std::time::Duration;

use diesel::prelude::*;
use songhe::access::Scope;
use songhe::db::AnyConnection;
use songhe::db::schema::devices;
use songhe::devices::ingest::{Health, Work, Writer};
use songhe::devices::{DeviceKind, PresenceState, disable_device};
use songhe_firmware_protocol::downlink::Ack;
use songhe_firmware_protocol::message::ReadingsMessage;
use songhe_firmware_protocol::{AlarmKind, Channel, Header, Lane, Message, Sample, TopicKind, json};

use super::rig::{self, Device, add_device, alerts_of, embedded, latest, quarantined, stored};
use crate::devices::client::{Client, Seen, Version};
use crate::support::app::both;
use crate::support::poll::until_async;

const LIMIT: Duration = Duration::from_secs(20);

fn presence(app: &crate::support::app::TestApp, device: i64) -> PresenceState {
    app.read(|connection| Ok(devices::table.find(device).select(devices::presence).first(connection)?))
}

both!(what_is_acknowledged_is_stored_once, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let (service, address) = embedded(app).await;
    let mut device = Device::connect(app, address, "ST-1").await;
    assert_eq!(device.birth(0).await, Seen::Acked);
    // Out of order, twice, far ahead, and back into the gap that this left behind.
    let sent = [1, 3, 2, 3, 1, 500, 2, 100, 100, 437, 435, 500];
    for seq in sent {
        assert_eq!(device.live(seq, Channel::Pulse, 70).await, Seen::Acked, "seq {seq}");
    }
    device.say_goodbye().await;
    let mut device = Device::connect(app, address, "ST-1").await;
    assert_eq!(device.live(500, Channel::Pulse, 70).await, Seen::Acked);
    assert_eq!(device.live(101, Channel::Pulse, 70).await, Seen::Acked);
    // Another boot counts anew.
    device.boot_id = u64::MAX;
    assert_eq!(device.live(1, Channel::Pulse, 70).await, Seen::Acked);

    let rows: Vec<(i64, i64)> = stored(app, id).iter().map(|row| (row.0, row.2)).collect();
    assert_eq!(rows, [(1, 1), (1, 3), (1, 2), (1, 500), (1, 100), (1, 437), (1, 435), (1, 101), (-1, 1)]);
    service.stop().await;
});

/// Sends a message; gives topic and payload of what the program tells the device once it is acknowledged.
async fn told(device: &mut Device<'_>, level: &str, payload: &[u8]) -> (String, Vec<u8>) {
    let mut seen = [device.send(level, payload).await, device.next().await];
    seen.sort_by_key(|seen| *seen != Seen::Acked);
    match seen {
        [Seen::Acked, Seen::Message(topic, payload)] => (topic, payload),
        other => panic!("{other:?}"),
    }
}

both!(a_device_is_told_how_far_everything_is_stored, |app| async {
    app.add_towns();
    add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let (service, address) = embedded(app).await;
    let mut device = Device::connect(app, address, "ST-1").await;
    device.subscribe("ack").await;
    for (seq, expected) in [(0, 0), (2, 0), (1, 2)] {
        let payload = rig::samples(&device.header(Lane::Live, seq), &[Sample::new(Channel::Pulse, 70)]);
        let (topic, payload) = told(&mut device, "up", &payload).await;
        assert_eq!(topic, "songhe/v1/ST-1/ack");
        assert_eq!(Ack::decode(&payload).unwrap(), Ack { boot_id: 1, lane: Lane::Live, seq: expected });
    }
    service.stop().await;
});

both!(json_is_the_same_message_on_its_own_topic_and_answered_in_json, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let (service, address) = embedded(app).await;
    let mut device = Device::connect(app, address, "ST-1").await;
    device.subscribe("json-down").await;
    device.subscribe("ack").await;
    let header = device.header(Lane::Live, 0);
    let samples = vec![Sample::new(Channel::BodyTemperature, 366)];
    let readings = ReadingsMessage { header, samples, card: None };
    let text = json::encode(&Message::Readings(readings)).unwrap();
    assert!(text.contains(r#"{"channel":"body_temperature","value":36.6}"#), "{text}");
    for _ in 0..2 {
        let (topic, payload) = told(&mut device, "json", text.as_bytes()).await;
        assert_eq!(topic, "songhe/v1/ST-1/json-down");
        assert_eq!(json::decode(&payload), Ok(Message::Ack(Ack { boot_id: 1, lane: Lane::Live, seq: 0 })));
    }
    // The same identity in the other encoding is the same message.
    let payload = rig::samples(&device.header(Lane::Live, 0), &[Sample::new(Channel::BodyTemperature, 380)]);
    assert_eq!(told(&mut device, "up", &payload).await.0, "songhe/v1/ST-1/ack");
    let rows: Vec<(i64, i16, f64)> = stored(app, id).iter().map(|row| (row.2, row.3, row.4)).collect();
    assert_eq!(rows, [(0, Channel::BodyTemperature.code() as i16, 36.6)]);
    assert_eq!(latest(app, id, Channel::BodyTemperature), Some(36.6));

    let later = text.replace("\"lane\":0", "\"lane\":1").replace("36.6", "37.0");
    assert_eq!(told(&mut device, "json", later.as_bytes()).await.0, "songhe/v1/ST-1/json-down");
    assert_eq!(stored(app, id).len(), 2);
    assert_eq!(latest(app, id, Channel::BodyTemperature), Some(36.6), "backfill changes no latest value");
    assert_eq!(device.send("json", br#"{"version":1}"#).await, Seen::Acked);
    assert_eq!(quarantined(app), [("json".to_owned(), "message is missing".to_owned(), 1)]);
    service.stop().await;
});

both!(backfill_changes_neither_latest_values_nor_alerts, |app| async {
    app.add_towns();
    let id = add_device(app, "FR-1", DeviceKind::FireSensor, 1);
    let (service, address) = embedded(app).await;
    let mut device = Device::connect(app, address, "FR-1").await;
    assert_eq!(device.live(0, Channel::Smoke, 5).await, Seen::Acked);
    app.hand.advance(chrono::TimeDelta::seconds(1));
    assert_eq!(device.backfill(0, Sample::new(Channel::Smoke, 90)).await, Seen::Acked);
    assert_eq!(latest(app, id, Channel::Smoke), Some(0.05));
    assert!(alerts_of(app, id).is_empty());

    assert_eq!(device.live(1, Channel::Smoke, 80).await, Seen::Acked);
    let raised = alerts_of(app, id);
    assert!(matches!(raised.as_slice(), [(_, kind, false)] if kind == "smoke"), "{raised:?}");
    app.hand.advance(chrono::TimeDelta::seconds(1));
    assert_eq!(device.backfill(1, Sample::new(Channel::Smoke, 0)).await, Seen::Acked);
    // Between limit and all-clear nothing changes either; nor does a live value older than the latest one.
    assert_eq!(device.live(2, Channel::Smoke, 40).await, Seen::Acked);
    let old = Sample { age_ms: 60_000, ..Sample::new(Channel::Smoke, 0) };
    let payload = rig::samples(&device.header(Lane::Live, 3), &[old]);
    assert_eq!(device.send("up", &payload).await, Seen::Acked);
    assert_eq!(alerts_of(app, id), raised);
    assert_eq!(latest(app, id, Channel::Smoke), Some(0.4));

    app.hand.advance(chrono::TimeDelta::seconds(1));
    assert_eq!(device.live(4, Channel::Smoke, 10).await, Seen::Acked);
    assert!(alerts_of(app, id)[0].2, "over");
    assert_eq!(stored(app, id).len(), 7, "history is whole");
    service.stop().await;
});

both!(an_alarm_is_one_alert_however_often_it_is_repeated, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let (service, address) = embedded(app).await;
    let mut device = Device::connect(app, address, "ST-1").await;
    for attempt in 0..3 {
        assert_eq!(device.alarm(0, AlarmKind::Sos, true, attempt).await, Seen::Acked);
    }
    assert_eq!(device.alarm(1, AlarmKind::Sos, true, 0).await, Seen::Acked);
    assert_eq!(device.alarm(2, AlarmKind::Fall, true, 0).await, Seen::Acked);
    let kinds: Vec<(String, bool)> = alerts_of(app, id).into_iter().map(|row| (row.1, row.2)).collect();
    assert_eq!(kinds, [("sos".to_owned(), false), ("fall".to_owned(), false)]);
    app.hand.advance(chrono::TimeDelta::seconds(9));
    assert_eq!(device.alarm(3, AlarmKind::Sos, false, 0).await, Seen::Acked);
    assert_eq!(device.alarm(4, AlarmKind::Sos, true, 0).await, Seen::Acked);
    let over: Vec<bool> = alerts_of(app, id).into_iter().map(|row| row.2).collect();
    assert_eq!(over, [true, false, false], "a call after the first one is over is a new one");
    service.stop().await;
});

both!(what_cannot_be_read_is_kept_apart_and_acknowledged, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let (service, address) = embedded(app).await;
    let mut device = Device::connect(app, address, "ST-1").await;
    assert_eq!(device.send("up", b"not a message").await, Seen::Acked);
    assert_eq!(device.send("up", b"not one either").await, Seen::Acked);
    let wrong_lane = rig::samples(&device.header(Lane::Backfill, 0), &[Sample::new(Channel::Pulse, 70)]);
    assert_eq!(device.send("up", &wrong_lane).await, Seen::Acked);
    let wrong_seq = rig::samples(&device.header(Lane::Live, u64::MAX), &[Sample::new(Channel::Pulse, 70)]);
    assert_eq!(device.send("up", &wrong_seq).await, Seen::Acked);
    assert_eq!(device.live(0, Channel::Pulse, 70).await, Seen::Acked);
    assert_eq!(stored(app, id).len(), 1);
    let apart = quarantined(app);
    assert_eq!(apart.len(), 3, "{apart:?}");
    assert_eq!((apart[0].0.as_str(), apart[0].2), ("up", 2));
    service.stop().await;
});

both!(presence_follows_the_present_connection, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let (service, address) = embedded(app).await;
    assert_eq!(presence(app, id), PresenceState::Never);
    let mut first = Device::connect(app, address, "ST-1").await;
    until_async(LIMIT, "the device is online", || async { presence(app, id) == PresenceState::Online }).await;
    let mut second = Device::connect(app, address, "ST-1").await;
    assert_eq!(first.next().await, Seen::Closed, "one connection a device");
    assert_eq!(second.live(0, Channel::Pulse, 70).await, Seen::Acked);
    assert_eq!(presence(app, id), PresenceState::Online, "the end of the first is not the end of the device");
    second.say_goodbye().await;
    until_async(LIMIT, "the device is offline", || async { presence(app, id) == PresenceState::Offline })
        .await;

    let mut third = Device::connect(app, address, "ST-1").await;
    assert_eq!(third.live(1, Channel::Pulse, 70).await, Seen::Acked);
    assert_eq!(presence(app, id), PresenceState::Offline, "once offline, one message is not enough");
    assert_eq!(third.live(2, Channel::Pulse, 70).await, Seen::Acked);
    assert_eq!(presence(app, id), PresenceState::Online);
    service.stop().await;
    assert_eq!(presence(app, id), PresenceState::Suspect, "we ended the connection, not the device");
    app.write(|tx| {
        diesel::update(devices::table.find(id))
            .set((devices::presence.eq("online"), devices::connection_id.eq(900)))
            .execute(tx.connection)?;
        Ok(())
    });
    let (service, address) = embedded(app).await;
    assert_eq!(presence(app, id), PresenceState::Suspect, "connections of a killed process are gone");
    let _fourth = Device::connect(app, address, "ST-1").await;
    until_async(LIMIT, "the device is online again", || async { presence(app, id) == PresenceState::Online })
        .await;
    service.stop().await;
});

both!(a_disabled_device_is_dropped_and_refused, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let (service, address) = embedded(app).await;
    assert!(Client::connect(Version::V5, address, "ST-1", "wrong").await.is_none());
    assert!(Client::connect(Version::V5, address, "ST-2", rig::TOKEN).await.is_none());
    let mut device = Device::connect(app, address, "ST-1").await;
    assert_eq!(device.live(0, Channel::Pulse, 70).await, Seen::Acked);
    app.app.write(&Scope::system(), |tx| disable_device(tx, "ST-1")).await.unwrap();
    assert_eq!(device.next().await, Seen::Closed);
    assert!(Client::connect(Version::V5, address, "ST-1", rig::TOKEN).await.is_none());
    assert_eq!(stored(app, id).len(), 1);
    service.stop().await;
});

both!(one_message_that_the_database_refuses_does_not_hold_back_the_others, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    app.write(|tx| {
        let refuse = match tx.connection {
            AnyConnection::Sqlite(_) => {
                "CREATE TRIGGER refuse BEFORE INSERT ON readings WHEN NEW.value = 299 BEGIN SELECT RAISE(ABORT, 'no'); END"
            }
            AnyConnection::Postgres(_) => "ALTER TABLE readings ADD CONSTRAINT refuse CHECK (value <> 299)",
        };
        Ok(diesel::sql_query(refuse).execute(tx.connection)?)
    });
    let health = Health::new(app.app.parts.clone(), "test");
    let (writer, ingest, _to_devices) = Writer::start(&app.app, &health);
    let now = app.app.clock.now();
    let submit = |seq: u64| {
        let header = Header { boot_id: 1, lane: Lane::Live, seq, monotonic_ms: seq, wall_ms: None, flags: 0 };
        let value = if seq == 13 { 299 } else { 70 };
        let payload = rig::samples(&header, &[Sample::new(Channel::Pulse, value)]);
        let ingest = ingest.clone();
        async move { ingest.submit(Work::read(id, TopicKind::Up, payload.into(), now)).await }
    };
    for answer in futures_util::future::join_all((0..20).map(submit)).await {
        assert_eq!(answer, Ok(()));
    }
    assert_eq!(stored(app, id).len(), 19);
    assert_eq!(quarantined(app), [("up".to_owned(), "the database refused it".to_owned(), 1)]);
    writer.stop().await;
    assert!(submit(20).await.is_err(), "a writer that stopped takes nothing");
});
