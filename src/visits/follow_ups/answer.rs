//! Opening follow-ups, and answering them.

use chrono::TimeDelta;
use serde_json::json;

use super::model::{FollowUpKind, FollowUpResult, Whom};
use super::store::{self, FollowUpRow, NewFollowUp};
use crate::access::Permission;
use crate::access::audit::Entry;
use crate::app::Tx;
use crate::bus::{Event, Topic};
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::input::Checks;
use crate::registry::change::stale;
use crate::text::Text;
use crate::visits::model::NOTE_MAX;
use crate::visits::reasons::store::get_fail_reason;
use crate::visits::settings::{Setting, value_on};
use crate::visits::store::reload;

/// What somebody found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub result: FollowUpResult,
    pub whom: Option<Whom>,
    /// When they were reached; now without it.
    pub contacted_at: Option<Instant>,
    pub note: String,
}

/// Opens what the reason of a visit that was not done asks for. The office of the elder's town owns it until somebody takes it.
pub fn open_follow_ups(tx: &mut Tx<'_>, visit_id: i64, reason: &str) -> Result<()> {
    let rule = get_fail_reason(tx.connection, reason)?;
    let visit = reload(tx.connection, visit_id)?;
    let wanted = [
        (FollowUpKind::SecondContact, rule.contact_within_min),
        (FollowUpKind::WelfareCheck, rule.welfare_within_min),
    ];
    for (kind, within_min) in wanted {
        let Some(within_min) = within_min else { continue };
        let row = NewFollowUp {
            visit_id,
            elder_id: visit.elder_id,
            town_code: visit.town_code.clone(),
            kind,
            opened_at: tx.now,
            due_at: tx.now + TimeDelta::minutes(i64::from(within_min)),
            owner: tx.scope.actor.clone(),
            note: String::new(),
            held_by: None,
            held_since: None,
        };
        store::insert(tx.connection, &row)?;
    }
    Ok(())
}

/// Closes version `seen` of a follow-up. An elder who was reached and is well needs no second look.
pub fn answer(tx: &mut Tx<'_>, id: i64, seen: i64, answer: &Answer) -> Result<()> {
    let row = store::get(tx.connection, tx.scope, Permission::AssignVisits, id)?;
    if row.version != seen || row.closed_at.is_some() {
        return Err(stale(tx.connection, "follow_up", id, seen)?);
    }
    check(tx, &row, answer)?;
    let mut closed = vec![row.clone()];
    if answer.result == FollowUpResult::Well {
        let others = store::open_of_visit(tx.connection, row.visit_id)?;
        closed.extend(others.into_iter().filter(|other| other.id != id));
    }
    for one in &closed {
        close(tx, one, answer)?;
    }
    Ok(())
}

fn check(tx: &Tx<'_>, row: &FollowUpRow, answer: &Answer) -> Result<()> {
    let mut checks = Checks::default();
    let reached = !matches!(answer.result, FollowUpResult::NotReached | FollowUpResult::NotNeeded);
    checks.require("whom", !reached || answer.whom.is_some(), || Text::new("rule.choose"));
    let needs_words = matches!(answer.result, FollowUpResult::NeedsHelp | FollowUpResult::NotNeeded);
    checks.text("note", &answer.note, usize::from(needs_words), NOTE_MAX);
    if let Some(at) = answer.contacted_at {
        checks.require("at_time", at <= tx.now && at >= row.opened_at - TimeDelta::hours(12), || {
            Text::new("follow_up.contact_time")
        });
    }
    checks.finish()
}

fn close(tx: &mut Tx<'_>, row: &FollowUpRow, answer: &Answer) -> Result<()> {
    let actor = tx.scope.actor.clone();
    let at = answer.contacted_at.unwrap_or(tx.now);
    if !store::close(tx.connection, row, (tx.now, &actor), answer, at)? {
        return Err(stale(tx.connection, "follow_up", row.id, row.version)?);
    }
    tx.audit(&Entry {
        action: "follow_up.answer",
        entity: "follow_up",
        entity_id: row.id.to_string(),
        town_code: Some(&row.town_code),
        detail: json!({
            "version": row.version + 1,
            "visit": row.visit_id,
            "changes": { "result": [serde_json::Value::Null, answer.result.name()] },
        }),
    })?;
    tx.publish(&Event::new(Topic::Visit, &row.town_code, row.visit_id, json!({ "id": row.visit_id })))?;
    if answer.result == FollowUpResult::NotReached && row.kind == FollowUpKind::SecondContact {
        return keep_looking(tx, row);
    }
    Ok(())
}

/// Who could not be reached a second time is looked for.
fn keep_looking(tx: &mut Tx<'_>, row: &FollowUpRow) -> Result<()> {
    let open = store::open_of_visit(tx.connection, row.visit_id)?;
    if open.iter().any(|other| other.kind == FollowUpKind::WelfareCheck) {
        return Ok(());
    }
    let within_min = value_on(tx.connection, Setting::WelfareMin, tx.calendar.day_of(tx.now))?;
    let check = NewFollowUp {
        visit_id: row.visit_id,
        elder_id: row.elder_id,
        town_code: row.town_code.clone(),
        kind: FollowUpKind::WelfareCheck,
        opened_at: tx.now,
        due_at: tx.now + TimeDelta::minutes(within_min),
        owner: tx.scope.actor.clone(),
        note: String::new(),
        // Whoever was to call goes on looking.
        held_by: row.held_by,
        held_since: row.held_by.map(|_| tx.now),
    };
    store::insert(tx.connection, &check).map_err(|error: Error| error.context("welfare check"))
}
