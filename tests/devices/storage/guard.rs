//! A disk that is nearly full or full: what can wait is refused, nothing is taken for unreadable, and it ends when there is room.

use diesel::connection::SimpleConnection;
use rumqttc::v5::mqttbytes::v5::PubAckReason;
use songhe::db::Kind;
use songhe::devices::broker::Refused;
use songhe::devices::ingest::{Health, Ingest, Work, Writer};
use songhe::devices::storage::Space;
use songhe::devices::{DeviceKind, DeviceService};
use songhe_firmware_protocol::{Channel, Header, Lane, Sample, TopicKind};

use crate::devices::client::{Client, Seen, Version};
use crate::devices::live::rig::{Device, TOKEN, add_device, quarantined, samples, stored, with};
use crate::support::app::{TestApp, both};

/// More than any disk has.
const EVERYTHING_MB: u32 = 1_000_000_000;

both!(on_a_nearly_full_disk_only_what_can_wait_is_refused, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let full = with(app, |config| {
        config.mqtt.mode = songhe::config::MqttMode::Embedded;
        config.mqtt.listen.set_port(0);
        config.disk.free_min_mb = EVERYTHING_MB;
    });
    let service = DeviceService::start(&full).await.unwrap_or_else(|error| panic!("{}", error.for_log()));
    let address = service.mqtt.unwrap();
    let mut device = Device::connect(app, address, "ST-1").await;
    let sample = Sample::new(Channel::Pulse, 70);
    assert_eq!(device.backfill(0, sample).await, Seen::Nacked(PubAckReason::QuotaExceeded));
    assert_eq!(device.live(0, Channel::Pulse, 71).await, Seen::Acked);
    let health = app.app.parts.report("devices");
    assert_eq!(health["ready"], false);
    assert!(health["reason"].as_str().unwrap().contains("disk: nearly full"), "{health}");

    let payload = samples(&device.header(Lane::Backfill, 0), &[sample]);
    device.say_goodbye().await;
    let mut old = Client::connect(Version::V3, address, "ST-1", TOKEN).await.unwrap();
    old.publish("songhe/v1/ST-1/bf", &payload).await;
    assert_eq!(old.next().await, Seen::Closed, "3.1.1 knows no other way to say no");
    assert_eq!(stored(app, id).iter().map(|row| row.4).collect::<Vec<_>>(), [71.0]);
    service.stop().await;
});

async fn submit(
    test: &TestApp,
    ingest: &Ingest,
    device: i64,
    (lane, seq): (Lane, u64),
) -> Result<(), Refused> {
    let header = Header { boot_id: 1, lane, seq, monotonic_ms: seq, wall_ms: None, flags: 0 };
    let payload = samples(&header, &vec![Sample::new(Channel::Pulse, 70); 500]);
    let kind = if lane == Lane::Live { TopicKind::Up } else { TopicKind::Backfill };
    ingest.submit(Work::read(device, kind, payload.into(), test.app.clock.now())).await
}

both!(it_ends_when_there_is_room_again, |app| async {
    app.add_towns();
    let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
    let health = Health::new(app.app.parts.clone(), "embedded");
    let (writer, ingest, _to_devices) = Writer::start(&app.app, &health);
    let total = 100_000_000_000;
    ingest.disk().note(Space { free: total / 25, total });
    let refused = submit(app, &ingest, id, (Lane::Backfill, 0)).await;
    assert_eq!(refused, Err(Refused { reason: "the disk is nearly full".to_owned() }));
    ingest.disk().note(Space { free: total / 25, total });
    assert_eq!(app.app.parts.report("devices")["ready"], false);
    ingest.disk().note(Space { free: total / 10, total });
    assert_eq!(submit(app, &ingest, id, (Lane::Backfill, 0)).await, Ok(()));
    assert_eq!(app.app.parts.report("devices")["ready"], true);
    assert_eq!(stored(app, id).len(), 500);
    writer.stop().await;
});

#[test]
fn what_a_full_disk_does_not_take_is_taken_later_and_is_not_unreadable() {
    crate::support::app::drive(Kind::Sqlite, async |app: &TestApp| {
        app.add_towns();
        let id = add_device(app, "ST-1", DeviceKind::SmartStation, 1);
        let health = Health::new(app.app.parts.clone(), "embedded");
        let (writer, ingest, _to_devices) = Writer::start(&app.app, &health);
        let pages = |most: &str| {
            let pragma = format!("PRAGMA max_page_count = {most}");
            app.write(|tx| Ok(tx.connection.batch_execute(&pragma)?));
        };
        // As many as there are.
        pages("1");
        let (mut taken, mut seq) = (0, 0);
        let refused = loop {
            match submit(app, &ingest, id, (Lane::Live, seq)).await {
                Ok(()) => (taken, seq) = (taken + 500, seq + 1),
                Err(refused) => break refused,
            }
            assert!(seq < 50, "the file does not become full");
        };
        assert!(refused.reason.contains("full"), "{refused}");
        assert_eq!(app.app.parts.report("devices")["ready"], false);
        assert_eq!(stored(app, id).len(), taken);
        assert!(quarantined(app).is_empty());
        pages("1000000");
        assert_eq!(submit(app, &ingest, id, (Lane::Live, seq)).await, Ok(()));
        assert_eq!(stored(app, id).len(), taken + 500);
        assert_eq!(app.app.parts.report("devices")["ready"], true);
        writer.stop().await;
    });
}
