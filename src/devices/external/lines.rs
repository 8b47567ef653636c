//! Messages of one device one after the other, those of different devices at the same time.
//!
//! Invariant: nothing of a device goes to the writer before what came earlier over the same connection is settled, however
//! often that has to be tried: an alarm that is over must not overtake its beginning. Readings that follow each other go
//! together: which of them is the latest is told by their time.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use rumqttc::v5::mqttbytes::v5::Publish;
use songhe_firmware_protocol::{Topic, TopicKind};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::uplink::{PAUSE_MAX, PAUSE_MIN, Settled};
use crate::clock::Instant;
use crate::db::Db;
use crate::devices::ingest::message::{Content, Decoded};
use crate::devices::ingest::{Ingest, What, Work};
use crate::devices::store;

/// Readings of a device that go to the writer together.
const TOGETHER_MAX: usize = 64;
/// An urgent alarm that waits for so long is told to open pages.
const URGENT_AFTER: Duration = Duration::from_millis(500);

/// A message as the broker gave it.
pub(super) struct Arrived {
    /// Of the connection that it came over.
    pub epoch: u64,
    pub publish: Publish,
    pub received_at: Instant,
}

impl Arrived {
    fn topic(&self) -> &str {
        std::str::from_utf8(&self.publish.topic).unwrap_or_default()
    }

    fn is_readings(&self) -> bool {
        let kind = Topic::parse(self.topic()).map(|topic| topic.kind());
        matches!(kind, Ok(TopicKind::Up | TopicKind::Backfill))
    }
}

pub(super) struct Lines {
    db: Db,
    ingest: Ingest,
    /// Number of the present connection.
    epoch: watch::Receiver<u64>,
    /// Numbers of devices by code. A code never comes to mean another device.
    ids: Mutex<HashMap<String, i64>>,
    /// What waits, by the code of its device; an empty line is one that is being served.
    waiting: Mutex<HashMap<String, VecDeque<Arrived>>>,
}

impl Lines {
    pub fn new(db: Db, ingest: Ingest, epoch: watch::Receiver<u64>) -> Lines {
        Lines { db, ingest, epoch, ids: Mutex::default(), waiting: Mutex::default() }
    }

    /// Puts a message at the end of its device's line; gives the line's name where nobody serves it yet.
    pub fn push(&self, arrived: Arrived) -> Option<String> {
        let topic = arrived.topic();
        // What is no topic of ours is all one line: it is only dropped.
        let name = Topic::parse(topic).map_or("", |topic| topic.device()).to_owned();
        let mut waiting = self.waiting();
        if let Some(line) = waiting.get_mut(&name) {
            line.push_back(arrived);
            return None;
        }
        waiting.insert(name.clone(), VecDeque::from([arrived]));
        Some(name)
    }

    /// Brings a line to the writer until it is empty.
    pub async fn serve(self: Arc<Self>, name: String, settle: mpsc::Sender<Settled>) {
        while let Some(part) = self.next(&name) {
            tokio::select! {
                // What made it panic stays with the broker until the connection ends; the device's line goes on.
                brought = AssertUnwindSafe(self.bring(part, &settle)).catch_unwind() => if brought.is_err() {
                    tracing::error!(device = name, "bringing messages to the writer failed");
                },
                never = self.keep_telling(&name) => match never {},
            }
        }
    }

    /// The first message, with the readings behind it when it is readings. A line without any ends.
    fn next(&self, name: &str) -> Option<Vec<Arrived>> {
        let mut waiting = self.waiting();
        let line = waiting.get_mut(name)?;
        let readings = line.iter().take(TOGETHER_MAX).take_while(|one| one.is_readings()).count();
        let count = readings.max(1).min(line.len());
        if count == 0 {
            waiting.remove(name);
            return None;
        }
        Some(line.drain(..count).collect())
    }

    /// What cannot be stored must not silence a call for help behind it.
    async fn keep_telling(&self, name: &str) -> Infallible {
        loop {
            tokio::time::sleep(URGENT_AFTER).await;
            let Some(device_id) = self.ids().get(name).copied() else { continue };
            let alarms = self.alarms(name, device_id);
            if !alarms.is_empty() {
                self.ingest.tell(&alarms).await;
            }
        }
    }

