//! Time passing: while the demo runs, today's visits go on, and people come to and leave their beds.

use std::time::Duration;

use tokio::sync::watch;

use super::{follow_ups, offers, steps, store};
use crate::access::Scope;
use crate::app::App;
use crate::error::Result;

const LOOK_EVERY: Duration = Duration::from_secs(3);
/// Looks between two steps of the beds: one a minute.
const BED_STEP_EVERY: u32 = 20;
/// Moves of one look; what remains comes with the next, so that a long sleep does not end in a burst.
const MOVES_MAX: usize = 12;
/// Answers of one look, in the same way.
const ANSWERS_MAX: usize = 3;

/// Takes due steps of visits every few seconds until `stopped` turns true; lays a new day out when it begins.
pub async fn keep_moving(app: App, seed: u64, mut stopped: watch::Receiver<bool>) {
    let mut day = app.calendar.day_of(app.clock.now());
    let mut looks: u32 = 0;
    while !*stopped.borrow() {
        let today = app.calendar.day_of(app.clock.now());
        if today != day {
            day = today;
            let app = app.clone();
            let laid = tokio::task::spawn_blocking(move || super::ensure_today(&app, seed)).await;
            if !matches!(laid, Ok(Ok(_))) {
                tracing::error!(?laid, "the demo city has no visits for its new day");
            }
        }
        if let Err(error) = look(&app, seed).await {
            tracing::warn!(error = %error.for_log(), "the demo's visits stand still for now");
        }
        if let Err(error) = answer(&app, seed).await {
            tracing::debug!(error = %error.for_log(), "an answer of the demo's was refused");
        }
        looks = looks.wrapping_add(1);
        // A bed that somebody else has just changed is no fault: the next minute brings another step.
        if looks.is_multiple_of(BED_STEP_EVERY)
            && let Err(error) = super::bed_moves::step(&app, seed).await
        {
            tracing::debug!(error = %error.for_log(), "a step of the demo's beds was refused");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = stopped.changed() => {}
        }
    }
}

/// Moves what is due; gives how many visits moved.
async fn look(app: &App, seed: u64) -> Result<usize> {
    let (today, now) = (app.calendar.day_of(app.clock.now()), app.clock.now());
    let open = app.db.read(move |connection| store::visits_due(connection, today, now, i64::MAX)).await?;
    let due: Vec<i64> = open
        .iter()
        .filter(|visit| steps::next_step(seed, visit, now).is_some())
        .map(|visit| visit.id)
        .take(MOVES_MAX)
        .collect();
    let mut moved = 0;
    for visit_id in due {
        // One transaction each, as if each caregiver had reported by phone.
        moved += usize::from(app.write(&Scope::system(), move |tx| steps::take(tx, seed, visit_id)).await?);
    }
    Ok(moved)
}

/// Lets whoever was asked say yes or no, and the office find out how elders are who were not visited.
async fn answer(app: &App, seed: u64) -> Result<()> {
    let now = app.clock.now();
    let asked = app.db.read(store::offers).await?;
    for id in offers::due(seed, &asked, now).into_iter().take(ANSWERS_MAX) {
        app.write(&Scope::system(), move |tx| offers::answer(tx, seed, id)).await?;
    }
    let open = app.db.read(store::unanswered).await?;
    for one in follow_ups::due(seed, open, now).into_iter().take(ANSWERS_MAX) {
        app.write(&Scope::system(), move |tx| follow_ups::answer(tx, seed, &one)).await?;
    }
    Ok(())
}
