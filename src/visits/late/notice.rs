//! Writing down, once for each threshold, that something is late.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;
use tokio::sync::watch;

use super::model::{LateKind, passed};
use super::store::{self, Notice};
use crate::access::Scope;
use crate::app::{App, Tx};
use crate::bus::{Event, Topic};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::visits::follow_ups::{FollowUpKind, store as follow_ups};
use crate::visits::model::VisitState;

const LOOK_EVERY: Duration = Duration::from_secs(15);
/// Notices of one transaction; what remains comes with the next look.
const NOTICES_MAX: usize = 500;

/// Looks for what is late every few seconds until `stopped` turns true.
pub async fn keep_noticing(app: App, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        if let Err(error) = notice_due(&app).await {
            tracing::warn!(error = %error.for_log(), "late visits are not noticed for now");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = stopped.changed() => {}
        }
    }
}

/// Looks now; gives how many thresholds were newly passed. For the timer and for tests.
pub async fn notice_due(app: &App) -> Result<usize> {
    let (now, calendar) = (app.clock.now(), app.calendar);
    let today = calendar.day_of(now);
    // A look costs a read; only what is new costs a write.
    let due = app.db.read(move |connection| fresh(connection, today, now)).await?;
    if due.is_empty() {
        return Ok(0);
    }
    app.write(&Scope::system(), move |tx| write_down(tx, &due)).await
}

fn fresh(connection: &mut AnyConnection, today: chrono::NaiveDate, now: Instant) -> Result<Vec<Notice>> {
    let mut found = Vec::new();
    let overrun_min = store::overrun_min(connection, today)?;
    for visit in store::unfinished(connection, today, now)? {
        if visit.state == VisitState::Arrived {
            let Some(ends_at) = visit.ends_at else { continue };
            let due_at = ends_at + TimeDelta::minutes(overrun_min);
            if due_at <= now {
                found.push(Notice::new(&visit.town_code, visit.id, LateKind::Overrun, ends_at, due_at));
            }
            continue;
        }
        let base_at = visit.expected_at();
        let late = passed(base_at, now).into_iter();
        found.extend(
            late.map(|(kind, due_at)| Notice::new(&visit.town_code, visit.id, kind, base_at, due_at)),
        );
    }
    for (visit_id, kind, town_code, due_at) in follow_ups::overdue(connection, now)? {
        let kind = match kind {
            FollowUpKind::SecondContact => LateKind::ContactDue,
            FollowUpKind::WelfareCheck => LateKind::WelfareDue,
        };
        found.push(Notice::new(&town_code, visit_id, kind, due_at, due_at));
    }
    let mut found = store::unnoticed(connection, found)?;
    found.truncate(NOTICES_MAX);
    Ok(found)
}

/// Another process may have been faster: what is there already is left alone.
fn write_down(tx: &mut Tx<'_>, due: &[Notice]) -> Result<usize> {
    let due = store::unnoticed(tx.connection, due.to_vec())?;
    for notice in &due {
        store::insert(tx.connection, notice, tx.now)?;
        let payload = json!({ "id": notice.visit_id, "late": notice.kind.name() });
        tx.publish(&Event::new(Topic::Visit, &notice.town_code, notice.visit_id, payload))?;
    }
    Ok(due.len())
}
