//! The audit row and the event of a change to a bed.

use serde_json::{Value, json};

use super::model::check_reason;
use crate::access::audit::Entry;
use crate::app::Tx;
use crate::bus::{Event, Topic};
use crate::clock::Instant;
use crate::error::{Code, Error, Result};
use crate::text::Text;

/// What was changed, and whose it is.
pub(super) struct Change<'a> {
    pub action: &'static str,
    pub entity: &'static str,
    pub id: i64,
    pub town_code: &'a str,
    pub institution_id: Option<i64>,
    pub bed_id: Option<i64>,
    /// What the bed is afterwards, where it changed.
    pub state: Option<&'static str>,
}

/// Writes a change down and tells whoever watches.
pub(super) fn record(tx: &mut Tx<'_>, change: &Change<'_>, detail: Value) -> Result<()> {
    tx.audit(&Entry {
        action: change.action,
        entity: change.entity,
        entity_id: change.id.to_string(),
        town_code: Some(change.town_code),
        detail,
    })?;
    let payload = json!({
        "entity": change.entity, "id": change.id, "bed": change.bed_id, "institution": change.institution_id,
        "state": change.state,
    });
    let event = Event::new(Topic::Stay, change.town_code, change.id, payload);
    tx.publish(&event.of_institution(change.institution_id))
}

/// The state does not allow the step.
pub(super) fn not_now(text: Text) -> Error {
    Error::new(Code::IllegalMove, text)
}

/// The reason of what is written down late, without white space around it.
pub(super) fn reason_for(tx: &Tx<'_>, at: Instant, reason: &str) -> Result<String> {
    let (today, _) = tx.calendar.bounds(tx.calendar.day_of(tx.now));
    check_reason(at, today, reason)?;
    Ok(reason.trim().to_owned())
}

/// A reason that is always asked for.
pub(super) fn required_reason(reason: &str) -> Result<String> {
    let mut checks = crate::input::Checks::default();
    checks.text("reason", reason, 1, super::model::NOTE_MAX);
    checks.finish()?;
    Ok(reason.trim().to_owned())
}
