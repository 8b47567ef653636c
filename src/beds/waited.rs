//! People in line as a list names them: found there, or put in line; and taken out again where the list was wrong.

use chrono::NaiveDate;
use serde_json::json;

use super::admit::Whom;
use super::model::{BedKind, CareLevel, WaitingState, check_start_within};
use super::record::record;
use super::store::{self, EntryRow};
use super::waiting::{Waiting, ask_since, change};
use crate::access::Permission;
use crate::app::Tx;
use crate::error::Result;
use crate::input::{Checks, Told};
use crate::registry::change::stale;
use crate::text::Text;

/// How far back somebody of a list may have asked, in days.
const ASKED_DAYS_MAX: i64 = 366 * 20;

/// What a list says of somebody's waiting beside who it is.
#[derive(Clone, Debug, Default)]
pub struct WaitSaid {
    pub class_code: Option<String>,
    /// Absent is anywhere in the city.
    pub institution_id: Told<i64>,
    pub bed_kind: Told<BedKind>,
    pub care_level: Told<CareLevel>,
    pub note: Told<String>,
    /// The day, and minutes after midnight where they are said.
    pub asked: Option<(NaiveDate, Option<i32>)>,
}

/// Puts somebody in line and gives the entry's number; none where they wait already as the list says. An order that grew over years is
/// not changed by a list: where it says otherwise than the entry, it is refused.
pub fn put_in_line(tx: &mut Tx<'_>, whom: Whom, said: &WaitSaid) -> Result<Option<i64>> {
    if let Whom::Elder(id) = &whom
        && let Some(entry) = store::entry_of_elder(tx.connection, *id)?
    {
        differences(tx, &entry, said).finish()?;
        return Ok(None);
    }
    let today = tx.calendar.day_of(tx.now);
    let asked_at = match said.asked {
        Some((day, None)) if day == today => tx.now,
        Some((day, minutes)) => tx.calendar.at(day, minutes.unwrap_or_default()),
        None => tx.now,
    };
    check_start_within("asked_at", asked_at, tx.now, ASKED_DAYS_MAX)?;
    let waiting = Waiting {
        whom,
        institution_id: said.institution_id.over(None),
        bed_kind: said.bed_kind.over(None),
        care_level: said.care_level.over(None),
        class_code: said.class_code.clone(),
        note: said.note.clone().over_text(""),
    };
    ask_since(tx, &waiting, asked_at).map(Some)
}

/// Whether an elder waits as the list says.
pub fn waits_so(tx: &mut Tx<'_>, elder_id: i64, said: &WaitSaid) -> Result<bool> {
    let entry = store::entry_of_elder(tx.connection, elder_id)?;
    Ok(entry.is_some_and(|entry| differences(tx, &entry, said).finish().is_ok()))
}

fn differences(tx: &Tx<'_>, entry: &EntryRow, said: &WaitSaid) -> Checks {
    let mut checks = Checks::default();
    let otherwise = || Text::new("waiting.listed_otherwise");
    let (day, minutes) = (tx.calendar.day_of(entry.asked_at), tx.calendar.minute_of_day(entry.asked_at));
    let same_class = said.class_code.as_ref().is_none_or(|code| *code == entry.class_code);
    let same_asking = said.asked.is_none_or(|(on, at)| on == day && at.is_none_or(|at| at == minutes));
    checks.require("class", same_class, otherwise);
    checks.require(
        "institution",
        said.institution_id.over(entry.institution_id) == entry.institution_id,
        otherwise,
    );
    checks.require("bed_kind", said.bed_kind.over(entry.bed_kind) == entry.bed_kind, otherwise);
    checks.require("care_level", said.care_level.over(entry.care_level) == entry.care_level, otherwise);
    checks.require("note", said.note.clone().over_text(&entry.note) == entry.note, otherwise);
    checks.require("asked_at", same_asking, otherwise);
    checks
}

/// Takes version `seen` of an entry out of the line again, as if it had never been there.
pub fn take_entry_back(tx: &mut Tx<'_>, id: i64, seen: i64) -> Result<()> {
    let entry = store::get_entry(tx.connection, tx.scope, Permission::ManageWaiting, id)?;
    if entry.state != WaitingState::Waiting
        || entry.version != seen
        || !store::delete_entry(tx.connection, id, seen)?
    {
        return Err(stale(tx.connection, "waiting", id, seen)?);
    }
    record(tx, &change(&entry, "waiting.take_back"), json!({ "version": seen, "elder": entry.elder_id }))
}
