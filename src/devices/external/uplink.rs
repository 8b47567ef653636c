//! Messages of devices from the broker, acknowledged to it after their commit.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Filter, Packet, Publish};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions};
use songhe_firmware_protocol::{Topic, TopicKind};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::address::RECEIVE_MAX;
use crate::clock::Clock;
use crate::db::Db;
use crate::devices::ingest::message::{Content, Decoded};
use crate::devices::ingest::{Health, Ingest, What, Work};
use crate::devices::store;

/// Requests to the client library: its acknowledgements share this channel, so it must exceed the receive window.
const REQUESTS_MAX: usize = RECEIVE_MAX as usize * 2 + 100;
const PAUSE_MIN: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(15);
/// How long messages under way may take when the program stops.
const DRAIN_WAIT_MAX: Duration = Duration::from_secs(10);
const KINDS: [TopicKind; 6] = [
    TopicKind::Up,
    TopicKind::Backfill,
    TopicKind::Alarm,
    TopicKind::Birth,
    TopicKind::State,
    TopicKind::Json,
];

pub(super) struct Uplink {
    pub db: Db,
    pub clock: Clock,
    pub health: Health,
    pub ingest: Ingest,
    pub options: MqttOptions,
}

/// A message that is committed, and the connection that it came over.
struct Settled {
    epoch: u64,
    publish: Publish,
}

/// What every message's task needs.
struct Shared {
    db: Db,
    clock: Clock,
    ingest: Ingest,
    /// Numbers of devices by code. A code never comes to mean another device.
    ids: Mutex<HashMap<String, i64>>,
    epoch: watch::Sender<u64>,
}

impl Uplink {
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        self.options.set_clean_start(false);
        self.options.set_manual_acks(true);
        let (client, mut events) = AsyncClient::new(self.options.clone(), REQUESTS_MAX);
        let shared = Arc::new(Shared {
            db: self.db.clone(),
            clock: self.clock.clone(),
            ingest: self.ingest.clone(),
            ids: Mutex::default(),
            epoch: watch::Sender::new(0),
        });
        let (settle, mut settled) = mpsc::channel(REQUESTS_MAX);
        let mut under_way = JoinSet::new();
        let mut pause = PAUSE_MIN;
        loop {
            while under_way.try_join_next().is_some() {}
            match next(&client, &mut events, &mut settled, &shared, &mut stop).await {
                None => break,
                Some(Ok(Event::Incoming(Packet::ConnAck(_)))) => {
                    pause = PAUSE_MIN;
                    self.health.works("broker");
                    self.health.note_break();
                    subscribe(&client);
                }
                Some(Ok(Event::Incoming(Packet::Publish(publish)))) => {
                    under_way.spawn(Arc::clone(&shared).take(publish, settle.clone()));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    // Acknowledgements of this connection mean other messages on the next one.
                    shared.epoch.send_modify(|epoch| *epoch += 1);
                    tracing::warn!(%error, "no connection to the broker");
                    self.health.fails("broker", "no connection");
                    let stopping = timeout(pause, stop.wait_for(|stop| *stop)).await.is_ok();
                    if stopping {
                        break;
                    }
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
        }
        drop(settle);
        unsubscribe(&client);
        let drained = drain(&client, &mut events, &mut settled, &shared);
        if timeout(DRAIN_WAIT_MAX, drained).await.is_err() {
            tracing::warn!("messages were not committed in time: the broker keeps them");
        }
        under_way.abort_all();
    }
}

/// The next event of the connection; what was committed meanwhile is acknowledged. `None` when the program stops.
///
/// Acknowledging here, and nowhere else, keeps an acknowledgement from slipping in between the end of a connection and the
/// change of its number.
async fn next(
    client: &AsyncClient,
    events: &mut EventLoop,
    settled: &mut mpsc::Receiver<Settled>,
    shared: &Shared,
    stop: &mut watch::Receiver<bool>,
) -> Option<Result<Event, ConnectionError>> {
    let mut poll = pin!(events.poll());
    loop {
        tokio::select! {
            event = &mut poll => return Some(event),
            Some(one) = settled.recv() => acknowledge(client, shared, &one),
            _ = stop.wait_for(|stop| *stop) => return None,
        }
    }
}

/// Acknowledges what is still being committed, and says goodbye.
async fn drain(
    client: &AsyncClient,
    events: &mut EventLoop,
    settled: &mut mpsc::Receiver<Settled>,
    shared: &Shared,
) {
    let mut ended = false;
    loop {
        tokio::select! {
            // Messages that still come stay unacknowledged: the broker gives them to another replica, or to us later.
            event = events.poll() => match event {
                Ok(Event::Outgoing(outgoing)) if super::address::is_goodbye(&outgoing) => return,
                Ok(_) => {}
                Err(_) => return,
            },
            one = settled.recv(), if !ended => if let Some(one) = one {
                acknowledge(client, shared, &one);
            } else {
                ended = true;
                let _ = client.try_disconnect();
            },
        }
    }
}

fn acknowledge(client: &AsyncClient, shared: &Shared, settled: &Settled) {
    if settled.epoch != *shared.epoch.borrow() {
        return;
    }
    if let Err(error) = client.try_ack(&settled.publish) {
        tracing::error!(%error, "an acknowledgement did not fit: the broker sends the message again");
    }
}

fn subscribe(client: &AsyncClient) {
    let filter = |kind: &TopicKind| {
        Filter::new(format!("$share/songhe/songhe/v1/+/{}", kind.level()), QoS::AtLeastOnce)
    };
    if let Err(error) = client.try_subscribe_many(KINDS.iter().map(filter)) {
        tracing::error!(%error, "no subscription could be asked for");
    }
}

/// The broker would keep choosing a replica that is away, and hold back what others could take.
fn unsubscribe(client: &AsyncClient) {
    for kind in KINDS {
        let filter = format!("$share/songhe/songhe/v1/+/{}", kind.level());
        if client.try_unsubscribe(filter).is_err() {
            tracing::warn!("a subscription stays until the session ends");
        }
    }
}

impl Shared {
    /// Brings a message to the writer until it is committed, however often that takes.
    async fn take(self: Arc<Self>, publish: Publish, settle: mpsc::Sender<Settled>) {
        let mut epochs = self.epoch.subscribe();
        let epoch = *epochs.borrow_and_update();
        let received_at = self.clock.now();
        let topic = String::from_utf8_lossy(&publish.topic).into_owned();
        let mut pause = PAUSE_MIN;
        while !self.is_settled(&topic, &publish, received_at).await {
            // After the end of the connection the broker sends it again.
            if timeout(pause, epochs.changed()).await.is_ok() {
                return;
            }
            pause = (pause * 2).min(PAUSE_MAX);
        }
        let _ = settle.send(Settled { epoch, publish }).await;
    }

