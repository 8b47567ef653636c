//! Waiting for a bed: asking, jumping ahead with a reason, and no longer waiting.

use serde_json::json;

use super::admit::{Whom, find};
use super::model::{BedKind, CareLevel, WaitingState, check_note};
use super::record::{Change, not_now, record, required_reason};
use super::store::{self, EntryRow};
use crate::access::Permission;
use crate::app::Tx;
use crate::clock::Instant;
use crate::elders::store::categories_of;
use crate::error::{Code, Error, Result};
use crate::registry::change::stale;
use crate::registry::institutions::store::get_institution;
use crate::text::Text;

/// Who waits for what.
#[derive(Clone)]
pub struct Waiting {
    pub whom: Whom,
    /// Anywhere in the city without it.
    pub institution_id: Option<i64>,
    pub bed_kind: Option<BedKind>,
    pub care_level: Option<CareLevel>,
    /// The first class that the elder's categories give, without it.
    pub class_code: Option<String>,
    pub note: String,
}

/// Puts an elder in line and gives the entry's number.
pub fn ask_for_bed(tx: &mut Tx<'_>, waiting: &Waiting) -> Result<i64> {
    let now = tx.now;
    ask_since(tx, waiting, now)
}

/// The same for somebody who asked at `asked_at`, long before the entry was written. The place is behind all who are in line.
pub(super) fn ask_since(tx: &mut Tx<'_>, waiting: &Waiting, asked_at: Instant) -> Result<i64> {
    let reach = tx.scope.reach(Permission::ManageWaiting)?;
    let person = find(tx, Permission::ManageWaiting, &waiting.whom)?;
    check_note("note", &waiting.note)?;
    let is_own_house = waiting.institution_id.is_some_and(|id| reach.has_institution(id));
    if !reach.has_town(&person.town_code) && !is_own_house {
        return Err(Error::field("institution", Text::new("rule.wait_for_own")));
    }
    if let Some(id) = waiting.institution_id {
        get_institution(tx.connection, tx.scope, Permission::SeeBeds, id).map_err(|error| {
            match error.code {
                Code::NotFound => Error::field("institution", Text::new("rule.unknown_institution")),
                _ => error,
            }
        })?;
    }
    let class = class_of(tx, waiting, person.id)?;
    if let Some(other) = store::entry_of_elder(tx.connection, person.id)? {
        let since = tx.calendar.show(other.asked_at);
        return Err(Error::taken(Text::new("waiting.already").with("from", since).with("number", other.id)));
    }
    let wish = (waiting.bed_kind, waiting.care_level);
    let note = waiting.note.trim();
    let id =
        store::insert_entry(tx.connection, person.id, waiting.institution_id, wish, &class, note, asked_at)?;
    let detail =
        json!({ "version": 1, "elder": person.id, "class": class, "institution": waiting.institution_id });
    let change = Change {
        action: "waiting.ask",
        entity: "waiting",
        id,
        town_code: &person.town_code,
        institution_id: waiting.institution_id,
        bed_id: None,
        state: None,
    };
    record(tx, &change, detail)?;
    Ok(id)
}

/// Ends version `seen` of somebody's waiting, with a reason.
pub fn withdraw(tx: &mut Tx<'_>, id: i64, seen: i64, reason: &str) -> Result<()> {
    let entry = entry_to_change(tx, id, seen)?;
    let reason = required_reason(reason)?;
    if !store::close_entry(tx.connection, id, seen, WaitingState::Withdrawn, tx.now)? {
        return Err(stale(tx.connection, "waiting", id, seen)?);
    }
    let detail = json!({ "version": seen + 1, "elder": entry.elder_id, "reason": reason });
    record(tx, &change(&entry, "waiting.withdraw"), detail)
}

/// Moves version `seen` of an entry in front of another one, with a reason.
pub fn jump(tx: &mut Tx<'_>, id: i64, seen: i64, before: i64, reason: &str) -> Result<()> {
    let entry = entry_to_change(tx, id, seen)?;
    let reason = required_reason(reason)?;
    let unknown = || Error::field("before", Text::new("rule.unknown_entry"));
    let other = store::get_entry(tx.connection, tx.scope, Permission::ManageWaiting, before)
        .map_err(|_| unknown())?;
    if other.state != WaitingState::Waiting || other.id == id {
        return Err(unknown());
    }
    if !store::jump_before(tx.connection, id, seen, &other)? {
        return Err(stale(tx.connection, "waiting", id, seen)?);
    }
    let detail = json!({ "version": seen + 1, "elder": entry.elder_id, "before": before, "reason": reason });
    record(tx, &change(&entry, "waiting.jump"), detail)
}

fn entry_to_change(tx: &mut Tx<'_>, id: i64, seen: i64) -> Result<EntryRow> {
    let entry = store::get_entry(tx.connection, tx.scope, Permission::ManageWaiting, id)?;
    if entry.state != WaitingState::Waiting {
        let state = format!("@enums.waiting_state.{}", entry.state.name());
        return Err(not_now(Text::new("waiting.closed").with("state", state)));
    }
    if entry.version != seen {
        return Err(stale(tx.connection, "waiting", id, seen)?);
    }
    Ok(entry)
}

pub(super) fn change<'a>(entry: &'a EntryRow, action: &'static str) -> Change<'a> {
    Change {
        action,
        entity: "waiting",
        id: entry.id,
        town_code: &entry.town_code,
        institution_id: entry.institution_id,
        bed_id: None,
        state: None,
    }
}

/// The class that was chosen; otherwise the first in line whose code is one of the elder's categories.
fn class_of(tx: &mut Tx<'_>, waiting: &Waiting, elder_id: i64) -> Result<String> {
    let classes = store::classes(tx.connection)?;
    if let Some(code) = &waiting.class_code {
        let known = classes.iter().any(|class| class.code == *code);
        return if known { Ok(code.clone()) } else { Err(Error::field("class", Text::new("rule.choose"))) };
    }
    let today = tx.calendar.day_of(tx.now);
    let held = categories_of(tx.connection, &[elder_id], today)?.remove(&elder_id).unwrap_or_default();
    let found = classes.iter().find(|class| held.iter().any(|category| category.code == class.code));
    let last = found.or(classes.last()).ok_or_else(|| Error::internal("no class to wait in"))?;
    Ok(last.code.clone())
}
