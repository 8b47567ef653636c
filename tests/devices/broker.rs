//! The embedded broker against real MQTT clients of both versions: PUBACK means that the gate committed, and nobody leaves
//! their own topics.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rumqttc::v5::mqttbytes::v5::PubAckReason;
use songhe::devices::broker::{Broker, BrokerError, BrokerSettings, Departure, Presence};
use songhe_firmware_protocol::limits::PACKET_BYTES_MAX;
use songhe_firmware_protocol::{Topic, TopicKind};

use super::client::{BOTH, Client, Introduction, Seen, Version};
use super::gate::{Mode, RecordingGate, Step, TOKEN, eventually, noon, settings, start, within};
use super::raw::RawClient;

/// Long enough for an acknowledgement that is not held back to arrive.
const QUIET: Duration = Duration::from_millis(300);

async fn connect(broker: &Broker, version: Version, code: &str) -> Client {
    eventually(|| Client::connect(version, broker.address(), code, TOKEN)).await
}

#[tokio::test]
async fn puback_waits_for_the_commit() {
    for version in BOTH {
        let gate = RecordingGate::new(Mode::Held);
        let broker = start(&gate).await;
        let mut client = connect(&broker, version, "ST-1").await;
        client.publish("songhe/v1/ST-1/up", b"one").await;
        gate.wait_for_arrivals(1).await;
        assert_eq!(client.next_within(QUIET).await, None, "{version:?}: nothing is committed yet");
        assert_eq!(broker.counters().committed, 0);

        gate.set(Mode::Open);
        assert_eq!(client.next().await, Seen::Acked, "{version:?}");
        assert_eq!(gate.taken(), [("ST-1".to_owned(), "up", b"one".to_vec())]);
        assert_eq!(gate.last_received_at(), Some(noon()));
        let counters = broker.counters();
        assert_eq!((counters.publishes, counters.committed, counters.refused), (1, 1, 0));
        broker.stop().await;
    }
}

#[tokio::test]
async fn a_refused_message_is_never_acknowledged() {
    let gate = RecordingGate::new(Mode::Refusing);
    let broker = start(&gate).await;
    let mut old = connect(&broker, Version::V3, "ST-1").await;
    old.publish("songhe/v1/ST-1/up", b"one").await;
    assert_eq!(old.next().await, Seen::Closed, "3.1.1 can only be told by closing");

    let mut new = connect(&broker, Version::V5, "ST-2").await;
    new.publish("songhe/v1/ST-2/bf", b"two").await;
    assert_eq!(new.next().await, Seen::Nacked(PubAckReason::QuotaExceeded));
    // The connection lives, and the same message is taken once the database is back.
    gate.set(Mode::Open);
    new.publish("songhe/v1/ST-2/bf", b"two").await;
    assert_eq!(new.next().await, Seen::Acked);
    assert_eq!(gate.taken(), [("ST-2".to_owned(), "bf", b"two".to_vec())]);
    let counters = broker.counters();
    assert_eq!((counters.publishes, counters.committed, counters.refused), (3, 1, 2));
    broker.stop().await;
}

#[tokio::test]
async fn a_commit_that_takes_too_long_is_a_refusal() {
    let gate = RecordingGate::new(Mode::Held);
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let hurried = BrokerSettings { receive_wait_max: Duration::from_millis(50), ..settings(anywhere) };
    let broker = Broker::start(Arc::clone(&gate), hurried).await.unwrap();
    let mut client = connect(&broker, Version::V5, "ST-1").await;
    client.publish("songhe/v1/ST-1/up", b"one").await;
    assert_eq!(client.next().await, Seen::Nacked(PubAckReason::QuotaExceeded));
    assert_eq!(broker.counters().refused, 1);
    broker.stop().await;
}

#[tokio::test]
async fn topics_that_are_not_the_devices_own_are_refused() {
    let gate = RecordingGate::new(Mode::Open);
    let broker = start(&gate).await;
    let foreign = [
        "songhe/v1/ST-2/up",
        "songhe/v1/ST-1/ack",
        "songhe/v1/ST-1",
        "other",
        "$SYS/x",
        "songhe/v1/ST-11/up",
    ];
    for topic in foreign {
        for version in BOTH {
            let mut client = connect(&broker, version, "ST-1").await;
            client.publish(topic, b"x").await;
            let expected = match version {
                Version::V3 => Seen::Closed,
                Version::V5 => Seen::Nacked(PubAckReason::NotAuthorized),
            };
            assert_eq!(client.next().await, expected, "{version:?} {topic}");
        }
    }
    let mut client = connect(&broker, Version::V3, "ST-1").await;
    client.publish_at(2, "songhe/v1/ST-1/up", b"x").await;
    assert_eq!(client.next().await, Seen::Closed, "QoS 2 is not taken");
    assert!(gate.taken().is_empty());
    let counters = broker.counters();
    assert_eq!((counters.publishes, counters.forbidden, counters.committed), (13, 13, 0));
    broker.stop().await;
}