    /// Whether the message may be acknowledged: committed, or of nobody that we know.
    async fn is_settled(&self, topic: &str, publish: &Publish, received_at: crate::clock::Instant) -> bool {
        let Ok(parsed) = Topic::parse(topic) else { return true };
        let device_id = match self.device_id(parsed.device()).await {
            Ok(Some(id)) => id,
            Ok(None) => {
                metrics::counter!("songhe_ingest_unknown_devices_total").increment(1);
                tracing::warn!(
                    device = parsed.device(),
                    "a message of an unknown or disabled device is dropped"
                );
                return true;
            }
            Err(error) => {
                tracing::warn!(error = %error.for_log(), "a device could not be looked up");
                return false;
            }
        };
        let work = Work::read(device_id, parsed.kind(), publish.payload.clone(), received_at);
        let heard = match &work.what {
            What::Message { decoded, .. } => heard(decoded),
            _ => What::Heard { online: true, connection: None, ends: None },
        };
        self.ingest.note(Work { device_id, received_at, what: heard }).await;
        match self.ingest.submit(work).await {
            Ok(()) => true,
            Err(refused) => {
                tracing::warn!(device = parsed.device(), reason = %refused, "message not taken");
                // It may have been disabled since.
                self.ids.lock().unwrap_or_else(PoisonError::into_inner).remove(parsed.device());
                false
            }
        }
    }

    async fn device_id(&self, code: &str) -> crate::error::Result<Option<i64>> {
        let known = self.ids.lock().unwrap_or_else(PoisonError::into_inner).get(code).copied();
        if known.is_some() {
            return Ok(known);
        }
        let asked = code.to_owned();
        let found = self.db.read(move |connection| store::find_credential(connection, &asked)).await?;
        let id = found.map(|(id, _)| id);
        if let Some(id) = id {
            self.ids.lock().unwrap_or_else(PoisonError::into_inner).insert(code.to_owned(), id);
        }
        Ok(id)
    }
}

/// What a message says of its device's presence. A birth begins a connection whose number is not known yet.
fn heard(decoded: &Decoded) -> What {
    match decoded.content {
        Content::State { online, connection } => {
            let ends = (!online).then_some((decoded.header.boot_id, decoded.header.seq));
            What::Heard { online, connection: Some(i64::from(connection)), ends }
        }
        Content::Birth => What::Heard { online: true, connection: Some(0), ends: None },
        Content::Samples(_) | Content::Alarm { .. } => {
            What::Heard { online: true, connection: None, ends: None }
        }
    }
}
