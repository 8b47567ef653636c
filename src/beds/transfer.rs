//! Moving to another bed: at once within an institution; between two, one end asks and the other takes in.

use serde_json::json;

use super::admit::open_house;
use super::agreed::{Agreed, open_contact};
use super::blocking::{named_bed, refuse_bed, refuse_elder};
use super::discharge::{change, end_open_leave, stay_to_change};
use super::fitting::misfits_of;
use super::model::{ClaimKind, Ending, Person, TransferState, check_end};
use super::record::{Change, not_now, reason_for, record, required_reason};
use super::store::{self, BedRow, HouseFacts, NewStay, StayRow, TransferRow};
use crate::access::Permission;
use crate::app::Tx;
use crate::clock::Instant;
use crate::elders::store::get_person;
use crate::error::{Error, Result};
use crate::registry::change::stale;
use crate::registry::institutions::InstitutionState;
use crate::registry::institutions::store::find_institution;
use crate::text::Text;

/// Into which bed, when, and why it is written down late.
#[derive(Clone, Debug)]
pub struct Move {
    pub bed_id: i64,
    /// Now without it.
    pub at: Option<Instant>,
    pub reason: String,
}

/// Moves version `seen` of a stay to another bed of the same institution; gives the number of the new stay.
pub fn move_within(tx: &mut Tx<'_>, stay_id: i64, seen: i64, to: &Move) -> Result<i64> {
    let stay = stay_to_change(tx, stay_id, seen)?;
    let bed = named_bed(tx, Permission::ManageStays, to.bed_id)?;
    if bed.institution_id != stay.institution_id {
        return Err(Error::field("bed", Text::new("rule.other_institution")));
    }
    move_stay(tx, &stay, &bed, to)
}

/// Asks another institution to take a resident in; gives the transfer's number. Nothing moves yet.
pub fn ask_transfer(
    tx: &mut Tx<'_>,
    stay_id: i64,
    seen: i64,
    institution_id: i64,
    reason: &str,
) -> Result<i64> {
    let stay = stay_to_change(tx, stay_id, seen)?;
    let reason = required_reason(reason)?;
    let unknown = || Error::field("institution", Text::new("rule.unknown_institution"));
    let to = find_institution(tx.connection, institution_id)?.ok_or_else(unknown)?;
    if to.state != InstitutionState::Operating || to.id == stay.institution_id {
        return Err(unknown());
    }
    if let Some(open) =
        store::open_transfers(tx.connection, tx.scope)?.iter().find(|open| open.stay_id == stay.id)
    {
        return Err(Error::taken(Text::new("transfer.open").with("number", open.id)));
    }
    let id = store::insert_transfer(tx.connection, &stay, (to.id, &to.town_code), &reason, tx.now)?;
    let detail = json!({ "version": 1, "stay": stay.id, "elder": stay.elder_id, "institution": to.id, "reason": reason });
    let at_home = Change {
        action: "transfer.ask",
        entity: "transfer",
        id,
        town_code: &stay.town_code,
        institution_id: Some(stay.institution_id),
        bed_id: Some(stay.bed_id),
        state: None,
    };
    record(tx, &at_home, detail)?;
    tell_other_end(tx, id, &to.town_code, to.id).map(|()| id)
}

/// The end that takes in names the bed: the old stay ends and the new one begins in this one transaction. Gives the number of
/// the new stay.
pub fn accept_transfer(tx: &mut Tx<'_>, id: i64, seen: i64, to: &Move) -> Result<i64> {
    let transfer = open_transfer(tx, id, seen)?;
    let reach = tx.scope.reach(Permission::ManageStays)?;
    if !transfer.is_to(&reach) {
        return Err(Error::forbidden().context("only the end that takes in accepts"));
    }
    let bed = named_bed(tx, Permission::ManageStays, to.bed_id)?;
    if bed.institution_id != transfer.to_institution_id {
        return Err(Error::field("bed", Text::new("rule.other_institution")));
    }
    let stay = store::find_stay(tx.connection, transfer.stay_id)?;
    if let Some(at) = stay.ends_at {
        return Err(not_now(Text::new("bed.stay_is_over").with("at", tx.calendar.show(at))));
    }
    let new_id = move_stay(tx, &stay, &bed, to)?;
    answer(tx, &transfer, TransferState::Moved, to.reason.trim(), Some(new_id), "transfer.accept")?;
    Ok(new_id)
}

/// The end that was asked declines, or the end that asked takes it back; always with a reason.
pub fn close_transfer(tx: &mut Tx<'_>, id: i64, seen: i64, reason: &str) -> Result<()> {
    let transfer = open_transfer(tx, id, seen)?;
    let reason = required_reason(reason)?;
    let reach = tx.scope.reach(Permission::ManageStays)?;
    let (state, action) = if transfer.is_to(&reach) {
        (TransferState::Declined, "transfer.decline")
    } else {
        (TransferState::TakenBack, "transfer.take_back")
    };
    answer(tx, &transfer, state, &reason, None, action)
}

