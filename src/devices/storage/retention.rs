//! Forgetting what is older than `[retention]` says, and making the days that the log needs next.

use std::sync::Arc;
use std::time::Duration;

use chrono::{Days, NaiveDate, TimeDelta};
use serde_json::json;
use tokio::sync::watch;

use crate::app::App;
use crate::bus::{Event, Topic, store as outbox};
use crate::clock::Instant;
use crate::db::{AnyConnection, Db, Kind};
use crate::devices::store::{self, Before};
use crate::error::Result;

/// Days of the log that are made ahead on PostgreSQL.
const DAYS_AHEAD: u64 = 3;
const TIDY_EVERY: Duration = Duration::from_hours(1);
/// Between two pieces, so that forgetting much leaves room for everything else.
const PAUSE: Duration = Duration::from_millis(20);

/// What was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    pub readings: usize,
    /// Whole days of readings (PostgreSQL).
    pub days: usize,
    pub quarter_hours: usize,
    pub hours: usize,
    pub quarantined: usize,
    /// Values with cards.
    pub cards: usize,
    pub fire_frames: usize,
}

/// Tidies at once and every hour until `stopped` turns true.
pub async fn keep_forgetting(app: App, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        match tidy(&app).await {
            Ok(forgotten) if forgotten != Forgotten::default() => {
                tracing::info!(?forgotten, "what is older than the settings keep is forgotten");
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(error = %error.for_log(), "old readings are not forgotten for now"),
        }
        tokio::select! {
            () = tokio::time::sleep(TIDY_EVERY) => {}
            _ = stopped.changed() => {}
        }
    }
}

/// One round: days ahead, seals of before, the ends of floods, and what is too old. Where there is nothing to do, nothing is written.
pub async fn tidy(app: &App) -> Result<Forgotten> {
    prepare_days(app).await?;
    let kept = &app.config.retention;
    let now = app.clock.now();
    let days_ago = |days: u32| now - TimeDelta::days(i64::from(days));
    let before = Before {
        readings: days_ago(kept.readings_days),
        quarter_hours: days_ago(kept.quarter_hours_days),
        hours: days_ago(kept.hours_days),
        quarantine: days_ago(kept.quarantine_days),
        fire_frames: days_ago(kept.fire_frames_days),
        floods: now - store::flood_ends_after(),
    };
    let due = app.db.read(move |connection| store::due(connection, &before)).await?;
    let keys = Arc::clone(&app.keys);
    pieces(app, due.open_payloads, move |connection| store::seal_open_payloads(connection, &keys)).await?;
    if due.floods {
        end_floods(app, before.floods).await?;
    }
    let mut forgotten = Forgotten::default();
    (forgotten.readings, forgotten.days) = match app.db.kind() {
        Kind::Sqlite => (forget_log(app, before.readings).await?, 0),
        Kind::Postgres => forget_days(app, due.dayless, before.readings).await?,
    };
    let spans = |is_due: bool, span_s: i32, before: Instant| {
        pieces(app, is_due, move |connection| store::forget_spans(connection, span_s, before))
    };
    forgotten.quarter_hours = spans(due.quarter_hours, 900, before.quarter_hours).await?;
    forgotten.hours = spans(due.hours, 3_600, before.hours).await?;
    let until = before.quarantine;
    let quarantine = move |connection: &mut AnyConnection| store::forget_quarantine(connection, until);
    forgotten.quarantined = pieces(app, due.quarantine, quarantine).await?;
    let until = before.readings;
    let cards = move |connection: &mut AnyConnection| store::forget_card_readings(connection, until);
    forgotten.cards = pieces(app, due.cards, cards).await?;
    let until = before.fire_frames;
    let frames = move |connection: &mut AnyConnection| store::forget_fire_frames(connection, until);
    forgotten.fire_frames = pieces(app, due.fire_frames, frames).await?;
    Ok(forgotten)
}

/// Makes the partitions of today and the next days where they are missing; nothing on SQLite.
async fn prepare_days(app: &App) -> Result<()> {
    let today = app.clock.now().date();
    let missing = app.db.read(move |connection| missing_days(connection, today)).await?;
    if missing.is_empty() {
        return Ok(());
    }
    app.db.write(move |connection| make_days(connection, &missing)).await
}

/// The same on this thread, before anything is received.
pub fn prepare_days_now(db: &Db, now: Instant) -> Result<()> {
    let missing = db.read_now(|connection| missing_days(connection, now.date()))?;
    if missing.is_empty() { Ok(()) } else { db.write_now(|connection| make_days(connection, &missing)) }
}

fn missing_days(connection: &mut AnyConnection, today: NaiveDate) -> Result<Vec<NaiveDate>> {
    if matches!(connection, AnyConnection::Sqlite(_)) {
        return Ok(Vec::new());
    }
    let there = store::days(connection)?;
    let wanted = (0..=DAYS_AHEAD).filter_map(|ahead| today.checked_add_days(Days::new(ahead)));
    Ok(wanted.filter(|day| !there.contains(day)).collect())
}

fn make_days(connection: &mut AnyConnection, days: &[NaiveDate]) -> Result<()> {
    days.iter().try_for_each(|day| store::make_day(connection, *day).map(drop))
}

/// Runs a piece of work until it finds nothing more; gives how much it found.
async fn pieces<F>(app: &App, is_due: bool, work: F) -> Result<usize>
where
    F: FnMut(&mut AnyConnection) -> Result<usize> + Clone + Send + 'static,
{
    if !is_due {
        return Ok(0);
    }
    let mut all = 0;
    loop {
        let done = app.db.write(work.clone()).await?;
        if done == 0 {
            return Ok(all);
        }
        all += done;
        tokio::time::sleep(PAUSE).await;
    }
}

async fn forget_log(app: &App, before: Instant) -> Result<usize> {
    let mut all = 0;
    while let Some(piece) = app.db.read(move |connection| store::oldest_to_forget(connection, before)).await?
    {
        all += app.db.write(move |connection| store::forget_readings(connection, piece)).await?;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(all)
}

/// Drops the days that lie before an instant as a whole, and empties the default partition of what does.
async fn forget_days(app: &App, is_dayless: bool, before: Instant) -> Result<(usize, usize)> {
    let days = app.db.read(store::days).await?;
    let mut dropped = 0;
    for day in days.into_iter().take_while(|day| *day < before.date()) {
        if !app.db.write(move |connection| store::drop_day(connection, day)).await? {
            break;
        }
        dropped += 1;
    }
    let dayless = move |connection: &mut AnyConnection| store::forget_dayless(connection, before);
    Ok((pieces(app, is_dayless, dayless).await?, dropped))
}

/// Pages that show a device's flag fetch it again.
async fn end_floods(app: &App, since: Instant) -> Result<()> {
    let now = app.clock.now();
    let ended = app.db.write(move |connection| {
        let flagged = store::end_floods(connection, since)?;
        let events: Vec<Event> = store::device_states(connection, &flagged)?
            .iter()
            .map(|one| Event::to(Topic::Device, &one.audience(), one.id, json!({ "id": one.id })))
            .collect();
        outbox::insert_all(connection, now, &events)?;
        Ok(events.len())
    });
    if ended.await? > 0 {
        app.bus.wake();
    }
    Ok(())
}