#[tokio::test]
async fn only_the_own_downward_topics_can_be_subscribed() {
    let broker = start(&RecordingGate::new(Mode::Open)).await;
    let refused = [
        "#",
        "+/v1/ST-1/ack",
        "songhe/v1/+/ack",
        "songhe/v1/ST-1/#",
        "songhe/v1/ST-1/+",
        "songhe/v1/ST-2/ack",
        "songhe/v1/ST-1/up",
        "$SYS/#",
    ];
    for version in BOTH {
        let mut client = connect(&broker, version, "ST-1").await;
        for filter in refused {
            assert_eq!(client.subscribe(filter).await, Seen::SubscriptionRefused, "{version:?} {filter}");
        }
        for filter in ["songhe/v1/ST-1/ack", "songhe/v1/ST-1/cmd", "songhe/v1/ST-1/time"] {
            assert_eq!(client.subscribe(filter).await, Seen::Subscribed, "{version:?} {filter}");
        }
        let topic = Topic::new("ST-1", TopicKind::Ack).unwrap();
        broker.send(&topic, Bytes::from_static(b"stored"));
        assert_eq!(client.next().await, Seen::Message(topic.to_string(), b"stored".to_vec()));
    }
    broker.stop().await;
}

#[tokio::test]
async fn a_wrong_credential_is_refused() {
    let broker = start(&RecordingGate::new(Mode::Open)).await;
    let mut refused = 0;
    for version in BOTH {
        for who in [
            Introduction::of("ST-1", "another token"),
            Introduction::of("ST-1", ""),
            Introduction::of("XX-1", TOKEN),
            Introduction { client_id: "ST-2", ..Introduction::of("ST-1", TOKEN) },
            Introduction { will_topic: Some("songhe/v1/ST-2/state"), ..Introduction::of("ST-1", TOKEN) },
            Introduction { will_topic: Some("songhe/v1/ST-1/up"), ..Introduction::of("ST-1", TOKEN) },
        ] {
            assert!(Client::introduce(version, broker.address(), &who).await.is_none(), "{version:?}");
            refused += 1;
            assert_eq!(broker.counters().connects_refused, refused);
        }
        let own_will =
            Introduction { will_topic: Some("songhe/v1/ST-1/state"), ..Introduction::of("ST-1", TOKEN) };
        assert!(Client::introduce(version, broker.address(), &own_will).await.is_some(), "{version:?}");
    }
    broker.stop().await;
}

#[tokio::test]
async fn a_packet_above_the_limit_ends_the_connection() {
    let gate = RecordingGate::new(Mode::Open);
    let broker = start(&gate).await;
    for version in BOTH {
        // The limit is for what follows the fixed header, which announces the length.
        for (length, taken) in
            [(PACKET_BYTES_MAX - 1, true), (PACKET_BYTES_MAX, true), (PACKET_BYTES_MAX + 1, false)]
        {
            let before = gate.taken().len();
            let mut socket = RawClient::connect(version, broker.address(), "ST-1").await;
            socket.publish("songhe/v1/ST-1/up", length).await;
            assert_eq!(socket.is_acked().await, taken, "{version:?} {length}");
            assert_eq!(gate.taken().len() - before, usize::from(taken), "{version:?} {length}");
        }
    }
    broker.stop().await;
}

#[tokio::test]
async fn whoever_is_put_out_while_connecting_is_not_let_in() {
    for version in BOTH {
        let gate = RecordingGate::new(Mode::Open);
        let broker = start(&gate).await;
        gate.keep_waiting(Some(Step::Answer));
        let connecting = Client::connect(version, broker.address(), "ST-1", TOKEN);
        let putting_out = async {
            gate.somebody_waits().await;
            within(broker.drop_device("ST-1")).await;
            gate.keep_waiting(None);
        };
        let (client, ()) = tokio::join!(connecting, putting_out);
        assert!(client.is_none(), "{version:?}: it was let in with what no longer counts");
        assert_eq!(broker.counters().connects_refused, 1, "{version:?}");
        // Whoever is let in anew counts.
        let mut anew = connect(&broker, version, "ST-1").await;
        anew.publish("songhe/v1/ST-1/up", b"one").await;
        assert_eq!(anew.next().await, Seen::Acked, "{version:?}");
        broker.stop().await;
    }
}

