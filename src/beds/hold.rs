//! Keeping a free bed for somebody until an instant.

use serde_json::json;

use super::admit::{Whom, find, open_house};
use super::blocking::{named_bed, refuse_bed};
use super::model::{HOLD_DAYS_MAX, HoldOutcome, check_note, check_planned};
use super::record::{Change, not_now, record};
use super::store::{self, HoldRow};
use crate::access::{Permission, Scope};
use crate::app::{App, Tx};
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::registry::change::stale;
use crate::text::Text;

/// Which bed is kept for whom, from now until when.
#[derive(Clone)]
pub struct Holding {
    pub whom: Whom,
    pub bed_id: i64,
    pub until: Instant,
    pub note: String,
}

/// Holds a bed and gives the hold's number. The hold ends by itself: it is a period with an end.
pub fn hold(tx: &mut Tx<'_>, holding: &Holding) -> Result<i64> {
    let bed = named_bed(tx, Permission::ManageStays, holding.bed_id)?;
    open_house(tx, &bed)?;
    let person = find(tx, Permission::ManageStays, &holding.whom)?;
    check_planned("until_on", tx.now, holding.until, tx.now, HOLD_DAYS_MAX)?;
    check_note("note", &holding.note)?;
    refuse_bed(tx, &bed, tx.now, Some(holding.until), &[])?;
    if let Some(other) = store::holds_of_elder(tx.connection, person.id, tx.now)?.first() {
        let until = tx.calendar.show(other.ends_at);
        return Err(Error::taken(Text::new("bed.elder_held").with("to", until).with("number", other.id)));
    }
    let note = holding.note.trim();
    let id = store::insert_hold(tx.connection, &bed, person.id, tx.now, holding.until, note)?;
    let change = Change {
        action: "hold.add",
        entity: "hold",
        id,
        town_code: &bed.town_code,
        institution_id: Some(bed.institution_id),
        bed_id: Some(bed.id),
        state: Some("reserved"),
    };
    let until = tx.calendar.rfc3339(holding.until);
    let detail = json!({ "version": 1, "bed": bed.id, "elder": person.id, "until": until });
    record(tx, &change, detail)?;
    Ok(id)
}

/// Lets version `seen` of a hold go before its time.
pub fn release_hold(tx: &mut Tx<'_>, hold_id: i64, seen: i64, reason: &str) -> Result<()> {
    let hold = store::get_hold(tx.connection, tx.scope, Permission::ManageStays, hold_id)?;
    if hold.outcome.is_some() || hold.ends_at <= tx.now {
        return Err(not_now(Text::new("bed.hold_is_over").with("at", tx.calendar.show(hold.ends_at))));
    }
    if hold.version != seen {
        return Err(stale(tx.connection, "hold", hold_id, seen)?);
    }
    check_note("reason", reason)?;
    close(tx, &hold, HoldOutcome::Released, "hold.release", reason.trim())
}

/// Writes down holds whose time is over, each with its audit row and event; gives how many. The bed was free already: this
/// only tells.
pub fn expire_holds(tx: &mut Tx<'_>) -> Result<usize> {
    let due = store::due_holds(tx.connection, tx.now)?;
    for hold in &due {
        close(tx, hold, HoldOutcome::Expired, "hold.expire", "")?;
    }
    Ok(due.len())
}

fn close(
    tx: &mut Tx<'_>,
    hold: &HoldRow,
    outcome: HoldOutcome,
    action: &'static str,
    reason: &str,
) -> Result<()> {
    if !store::close_hold(tx.connection, hold, tx.now, outcome)? {
        return Err(stale(tx.connection, "hold", hold.id, hold.version)?);
    }
    let change = Change {
        action,
        entity: "hold",
        id: hold.id,
        town_code: &hold.town_code,
        institution_id: Some(hold.institution_id),
        bed_id: Some(hold.bed_id),
        state: Some("free"),
    };
    record(tx, &change, json!({ "version": hold.version + 1, "bed": hold.bed_id, "reason": reason }))
}

/// Looks for holds that are over, now; for the timer and for tests.
pub async fn expire_due(app: &App) -> Result<usize> {
    let now: Instant = app.clock.now();
    // A look costs a read; only what is due costs a write.
    if app.db.read(move |connection| store::due_holds(connection, now)).await?.is_empty() {
        return Ok(0);
    }
    app.write(&Scope::system(), expire_holds).await
}
