//! What an admission ends, kept so that taking the admission back can bring it back.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::admit::{Admission, Whom};
use super::blocking::refuse_bed_of;
use super::model::{ClaimKind, WaitingState};
use super::record::{Change, record};
use super::settle::TAKE_OVER;
use super::store;
use crate::app::Tx;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::registry::change::stale;
use crate::text::Text;

/// A wait and holds that an admission ended, each with the version it made of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UsedUp {
    entry: Option<(i64, i64)>,
    holds: Vec<Held>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Held {
    id: i64,
    version: i64,
    /// When it would have ended.
    ends_at: Instant,
}

impl UsedUp {
    pub fn is_nothing(&self) -> bool {
        *self == UsedUp::default()
    }
}

/// What this admission is about to end.
pub(super) fn by(tx: &mut Tx<'_>, admission: &Admission) -> Result<UsedUp> {
    let elder_id = match &admission.whom {
        Whom::Elder(id) => *id,
        Whom::Found(found) => found.elder_id(),
        Whom::New(_) => return Ok(UsedUp::default()),
    };
    let bed = store::get_bed(tx.connection, tx.scope, TAKE_OVER, admission.bed_id)?;
    let entry = store::entry_of_elder(tx.connection, elder_id)?;
    let holds = store::holds_of_elder(tx.connection, elder_id, tx.now)?;
    let holds = holds.into_iter().filter(|hold| hold.institution_id == bed.institution_id);
    Ok(UsedUp {
        entry: entry.map(|entry| (entry.id, entry.version + 1)),
        holds: holds
            .map(|hold| Held { id: hold.id, version: hold.version + 1, ends_at: hold.ends_at })
            .collect(),
    })
}

/// Brings the wait back to its place in line and the holds to their beds. Refused where something has changed since, another period
/// is in the way or the elder waits or has a hold anew.
pub fn give_back(tx: &mut Tx<'_>, used_up: &UsedUp) -> Result<()> {
    for held in &used_up.holds {
        give_hold_back(tx, held)?;
    }
    match used_up.entry {
        Some((id, version)) => give_entry_back(tx, id, version),
        None => Ok(()),
    }
}

fn give_hold_back(tx: &mut Tx<'_>, held: &Held) -> Result<()> {
    let hold = store::get_hold(tx.connection, tx.scope, TAKE_OVER, held.id)?;
    if hold.version != held.version {
        return Err(stale(tx.connection, "hold", held.id, held.version)?);
    }
    refuse_bed_of(tx, hold.bed_id, (hold.starts_at, Some(held.ends_at)), &[(ClaimKind::Hold, hold.id)])?;
    if let Some(other) = store::holds_of_elder(tx.connection, hold.elder_id, tx.now)?.first() {
        let until = tx.calendar.show(other.ends_at);
        return Err(Error::taken(Text::new("bed.elder_held").with("to", until).with("number", other.id)));
    }
    // One whose time is over by now is written down as expired by the timer.
    if !store::reopen_hold(tx.connection, held.id, held.version, held.ends_at)? {
        return Err(stale(tx.connection, "hold", held.id, held.version)?);
    }
    let change = Change {
        action: "hold.give_back",
        entity: "hold",
        id: hold.id,
        town_code: &hold.town_code,
        institution_id: Some(hold.institution_id),
        bed_id: Some(hold.bed_id),
        state: Some("reserved"),
    };
    let until = tx.calendar.rfc3339(held.ends_at);
    record(tx, &change, json!({ "version": held.version + 1, "bed": hold.bed_id, "until": until }))
}

fn give_entry_back(tx: &mut Tx<'_>, id: i64, version: i64) -> Result<()> {
    let entry = store::find_entry(tx.connection, id)?;
    if let Some(other) = store::entry_of_elder(tx.connection, entry.elder_id)? {
        let since = tx.calendar.show(other.asked_at);
        return Err(Error::taken(Text::new("waiting.already").with("from", since).with("number", other.id)));
    }
    if entry.state != WaitingState::Admitted
        || entry.version != version
        || !store::reopen_entry(tx.connection, id, version)?
    {
        return Err(stale(tx.connection, "waiting", id, version)?);
    }
    let change = Change {
        action: "waiting.give_back",
        entity: "waiting",
        id,
        town_code: &entry.town_code,
        institution_id: entry.institution_id,
        bed_id: None,
        state: None,
    };
    record(tx, &change, json!({ "version": version + 1, "elder": entry.elder_id }))
}
