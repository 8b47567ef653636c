//! The one writer: takes what waits, commits it together, answers.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use songhe_firmware_protocol::downlink::{Ack, Time};
use songhe_firmware_protocol::{Lane, Message, TopicKind, json};
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::batch::{self, Done, What, Work};
use super::doubts::Doubts;
use super::figures::Committed;
use super::health::Health;
use super::links::Links;
use super::message::refusal;
use super::queue::{Downlink, Envelope, Ingest, QUEUE_MAX};
use super::unsaved::Unsaved;
use crate::app::App;
use crate::clock::to_millis;
use crate::db::store::ping;
use crate::db::{Blame, blame};
use crate::devices::broker::Refused;
use crate::devices::storage::Disk;
use crate::error::{Error, Result};

const BATCH_MESSAGES_MAX: usize = 1_000;
/// A batch is closed early when its messages hold so many samples.
const BATCH_SAMPLES_MAX: usize = 10_000;
/// How long a batch waits for more when the last one was large: those devices answer at once. A small one is committed without
/// delay, and what comes meanwhile is the next one.
const LINGER: Duration = Duration::from_millis(1);
const LARGE_MESSAGES: usize = 16;
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(2);
/// Together about five seconds; then the devices are told to come again.
const ATTEMPTS_MAX: u32 = 8;
const RESTART_AFTER: Duration = Duration::from_millis(200);
const DOWNLINK_MAX: usize = 10_000;
/// Larger than any acknowledgement or time.
const DOWNLINK_BYTES_MAX: usize = 64;
const JSON: &str = TopicKind::Json.level();

/// A running writer.
pub struct Writer {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Writer {
    /// Starts it. What is to be told to devices comes out of the receiver.
    pub fn start(app: &App, health: &Health) -> (Writer, Ingest, mpsc::Receiver<Downlink>) {
        let (sender, receiver) = mpsc::channel(QUEUE_MAX);
        let (downlink, to_devices) = mpsc::channel(DOWNLINK_MAX);
        let (stop, stopped) = watch::channel(false);
        let unsaved = Unsaved::new(app);
        let work = Loop {
            app: app.clone(),
            health: health.clone(),
            receiver: Arc::new(Mutex::new(receiver)),
            downlink,
            unsaved: unsaved.clone(),
            links: Links::default(),
            stopped: stopped.clone(),
        };
        let ingest = Ingest { sender, disk: Disk::watch(app, health, stopped), unsaved };
        let task = tokio::spawn(supervise(work));
        (Writer { stop, task }, ingest, to_devices)
    }

    /// Takes nothing new, commits what waits, and ends.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        let _ = self.task.await;
    }
}

/// Starts the loop again whenever it panics: those who waited are refused and come again.
async fn supervise(work: Loop) {
    loop {
        match tokio::spawn(work.clone().run()).await {
            Ok(()) => return,
            Err(error) => {
                tracing::error!(%error, "the ingest writer failed and is started again");
                work.health.fails("writer", "it failed and is started again");
                metrics::counter!("songhe_ingest_writer_restarts_total").increment(1);
                tokio::time::sleep(RESTART_AFTER).await;
            }
        }
    }
}

#[derive(Clone)]
struct Loop {
    app: App,
    health: Health,
    receiver: Arc<Mutex<mpsc::Receiver<Envelope>>>,
    downlink: mpsc::Sender<Downlink>,
    unsaved: Unsaved,
    links: Links,
    stopped: watch::Receiver<bool>,
}

/// Why a batch was not committed.
enum Trouble {
    /// The database does not work, whatever is written.
    Database(Error),
    /// The database works, but not with this.
    Content(Error),
}

impl Loop {
    async fn run(mut self) {
        let receiver = Arc::clone(&self.receiver);
        let mut receiver = receiver.lock().await;
        let mut was_large = false;
        loop {
            let mut envelopes = Vec::new();
            // Nobody may bring anything: then what is owed, and whether the database is back, is tried from here.
            let owes = !self.links.is_empty() || self.health.is_failing(&["database", "writer"]);
            tokio::select! {
                count = receiver.recv_many(&mut envelopes, BATCH_MESSAGES_MAX) => if count == 0 { return },
                _ = self.stopped.changed() => {
                    // What waits is still taken; then the queue is at its end.
                    receiver.close();
                    continue;
                }
                () = tokio::time::sleep(PAUSE_MAX), if owes => {}
            }
            if was_large {
                gather(&mut receiver, &mut envelopes).await;
            }
            was_large = envelopes.len() >= LARGE_MESSAGES;
            metrics::gauge!("songhe_ingest_queue_messages").set(receiver.len() as f64);
            self.app.ingest.note_queue(receiver.len());
            self.handle(envelopes).await;
        }
    }