    /// Alarms that wait in a line.
    fn alarms(&self, name: &str, device_id: i64) -> Vec<Work> {
        let alarm = |one: &Arrived| {
            let kind = Topic::parse(one.topic()).ok()?.kind();
            let may_be = matches!(kind, TopicKind::Alarm | TopicKind::Json);
            may_be.then(|| Work::read(device_id, kind, one.publish.payload.clone(), one.received_at))
        };
        self.waiting().get(name).map_or_else(Vec::new, |line| line.iter().filter_map(alarm).collect())
    }

    /// Tries until all is settled, or until their connection ends: after that the broker sends them again.
    async fn bring(&self, mut part: Vec<Arrived>, settle: &mpsc::Sender<Settled>) {
        let mut epochs = self.epoch.clone();
        let mut pause = PAUSE_MIN;
        loop {
            let epoch = *epochs.borrow_and_update();
            part.retain(|one| one.epoch == epoch);
            part = join_all(part.into_iter().map(|one| self.settle(one, settle)))
                .await
                .into_iter()
                .flatten()
                .collect();
            if part.is_empty() {
                return;
            }
            if timeout(pause, epochs.changed()).await.is_err() {
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
    }

    /// Gives back what was not settled.
    async fn settle(&self, arrived: Arrived, settle: &mpsc::Sender<Settled>) -> Option<Arrived> {
        if !self.is_settled(&arrived).await {
            return Some(arrived);
        }
        let Arrived { epoch, publish, .. } = arrived;
        let _ = settle.send(Settled { epoch, publish }).await;
        None
    }

    /// Whether the broker may forget the message: it is committed, or of nobody that we know, or its device has to send it
    /// again.
    async fn is_settled(&self, arrived: &Arrived) -> bool {
        let Ok(topic) = Topic::parse(arrived.topic()) else { return true };
        let (device, received_at) = (topic.device(), arrived.received_at);
        let device_id = match self.device_id(device).await {
            Ok(Some(id)) => id,
            Ok(None) => {
                metrics::counter!("songhe_ingest_unknown_devices_total").increment(1);
                tracing::warn!(device, "a message of an unknown or disabled device is dropped");
                return true;
            }
            Err(error) => {
                tracing::warn!(error = %error.for_log(), "a device could not be looked up");
                return false;
            }
        };
        let work = Work::read(device_id, topic.kind(), arrived.publish.payload.clone(), received_at);
        let heard = match &work.what {
            What::Message { decoded, .. } => heard(decoded),
            _ => What::Heard { online: true, connection: None, ends: None },
        };
        self.ingest.note(Work { device_id, received_at, what: heard }).await;
        if self.ingest.puts_off(&work) {
            // Unsettled it would fill the receive window, and calls for help would wait behind it. Its device has not
            // heard from us, and sends it again.
            tracing::debug!(device, "backfill is put off: the disk is nearly full");
            return true;
        }
        match self.ingest.submit(work).await {
            Ok(()) => true,
            Err(refused) => {
                tracing::warn!(device, reason = %refused, "message not taken");
                self.look_again(device).await;
                false
            }
        }
    }

    async fn device_id(&self, code: &str) -> crate::error::Result<Option<i64>> {
        let known = self.ids().get(code).copied();
        if known.is_some() {
            return Ok(known);
        }
        let id = self.look_up(code).await?;
        if let Some(id) = id {
            self.ids().insert(code.to_owned(), id);
        }
        Ok(id)
    }

    /// It may have been disabled since. Where the database is away it is as it was: its calls for help are still told.
    async fn look_again(&self, code: &str) {
        if matches!(self.look_up(code).await, Ok(None)) {
            self.ids().remove(code);
        }
    }

    async fn look_up(&self, code: &str) -> crate::error::Result<Option<i64>> {
        let asked = code.to_owned();
        let found = self.db.read(move |connection| store::find_credential(connection, &asked)).await?;
        Ok(found.map(|(id, _)| id))
    }

    fn ids(&self) -> MutexGuard<'_, HashMap<String, i64>> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<String, VecDeque<Arrived>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
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
