//! A broker elsewhere: a Mosquitto with the configuration that is shipped, between devices and the program.

mod faults;
mod full;
mod order;
mod rights;

use std::time::Duration;

use songhe::config::{Config, MqttMode, SecretUrl};
use songhe::devices::{DeviceKind, DeviceService};
use songhe_firmware_protocol::downlink::Ack;

use crate::devices::client::{Client, Introduction, Seen, Version};
use crate::devices::gate::within;
use crate::devices::live::rig::{self, Device, TOKEN, stored, with};
use crate::support::app::TestApp;
use crate::support::mosquitto::Mosquitto;

/// A broker, and stations `EX-1` to `EX-n` that it knows and the program too; gives their numbers.
fn broker_and_stations(test: &TestApp, count: usize) -> Option<(Mosquitto, Vec<i64>)> {
    let codes: Vec<String> = (1..=count).map(|number| format!("EX-{number}")).collect();
    let broker = Mosquitto::start(&codes, TOKEN)?;
    test.add_towns();
    let add = |code: &String| rig::add_device(test, code, DeviceKind::SmartStation, 1);
    Some((broker, codes.iter().map(add).collect()))
}

/// The test's program behind that broker.
async fn behind(test: &TestApp, broker: &Mosquitto, set: impl FnOnce(&mut Config)) -> DeviceService {
    let app = with(test, |config| {
        config.mqtt.mode = MqttMode::External;
        config.mqtt.external_url = Some(SecretUrl::new(broker.url()));
        set(config);
    });
    DeviceService::start(&app).await.unwrap_or_else(|error| panic!("{}", error.for_log()))
}

/// Sends until something is stored: until the program's subscription stands the broker has nobody to give a message to.
async fn heard_at_last(device: &mut Device<'_>, test: &TestApp, id: i64) {
    within(async {
        while stored(test, id).is_empty() {
            device.live(0, songhe_firmware_protocol::Channel::Pulse, 70).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}

/// What a device is told on one of its topics, on a connection of its own.
struct Ears(Client);

impl Ears {
    async fn open(broker: &Mosquitto, code: &str, level: &str) -> Ears {
        let client_id = format!("{code}-{level}");
        let who = Introduction { client_id: &client_id, ..Introduction::of(code, TOKEN) };
        let mut client =
            Client::introduce(Version::V5, broker.address, &who).await.expect("the broker admits it");
        assert_eq!(client.subscribe(&format!("songhe/v1/{code}/{level}")).await, Seen::Subscribed);
        Ears(client)
    }

    async fn next(&mut self) -> Vec<u8> {
        match self.0.next().await {
            Seen::Message(_, payload) => payload,
            other => panic!("{other:?}"),
        }
    }

    /// The next word of what is stored.
    async fn ack(&mut self) -> Ack {
        Ack::decode(&self.next().await).unwrap()
    }

    /// What came so far.
    async fn so_far(&mut self) -> Vec<Ack> {
        let mut acks = Vec::new();
        while let Some(Seen::Message(_, payload)) = self.0.next_within(Duration::from_millis(200)).await {
            acks.push(Ack::decode(&payload).unwrap());
        }
        acks
    }
}