    async fn handle(&self, envelopes: Vec<Envelope>) {
        let (brought, answered): (Vec<Work>, Vec<_>) =
            envelopes.into_iter().map(|envelope| (envelope.work, envelope.reply)).unzip();
        let mut work = self.links.owed_before(&brought, BATCH_MESSAGES_MAX);
        self.links.note(&brought);
        let replies: Vec<Reply> = work.iter().map(|_| None).chain(answered).collect();
        work.extend(brought);
        let started = std::time::Instant::now();
        let mut answers: Vec<Result<(), Refused>> = Vec::new();
        answers.resize_with(work.len(), || Ok(()));
        let work: Arc<[Work]> = work.into();
        match self.commit_or_tell(&work).await {
            Ok(done) => self.settle(&work, 0, done, &mut answers),
            Err(Trouble::Database(error)) => refuse_all(&mut answers, &error),
            Err(Trouble::Content(error)) => match &*work {
                [] => {}
                [one] => self.give_up(one, 0, &error, &mut answers).await,
                _ => {
                    tracing::error!(error = %error.for_log(), "a batch was refused by the database: looking for the cause");
                    self.commit_apart(&work, &mut answers).await;
                }
            },
        }
        metrics::histogram!("songhe_ingest_commit_seconds").record(started.elapsed().as_secs_f64());
        metrics::histogram!("songhe_ingest_batch_messages").record(work.len() as f64);
        answer_all(replies, answers);
    }

    /// Commits; who waits for an alarm is told of it if that fails.
    async fn commit_or_tell(&self, work: &Arc<[Work]>) -> Result<Done, Trouble> {
        let outcome = self.commit(work).await;
        if outcome.is_err() {
            self.unsaved.tell(work).await;
        }
        outcome
    }

