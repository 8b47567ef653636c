//! The access list that is shipped: a device reaches its own topics, and nobody else's.

use std::time::Duration;

use songhe_firmware_protocol::{AlarmKind, Channel, Lane, Sample};

use super::{Ears, behind, broker_and_stations, heard_at_last};
use crate::devices::client::{BOTH, Client, Introduction, Seen, Version};
use crate::devices::live::rig::{self, Device, TOKEN, alerts_of, stored};
use crate::support::app::both;
use crate::support::poll::until_async;

const LIMIT: Duration = Duration::from_secs(20);
const LEVELS: [&str; 10] = ["up", "bf", "alarm", "birth", "state", "json", "ack", "cmd", "time", "json-down"];
const UPWARD: usize = 6;

fn topic(code: &str, level: &str) -> String {
    format!("songhe/v1/{code}/{level}")
}

/// What is seen until a while nothing more comes.
async fn seen(client: &mut Client) -> Vec<(String, Vec<u8>)> {
    let mut messages = Vec::new();
    while let Some(seen) = client.next_within(Duration::from_millis(400)).await {
        if let Seen::Message(topic, payload) = seen {
            messages.push((topic, payload));
        }
    }
    messages
}

both!(a_device_publishes_on_its_own_upward_topics_only, |app| async {
    let Some((broker, _)) = broker_and_stations(app, 2) else { return };
    let songhe = Introduction { client_id: "office", username: "songhe", token: "secret", will_topic: None };
    let mut office = Client::introduce(Version::V5, broker.address, &songhe).await.unwrap();
    for level in LEVELS {
        assert_eq!(office.subscribe(&topic("+", level)).await, Seen::Subscribed);
    }
    for (version, code) in BOTH.into_iter().zip(["EX-1", "EX-2"]) {
        let foreign = if code == "EX-1" { "EX-2" } else { "EX-1" };
        let mut device = Client::connect(version, broker.address, code, TOKEN).await.unwrap();
        for (place, level) in LEVELS.into_iter().enumerate() {
            for (to, may) in [(code, place < UPWARD), (foreign, false), ("EX-9", false)] {
                device.publish(&topic(to, level), format!("{code} {version:?}").as_bytes()).await;
                match device.next().await {
                    // MQTT 3.1.1 knows no refusal but the end of the connection, and Mosquitto drops in silence.
                    Seen::Acked => assert!(may || version == Version::V3, "{version:?} {to} {level}"),
                    Seen::Nacked(_) => assert!(!may, "{version:?} {to} {level}"),
                    other => panic!("{version:?} {to} {level}: {other:?}"),
                }
            }
        }
        let wanted: Vec<String> = LEVELS[..UPWARD].iter().map(|level| topic(code, level)).collect();
        let arrived: Vec<String> = seen(&mut office).await.into_iter().map(|(topic, _)| topic).collect();
        assert_eq!(arrived, wanted, "{version:?}");
    }
    for (code, token) in [("EX-1", "wrong"), ("EX-3", TOKEN), ("songhe", TOKEN)] {
        assert!(Client::connect(Version::V5, broker.address, code, token).await.is_none(), "{code}");
    }
});

both!(a_device_hears_its_own_downward_topics_only, |app| async {
    let Some((broker, _)) = broker_and_stations(app, 2) else { return };
    let songhe = Introduction { client_id: "office", username: "songhe", token: "secret", will_topic: None };
    let mut office = Client::introduce(Version::V5, broker.address, &songhe).await.unwrap();
    let mut device = Client::connect(Version::V5, broker.address, "EX-1", TOKEN).await.unwrap();
    let mut other = Client::connect(Version::V5, broker.address, "EX-2", TOKEN).await.unwrap();
    for filter in ["#", "songhe/v1/+/ack", "songhe/v1/EX-2/ack", "songhe/v1/EX-2/#", "$SYS/#"] {
        // Mosquitto may grant it: what counts is what it delivers.
        assert!(matches!(device.subscribe(filter).await, Seen::Subscribed | Seen::SubscriptionRefused));
    }
    for level in LEVELS {
        other.publish(&topic("EX-2", level), b"of another").await;
        other.next().await;
        for code in ["EX-1", "EX-2"] {
            office.publish(&topic(code, level), code.as_bytes()).await;
            office.next().await;
        }
    }
    let heard = seen(&mut device).await;
    let mut topics: Vec<&str> = heard.iter().map(|(topic, _)| topic.as_str()).collect();
    topics.sort_unstable();
    topics.dedup();
    let wanted = ["ack", "cmd", "json-down", "time"].map(|level| topic("EX-1", level));
    assert_eq!(topics, wanted);
    assert!(heard.iter().all(|(_, payload)| payload == b"EX-1"), "{heard:?}");
});

both!(a_will_of_a_foreign_topic_is_not_sent, |app| async {
    let Some((broker, _)) = broker_and_stations(app, 2) else { return };
    let songhe = Introduction { client_id: "office", username: "songhe", token: "secret", will_topic: None };
    let mut office = Client::introduce(Version::V5, broker.address, &songhe).await.unwrap();
    assert_eq!(office.subscribe("songhe/v1/+/state").await, Seen::Subscribed);
    for (code, to) in [("EX-1", "EX-2"), ("EX-2", "EX-2")] {
        let will = topic(to, "state");
        let who = Introduction { will_topic: Some(&will), ..Introduction::of(code, TOKEN) };
        let device = Client::introduce(Version::V5, broker.address, &who).await;
        assert!(device.is_some(), "{code}");
        // A second connection ends the first, which had no time for a goodbye.
        let again = Client::connect(Version::V5, broker.address, code, TOKEN).await;
        let sent: Vec<String> = seen(&mut office).await.into_iter().map(|(topic, _)| topic).collect();
        let wanted = if code == to { vec![will] } else { Vec::new() };
        assert_eq!(sent, wanted, "{code} for {to}");
        drop((device, again));
    }
});

both!(a_device_that_listens_in_takes_nothing_away, |app| async {
    let Some((broker, ids)) = broker_and_stations(app, 2) else { return };
    let service = behind(app, &broker, |_| {}).await;
    let mut device = Device::connect(app, broker.address, "EX-2").await;
    heard_at_last(&mut device, app, ids[1]).await;
    // The broker lets everybody join a group by its name, and would give its members half of all messages to drop.
    let mut thief = Client::connect(Version::V5, broker.address, "EX-1", TOKEN).await.unwrap();
    for level in &LEVELS[..UPWARD] {
        for group in ["songhe", "songhe-", "devices"] {
            thief.subscribe(&format!("$share/{group}/songhe/v1/+/{level}")).await;
        }
    }
    let mut ears = Ears::open(&broker, "EX-2", "ack").await;
    for seq in 1..=40 {
        let payload = rig::samples(&device.header(Lane::Live, seq), &[Sample::new(Channel::Pulse, 70)]);
        device.send_only("up", &payload).await;
    }
    device.alarm(41, AlarmKind::Sos, true, 0).await;
    until_async(LIMIT, "all of it is stored", || async {
        stored(app, ids[1]).len() == 41 && alerts_of(app, ids[1]).len() == 1
    })
    .await;
    assert!(ears.so_far().await.iter().any(|ack| ack.seq == 41));
    assert!(seen(&mut thief).await.is_empty());
    service.stop().await;
});
