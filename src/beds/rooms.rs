//! Furnishing a house: rooms and beds are added, changed, closed and opened again. What is lived in or held stays as it is.

use serde_json::{Value, json};

use super::blocking::refuse_bed;
use super::model::{BedInput, ROOM_BEDS_MAX, RoomInput, misplaced};
use super::record::{Change, not_now, record, required_reason};
use super::store::{self, BedRow, RoomRow};
use crate::access::Permission;
use crate::app::Tx;
use crate::error::{Error, Result};
use crate::registry::change::{differences, stale};
use crate::registry::institutions::store::get_institution;
use crate::text::Text;

/// Adds a room with `beds` beds of one kind, labelled from 1; gives the room's number.
pub fn add_room(
    tx: &mut Tx<'_>,
    institution_id: i64,
    input: &RoomInput,
    (beds, kind): (i64, super::BedKind),
) -> Result<i64> {
    let house = get_institution(tx.connection, tx.scope, Permission::EditInstitution, institution_id)?;
    input.check()?;
    if !(0..=ROOM_BEDS_MAX).contains(&beds) {
        return Err(Error::field("beds", Text::new("rule.range").with("min", 0).with("max", ROOM_BEDS_MAX)));
    }
    let id = store::insert_room(tx.connection, (house.id, &house.town_code), input)?;
    let room = store::get_room(tx.connection, tx.scope, Permission::EditInstitution, id)?;
    for label in 1..=beds {
        store::insert_bed(tx.connection, &room, &BedInput { label: label.to_string(), kind })?;
    }
    let detail = json!({ "version": 1, "building": room.building, "number": room.number, "beds": beds });
    record(tx, &of_room(&room, "room.add"), detail)?;
    Ok(id)
}

/// Changes version `seen` of a room; refused where somebody who lives there could not live in it then.
pub fn change_room(tx: &mut Tx<'_>, id: i64, seen: i64, input: &RoomInput) -> Result<()> {
    let room = room_to_change(tx, id, seen)?;
    input.check()?;
    let before = room.input();
    let residents = store::residents_of_room(tx.connection, id, tx.now)?;
    let was_fine = misplaced(&before, &residents).is_none();
    if let Some(label) = misplaced(input, &residents).filter(|_| was_fine) {
        let field = if input.isolation_room { "isolation_room" } else { "gender_rule" };
        return Err(Error::field(field, Text::new("rule.room_lived_in").with("bed", label)));
    }
    if !store::update_room(tx.connection, id, seen, input)? {
        return Err(stale(tx.connection, "room", id, seen)?);
    }
    let changes = differences(&json!(before), &json!(input));
    record(tx, &of_room(&room, "room.change"), json!({ "version": seen + 1, "changes": changes }))
}

/// Closes version `seen` of a room with all its beds; refused while one of them is lived in, held or booked.
pub fn close_room(tx: &mut Tx<'_>, id: i64, seen: i64, reason: &str) -> Result<()> {
    let room = room_to_change(tx, id, seen)?;
    let reason = required_reason(reason)?;
    if let Some(at) = room.closed_at {
        return Err(not_now(Text::new("room.closed_since").with("at", tx.calendar.show(at))));
    }
    for bed in store::beds_of_room(tx.connection, id)? {
        if bed.closed_at.is_none() {
            shut(tx, &bed, &reason)?;
        }
    }
    if !store::set_room_closed(tx.connection, id, seen, Some(tx.now))? {
        return Err(stale(tx.connection, "room", id, seen)?);
    }
    let detail = json!({ "version": seen + 1, "number": room.number, "reason": reason });
    record(tx, &of_room(&room, "room.close"), detail)
}

/// Opens version `seen` of a closed room again; its beds stay closed until each is opened.
pub fn reopen_room(tx: &mut Tx<'_>, id: i64, seen: i64) -> Result<()> {
    let room = room_to_change(tx, id, seen)?;
    if room.closed_at.is_none() {
        return Err(not_now(Text::new("room.not_closed")));
    }
    if !store::set_room_closed(tx.connection, id, seen, None)? {
        return Err(stale(tx.connection, "room", id, seen)?);
    }
    record(tx, &of_room(&room, "room.reopen"), json!({ "version": seen + 1, "number": room.number }))
}

