//! Recording an absence, with what becomes of the visits in it; and cancelling one.

use chrono::TimeDelta;
use serde_json::json;

use super::model::{AbsenceKind, DAYS_MAX};
use super::store::{self, NewAbsence};
use crate::access::audit::Entry;
use crate::app::Tx;
use crate::bus::{Event, Topic};
use crate::clock::Instant;
use crate::error::{Code, Error, Result};
use crate::input::Checks;
use crate::registry::change::stale;
use crate::text::Text;
use crate::visits::assign::release;
use crate::visits::model::{NOTE_MAX, VisitEvent};
use crate::visits::store::{CaregiverRow, VisitRow, get_caregiver};

/// Visits named in a refusal at most.
const NAMED_MAX: usize = 5;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absence {
    pub caregiver_id: i64,
    pub kind: AbsenceKind,
    /// Half-open.
    pub starts_at: Instant,
    pub ends_at: Instant,
    pub note: String,
    /// Take the visits in it from the caregiver, in the same transaction.
    pub releases: bool,
}

/// Records an absence and gives its number. Visits in it are named and keep it from being recorded, or are released.
pub fn add(tx: &mut Tx<'_>, wanted: &Absence) -> Result<i64> {
    let caregiver =
        get_caregiver(tx.connection, tx.scope, wanted.caregiver_id).map_err(|error| match error.code {
            Code::NotFound => Error::field("caregiver_id", Text::new("rule.unknown_caregiver")),
            _ => error,
        })?;
    let mut checks = Checks::default();
    checks.require("ends_at", wanted.ends_at > wanted.starts_at, || Text::new("absence.ends_before"));
    let longest = wanted.starts_at + TimeDelta::days(DAYS_MAX);
    checks.require("ends_at", wanted.ends_at <= longest, || {
        Text::new("absence.too_long").with("days", DAYS_MAX)
    });
    checks.text("note", &wanted.note, 0, NOTE_MAX);
    checks.finish()?;
    let visits = store::visits_between(tx.connection, caregiver.id, (wanted.starts_at, wanted.ends_at))?;
    let mut released = Vec::new();
    for visit in &visits {
        if !wanted.releases || !visit.state.allows(VisitEvent::Release) {
            return Err(Error::taken(in_the_way(tx, &caregiver, &visits)));
        }
        release(tx, visit.id, visit.version)?;
        released.push(visit.id);
    }
    let row = NewAbsence {
        caregiver_id: caregiver.id,
        kind: wanted.kind,
        starts_at: wanted.starts_at,
        ends_at: wanted.ends_at,
        note: wanted.note.trim().to_owned(),
        recorded_by: tx.scope.actor.clone(),
        recorded_at: tx.now,
    };
    let id = store::insert(tx.connection, &row)?;
    tx.audit(&Entry {
        action: "absence.add",
        entity: "absence",
        entity_id: id.to_string(),
        town_code: Some(&caregiver.town_code),
        detail: json!({ "version": 1, "caregiver": caregiver.id, "released": released }),
    })?;
    tell(tx, &caregiver)?;
    Ok(id)
}

/// Takes version `seen` of an absence back.
pub fn cancel(tx: &mut Tx<'_>, id: i64, seen: i64) -> Result<()> {
    let row = store::get(tx.connection, tx.scope, id)?;
    let caregiver = get_caregiver(tx.connection, tx.scope, row.caregiver_id)?;
    let actor = tx.scope.actor.clone();
    if row.version != seen || !store::cancel(tx.connection, &row, (tx.now, &actor))? {
        return Err(stale(tx.connection, "absence", id, seen)?);
    }
    tx.audit(&Entry {
        action: "absence.cancel",
        entity: "absence",
        entity_id: id.to_string(),
        town_code: Some(&caregiver.town_code),
        detail: json!({ "version": row.version + 1, "caregiver": row.caregiver_id }),
    })?;
    tell(tx, &caregiver)
}

fn tell(tx: &mut Tx<'_>, caregiver: &CaregiverRow) -> Result<()> {
    let payload = json!({ "caregiver": caregiver.id });
    tx.publish(&Event::new(Topic::Visit, &caregiver.town_code, caregiver.id, payload))
}

/// Names the visits by number and time; elders are not named, since some may not be within reach.
fn in_the_way(tx: &Tx<'_>, caregiver: &CaregiverRow, visits: &[VisitRow]) -> Text {
    let named: Vec<String> = visits
        .iter()
        .take(NAMED_MAX)
        .map(|visit| {
            let from = visit.starts_at.map(|at| tx.calendar.show(at)).unwrap_or_default();
            format!("{} ({from})", visit.id)
        })
        .collect();
    Text::new("absence.visits_in_the_way")
        .with("caregiver", &caregiver.name)
        .with("count", visits.len())
        .with("visits", named.join(", "))
}