fn open_transfer(tx: &mut Tx<'_>, id: i64, seen: i64) -> Result<TransferRow> {
    let transfer = store::get_transfer(tx.connection, tx.scope, Permission::ManageStays, id)?;
    if transfer.state != TransferState::Asked {
        let state = format!("@enums.transfer_state.{}", transfer.state.name());
        return Err(not_now(Text::new("transfer.closed").with("state", state)));
    }
    if transfer.version != seen {
        return Err(stale(tx.connection, "transfer", id, seen)?);
    }
    Ok(transfer)
}

fn answer(
    tx: &mut Tx<'_>,
    transfer: &TransferRow,
    state: TransferState,
    text: &str,
    new_stay_id: Option<i64>,
    action: &'static str,
) -> Result<()> {
    if !store::answer_transfer(
        tx.connection,
        transfer.id,
        transfer.version,
        state,
        text,
        new_stay_id,
        tx.now,
    )? {
        return Err(stale(tx.connection, "transfer", transfer.id, transfer.version)?);
    }
    let change = Change {
        action,
        entity: "transfer",
        id: transfer.id,
        town_code: &transfer.town_code,
        institution_id: Some(transfer.institution_id),
        bed_id: None,
        state: None,
    };
    record(
        tx,
        &change,
        json!({ "version": transfer.version + 1, "stay": transfer.stay_id, "reason": text }),
    )?;
    tell_other_end(tx, transfer.id, &transfer.to_town_code, transfer.to_institution_id)
}

/// The pages of the other institution hear of it as well.
fn tell_other_end(tx: &mut Tx<'_>, id: i64, town_code: &str, institution_id: i64) -> Result<()> {
    let payload = json!({ "entity": "transfer", "id": id, "institution": institution_id });
    let event = crate::bus::Event::new(crate::bus::Topic::Stay, town_code, id, payload);
    tx.publish(&event.of_institution(Some(institution_id)))
}

/// Closes one stay and opens the next at the same instant, with all that was agreed.
fn move_stay(tx: &mut Tx<'_>, stay: &StayRow, bed: &BedRow, to: &Move) -> Result<i64> {
    let house = open_house(tx, bed)?;
    let at = to.at.unwrap_or(tx.now);
    check_end("at_on", stay.starts_at, at, tx.now)?;
    let reason = reason_for(tx, at, &to.reason)?;
    check_fit(tx, stay, (bed, &house))?;
    let own_hold = store::holds_of_elder(tx.connection, stay.elder_id, tx.now)?
        .into_iter()
        .find(|hold| hold.bed_id == bed.id);
    let gives_way: Vec<(ClaimKind, i64)> = own_hold.iter().map(|hold| (ClaimKind::Hold, hold.id)).collect();
    refuse_bed(tx, bed, at, None, &gives_way)?;
    refuse_elder(tx, stay.elder_id, at, None, Some(stay.id))?;
    let leave = store::leave_after(tx.connection, stay.id, at)?;
    end_open_leave(tx, stay, at)?;
    if !store::end_stay(tx.connection, stay.id, stay.version, at, Ending::Transfer, stay.destination)? {
        return Err(stale(tx.connection, "stay", stay.id, stay.version)?);
    }
    if let Some(hold) = &own_hold {
        store::close_hold(tx.connection, hold, at, super::model::HoldOutcome::Admitted)?;
    }
    let columns = NewStay {
        ends_at: None,
        planned_ends_at: stay.planned_ends_at,
        care_level: stay.care_level,
        contract_starts_on: stay.contract_starts_on,
        contract_ends_on: stay.contract_ends_on,
    };
    let id = store::insert_stay(tx.connection, bed, stay.elder_id, at, &columns)?;
    let agreed = Agreed {
        risks: store::risks_of(tx.connection, stay.id)?,
        contact: open_contact(tx, stay)?,
        ..Agreed::default()
    };
    agreed.keep(tx, id)?;
    if let Some(leave) = leave {
        // Whoever is in hospital is there still; the bed that waits is another one.
        store::insert_leave(tx.connection, id, leave.kind, at, leave.due_at, &leave.note)?;
    }
    let shown = tx.calendar.rfc3339(at);
    let old = json!({ "version": stay.version + 1, "bed": stay.bed_id, "new_stay": id, "at": shown, "reason": reason });
    record(tx, &change(stay, "stay.move_out", Some("free")), old)?;
    let new = Change {
        action: "stay.move_in",
        entity: "stay",
        id,
        town_code: &bed.town_code,
        institution_id: Some(bed.institution_id),
        bed_id: Some(bed.id),
        state: Some("occupied"),
    };
    record(
        tx,
        &new,
        json!({ "version": 1, "bed": bed.id, "elder": stay.elder_id, "old_stay": stay.id, "at": shown }),
    )?;
    Ok(id)
}

fn check_fit(tx: &mut Tx<'_>, stay: &StayRow, (bed, house): (&BedRow, &HouseFacts)) -> Result<()> {
    let rules = store::admission_rules(tx.connection)?;
    let elder = get_person(tx.connection, stay.elder_id)?;
    // Somebody who lives here already may be moved into isolation.
    let person = Person { gender: elder.gender, level: stay.care_level, kind: None, isolation: true };
    let found = misfits_of(tx, (bed, house), &person, rules)?;
    let blocking = found.iter().find(|misfit| misfit.blocks());
    blocking.map_or(Ok(()), |misfit| Err(Error::field("bed", misfit.text())))
}
