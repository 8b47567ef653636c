//! The word of how far everything is stored passes what never can be, and the time follows each birth.

use std::time::Duration;

use diesel::prelude::*;
use songhe::db::AnyConnection;
use songhe::devices::DeviceKind;
use songhe_firmware_protocol::downlink::{Ack, Time};
use songhe_firmware_protocol::{Channel, Lane, Message, Sample, State, json};

use super::rig::{self, Device, add_device, embedded, encoded, quarantined, stored};
use crate::devices::client::Seen;
use crate::support::app::{TestApp, both};

const REFUSED: i32 = 299;

/// Makes the database take no reading of this value.
fn refuse(app: &TestApp) {
    app.write(|tx| {
        let refuse = match tx.connection {
            AnyConnection::Sqlite(_) => format!(
                "CREATE TRIGGER refuse BEFORE INSERT ON readings WHEN NEW.value = {REFUSED} BEGIN SELECT RAISE(ABORT, 'no'); END"
            ),
            AnyConnection::Postgres(_) => {
                format!("ALTER TABLE readings ADD CONSTRAINT refuse CHECK (value <> {REFUSED})")
            }
        };
        Ok(diesel::sql_query(refuse).execute(tx.connection)?)
    });
}

/// What is told on the topics that the device listens to, until nothing more comes; the message itself is acknowledged.
async fn told(device: &mut Device<'_>, level: &str, payload: &[u8]) -> Vec<(String, Vec<u8>)> {
    device.send_only(level, payload).await;
    let (mut told, mut acked) = (Vec::new(), 0);
    let mut wait = Duration::from_secs(20);
    while let Some(seen) = device.next_within(wait).await {
        match seen {
            Seen::Acked => acked += 1,
            Seen::Message(topic, payload) => {
                told.push((topic.rsplit('/').next().unwrap().to_owned(), payload));
            }
            other => panic!("{other:?}"),
        }
        if acked == 1 {
            wait = Duration::from_millis(150);
        }
    }
    assert_eq!(acked, 1);
    told
}

