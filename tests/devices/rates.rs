//! A device that sends too fast is held back: nothing of it is lost, and nobody else waits for it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use songhe::devices::broker::{Broker, BrokerSettings, Rates};

use super::client::{Client, Seen, Version};
use super::gate::{Mode, RecordingGate, TOKEN, eventually, settings, within};
use super::raw::RawClient;

async fn start(gate: &Arc<RecordingGate>, rates: Rates) -> Broker {
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    Broker::start(Arc::clone(gate), BrokerSettings { rates, ..settings(anywhere) }).await.unwrap()
}

#[tokio::test]
async fn messages_above_the_rate_wait_and_are_taken() {
    let gate = RecordingGate::new(Mode::Open);
    let broker = start(&gate, Rates { messages_per_s: 20, bytes_per_s: 1_000_000 }).await;
    let mut calm = eventually(|| Client::connect(Version::V5, broker.address(), "ST-3", TOKEN)).await;
    for (version, code) in [(Version::V3, "ST-1"), (Version::V5, "ST-2")] {
        let mut fast = eventually(|| Client::connect(version, broker.address(), code, TOKEN)).await;
        let started = Instant::now();
        for number in 0_u8..50 {
            fast.publish(&format!("songhe/v1/{code}/up"), &[number]).await;
            if number == 25 {
                // Another device is served meanwhile.
                calm.publish("songhe/v1/ST-3/up", b"calm").await;
                assert_eq!(calm.next().await, Seen::Acked);
                let waiting = gate.taken().iter().filter(|message| message.0 == code).count();
                assert!(waiting < 50, "{version:?}");
            }
        }
        for _ in 0..50 {
            assert_eq!(fast.next().await, Seen::Acked, "{version:?}");
        }
        // Twenty at once, and thirty more at twenty a second.
        let lasted = started.elapsed();
        assert!(lasted >= Duration::from_millis(1_300), "{version:?} {lasted:?}");
    }
    for code in ["ST-1", "ST-2"] {
        let taken: Vec<u8> = gate
            .taken()
            .into_iter()
            .filter(|message| message.0 == code)
            .map(|message| message.2[0])
            .collect();
        assert_eq!(taken, (0..50).collect::<Vec<u8>>(), "in order, and none lost");
    }
    let counters = broker.counters();
    assert_eq!((counters.committed, counters.refused, counters.forbidden), (102, 0, 0));
    assert!(counters.held_back >= 40, "{counters:?}");
    broker.stop().await;
}

#[tokio::test]
async fn bytes_above_the_rate_wait_and_the_largest_packet_fits() {
    const LARGE: u32 = songhe_firmware_protocol::limits::PACKET_BYTES_MAX;
    let gate = RecordingGate::new(Mode::Open);
    let broker = start(&gate, Rates { messages_per_s: 1_000, bytes_per_s: 65_536 }).await;
    for version in [Version::V3, Version::V5] {
        let code = if version == Version::V3 { "ST-1" } else { "ST-2" };
        let mut device = RawClient::connect(version, broker.address(), code).await;
        let started = Instant::now();
        for number in 0..3 {
            device.publish(&format!("songhe/v1/{code}/up"), LARGE).await;
            assert!(within(device.is_acked()).await, "{version:?} {number}");
        }
        // One at once, and two more at one a second.
        let lasted = started.elapsed();
        assert!(lasted >= Duration::from_millis(1_800) && lasted < Duration::from_secs(10), "{lasted:?}");
    }
    assert_eq!(broker.counters().refused, 0);
    broker.stop().await;
}
