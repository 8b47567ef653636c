use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::{Notify, broadcast, watch};

use super::event::{Event, Stored};
use super::redis_wake::RedisWake;
use super::store;
use crate::clock::Clock;
use crate::db::Db;
use crate::error::Result;

/// Events a slow listener may fall behind before it must re-read the outbox.
const BACKLOG_MAX: usize = 4_096;
const PAGE_ROWS: i64 = 500;
/// Without any wake-up, another replica's events are seen this late at the most.
const POLL_EVERY: Duration = Duration::from_millis(500);
const KEEP_HOURS: i64 = 24;
/// Readings are most of all events, and the next one makes the last one moot.
const KEEP_READINGS_MIN: i64 = 15;
const TRIM_EVERY: Duration = Duration::from_mins(1);

/// What waits to be stored and is told already, at the most: the oldest is given up.
const UNSTORED_MAX: usize = 256;

/// Tells listeners of this process what was committed, here or by another replica.
#[derive(Clone)]
pub struct Bus(Arc<Inner>);

struct Inner {
    wake: Arc<Notify>,
    sender: broadcast::Sender<Arc<Stored>>,
    position: watch::Sender<i64>,
    remote: Option<RedisWake>,
    /// Told before they are stored: beside the outbox, without a number, and to this process's listeners only.
    unstored: Mutex<VecDeque<Arc<Event>>>,
    unstored_sender: broadcast::Sender<Arc<Event>>,
}

/// Wakes the publisher after a commit.
#[derive(Clone)]
pub struct Wake(Arc<Notify>);

impl Wake {
    pub fn now(&self) {
        self.0.notify_one();
    }
}

impl Bus {
    /// A bus of this process alone.
    pub fn in_process() -> Bus {
        Bus::build(None)
    }

    /// A bus whose replicas wake each other through Redis.
    pub fn over_redis(url: &str) -> Result<Bus> {
        Ok(Bus::build(Some(RedisWake::new(url)?)))
    }

    fn build(remote: Option<RedisWake>) -> Bus {
        Bus(Arc::new(Inner {
            wake: Arc::new(Notify::new()),
            sender: broadcast::channel(BACKLOG_MAX).0,
            position: watch::channel(0).0,
            remote,
            unstored: Mutex::default(),
            unstored_sender: broadcast::channel(UNSTORED_MAX).0,
        }))
    }

    /// After a commit: tell the listeners soon.
    pub fn wake(&self) {
        self.0.wake.notify_one();
        if let Some(remote) = &self.0.remote {
            remote.tell();
        }
    }

    pub fn waker(&self) -> Wake {
        Wake(Arc::clone(&self.0.wake))
    }

    /// Events from now on. A listener that lags is told so by the channel and re-reads the outbox.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Stored>> {
        self.0.sender.subscribe()
    }

    /// Tells the listeners of something that is not stored and may never be: it has no number, moves nobody's position and is replayed
    /// to nobody who resumes. Whoever begins to listen is told of it until [`Bus::forget_unstored`].
    pub fn tell_unstored(&self, event: Event) {
        let event = Arc::new(event);
        let mut known = self.0.unstored.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= UNSTORED_MAX {
            known.pop_front();
        }
        known.push_back(Arc::clone(&event));
        // No listener is no fault.
        let _ = self.0.unstored_sender.send(event);
    }

    /// What was told of this record is stored by now: whoever was told is told that, with this payload.
    pub fn forget_unstored(&self, entity_id: &str, payload: &serde_json::Value) {
        let mut known = self.0.unstored.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|event| {
            let is_other = event.entity_id != entity_id;
            if !is_other {
                let over = Event { payload: payload.clone(), ..Event::clone(event) };
                let _ = self.0.unstored_sender.send(Arc::new(over));
            }
            is_other
        });
    }

    /// What waits to be stored now, and from now on.
    pub fn unstored(&self) -> (Vec<Arc<Event>>, broadcast::Receiver<Arc<Event>>) {
        let known = self.0.unstored.lock().unwrap_or_else(PoisonError::into_inner);
        (known.iter().cloned().collect(), self.0.unstored_sender.subscribe())
    }

    /// Number of the newest event told so far.
    pub fn position(&self) -> i64 {
        *self.0.position.borrow()
    }

    /// Follows the position as it moves.
    pub fn watch_position(&self) -> watch::Receiver<i64> {
        self.0.position.subscribe()
    }

    /// Reads the outbox and tells it, until `stop` turns true.
    pub async fn run(self, db: Db, clock: Clock, mut stop: watch::Receiver<bool>) {
        let listening = self.0.remote.clone().map(|remote| tokio::spawn(remote.listen(self.waker())));
        let mut last = match db.read(|connection| Ok(store::ends(connection)?.1)).await {
            Ok(newest) => newest,
            Err(error) => {
                tracing::error!(error = %error.for_log(), "the outbox cannot be read");
                0
            }
        };
        self.0.position.send_replace(last);
        let mut next_trim = tokio::time::Instant::now() + TRIM_EVERY;
        while !*stop.borrow() {
            last = self.drain(&db, last).await;
            if tokio::time::Instant::now() >= next_trim {
                next_trim += TRIM_EVERY;
                trim(&db, &clock).await;
            }
            tokio::select! {
                () = self.0.wake.notified() => {}
                () = tokio::time::sleep(POLL_EVERY) => {}
                _ = stop.changed() => {}
            }
        }
        if let Some(task) = listening {
            task.abort();
        }
    }

    /// Tells everything after `last`; gives the number reached.
    async fn drain(&self, db: &Db, mut last: i64) -> i64 {
        loop {
            let events = match db.read(move |connection| store::after(connection, last, PAGE_ROWS)).await {
                Ok(events) => events,
                Err(error) => {
                    tracing::warn!(error = %error.for_log(), "the outbox cannot be read now");
                    return last;
                }
            };
            let full = events.len() as i64 == PAGE_ROWS;
            for event in events {
                last = event.id;
                // No listener is no fault.
                let _ = self.0.sender.send(Arc::new(event));
            }
            self.0.position.send_replace(last);
            if !full {
                return last;
            }
        }
    }
}

async fn trim(db: &Db, clock: &Clock) {
    let before = clock.now() - TimeDelta::hours(KEEP_HOURS);
    let readings_before = clock.now() - TimeDelta::minutes(KEEP_READINGS_MIN);
    let trimmed = db.write(move |connection| {
        store::trim_readings(connection, readings_before)?;
        store::trim(connection, before)
    });
    if let Err(error) = trimmed.await {
        tracing::warn!(error = %error.for_log(), "the outbox was not trimmed");
    }
}
