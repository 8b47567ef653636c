//! Ending a stay.

use serde_json::json;

use super::model::check_end;
use super::store;
use crate::access::Permission;
use crate::access::audit::Entry;
use crate::app::Tx;
use crate::bus::{Event, Topic};
use crate::clock::Instant;
use crate::error::{Code, Error, Result};
use crate::registry::change::stale;
use crate::text::Text;

/// Ends version `seen` of a stay, now or at an instant after its start that has passed.
pub fn discharge(tx: &mut Tx<'_>, stay_id: i64, seen: i64, to: Option<Instant>) -> Result<()> {
    let stay = store::get_stay(tx.connection, tx.scope, Permission::ManageStays, stay_id)?;
    if stay.version != seen {
        return Err(stale(tx.connection, "stay", stay_id, seen)?);
    }
    if let Some(ended) = stay.ends_at {
        let text = Text::new("bed.stay_is_over").with("at", tx.calendar.show(ended));
        return Err(Error::new(Code::IllegalMove, text));
    }
    let to = to.unwrap_or(tx.now);
    check_end(stay.starts_at, to, tx.now)?;
    if !store::end_stay(tx.connection, stay_id, seen, to)? {
        return Err(stale(tx.connection, "stay", stay_id, seen)?);
    }
    let at = tx.calendar.show(to);
    tx.audit(&Entry {
        action: "stay.discharge",
        entity: "stay",
        entity_id: stay_id.to_string(),
        town_code: Some(&stay.town_code),
        detail: json!({ "version": seen + 1, "bed": stay.bed_id, "elder": stay.elder_id, "changes": { "to_on": [null, at] } }),
    })?;
    let payload =
        json!({ "id": stay_id, "bed": stay.bed_id, "institution": stay.institution_id, "state": "free" });
    tx.publish(
        &Event::new(Topic::Stay, &stay.town_code, stay_id, payload).of_institution(Some(stay.institution_id)),
    )
}
