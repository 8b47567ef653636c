//! Asking for a correction.

use serde_json::json;

use super::CorrectionState;
use super::store::{self, NewCorrection};
use crate::access::Permission;
use crate::access::audit::Entry;
use crate::app::Tx;
use crate::bus::{Event, Topic};
use crate::clock::Instant;
use crate::error::{Code, Error, Result};
use crate::input::Checks;
use crate::text::Text;
use crate::visits::model::{NOTE_MAX, VisitEvent, VisitState};
use crate::visits::progress::get_seen;
use crate::visits::reasons::store::{FailReasonRow, get_fail_reason};
use crate::visits::store::{VisitRow, get_caregiver};

/// What is to be put right; what is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Correction {
    pub arrived_at: Option<Instant>,
    pub ended_at: Option<Instant>,
    pub caregiver_id: Option<i64>,
    /// Code of why it was not done.
    pub fail_reason: Option<String>,
    pub reason: String,
}

/// Asks for a correction of version `seen` of a visit; gives its number.
pub fn ask(tx: &mut Tx<'_>, visit_id: i64, seen: i64, wanted: &Correction) -> Result<i64> {
    let visit = get_seen(tx, Permission::DoVisits, visit_id, seen)?;
    visit.state.apply(VisitEvent::Correct)?;
    check(tx, &visit, wanted)?;
    if store::asked_of_visit(tx.connection, visit_id)?.is_some() {
        return Err(Error::taken(Text::new("correction.one_open")));
    }
    let row = NewCorrection {
        visit_id,
        town_code: visit.town_code.clone(),
        arrived_at: wanted.arrived_at,
        ended_at: wanted.ended_at,
        caregiver_id: wanted.caregiver_id,
        fail_reason: wanted.fail_reason.clone(),
        reason: wanted.reason.trim().to_owned(),
        state: CorrectionState::Asked,
        asked_by: tx.scope.actor.clone(),
        asked_at: tx.now,
        answer: String::new(),
    };
    let id = store::insert(tx.connection, &row)?;
    tx.audit(&Entry {
        action: "correction.ask",
        entity: "correction",
        entity_id: id.to_string(),
        town_code: Some(&visit.town_code),
        detail: json!({ "version": 1, "visit": visit_id }),
    })?;
    tx.publish(&Event::new(Topic::Visit, &visit.town_code, visit_id, json!({ "id": visit_id })))?;
    Ok(id)
}

fn check(tx: &mut Tx<'_>, visit: &VisitRow, wanted: &Correction) -> Result<()> {
    let mut checks = Checks::default();
    checks.text("reason", &wanted.reason, 1, NOTE_MAX);
    let is_done = matches!(visit.state, VisitState::Done | VisitState::Confirmed);
    let has_come = visit.arrived_at.is_some();
    let (arrived, ended) = (wanted.arrived_at.or(visit.arrived_at), wanted.ended_at.or(visit.ended_at));
    checks.require("arrived_at", wanted.arrived_at.is_none() || has_come, || {
        Text::new("correction.not_arrived")
    });
    checks.require("ended_at", wanted.ended_at.is_none() || is_done, || Text::new("correction.not_done"));
    for (field, at) in [("arrived_at", wanted.arrived_at), ("ended_at", wanted.ended_at)] {
        checks.require(field, at.is_none_or(|at| at <= tx.now), || Text::new("correction.future"));
    }
    let in_order = arrived.zip(ended).is_none_or(|(arrived, ended)| arrived < ended);
    let field = if wanted.ended_at.is_some() { "ended_at" } else { "arrived_at" };
    checks.require(field, in_order, || Text::new("correction.order"));
    let not_done = visit.state == VisitState::NotDone;
    checks.require("fail_reason", wanted.fail_reason.is_none() || not_done, || {
        Text::new("correction.was_done")
    });
    let nothing = wanted.arrived_at.is_none()
        && wanted.ended_at.is_none()
        && wanted.caregiver_id.is_none()
        && wanted.fail_reason.is_none();
    checks.require("arrived_at", !nothing, || Text::new("correction.nothing"));
    checks.finish()?;
    if let Some(code) = &wanted.fail_reason {
        let known = get_fail_reason(tx.connection, code);
        let is_offered = known.as_ref().is_ok_and(FailReasonRow::is_offered);
        named(known.map(|_| ()), "fail_reason", "rule.choose")?;
        if !is_offered {
            return Err(Error::field("fail_reason", Text::new("rule.choose")));
        }
    }
    if let Some(id) = wanted.caregiver_id {
        let known = get_caregiver(tx.connection, tx.scope, id);
        named(known.map(|_| ()), "caregiver_id", "rule.unknown_caregiver")?;
    }
    Ok(())
}

fn named(known: Result<()>, field: &'static str, rule: &'static str) -> Result<()> {
    known.map_err(|error| match error.code {
        Code::NotFound => Error::field(field, Text::new(rule)),
        _ => error,
    })
}
