//! Who looks, when, and from when on silence counts.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::{Mutex, watch};

use super::sweep::{find, take};
use crate::access::Scope;
use crate::app::App;
use crate::clock::Instant;
use crate::devices::ingest::{Health, Ingest};
use crate::devices::store;
use crate::error::Result;

const LOOK_EVERY: Duration = Duration::from_secs(5);
/// A look that comes so late was held up with the whole program.
const LATE_MAX: Duration = Duration::from_secs(15);
/// What was received before must be committed by then; else the database is held up.
const SETTLE_WAIT_MAX: Duration = Duration::from_secs(5);
/// The wall clock and a steady one may differ by so much between two looks.
const DRIFT_MS_MAX: i64 = 5_000;

/// Looks for silence. Any number of processes may look: a step is taken where it is still due.
pub struct Watcher {
    app: App,
    /// Where messages of MQTT devices come in; absent where there are none.
    way_in: Option<(Health, Ingest)>,
    since: Instant,
    /// Wall clock and steady clock at the last look, in milliseconds.
    last: (Instant, i64),
    is_broken: bool,
}

impl Watcher {
    /// Silence counts from now on.
    pub async fn start(app: &App, way_in: Option<(Health, Ingest)>) -> Result<Watcher> {
        let now = app.clock.now();
        app.db.write(move |connection| store::begin_watch(connection, now)).await?;
        let last = (now, app.clock.steady_ms());
        Ok(Watcher { app: app.clone(), way_in, since: now, last, is_broken: false })
    }

    /// The program was held up: what was silent meanwhile was not heard, which says nothing.
    pub fn note_break(&mut self) {
        self.is_broken = true;
    }

    /// Looks now; gives how many steps were taken. For the timer and for tests.
    pub async fn look(&mut self) -> Result<usize> {
        let now = self.app.clock.now();
        if self.was_deaf(now) {
            // Whoever was asked about it does not say so again.
            self.is_broken = true;
            self.app.db.write(move |connection| store::begin_watch(connection, now)).await?;
            (self.since, self.is_broken) = (now, false);
            return Ok(0);
        }
        let since = self.since;
        // A look costs a read; only what is due costs a write.
        let found = self.app.db.read(move |connection| find(connection, (now, since), None)).await;
        let found = found.inspect_err(|_| self.is_broken = true)?;
        if found.is_empty() {
            return Ok(0);
        }
        if !self.is_settled().await {
            self.is_broken = true;
            return Ok(0);
        }
        let mut steps = 0;
        for piece in found.pieces() {
            steps += self.app.write(&Scope::system(), move |tx| take(tx, (now, since), &piece)).await?;
        }
        Ok(steps)
    }

    /// Whether everything that was received before now is committed, so that nobody is called silent whose words wait.
    async fn is_settled(&self) -> bool {
        let Some((_, ingest)) = &self.way_in else { return true };
        matches!(tokio::time::timeout(SETTLE_WAIT_MAX, ingest.settle()).await, Ok(Ok(())))
    }

    /// Whether messages may have been missed since the last look, or the clocks disagree about how long that was.
    fn was_deaf(&mut self, now: Instant) -> bool {
        let steady_ms = self.app.clock.steady_ms();
        let (last, last_ms) = std::mem::replace(&mut self.last, (now, steady_ms));
        let was_cut = self.way_in.as_ref().is_some_and(|(health, _)| health.take_break());
        self.is_broken || was_cut || has_jumped(now - last, steady_ms - last_ms)
    }
}

fn has_jumped(wall: TimeDelta, steady_ms: i64) -> bool {
    (wall.num_milliseconds() - steady_ms).abs() > DRIFT_MS_MAX
}

/// Looks every few seconds until `stopped` turns true.
pub async fn keep_looking(watcher: Arc<Mutex<Watcher>>, mut stopped: watch::Receiver<bool>) {
    loop {
        let slept = std::time::Instant::now();
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = stopped.changed() => return,
        }
        // Before the turn is waited for: a look that takes its time is no suspension.
        let is_late = slept.elapsed() > LATE_MAX;
        let mut watcher = watcher.lock().await;
        if is_late {
            watcher.note_break();
        }
        if let Err(error) = watcher.look().await {
            tracing::warn!(error = %error.for_log(), "nobody looks for silent devices for now");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_is_noticed_and_one_that_is_slow_is_not() {
        for (wall_s, steady_ms, jumped) in
            [(5, 5_000, false), (6, 5_000, false), (0, 5_001, true), (3_600, 5_000, true), (-60, 5_000, true)]
        {
            assert_eq!(has_jumped(TimeDelta::seconds(wall_s), steady_ms), jumped, "{wall_s} s");
        }
    }
}
