//! What is due without a frame: guard checks that are to be sent or are over, and panels that went without a word.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::shared::{Question, Shared};
use super::{guard, store};
use crate::access::Scope;
use crate::app::App;
use crate::devices::ingest::batch::Batch;
use crate::error::Result;

const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Every so many looks the panels are looked for that a killed process left online.
const SILENT_EVERY: u32 = 20;

pub(super) async fn run(shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut look = 0_u32;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
        shared.unstored.expire();
        if let Err(error) = guards(&shared).await {
            tracing::warn!(error = %error.for_log(), "guard checks were not looked at");
        }
        if look.is_multiple_of(SILENT_EVERY)
            && let Err(error) = silent(&shared.app).await
        {
            tracing::warn!(error = %error.for_log(), "silent panels were not looked for");
        }
        look = look.wrapping_add(1);
    }
}

async fn guards(shared: &Shared) -> Result<()> {
    let app = &shared.app;
    let open = app.db.read(store::open_guards).await?;
    for check in open.iter().filter(|check| check.sent_at.is_none()) {
        let question = Question { device_id: check.device_id, guard_id: check.id, minutes: check.minutes };
        shared.ask(question);
    }
    let now = app.clock.now();
    if open.iter().any(|check| guard::is_overdue(check, now)) {
        app.write(&Scope::system(), guard::end_overdue).await?;
    }
    Ok(())
}

/// Panels that count as connected and have been silent for longer than a connection may be.
async fn silent(app: &App) -> Result<()> {
    let before = app.clock.now() - TimeDelta::seconds(i64::from(app.config.fire.idle_s));
    let silent = app.db.read(move |connection| store::silent_panels(connection, before)).await?;
    note_gone(app, silent).await;
    Ok(())
}

/// Panels are not there any more.
pub(super) async fn note_gone(app: &App, devices: Vec<i64>) {
    let (calendar, now) = (app.calendar, app.clock.now());
    for device_id in devices {
        let noted = app.db.write(move |connection| {
            let mut batch = Batch::of_device(connection, calendar, device_id)?;
            batch.present(connection, (device_id, false), now)?;
            batch.finish(connection, now)
        });
        match noted.await {
            Ok(()) => app.bus.wake(),
            Err(error) => tracing::warn!(error = %error.for_log(), device_id, "a panel's end was not noted"),
        }
    }
}
