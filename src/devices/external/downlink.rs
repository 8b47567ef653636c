//! Acknowledgements and the time, to devices through the broker.

use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::{AsyncClient, Event, MqttOptions};
use songhe_firmware_protocol::Topic;
use tokio::sync::{mpsc, watch};

use super::address::is_goodbye;
use crate::devices::ingest::Downlink;

const CHANNEL_ITEMS: usize = 1_000;
const PAUSE: Duration = Duration::from_secs(1);
const GOODBYE_WAIT_MAX: Duration = Duration::from_secs(2);

/// Publishes until `stop` turns true. What cannot be sent is dropped: the next message's acknowledgement says more.
pub(super) async fn run(
    mut options: MqttOptions,
    mut to_devices: mpsc::Receiver<Downlink>,
    mut stop: watch::Receiver<bool>,
) {
    options.set_clean_start(true);
    let (client, mut events) = AsyncClient::new(options, CHANNEL_ITEMS);
    let polling = tokio::spawn(async move {
        loop {
            match events.poll().await {
                Ok(Event::Outgoing(outgoing)) if is_goodbye(&outgoing) => return,
                Ok(_) => {}
                // The connection for messages says so in the health answer.
                Err(error) => {
                    tracing::debug!(%error, "no connection for acknowledgements");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    });
    loop {
        tokio::select! {
            Some(downlink) = to_devices.recv() => {
                if let Ok(topic) = Topic::new(&downlink.device, downlink.kind) {
                    let payload = downlink.payload;
                    let sent = client.try_publish(topic.to_string(), QoS::AtLeastOnce, false, payload);
                    if sent.is_err() {
                        metrics::counter!("songhe_ingest_acks_dropped_total").increment(1);
                    }
                }
            }
            _ = stop.changed() => break,
        }
    }
    let _ = client.try_disconnect();
    let abort = polling.abort_handle();
    if tokio::time::timeout(GOODBYE_WAIT_MAX, polling).await.is_err() {
        abort.abort();
    }
}
