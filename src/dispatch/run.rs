//! Searches in the background: rows that are claimed, done, and told of each second. A process that is gone loses its lease, and
//! its searches are ended by whoever looks next.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant as Moment};

use chrono::TimeDelta;
use serde_json::json;
use tokio::sync::{Notify, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::ask::{Asked, ask, write_down};
use super::model::ProposalState;
use super::rows::DayRows;
use super::search::{Best, Outcome, search};
use super::store::day::{Ask, What, caregivers_of_town, load_day};
use super::store::lines::insert_lines;
use super::store::proposals::{self, ProposalRow};
use crate::access::Scope;
use crate::access::seal::random;
use crate::app::App;
use crate::error::{Error, Result};

/// Searches of one process at a time: each keeps a core busy.
const SEARCHES_MAX: usize = 2;
const LOOK_EVERY: Duration = Duration::from_secs(2);
const BEAT_EVERY: Duration = Duration::from_secs(1);
const LEASE: TimeDelta = TimeDelta::seconds(15);

/// Wakes the background, and ends what runs there.
#[derive(Clone, Default)]
pub struct Planner(Arc<Inner>);

#[derive(Default)]
struct Inner {
    wake: Notify,
    stops: Mutex<HashMap<i64, Arc<AtomicBool>>>,
}

impl Planner {
    /// There is something to do.
    pub fn wake(&self) {
        self.0.wake.notify_one();
    }

    /// Ends the search at once if it runs in this process; another one sees it within a second.
    pub fn stop(&self, id: i64) {
        if let Some(stop) = self.stops().get(&id) {
            stop.store(true, Ordering::Relaxed);
        }
    }

    fn stops(&self) -> std::sync::MutexGuard<'_, HashMap<i64, Arc<AtomicBool>>> {
        self.0.stops.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Searches for what is asked until `stopped` turns true.
pub async fn keep_planning(app: App, mut stopped: watch::Receiver<bool>) {
    let Ok(holder) = random::<8>().map(hex::encode) else {
        tracing::error!("no random numbers: proposals are not searched for");
        return;
    };
    let mut searches = JoinSet::new();
    while !*stopped.borrow() {
        match take(&app, &holder, searches.len()).await {
            Ok(Some(proposal)) => {
                searches.spawn(run(app.clone(), holder.clone(), proposal));
                continue;
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(error = %error.for_log(), "proposals are not looked for now"),
        }
        tokio::select! {
            () = app.planner.0.wake.notified() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
            Some(_) = searches.join_next(), if !searches.is_empty() => {}
            _ = stopped.changed() => {}
        }
    }
    for stop in app.planner.stops().values() {
        stop.store(true, Ordering::Relaxed);
    }
    while searches.join_next().await.is_some() {}
}

/// The next search, if there is room for it. Nothing is written where there is nothing to do.
async fn take(app: &App, holder: &str, running: usize) -> Result<Option<ProposalRow>> {
    let now = app.clock.now();
    let (gone, waiting) = app.db.read(move |connection| proposals::pending(connection, now)).await?;
    if gone {
        app.write(&Scope::system(), |tx| {
            for (id, town) in proposals::reap(tx.connection, tx.now, "proposal.note_restarted")? {
                write_down(tx, "proposal.end", id, &town, json!({ "state": "stopped" }))?;
            }
            Ok(())
        })
        .await?;
    }
    if !waiting || running >= SEARCHES_MAX {
        return Ok(None);
    }
    let holder = holder.to_owned();
    app.write(&Scope::system(), move |tx| match proposals::next_waiting(tx.connection)? {
        Some(id) => proposals::claim(tx.connection, (id, &holder), (tx.now, tx.now + LEASE)).map(Some),
        None => Ok(None),
    })
    .await
}

/// Asks for a proposal and searches at once, in this task; gives its number.
pub async fn search_now(app: &App, scope: &Scope, asked: Asked) -> Result<i64> {
    let holder = hex::encode(random::<8>()?);
    let own = holder.clone();
    let proposal = app
        .write(scope, move |tx| {
            let id = ask(tx, &asked)?;
            proposals::claim(tx.connection, (id, &own), (tx.now, tx.now + LEASE))
        })
        .await?;
    let id = proposal.id;
    run(app.clone(), holder, proposal).await;
    Ok(id)
}

async fn run(app: App, holder: String, proposal: ProposalRow) {
    let stop = Arc::new(AtomicBool::new(proposal.stop_asked));
    app.planner.stops().insert(proposal.id, Arc::clone(&stop));
    let begun = Moment::now();
    let outcome = searched(&app, &holder, &proposal, (&stop, begun)).await;
    app.planner.stops().remove(&proposal.id);
    let elapsed_ms = begun.elapsed().as_millis() as i64;
    let state = match &outcome {
        Ok(_) if stop.load(Ordering::Relaxed) => (ProposalState::Stopped, ""),
        Ok(_) => (ProposalState::Ready, ""),
        Err(error) => {
            tracing::error!(error = %error.for_log(), proposal = proposal.id, "a search failed");
            (ProposalState::Failed, "proposal.note_failed")
        }
    };
    let found = outcome.ok();
    let written = app
        .write(&Scope::system(), move |tx| {
            let held = (proposal.id, holder.as_str());
            if !proposals::finish(tx.connection, held, state, (elapsed_ms, tx.now))? {
                return Ok(());
            }
            if let Some(found) = &found {
                let what = (proposal.id, found.digest.as_str());
                insert_lines(tx.connection, what, found.best, &found.rows)?;
            }
            let detail = json!({ "state": state.0.name(), "elapsed_ms": elapsed_ms });
            write_down(tx, "proposal.end", proposal.id, &proposal.town_code, detail)
        })
        .await;
    if let Err(error) = written {
        tracing::error!(error = %error.for_log(), "the end of a search was not written down");
    }
}

/// Searches on a thread of its own, and writes down each second how far it is.
async fn searched(
    app: &App,
    holder: &str,
    proposal: &ProposalRow,
    (stop, begun): (&Arc<AtomicBool>, Moment),
) -> Result<Outcome> {
    let latest = Arc::new(Mutex::new(Best::default()));
    let mut work = spawn(app, proposal, (stop, &latest));
    let mut beats = tokio::time::interval(BEAT_EVERY);
    loop {
        tokio::select! {
            outcome = &mut work => {
                return outcome.map_err(|error| Error::internal("a search panicked").because(error))?;
            }
            _ = beats.tick() => {
                let best = *latest.lock().unwrap_or_else(PoisonError::into_inner);
                let (id, holder) = (proposal.id, holder.to_owned());
                let elapsed_ms = begun.elapsed().as_millis() as i64;
                let goes_on = app
                    .write(&Scope::system(), move |tx| {
                        let held = (id, holder.as_str());
                        proposals::beat(tx.connection, held, (best, elapsed_ms), tx.now + LEASE)
                    })
                    .await;
                // A beat that is missed is no reason to end: the lease outlasts many.
                if goes_on.is_ok_and(|goes_on| !goes_on) {
                    stop.store(true, Ordering::Relaxed);
                }
            }
        }
    }
}

fn spawn(
    app: &App,
    proposal: &ProposalRow,
    (stop, latest): (&Arc<AtomicBool>, &Arc<Mutex<Best>>),
) -> JoinHandle<Result<Outcome>> {
    let (app, town_code, day) = (app.clone(), proposal.town_code.clone(), proposal.day);
    let limit = Duration::from_secs(u64::try_from(proposal.seconds_max).unwrap_or_default());
    let (stop, latest) = (Arc::clone(stop), Arc::clone(latest));
    tokio::task::spawn_blocking(move || {
        let rows = rows_of(&app, &town_code, day)?;
        let tell = |best: Best| *latest.lock().unwrap_or_else(PoisonError::into_inner) = best;
        search(&rows, limit, &stop, &tell)
    })
}

/// The rows of a town's day, with the caregivers of the town.
pub fn rows_of(app: &App, town_code: &str, day: chrono::NaiveDate) -> Result<DayRows> {
    let at = (app.calendar, app.clock.now());
    app.db.read_now(|connection| {
        let caregivers = caregivers_of_town(connection, town_code)?;
        load_day(connection, &Ask { day, what: What::Town(town_code), caregivers: &caregivers }, at)
    })
}