/// Adds a bed to a room; gives its number.
pub fn add_bed(tx: &mut Tx<'_>, room_id: i64, input: &BedInput) -> Result<i64> {
    let room = store::get_room(tx.connection, tx.scope, Permission::EditInstitution, room_id)?;
    input.check()?;
    if let Some(at) = room.closed_at {
        return Err(not_now(Text::new("room.closed_since").with("at", tx.calendar.show(at))));
    }
    let id = store::insert_bed(tx.connection, &room, input)?;
    let bed = store::get_bed(tx.connection, tx.scope, Permission::EditInstitution, id)?;
    let detail = json!({ "version": 1, "room": room.id, "label": bed.label, "kind": bed.kind.name() });
    record(tx, &of_bed(&bed, "bed.add", Some("free")), detail)?;
    Ok(id)
}

/// Changes version `seen` of a bed; its kind stays while somebody lives there or has it booked or held.
pub fn change_bed(tx: &mut Tx<'_>, id: i64, seen: i64, input: &BedInput) -> Result<()> {
    let bed = bed_to_change(tx, id, seen)?;
    input.check()?;
    if bed.kind != input.kind {
        refuse_bed(tx, &bed, tx.now, None, &[])?;
    }
    if !store::update_bed(tx.connection, id, seen, input)? {
        return Err(stale(tx.connection, "bed", id, seen)?);
    }
    let before = BedInput { label: bed.label.clone(), kind: bed.kind };
    let changes = differences(&json!(before), &json!(input));
    record(tx, &of_bed(&bed, "bed.change", None), json!({ "version": seen + 1, "changes": changes }))
}

/// Closes version `seen` of a bed for good; refused while it is lived in, held, booked or out of service.
pub fn close_bed(tx: &mut Tx<'_>, id: i64, seen: i64, reason: &str) -> Result<()> {
    let bed = bed_to_change(tx, id, seen)?;
    let reason = required_reason(reason)?;
    shut(tx, &bed, &reason)
}

/// Opens version `seen` of a closed bed again.
pub fn reopen_bed(tx: &mut Tx<'_>, id: i64, seen: i64) -> Result<()> {
    let bed = bed_to_change(tx, id, seen)?;
    if bed.closed_at.is_none() {
        return Err(not_now(Text::new("bed.not_closed")));
    }
    let room = store::get_room(tx.connection, tx.scope, Permission::EditInstitution, bed.room_id)?;
    if let Some(at) = room.closed_at {
        return Err(not_now(Text::new("room.closed_since").with("at", tx.calendar.show(at))));
    }
    if !store::set_bed_closed(tx.connection, id, seen, None)? {
        return Err(stale(tx.connection, "bed", id, seen)?);
    }
    record(tx, &of_bed(&bed, "bed.reopen", Some("free")), json!({ "version": seen + 1, "label": bed.label }))
}

fn shut(tx: &mut Tx<'_>, bed: &BedRow, reason: &str) -> Result<()> {
    refuse_bed(tx, bed, tx.now, None, &[])?;
    if !store::set_bed_closed(tx.connection, bed.id, bed.version, Some(tx.now))? {
        return Err(stale(tx.connection, "bed", bed.id, bed.version)?);
    }
    let detail: Value = json!({ "version": bed.version + 1, "label": bed.label, "reason": reason });
    record(tx, &of_bed(bed, "bed.close", None), detail)
}

fn room_to_change(tx: &mut Tx<'_>, id: i64, seen: i64) -> Result<RoomRow> {
    let room = store::get_room(tx.connection, tx.scope, Permission::EditInstitution, id)?;
    if room.version != seen {
        return Err(stale(tx.connection, "room", id, seen)?);
    }
    Ok(room)
}

fn bed_to_change(tx: &mut Tx<'_>, id: i64, seen: i64) -> Result<BedRow> {
    let bed = store::get_bed(tx.connection, tx.scope, Permission::EditInstitution, id)?;
    if bed.version != seen {
        return Err(stale(tx.connection, "bed", id, seen)?);
    }
    Ok(bed)
}

pub(super) fn of_room<'a>(room: &'a RoomRow, action: &'static str) -> Change<'a> {
    Change {
        action,
        entity: "room",
        id: room.id,
        town_code: &room.town_code,
        institution_id: Some(room.institution_id),
        bed_id: None,
        state: None,
    }
}

pub(super) fn of_bed<'a>(bed: &'a BedRow, action: &'static str, state: Option<&'static str>) -> Change<'a> {
    Change {
        action,
        entity: "bed",
        id: bed.id,
        town_code: &bed.town_code,
        institution_id: Some(bed.institution_id),
        bed_id: Some(bed.id),
        state,
    }
}
