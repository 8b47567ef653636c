//! Demand generated once a day, by one of the processes that run: the row of the job says who does it and for which day it is done,
//! so that neither a restart nor a second process does it twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::watch;

use super::demand::{DAYS_AHEAD, Tally, generate};
use super::store;
use crate::access::Scope;
use crate::app::App;
use crate::error::{Error, Result};

const JOB: &str = "demand";
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// Longer than a generation takes; after it another process tries.
const LEASE: TimeDelta = TimeDelta::minutes(5);

/// Generates the visits of the days to come at the start and on every new day, until `stopped` turns true.
pub async fn keep_generating(app: App, mut stopped: watch::Receiver<bool>) {
    let is_stopped = Arc::new(AtomicBool::new(false));
    while !*stopped.borrow() {
        let (asked, flag) = (app.clone(), Arc::clone(&is_stopped));
        let work = tokio::task::spawn_blocking(move || generate_today(&asked, &flag));
        tokio::pin!(work);
        let outcome = tokio::select! {
            outcome = &mut work => outcome,
            _ = stopped.changed() => {
                is_stopped.store(true, Ordering::Relaxed);
                work.await
            }
        };
        match outcome {
            Ok(Ok(Some(tally))) => tracing::info!(?tally, "the visits of the days to come are planned"),
            Ok(Ok(None)) => {}
            Ok(Err(error)) => {
                tracing::warn!(error = %error.for_log(), "the visits of the days to come are not planned for now");
            }
            Err(error) => tracing::error!(%error, "the planning of visits panicked"),
        }
        if *stopped.borrow() {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = stopped.changed() => {}
        }
    }
}

/// Does the day's generation, unless it is done or somebody else is at it.
fn generate_today(app: &App, is_stopped: &AtomicBool) -> Result<Option<Tally>> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::internal("no random numbers").context(error.to_string()))?;
    let holder = hex::encode(bytes);
    let today = app.calendar.day_of(app.clock.now());
    let claimed = app.write_now(&Scope::system(), |tx| {
        store::claim(tx.connection, (JOB, &holder), today, (tx.now, tx.now + LEASE))
    })?;
    if !claimed {
        return Ok(None);
    }
    let tally = generate(app, DAYS_AHEAD, false, || is_stopped.load(Ordering::Relaxed))?;
    // Of a generation that was cut short nothing is lost: the next one does the rest.
    let done_for = (!is_stopped.load(Ordering::Relaxed)).then_some(today);
    app.write_now(&Scope::system(), |tx| store::finish(tx.connection, (JOB, &holder), done_for))?;
    Ok(Some(tally))
}
