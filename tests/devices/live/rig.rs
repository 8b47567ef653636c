//! Devices with credentials, and the service that they connect to.

use std::net::SocketAddr;
use std::sync::Arc;

use diesel::prelude::*;
use songhe::app::App;
use songhe::config::MqttMode;
use songhe::db::schema::{alerts, latest_readings, quarantine, readings};
use songhe::devices::{DeviceKind, DevicePlace, DeviceService};
use songhe_firmware_protocol::limits::FRAME_BYTES_MAX;
use songhe_firmware_protocol::{Alarm, AlarmKind, Birth, Channel, Header, Lane, Readings, Sample};

use crate::devices::client::{Client, Seen, Version};
use crate::support::app::TestApp;
pub use crate::support::equipment::TOKEN;

/// The test's program, with an embedded broker on a free port.
pub async fn embedded(test: &TestApp) -> (DeviceService, SocketAddr) {
    let service = DeviceService::start(&with(test, |config| {
        config.mqtt.mode = MqttMode::Embedded;
        config.mqtt.listen.set_port(0);
    }))
    .await
    .unwrap_or_else(|error| panic!("{}", error.for_log()));
    let address = service.mqtt.unwrap();
    (service, address)
}

/// The test's program with other settings.
pub fn with(test: &TestApp, set: impl FnOnce(&mut songhe::config::Config)) -> App {
    let mut app = test.app.clone();
    let mut config = (*app.config).clone();
    set(&mut config);
    app.config = Arc::new(config);
    app
}

/// A device with [`TOKEN`] at a new station of town 1, 2 or 3; gives its number.
pub fn add_device(test: &TestApp, code: &str, kind: DeviceKind, town: usize) -> i64 {
    let station = test.add_station(town, None);
    test.add_device(code, kind, town, DevicePlace::Station(station))
}

/// A device's connection that sends one message at a time.
pub struct Device<'a> {
    pub code: &'a str,
    pub boot_id: u64,
    test: &'a TestApp,
    client: Client,
}

impl<'a> Device<'a> {
    pub async fn connect(test: &'a TestApp, address: SocketAddr, code: &'a str) -> Self {
        let client =
            super::super::gate::eventually(|| Client::connect(Version::V5, address, code, TOKEN)).await;
        Self { code, boot_id: 1, test, client }
    }

    pub fn header(&self, lane: Lane, seq: u64) -> Header {
        let wall_ms = self.test.app.clock.now().and_utc().timestamp_millis();
        Header {
            boot_id: self.boot_id,
            lane,
            seq,
            monotonic_ms: seq.saturating_mul(1_000),
            wall_ms: u64::try_from(wall_ms).ok(),
            flags: Header::CLOCK_SYNCED,
        }
    }

    /// Sends bytes on one of its topics, and gives the answer.
    pub async fn send(&mut self, level: &str, payload: &[u8]) -> Seen {
        self.client.publish(&format!("songhe/v1/{}/{level}", self.code), payload).await;
        self.client.next().await
    }

    /// Sends bytes on one of its topics, without waiting for the answer.
    pub async fn send_only(&self, level: &str, payload: &[u8]) {
        self.client.publish(&format!("songhe/v1/{}/{level}", self.code), payload).await;
    }

    pub async fn live(&mut self, seq: u64, channel: Channel, value_scaled: i32) -> Seen {
        let payload = samples(&self.header(Lane::Live, seq), &[Sample::new(channel, value_scaled)]);
        self.send("up", &payload).await
    }

    pub async fn backfill(&mut self, seq: u64, sample: Sample) -> Seen {
        let payload = samples(&self.header(Lane::Backfill, seq), &[sample]);
        self.send("bf", &payload).await
    }

    pub async fn alarm(&mut self, seq: u64, kind: AlarmKind, raised: bool, attempt: u16) -> Seen {
        let header = self.header(Lane::Live, seq);
        let alarm = Alarm { header, kind_code: kind.code(), raised, cause: None, attempt };
        let payload = encoded(|out| alarm.encode(out).unwrap());
        self.send("alarm", &payload).await
    }

    pub fn birth_payload(&self, seq: u64) -> Vec<u8> {
        let header = self.header(Lane::Live, seq);
        encoded(|out| Birth::encode(&header, 1, "1.0", 30, &[32], out).unwrap())
    }

    pub async fn birth(&mut self, seq: u64) -> Seen {
        let payload = self.birth_payload(seq);
        self.send("birth", &payload).await
    }

    pub async fn subscribe(&mut self, level: &str) {
        let filter = format!("songhe/v1/{}/{level}", self.code);
        assert_eq!(self.client.subscribe(&filter).await, Seen::Subscribed);
    }

    pub async fn next(&mut self) -> Seen {
        self.client.next().await
    }

    pub async fn next_within(&mut self, wait: std::time::Duration) -> Option<Seen> {
        self.client.next_within(wait).await
    }

    pub async fn say_goodbye(&mut self) {
        self.client.say_goodbye().await;
    }
}

pub fn samples(header: &Header, samples: &[Sample]) -> Vec<u8> {
    encoded(|out| Readings::encode(header, samples, out).unwrap())
}

pub fn encoded(encode: impl FnOnce(&mut [u8]) -> usize) -> Vec<u8> {
    let mut out = [0; FRAME_BYTES_MAX];
    let length = encode(&mut out);
    out[..length].to_vec()
}

/// (boot, lane, seq, channel, value) of a device's stored readings, in order of arrival.
pub fn stored(test: &TestApp, device: i64) -> Vec<(i64, i16, i64, i16, f64)> {
    test.read(|connection| {
        Ok(readings::table
            .filter(readings::device_id.eq(device))
            .order(readings::id)
            .select((readings::boot_id, readings::lane, readings::seq, readings::channel, readings::value))
            .load(connection)?)
    })
}

pub fn latest(test: &TestApp, device: i64, channel: Channel) -> Option<f64> {
    test.read(|connection| {
        Ok(latest_readings::table
            .find((device, channel.code() as i16))
            .select(latest_readings::value)
            .first(connection)
            .optional()?)
    })
}

/// (number, kind, whether it is over) of a device's alerts.
pub fn alerts_of(test: &TestApp, device: i64) -> Vec<(i64, String, bool)> {
    test.read(|connection| {
        Ok(alerts::table
            .filter(alerts::device_id.eq(device))
            .order(alerts::id)
            .select((alerts::id, alerts::kind, alerts::cleared_at.is_not_null()))
            .load(connection)?)
    })
}

/// (topic, error, how often) of what could not be read.
pub fn quarantined(test: &TestApp) -> Vec<(String, String, i64)> {
    test.read(|connection| {
        Ok(quarantine::table
            .order(quarantine::id)
            .select((quarantine::topic, quarantine::error, quarantine::occurrences))
            .load(connection)?)
    })
}
