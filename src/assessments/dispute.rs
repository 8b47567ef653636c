//! Doubts about a result, and orders taken back.

use super::model::AssessmentEvent;
use super::progress::{assess_or_review, get_seen, move_on, required_reason, settled};
use super::store;
use crate::access::Permission;
use crate::app::Tx;
use crate::error::{Error, Result};
use crate::text::Text;

/// Doubts version `seen`, which is reviewed or in force. What was in force goes on counting until it is decided: by another
/// assessment, or by upholding it.
pub fn dispute(tx: &mut Tx<'_>, id: i64, seen: i64, reason: &str) -> Result<()> {
    let permission = assess_or_review(tx.scope);
    let row = get_seen(tx, permission, id, seen)?;
    row.state.apply(AssessmentEvent::Dispute)?;
    let reason = required_reason(reason)?;
    move_on(tx, &row, AssessmentEvent::Dispute, &reason, None)?;
    Ok(())
}

/// Decides that a disputed version `seen` stands: it is in force, again or for the first time.
pub fn uphold(tx: &mut Tx<'_>, id: i64, seen: i64, reason: &str) -> Result<()> {
    let row = get_seen(tx, Permission::ReviewAssessment, id, seen)?;
    row.state.apply(AssessmentEvent::Uphold)?;
    let reason = required_reason(reason)?;
    if row.assessor.as_deref() == Some(tx.scope.actor.as_str()) {
        return Err(Error::taken(Text::new("error.two_people_assess")));
    }
    for other in store::current_of(tx.connection, row.elder_id, &row.scale)? {
        if other.id != row.id && other.counts() {
            if other.assessed_on > row.assessed_on {
                return Err(Error::taken(Text::new("assessment.newer_in_force").with("number", other.id)));
            }
            move_on(tx, &other, AssessmentEvent::Supersede, "", None)?;
        }
    }
    if row.in_force_on.is_none() {
        let today = tx.calendar.day_of(tx.now);
        let set = store::set_in_force_on(tx.connection, (id, seen), today)?;
        settled(tx, &row, set)?;
    }
    move_on(tx, &row, AssessmentEvent::Uphold, &reason, None)?;
    Ok(())
}

/// Takes the order of version `seen` back.
pub fn withdraw(tx: &mut Tx<'_>, id: i64, seen: i64, reason: &str) -> Result<()> {
    let row = get_seen(tx, Permission::Assess, id, seen)?;
    row.state.apply(AssessmentEvent::Withdraw)?;
    let reason = required_reason(reason)?;
    move_on(tx, &row, AssessmentEvent::Withdraw, &reason, None)?;
    Ok(())
}