    /// Commits in one transaction, trying again while the database does not work.
    async fn commit(&self, work: &Arc<[Work]>) -> Result<Done, Trouble> {
        let mut pause = PAUSE_MIN;
        let mut doubts = Doubts::default();
        for attempt in 1.. {
            let (batch, keys) = (Arc::clone(work), Arc::clone(&self.app.keys));
            let (now, started) = (self.app.clock.now(), std::time::Instant::now());
            let when = (self.app.calendar, now);
            let outcome =
                self.app.db.write(move |connection| batch::apply(connection, &keys, when, &batch)).await;
            let error = match outcome {
                Ok(mut done) => {
                    self.app.bus.wake();
                    self.links.settle(work);
                    self.unsaved.settle(work);
                    self.unsaved.note_places(std::mem::take(&mut done.devices));
                    self.app.ingest.note_commit(now, &counted(work, &done, started.elapsed()));
                    self.health.works("database");
                    self.health.works("writer");
                    return Ok(done);
                }
                Err(error) => error,
            };
            let blame = blame(&error);
            let works = blame != Blame::Database && self.app.db.write(ping).await.is_ok();
            if works && (blame == Blame::Content || doubts.confirm(&error)) {
                return Err(Trouble::Content(error));
            }
            tracing::warn!(error = %error.for_log(), attempt, "a batch was not committed");
            if !works {
                self.health.fails("database", "readings cannot be written");
            }
            if attempt == ATTEMPTS_MAX {
                self.app.ingest.note_refused(messages(work));
                return Err(Trouble::Database(error));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
        Err(Trouble::Database(Error::busy()))
    }

    /// Commits ever smaller parts, so that only what cannot be stored is left out. Order within the batch is kept.
    async fn commit_apart(&self, work: &[Work], answers: &mut [Result<(), Refused>]) {
        let middle = work.len() / 2;
        let mut parts = vec![(middle, work.len()), (0, middle)];
        while let Some((from, to)) = parts.pop() {
            let part: Arc<[Work]> = work[from..to].into();
            match self.commit(&part).await {
                Ok(done) => self.settle(&part, from, done, answers),
                Err(Trouble::Database(error)) => refuse_all(&mut answers[from..to], &error),
                Err(Trouble::Content(error)) if to - from == 1 => {
                    self.give_up(&part[0], from, &error, answers).await;
                }
                Err(Trouble::Content(_)) => {
                    let middle = from.midpoint(to);
                    parts.push((middle, to));
                    parts.push((from, middle));
                }
            }
        }
    }

    /// Leaves out what can never be stored: nobody waits for it any more.
    async fn give_up(&self, work: &Work, place: usize, error: &Error, answers: &mut [Result<(), Refused>]) {
        self.isolate(work, place, error, answers).await;
        self.links.settle(std::slice::from_ref(work));
        if answers[place].is_ok() {
            self.unsaved.settle(std::slice::from_ref(work));
        }
    }

    /// Puts a message that the database refuses into quarantine, so that its device need not send it for ever.
    async fn isolate(&self, work: &Work, place: usize, error: &Error, answers: &mut [Result<(), Refused>]) {
        tracing::error!(device_id = work.device_id, error = %error.for_log(), "a message cannot be stored");
        answers[place] = Err(Refused { reason: error.for_log() });
        let What::Message { topic, payload, decoded, .. } = &work.what else { return };
        let header = decoded.is_numbered().then_some(decoded.header);
        // Without its number as well, in case that this is what the database refuses.
        let headers = if header.is_some() { &[header, None][..] } else { &[None] };
        for header in headers {
            let (payload, error) = (payload.clone(), refusal::REFUSED.to_owned());
            let poison = What::Poison { topic, payload, error, header: *header };
            let poison: Arc<[Work]> = [Work { what: poison, ..work.clone() }].into();
            match self.commit(&poison).await {
                Ok(done) => {
                    answers[place] = Ok(());
                    self.settle(&poison, place, done, answers);
                    return;
                }
                Err(Trouble::Database(_)) => return,
                Err(Trouble::Content(error)) => {
                    tracing::error!(error = %error.for_log(), "nor can it be put aside");
                }
            }
        }
    }

    /// Counts a commit, and tells devices what is stored.
    fn settle(&self, work: &[Work], from: usize, done: Done, answers: &mut [Result<(), Refused>]) {
        for place in &done.refused {
            answers[from + place] = Err(Refused { reason: "the device is unknown or disabled".to_owned() });
        }
        metrics::counter!("songhe_ingest_messages_total").increment(work.len() as u64);
        metrics::counter!("songhe_ingest_rows_total").increment(done.rows);
        metrics::counter!("songhe_ingest_duplicates_total").increment(done.duplicates);
        metrics::counter!("songhe_ingest_poisoned_total").increment(done.poisoned);
        let speaks_json: HashSet<i64> =
            work.iter().filter(|one| is_json(one)).map(|one| one.device_id).collect();
        for (device, stream, seq) in done.acknowledged {
            let lane = if stream.lane == 0 { Lane::Live } else { Lane::Backfill };
            let as_json = speaks_json.contains(&stream.device_id);
            let ack = Ack { boot_id: stream.boot_id as u64, lane, seq };
            self.send(&device, TopicKind::Ack, &Message::Ack(ack), as_json);
        }
        for (device, device_id) in done.born {
            let wall_ms = u64::try_from(to_millis(self.app.clock.now())).unwrap_or(0);
            let as_json = speaks_json.contains(&device_id);
            self.send(&device, TopicKind::Time, &Message::Time(Time { wall_ms }), as_json);
        }
    }

    /// Whoever sends JSON is answered in JSON.
    fn send(&self, device: &str, kind: TopicKind, message: &Message, as_json: bool) {
        let (kind, payload) = if as_json {
            (TopicKind::JsonDown, json::encode(message).map(bytes::Bytes::from))
        } else {
            let mut out = [0; DOWNLINK_BYTES_MAX];
            (kind, message.encode(&mut out).map(|length| bytes::Bytes::copy_from_slice(&out[..length])))
        };
        let Ok(payload) = payload else { return };
        // A full channel drops it: the next message's acknowledgement says more.
        let _ = self.downlink.try_send(Downlink { device: device.to_owned(), kind, payload });
    }
}

/// Waits a moment for those who answer the last commit at once.
async fn gather(receiver: &mut mpsc::Receiver<Envelope>, envelopes: &mut Vec<Envelope>) {
    let until = Instant::now() + LINGER;
    let samples = |envelopes: &[Envelope]| -> usize {
        envelopes.iter().map(|envelope| envelope.work.sample_count()).sum()
    };
    while envelopes.len() < BATCH_MESSAGES_MAX && samples(envelopes) < BATCH_SAMPLES_MAX {
        let room = BATCH_MESSAGES_MAX - envelopes.len();
        match timeout_at(until, receiver.recv_many(envelopes, room)).await {
            Ok(count) if count > 0 => {}
            _ => return,
        }
    }
}

/// What a commit did, for the page of ingest.
fn counted(work: &[Work], done: &Done, took: Duration) -> Committed {
    Committed {
        messages: messages(work),
        rows: done.rows,
        duplicates: done.duplicates,
        unreadable: done.poisoned,
        refused: done.refused.len() as u64,
        lag_ms_max: done.lag_ms_max,
        took_ms: took.as_millis() as u64,
    }
}

fn messages(work: &[Work]) -> u64 {
    work.iter().filter(|one| matches!(one.what, What::Message { .. } | What::Poison { .. })).count() as u64
}

fn is_json(work: &Work) -> bool {
    matches!(&work.what, What::Message { topic, .. } | What::Poison { topic, .. } if *topic == JSON)
}

fn refuse_all(answers: &mut [Result<(), Refused>], error: &Error) {
    metrics::counter!("songhe_ingest_refused_total").increment(answers.len() as u64);
    for answer in answers {
        *answer = Err(Refused { reason: error.for_log() });
    }
}

type Reply = Option<oneshot::Sender<Result<(), Refused>>>;

fn answer_all(replies: Vec<Reply>, answers: Vec<Result<(), Refused>>) {
    for (reply, answer) in replies.into_iter().zip(answers) {
        match (reply, answer) {
            // Whoever no longer waits comes again with the same number.
            (Some(reply), answer) => drop(reply.send(answer)),
            (None, Err(refused)) => tracing::warn!(reason = %refused, "not noted yet"),
            (None, Ok(())) => {}
        }
    }
}
