//! The frame of every step of an assessment: event, audit row, news.

use serde_json::json;

use super::model::{AssessmentEvent, AssessmentState, NOTE_MAX};
use super::store::{self, AssessmentRow, EventValues};
use crate::access::audit::Entry;
use crate::access::{Permission, Scope};
use crate::app::Tx;
use crate::bus::{Event, Topic};
use crate::error::Result;
use crate::input::Checks;
use crate::registry::change::stale;

/// The assessment within reach, if it is still the version that the asker saw.
pub(super) fn get_seen(tx: &mut Tx<'_>, permission: Permission, id: i64, seen: i64) -> Result<AssessmentRow> {
    let row = store::get_assessment(tx.connection, tx.scope, permission, id, tx.now)?;
    if row.version != seen {
        return Err(stale(tx.connection, "assessment", id, seen)?);
    }
    Ok(row)
}

/// Which of the two the asker holds: both may doubt a result.
pub(super) fn assess_or_review(scope: &Scope) -> Permission {
    if scope.may(Permission::ReviewAssessment) { Permission::ReviewAssessment } else { Permission::Assess }
}

/// An update that found its version; otherwise who came first.
pub(super) fn settled(tx: &mut Tx<'_>, row: &AssessmentRow, done: bool) -> Result<()> {
    if done { Ok(()) } else { Err(stale(tx.connection, "assessment", row.id, row.version)?) }
}

/// The reason of a step, without white space around it.
pub(super) fn required_reason(reason: &str) -> Result<String> {
    let mut checks = Checks::default();
    checks.text("reason", reason, 1, NOTE_MAX);
    checks.finish()?;
    Ok(reason.trim().to_owned())
}

/// Adds the event after the row's version, with its audit row and the news of it; gives the row as it is then. The event's
/// insertion moves the stored state; the database refuses an illegal move as well.
pub(super) fn move_on(
    tx: &mut Tx<'_>,
    row: &AssessmentRow,
    event: AssessmentEvent,
    note: &str,
    content: Option<&str>,
) -> Result<AssessmentRow> {
    let next = row.state.apply(event)?;
    let actor = tx.scope.actor.clone();
    let values = EventValues {
        id: row.id,
        seen: row.version,
        from_state: row.state,
        kind: event,
        to_state: next,
        at: tx.now,
        actor: &actor,
        note,
        content,
    };
    store::insert_event(tx.connection, &values)?;
    tell(tx, row, event.action(), next)?;
    Ok(AssessmentRow { state: next, version: row.version + 1, ..row.clone() })
}

/// Writes a change down, without anything that was answered, and tells whoever watches.
pub(super) fn tell(
    tx: &mut Tx<'_>,
    row: &AssessmentRow,
    action: &'static str,
    next: AssessmentState,
) -> Result<()> {
    tx.audit(&Entry {
        action,
        entity: "assessment",
        entity_id: row.id.to_string(),
        town_code: Some(&row.town_code),
        detail: json!({
            "version": row.version + i64::from(action != "assessment.draft"),
            "elder": row.elder_id,
            "scale": row.scale,
            "changes": { "state": [row.state.name(), next.name()] },
        }),
    })?;
    let payload = json!({ "id": row.id, "state": next.name() });
    tx.publish(&Event::new(Topic::Assessment, &row.town_code, row.id, payload))
}