#[tokio::test]
async fn whoever_is_put_out_while_the_session_is_made_is_ended() {
    for version in BOTH {
        let gate = RecordingGate::new(Mode::Open);
        let broker = start(&gate).await;
        gate.keep_waiting(Some(Step::Entry));
        let connecting = Client::connect(version, broker.address(), "ST-1", TOKEN);
        let putting_out = async {
            gate.somebody_waits().await;
            let put_out = broker.drop_device("ST-1");
            // The session is locked until the device is in.
            tokio::time::sleep(QUIET).await;
            gate.keep_waiting(None);
            within(put_out).await;
        };
        let (client, ()) = tokio::join!(connecting, putting_out);
        if let Some(mut client) = client {
            assert_eq!(client.next().await, Seen::Closed, "{version:?}");
        }
        let is_out =
            |event: &Presence| matches!(event, Presence::Disconnected { departure: Departure::Ended, .. });
        gate.presence_until(|events| events.iter().any(is_out)).await;
        broker.stop().await;
    }
}

#[tokio::test]
async fn presence_follows_the_present_connection() {
    let gate = RecordingGate::new(Mode::Open);
    let broker = start(&gate).await;
    let mut first = connect(&broker, Version::V5, "ST-1").await;
    let mut second = connect(&broker, Version::V3, "ST-1").await;
    assert_eq!(first.next().await, Seen::Closed, "one connection a device");
    second.say_goodbye().await;
    // A connection that comes before the goodbye is heard would replace the second.
    let has_left = |event: &Presence| matches!(event, Presence::Disconnected { connection: 2, .. });
    gate.presence_until(|events| events.iter().any(has_left)).await;
    let mut third = connect(&broker, Version::V5, "ST-1").await;
    broker.drop_device("ST-1").await;
    assert_eq!(third.next().await, Seen::Closed);
    let _fourth = connect(&broker, Version::V3, "ST-1").await;
    broker.stop().await;

    let is_last = |event: &Presence| matches!(event, Presence::Disconnected { connection: 4, .. });
    let events = gate.presence_until(|events| events.last().is_some_and(is_last)).await;
    let story: Vec<_> = events
        .iter()
        .map(|event| match event {
            Presence::Connected { device, connection } => (device.id, *connection, None),
            Presence::Disconnected { device, connection, departure, .. } => {
                (device.id, *connection, Some(*departure))
            }
        })
        .collect();
    // Whether the first one's end is told before the second's beginning, or not at all, is a matter of chance.
    let story: Vec<_> = story.into_iter().filter(|event| event.2 != Some(Departure::Replaced)).collect();
    assert_eq!(
        story,
        [
            (1, 1, None),
            (1, 2, None),
            (1, 2, Some(Departure::Said)),
            (1, 3, None),
            (1, 3, Some(Departure::Ended)),
            (1, 4, None),
            (1, 4, Some(Departure::Ended)),
        ]
    );
}

#[tokio::test]
async fn a_broken_connection_is_lost_not_ended() {
    let gate = RecordingGate::new(Mode::Open);
    let broker = start(&gate).await;
    let socket = RawClient::connect(Version::V3, broker.address(), "ST-5").await;
    gate.presence_until(|events| events.len() == 1).await;
    drop(socket);
    let events = gate.presence_until(|events| events.len() == 2).await;
    assert!(matches!(&events[1], Presence::Disconnected { departure: Departure::Lost, .. }), "{events:?}");
    broker.stop().await;
}

#[tokio::test]
async fn stopping_lets_the_message_under_way_end_and_the_port_is_free_at_once() {
    let gate = RecordingGate::new(Mode::Held);
    let broker = start(&gate).await;
    let address = broker.address();
    // The library's client drops an acknowledgement that it reads together with the server's goodbye.
    let mut client = RawClient::connect(Version::V5, address, "ST-1").await;
    client.publish("songhe/v1/ST-1/up", 100).await;
    gate.wait_for_arrivals(1).await;
    let stopping = tokio::spawn(broker.stop());
    tokio::time::sleep(QUIET).await;
    assert!(!stopping.is_finished());
    gate.set(Mode::Open);
    assert!(client.is_acked().await);
    assert!(!client.is_acked().await, "then the connection ends");
    within(stopping).await.unwrap();

    let again = Broker::start(Arc::clone(&gate), settings(address)).await.expect("the port is free");
    assert_eq!(again.address(), address);
    let occupied = Broker::start(Arc::clone(&gate), settings(address)).await;
    assert!(matches!(occupied, Err(BrokerError::Listen { .. })), "a second broker is told so");
    let mut client = connect(&again, Version::V3, "ST-1").await;
    client.publish("songhe/v1/ST-1/up", b"next").await;
    assert_eq!(client.next().await, Seen::Acked);
    drop(again);
    assert_eq!(client.next().await, Seen::Closed, "dropping it stops it too");
}
