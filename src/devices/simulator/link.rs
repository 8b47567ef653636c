//! One connection of a device to the broker.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{LastWill, Packet, PubAckReason, SubscribeReasonCode};
use rumqttc::v5::{AsyncClient, Event, MqttOptions};
use rumqttc::{NetworkOptions, Outgoing};
use songhe_firmware_protocol::downlink::Ack;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

const KEEP_ALIVE: Duration = Duration::from_secs(30);
const CONNECT_WAIT_S: u64 = 10;
/// A device sends one message at a time, so its channels never hold more than a few items.
const CHANNEL_ITEMS: usize = 4;
const IN_FLIGHT_MAX: u16 = 8;

/// What comes from the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LinkEvent {
    Up,
    Acknowledged,
    /// Not taken: send it again later.
    Refused,
    /// The server's own word.
    Stored(Ack),
    Down,
}

/// A connection that does not repair itself: the library would send messages again on its own, in ways that depend on the
/// server's memory; the device's outbox knows better.
pub(super) struct Link {
    client: AsyncClient,
    events: mpsc::Receiver<LinkEvent>,
    task: JoinHandle<()>,
}

impl Link {
    /// `listens_to`: topic of the server's own word, where the device waits for that.
    pub fn open(
        broker: SocketAddr,
        (device, token): (&str, &str),
        will: (String, Bytes),
        listens_to: Option<String>,
    ) -> Self {
        let mut options = MqttOptions::new(device, broker.ip().to_string(), broker.port());
        options.set_credentials(device, token);
        options.set_keep_alive(KEEP_ALIVE);
        options.set_connection_timeout(CONNECT_WAIT_S);
        options.set_clean_start(true);
        // A device has one message under way. Without a limit the client reserves 6 MB for 65,535 of them.
        options.set_outgoing_inflight_upper_limit(IN_FLIGHT_MAX);
        options.set_last_will(LastWill::new(will.0, will.1, QoS::AtLeastOnce, false, None));
        let mut network = NetworkOptions::new();
        network.set_tcp_nodelay(true);
        options.set_network_options(network);
        let (client, mut event_loop) = AsyncClient::new(options, CHANNEL_ITEMS);
        let (tell, events) = mpsc::channel(CHANNEL_ITEMS);
        let asking = client.clone();
        let task = tokio::spawn(async move {
            loop {
                let event = match event_loop.poll().await {
                    Ok(Event::Incoming(Packet::ConnAck(_))) => match &listens_to {
                        Some(topic) if asking.try_subscribe(topic.clone(), QoS::AtLeastOnce).is_ok() => {
                            continue;
                        }
                        Some(_) => LinkEvent::Down,
                        None => LinkEvent::Up,
                    },
                    Ok(Event::Incoming(Packet::SubAck(answer))) => match answer.return_codes.as_slice() {
                        [SubscribeReasonCode::Success(_)] => LinkEvent::Up,
                        _ => LinkEvent::Down,
                    },
                    Ok(Event::Incoming(Packet::Publish(word))) => match Ack::decode(&word.payload) {
                        Ok(ack) => LinkEvent::Stored(ack),
                        Err(_) => continue,
                    },
                    Ok(Event::Incoming(Packet::PubAck(ack))) => match ack.reason {
                        PubAckReason::Success | PubAckReason::NoMatchingSubscribers => {
                            LinkEvent::Acknowledged
                        }
                        _ => LinkEvent::Refused,
                    },
                    Ok(Event::Outgoing(Outgoing::Disconnect)) => LinkEvent::Down,
                    Ok(_) => continue,
                    Err(error) => {
                        tracing::debug!(%error, "connection ended");
                        LinkEvent::Down
                    }
                };
                if tell.send(event).await.is_err() || event == LinkEvent::Down {
                    break;
                }
            }
        });
        Self { client, events, task }
    }

    pub async fn publish(&self, topic: String, payload: Bytes) -> bool {
        self.client.publish_bytes(topic, QoS::AtLeastOnce, false, payload).await.is_ok()
    }

    pub async fn next(&mut self) -> LinkEvent {
        self.events.recv().await.unwrap_or(LinkEvent::Down)
    }

    /// Says goodbye, so that the will is not sent.
    pub async fn close(mut self) {
        if self.client.disconnect().await.is_ok() {
            let _ = tokio::time::timeout(Duration::from_secs(1), async {
                while self.next().await != LinkEvent::Down {}
            })
            .await;
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}
