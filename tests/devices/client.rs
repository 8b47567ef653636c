//! MQTT clients of both versions with one face.

use std::net::SocketAddr;
use std::time::Duration;

use rumqttc::v5::mqttbytes as five;
use rumqttc::{AsyncClient, Event, LastWill, MqttOptions, Outgoing, Packet, QoS, SubscribeReasonCode, v5};
use tokio::sync::mpsc;

use super::gate::within;

/// Larger than what the broker takes: the broker must refuse, not this client.
const CLIENT_PACKET_BYTES_MAX: usize = 1 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    V3,
    V5,
}

pub const BOTH: [Version; 2] = [Version::V3, Version::V5];

/// What a client saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    Connected,
    Acked,
    /// MQTT 5 negative acknowledgement.
    Nacked(five::v5::PubAckReason),
    Subscribed,
    SubscriptionRefused,
    Message(String, Vec<u8>),
    /// The connection ended or was never made.
    Closed,
}

pub struct Client {
    sender: Sender,
    seen: mpsc::UnboundedReceiver<Seen>,
}

enum Sender {
    V3(AsyncClient),
    V5(v5::AsyncClient),
}

/// How a client introduces itself.
pub struct Introduction<'a> {
    pub client_id: &'a str,
    pub username: &'a str,
    pub token: &'a str,
    pub will_topic: Option<&'a str>,
}

impl<'a> Introduction<'a> {
    pub fn of(code: &'a str, token: &'a str) -> Self {
        Self { client_id: code, username: code, token, will_topic: None }
    }
}

impl Client {
    /// Connects, or says that it was refused.
    pub async fn connect(version: Version, address: SocketAddr, code: &str, token: &str) -> Option<Self> {
        Self::introduce(version, address, &Introduction::of(code, token)).await
    }

    pub async fn introduce(version: Version, address: SocketAddr, who: &Introduction<'_>) -> Option<Self> {
        let (tell, seen) = mpsc::unbounded_channel();
        let sender = match version {
            Version::V3 => Sender::V3(connect_v3(address, who, tell)),
            Version::V5 => Sender::V5(connect_v5(address, who, tell)),
        };
        let mut client = Self { sender, seen };
        (client.next().await == Seen::Connected).then_some(client)
    }

    pub async fn publish(&self, topic: &str, payload: &[u8]) {
        self.publish_at(1, topic, payload).await;
    }

    pub async fn publish_at(&self, level: u8, topic: &str, payload: &[u8]) {
        match &self.sender {
            Sender::V3(client) => {
                let qos = rumqttc::qos(level).unwrap();
                client.publish(topic, qos, false, payload).await.unwrap();
            }
            Sender::V5(client) => {
                let qos = five::qos(level).unwrap();
                client.publish(topic.to_owned(), qos, false, payload.to_vec()).await.unwrap();
            }
        }
    }

    pub async fn subscribe(&mut self, filter: &str) -> Seen {
        match &self.sender {
            Sender::V3(client) => client.subscribe(filter, QoS::AtLeastOnce).await.unwrap(),
            Sender::V5(client) => client.subscribe(filter, five::QoS::AtLeastOnce).await.unwrap(),
        }
        self.next().await
    }

    pub async fn say_goodbye(&mut self) {
        match &self.sender {
            Sender::V3(client) => client.disconnect().await.unwrap(),
            Sender::V5(client) => client.disconnect().await.unwrap(),
        }
        while self.next().await != Seen::Closed {}
    }

    pub async fn next(&mut self) -> Seen {
        within(self.seen.recv()).await.unwrap_or(Seen::Closed)
    }

    /// What is seen within `wait`, if anything.
    pub async fn next_within(&mut self, wait: Duration) -> Option<Seen> {
        tokio::time::timeout(wait, self.seen.recv()).await.ok().map(|seen| seen.unwrap_or(Seen::Closed))
    }
}

fn connect_v3(address: SocketAddr, who: &Introduction<'_>, tell: mpsc::UnboundedSender<Seen>) -> AsyncClient {
    let mut options = MqttOptions::new(who.client_id, address.ip().to_string(), address.port());
    options.set_credentials(who.username, who.token);
    options.set_max_packet_size(CLIENT_PACKET_BYTES_MAX, CLIENT_PACKET_BYTES_MAX);
    if let Some(topic) = who.will_topic {
        options.set_last_will(LastWill::new(topic, "gone", QoS::AtLeastOnce, false));
    }
    let (client, mut events) = AsyncClient::new(options, 32);
    tokio::spawn(async move {
        // The loop would connect again after an error; these clients do not.
        while let Ok(event) = events.poll().await {
            let seen = match event {
                Event::Incoming(Packet::ConnAck(_)) => Seen::Connected,
                Event::Incoming(Packet::PubAck(_)) => Seen::Acked,
                Event::Incoming(Packet::SubAck(ack)) => match ack.return_codes.as_slice() {
                    [SubscribeReasonCode::Success(_)] => Seen::Subscribed,
                    _ => Seen::SubscriptionRefused,
                },
                Event::Incoming(Packet::Publish(message)) => {
                    Seen::Message(message.topic, message.payload.to_vec())
                }
                // Whoever says goodbye closes the connection.
                Event::Outgoing(Outgoing::Disconnect) => break,
                _ => continue,
            };
            if tell.send(seen).is_err() {
                break;
            }
        }
    });
    client
}

fn connect_v5(
    address: SocketAddr,
    who: &Introduction<'_>,
    tell: mpsc::UnboundedSender<Seen>,
) -> v5::AsyncClient {
    let mut options = v5::MqttOptions::new(who.client_id, address.ip().to_string(), address.port());
    options.set_credentials(who.username, who.token);
    if let Some(topic) = who.will_topic {
        let will = five::v5::LastWill::new(topic, "gone", five::QoS::AtLeastOnce, false, None);
        options.set_last_will(will);
    }
    let (client, mut events) = v5::AsyncClient::new(options, 32);
    tokio::spawn(async move {
        while let Ok(event) = events.poll().await {
            let packet = match event {
                v5::Event::Incoming(packet) => packet,
                v5::Event::Outgoing(Outgoing::Disconnect) => break,
                v5::Event::Outgoing(_) => continue,
            };
            let seen = match packet {
                five::v5::Packet::ConnAck(_) => Seen::Connected,
                five::v5::Packet::PubAck(ack) => match ack.reason {
                    five::v5::PubAckReason::Success => Seen::Acked,
                    reason => Seen::Nacked(reason),
                },
                five::v5::Packet::SubAck(ack) => match ack.return_codes.as_slice() {
                    [five::v5::SubscribeReasonCode::Success(_)] => Seen::Subscribed,
                    _ => Seen::SubscriptionRefused,
                },
                five::v5::Packet::Publish(message) => Seen::Message(
                    String::from_utf8(message.topic.to_vec()).unwrap(),
                    message.payload.to_vec(),
                ),
                _ => continue,
            };
            if tell.send(seen).is_err() {
                break;
            }
        }
    });
    client
}