/// The number that an acknowledgement of the lane names, where there is one and nothing else.
async fn word(device: &mut Device<'_>, level: &str, payload: &[u8]) -> Option<(Lane, u64)> {
    match told(device, level, payload).await.as_slice() {
        [] => None,
        [(topic, payload)] if topic == "ack" => {
            let ack = Ack::decode(payload).unwrap();
            assert_eq!(ack.boot_id, device.boot_id);
            Some((ack.lane, ack.seq))
        }
        [(topic, payload)] if topic == "json-down" => match json::decode(payload) {
            Ok(Message::Ack(ack)) => Some((ack.lane, ack.seq)),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

both!(the_word_of_what_is_stored_passes_what_never_can_be, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    refuse(app);
    let (service, address) = embedded(app).await;
    let mut device = Device::connect(app, address, "ST-1").await;
    device.subscribe("ack").await;
    device.subscribe("json-down").await;
    let live = |device: &Device<'_>, seq: u64, value: i32| {
        rig::samples(&device.header(Lane::Live, seq), &[Sample::new(Channel::Pulse, value)])
    };
    let payload = live(&device, 0, 70);
    assert_eq!(word(&mut device, "up", &payload).await, Some((Lane::Live, 0)));
    // A whole header, and behind the message what does not belong there.
    let broken = [live(&device, 1, 71), vec![0]].concat();
    assert_eq!(word(&mut device, "up", &broken).await, Some((Lane::Live, 1)));
    assert_eq!(word(&mut device, "up", &broken).await, Some((Lane::Live, 1)), "sent again");
    // A value that the database does not take.
    let payload = live(&device, 2, REFUSED);
    assert_eq!(word(&mut device, "up", &payload).await, Some((Lane::Live, 2)));
    assert_eq!(word(&mut device, "up", &payload).await, Some((Lane::Live, 2)), "sent again");
    let text =
        r#""version":1,"boot_id":1,"lane":0,"seq":3,"monotonic_ms":5,"message":"readings","samples":[{}]"#;
    assert_eq!(word(&mut device, "json", format!("{{{text}}}").as_bytes()).await, Some((Lane::Live, 3)));

    // A will names the number that comes next: one that cannot be read does not use it up.
    let state = State { header: device.header(Lane::Live, 4), online: false, connection: 1, answer: None };
    let will = [encoded(|out| state.encode(out).unwrap()), vec![0]].concat();
    assert_eq!(word(&mut device, "state", &will).await, None);
    // Nor does anything under another lane than its topic's, or under a number beyond all.
    let foreign = rig::samples(&device.header(Lane::Backfill, 0), &[Sample::new(Channel::Pulse, 70)]);
    assert_eq!(word(&mut device, "up", &foreign).await, None);
    let beyond = live(&device, i64::MAX as u64, 70);
    for _ in 0..2 {
        assert_eq!(word(&mut device, "up", &beyond).await, None);
    }
    assert_eq!(word(&mut device, "up", b"no header").await, None);
    let payload = live(&device, 4, 74);
    assert_eq!(word(&mut device, "up", &payload).await, Some((Lane::Live, 4)));

    // Backfill that was given up: an empty message in its place.
    let backfill = |device: &Device<'_>, seq: u64, samples: &[Sample]| {
        rig::samples(&device.header(Lane::Backfill, seq), samples)
    };
    let payload = backfill(&device, 1, &[Sample::new(Channel::Pulse, 75)]);
    assert_eq!(word(&mut device, "bf", &payload).await, None, "number 0 is missing");
    let empty = backfill(&device, 0, &[]);
    assert_eq!(word(&mut device, "bf", &empty).await, Some((Lane::Backfill, 1)));

    let rows: Vec<(i16, i64, f64)> = stored(app, id).iter().map(|row| (row.1, row.2, row.4)).collect();
    assert_eq!(rows, [(0, 0, 70.0), (0, 4, 74.0), (1, 1, 75.0)]);
    let above: Vec<_> = quarantined(app).into_iter().filter(|row| row.1 == "seq is above 2^63 - 2").collect();
    assert_eq!(above, [("up".to_owned(), "seq is above 2^63 - 2".to_owned(), 2)]);
    service.stop().await;
});

both!(the_highest_number_is_stored_once, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let (service, address) = embedded(app).await;
    let mut device = Device::connect(app, address, "ST-1").await;
    for _ in 0..3 {
        assert_eq!(device.live(i64::MAX as u64 - 1, Channel::Pulse, 70).await, Seen::Acked);
    }
    assert_eq!(stored(app, id).len(), 1);
    assert!(quarantined(app).is_empty());
    service.stop().await;
});

both!(the_time_is_told_after_each_birth, |app| async {
    app.add_towns();
    add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let (service, address) = embedded(app).await;
    let mut device = Device::connect(app, address, "ST-1").await;
    device.subscribe("time").await;
    // Before it a number is missing; then the same once more, and one whose number follows.
    for seq in [5, 5, 6] {
        app.hand.advance(chrono::TimeDelta::milliseconds(1_234));
        let birth = device.birth_payload(seq);
        let told = told(&mut device, "birth", &birth).await;
        let wall_ms = app.app.clock.now().and_utc().timestamp_millis() as u64;
        let times: Vec<Time> = told.iter().map(|(_, payload)| Time::decode(payload).unwrap()).collect();
        assert_eq!(times, [Time { wall_ms }], "number {seq}");
    }
    let payload = rig::samples(&device.header(Lane::Live, 7), &[Sample::new(Channel::Pulse, 70)]);
    assert!(told(&mut device, "up", &payload).await.is_empty(), "after nothing else");

    device.subscribe("json-down").await;
    let birth = br#"{"version":1,"boot_id":1,"lane":0,"seq":8,"monotonic_ms":5,"message":"birth","kind":"station","firmware":"1","heartbeat_s":30,"channels":[]}"#;
    let told = told(&mut device, "json", birth).await;
    let wall_ms = app.app.clock.now().and_utc().timestamp_millis() as u64;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(json::decode(&told[0].1), Ok(Message::Time(Time { wall_ms })));
    service.stop().await;
});
