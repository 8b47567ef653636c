//! Messages of devices from the broker, acknowledged to it after their commit.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Filter, Packet, Publish};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions};
use songhe_firmware_protocol::TopicKind;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::address::RECEIVE_MAX;
use super::lines::{Arrived, Lines};
use crate::clock::Clock;
use crate::db::Db;
use crate::devices::ingest::{Health, Ingest};

/// Requests to the client library: its acknowledgements share this channel, so it must exceed the receive window.
const REQUESTS_MAX: usize = RECEIVE_MAX as usize * 2 + 100;
pub(super) const PAUSE_MIN: Duration = Duration::from_millis(500);
pub(super) const PAUSE_MAX: Duration = Duration::from_secs(15);
/// How long messages under way may take when the program stops.
const DRAIN_WAIT_MAX: Duration = Duration::from_secs(10);
/// Sessions of earlier versions still hold it.
const FORMER_GROUP: &str = "songhe";
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
    /// Name of the shared subscription.
    pub group: String,
}

/// A message that is committed, and the connection that it came over.
pub(super) struct Settled {
    pub epoch: u64,
    pub publish: Publish,
}

impl Uplink {
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        self.options.set_clean_start(false);
        self.options.set_manual_acks(true);
        let (client, mut events) = AsyncClient::new(self.options.clone(), REQUESTS_MAX);
        // Its number grows with every connection.
        let epoch = watch::Sender::new(0);
        let lines = Arc::new(Lines::new(self.db.clone(), self.ingest.clone(), epoch.subscribe()));
        let (settle, mut settled) = mpsc::channel(REQUESTS_MAX);
        let mut under_way = JoinSet::new();
        let mut pause = PAUSE_MIN;
        loop {
            while under_way.try_join_next().is_some() {}
            match next(&client, &mut events, &mut settled, &epoch, &mut stop).await {
                None => break,
                Some(Ok(Event::Incoming(Packet::ConnAck(_)))) => {
                    pause = PAUSE_MIN;
                    self.health.works("broker");
                    self.health.note_break();
                    unsubscribe(&client, FORMER_GROUP);
                    subscribe(&client, &self.group);
                }
                Some(Ok(Event::Incoming(Packet::Publish(publish)))) => {
                    let received_at = self.clock.now();
                    // Read here, where no connection can end between the message and its number.
                    let arrived = Arrived { epoch: *epoch.borrow(), publish, received_at };
                    if let Some(line) = lines.push(arrived) {
                        under_way.spawn(Arc::clone(&lines).serve(line, settle.clone()));
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    // Acknowledgements of this connection mean other messages on the next one.
                    epoch.send_modify(|epoch| *epoch += 1);
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
        unsubscribe(&client, &self.group);
        let drained = drain(&client, &mut events, &mut settled, &epoch);
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
    epoch: &watch::Sender<u64>,
    stop: &mut watch::Receiver<bool>,
) -> Option<Result<Event, ConnectionError>> {
    let mut poll = pin!(events.poll());
    loop {
        tokio::select! {
            event = &mut poll => return Some(event),
            Some(one) = settled.recv() => acknowledge(client, epoch, &one),
            _ = stop.wait_for(|stop| *stop) => return None,
        }
    }
}

/// Acknowledges what is still being committed, and says goodbye.
async fn drain(
    client: &AsyncClient,
    events: &mut EventLoop,
    settled: &mut mpsc::Receiver<Settled>,
    epoch: &watch::Sender<u64>,
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
                acknowledge(client, epoch, &one);
            } else {
                ended = true;
                let _ = client.try_disconnect();
            },
        }
    }
}

fn acknowledge(client: &AsyncClient, epoch: &watch::Sender<u64>, settled: &Settled) {
    if settled.epoch != *epoch.borrow() {
        return;
    }
    if let Err(error) = client.try_ack(&settled.publish) {
        tracing::error!(%error, "an acknowledgement did not fit: the broker sends the message again");
    }
}

fn subscribe(client: &AsyncClient, group: &str) {
    let filter = |kind: &TopicKind| Filter::new(shared(group, *kind), QoS::AtLeastOnce);
    if let Err(error) = client.try_subscribe_many(KINDS.iter().map(filter)) {
        tracing::error!(%error, "no subscription could be asked for");
    }
}

fn shared(group: &str, kind: TopicKind) -> String {
    format!("$share/{group}/songhe/v1/+/{}", kind.level())
}

/// The broker would keep choosing a replica that is away, and hold back what others could take.
fn unsubscribe(client: &AsyncClient, group: &str) {
    for kind in KINDS {
        if client.try_unsubscribe(shared(group, kind)).is_err() {
            tracing::warn!("a subscription stays until the session ends");
        }
    }
}
