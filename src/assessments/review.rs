//! The second person: reviews, gives back, and puts into force.

use super::model::{AssessmentEvent, NOTE_MAX};
use super::progress::{get_seen, move_on, required_reason, settled};
use super::store::{self, AssessmentRow};
use crate::access::Permission;
use crate::app::Tx;
use crate::error::{Error, Result};
use crate::input::Checks;
use crate::text::Text;

/// Reviews version `seen`, which somebody else has answered; puts it into force as well where `in_force` says so.
pub fn review(tx: &mut Tx<'_>, id: i64, seen: i64, note: &str, in_force: bool) -> Result<()> {
    let row = get_seen(tx, Permission::ReviewAssessment, id, seen)?;
    row.state.apply(AssessmentEvent::Review)?;
    let mut checks = Checks::default();
    checks.text("note", note, 0, NOTE_MAX);
    checks.finish()?;
    // This only says it better: the database refuses whoever has written any of the answers.
    let actor = tx.scope.actor.clone();
    if row.assessor.as_deref() == Some(actor.as_str()) {
        return Err(Error::taken(Text::new("error.two_people_assess")));
    }
    let set = store::set_reviewer(tx.connection, (id, seen), &actor)?;
    settled(tx, &row, set)?;
    let reviewed = move_on(tx, &row, AssessmentEvent::Review, note.trim(), None)?;
    if in_force { put_in_force(tx, &reviewed) } else { Ok(()) }
}

/// Gives version `seen` back to be done again.
pub fn give_back(tx: &mut Tx<'_>, id: i64, seen: i64, reason: &str) -> Result<()> {
    let row = get_seen(tx, Permission::ReviewAssessment, id, seen)?;
    row.state.apply(AssessmentEvent::GiveBack)?;
    let reason = required_reason(reason)?;
    move_on(tx, &row, AssessmentEvent::GiveBack, &reason, None)?;
    Ok(())
}

/// Puts a reviewed version `seen` into force; what was in force before is superseded.
pub fn enact(tx: &mut Tx<'_>, id: i64, seen: i64) -> Result<()> {
    let row = get_seen(tx, Permission::ReviewAssessment, id, seen)?;
    row.state.apply(AssessmentEvent::Enact)?;
    put_in_force(tx, &row)
}

fn put_in_force(tx: &mut Tx<'_>, row: &AssessmentRow) -> Result<()> {
    for older in store::current_of(tx.connection, row.elder_id, &row.scale)? {
        if older.assessed_on > row.assessed_on && older.counts() {
            let text = Text::new("assessment.newer_in_force").with("number", older.id);
            return Err(Error::taken(text));
        }
        move_on(tx, &older, AssessmentEvent::Supersede, "", None)?;
    }
    let today = tx.calendar.day_of(tx.now);
    let set = store::set_in_force_on(tx.connection, (row.id, row.version), today)?;
    settled(tx, row, set)?;
    move_on(tx, row, AssessmentEvent::Enact, "", None)?;
    Ok(())
}
