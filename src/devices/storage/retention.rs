//! Forgetting what is older than `[retention]` says, and making the days that the log needs next.

use std::sync::Arc;
use std::time::Duration;

use chrono::{Days, TimeDelta};
use serde_json::json;
use tokio::sync::watch;

use crate::app::App;
use crate::bus::{Event, Topic, store as outbox};
use crate::clock::Instant;
use crate::db::{AnyConnection, Kind};
use crate::devices::store;
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

/// One round: days ahead, seals of before, the ends of floods, and what is too old.
pub async fn tidy(app: &App) -> Result<Forgotten> {
    prepare_days(app).await?;
    let keys = Arc::clone(&app.keys);
    pieces(app, move |connection| store::seal_open_payloads(connection, &keys)).await?;
    end_floods(app).await?;
    let kept = &app.config.retention;
    let now = app.clock.now();
    let before = |days: u32| now - TimeDelta::days(i64::from(days));
    let mut forgotten = Forgotten::default();
    (forgotten.readings, forgotten.days) = match app.db.kind() {
        Kind::Sqlite => (forget_log(app, before(kept.readings_days)).await?, 0),
        Kind::Postgres => forget_days(app, before(kept.readings_days)).await?,
    };
    let spans = |span_s: i32, days: u32| {
        let before = before(days);
        pieces(app, move |connection| store::forget_spans(connection, span_s, before))
    };
    forgotten.quarter_hours = spans(900, kept.quarter_hours_days).await?;
    forgotten.hours = spans(3_600, kept.hours_days).await?;
    let until = before(kept.quarantine_days);
    forgotten.quarantined =
        pieces(app, move |connection| store::forget_quarantine(connection, until)).await?;
    Ok(forgotten)
}

/// Makes the partitions of today and the next days; nothing on SQLite.
pub async fn prepare_days(app: &App) -> Result<()> {
    if app.db.kind() == Kind::Sqlite {
        return Ok(());
    }
    let today = app.clock.now().date();
    for day in (0..=DAYS_AHEAD).filter_map(|ahead| today.checked_add_days(Days::new(ahead))) {
        app.db.write(move |connection| store::make_day(connection, day)).await?;
    }
    Ok(())
}

/// Runs a piece of work until it finds nothing more; gives how much it found.
async fn pieces<F>(app: &App, work: F) -> Result<usize>
where
    F: FnMut(&mut AnyConnection) -> Result<usize> + Clone + Send + 'static,
{
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
async fn forget_days(app: &App, before: Instant) -> Result<(usize, usize)> {
    let days = app.db.read(store::days).await?;
    let mut dropped = 0;
    for day in days.into_iter().take_while(|day| *day < before.date()) {
        if !app.db.write(move |connection| store::drop_day(connection, day)).await? {
            break;
        }
        dropped += 1;
    }
    Ok((pieces(app, move |connection| store::forget_dayless(connection, before)).await?, dropped))
}

/// Pages that show a device's flag fetch it again.
async fn end_floods(app: &App) -> Result<()> {
    let now = app.clock.now();
    let since = now - store::flood_ends_after();
    let ended = app.db.write(move |connection| {
        let flagged = store::end_floods(connection, since)?;
        let events: Vec<Event> = store::device_states(connection, &flagged)?
            .iter()
            .map(|one| {
                Event::new(Topic::Device, &one.town_code, one.id, json!({ "id": one.id }))
                    .of_institution(one.institution_id)
            })
            .collect();
        outbox::insert_all(connection, now, &events)?;
        Ok(events.len())
    });
    if ended.await? > 0 {
        app.bus.wake();
    }
    Ok(())
}
