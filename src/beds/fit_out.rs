//! Rooms and beds as a list names them: found, added or changed; and taken back where the list was wrong.

use serde_json::json;

use super::model::{BedInput, BedKind, GenderRule, RoomInput};
use super::record::record;
use super::rooms::{add_bed, add_room, change_bed, change_room, of_bed, of_room};
use super::store::{self, RoomRow};
use crate::access::Permission;
use crate::app::Tx;
use crate::error::{Error, Result};
use crate::registry::change::stale;
use crate::registry::institutions::store::get_institution;
use crate::text::Text;

/// What a list says of a room; what is absent stays as it is.
#[derive(Clone, Debug, Default)]
pub struct RoomSaid {
    pub building: String,
    pub number: String,
    pub floor: Option<i32>,
    pub gender_rule: Option<GenderRule>,
    pub couple_room: Option<bool>,
    pub isolation_room: Option<bool>,
}

/// What was done for a line of a list: nothing, or what was before (none for what is new) and what is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Put<T> {
    pub id: i64,
    pub done: Option<(Option<T>, T)>,
}

/// Finds the room of an institution by building and number, and adds or changes it where the list says otherwise.
pub fn put_room(tx: &mut Tx<'_>, institution_id: i64, said: &RoomSaid) -> Result<Put<RoomInput>> {
    let house = get_institution(tx.connection, tx.scope, Permission::EditInstitution, institution_id)?;
    let known = store::find_room(tx.connection, house.id, &said.building, &said.number)?;
    let before = known.as_ref().map(RoomRow::input);
    let input = input_of(said, before.as_ref())?;
    let Some(room) = known else {
        // A list names each bed by itself, so the room comes without any.
        let id = add_room(tx, house.id, &input, (0, BedKind::Nursing)).map_err(as_listed)?;
        return Ok(Put { id, done: Some((None, input)) });
    };
    if before.as_ref() == Some(&input) {
        return Ok(Put { id: room.id, done: None });
    }
    change_room(tx, room.id, room.version, &input).map_err(as_listed)?;
    Ok(Put { id: room.id, done: Some((before, input)) })
}

fn input_of(said: &RoomSaid, before: Option<&RoomInput>) -> Result<RoomInput> {
    let required = || Error::field("floor", Text::new("rule.required").with("field", "@field.floor"));
    Ok(RoomInput {
        building: said.building.clone(),
        number: said.number.clone(),
        floor: said.floor.or(before.map(|room| room.floor)).ok_or_else(required)?,
        gender_rule: said.gender_rule.or(before.map(|room| room.gender_rule)).unwrap_or(GenderRule::Any),
        couple_room: said.couple_room.or(before.map(|room| room.couple_room)).unwrap_or_default(),
        isolation_room: said.isolation_room.or(before.map(|room| room.isolation_room)).unwrap_or_default(),
    })
}

/// Finds the bed of a room by its label, and adds or changes it where the list says otherwise.
pub fn put_bed(tx: &mut Tx<'_>, room_id: i64, label: &str, kind: Option<BedKind>) -> Result<Put<BedInput>> {
    store::get_room(tx.connection, tx.scope, Permission::EditInstitution, room_id)?;
    let label = label.to_owned();
    if let Some(bed) = store::find_bed(tx.connection, room_id, &label)? {
        let Some(kind) = kind.filter(|kind| *kind != bed.kind) else {
            return Ok(Put { id: bed.id, done: None });
        };
        let before = BedInput { label: label.clone(), kind: bed.kind };
        let input = BedInput { label, kind };
        change_bed(tx, bed.id, bed.version, &input).map_err(as_listed)?;
        return Ok(Put { id: bed.id, done: Some((Some(before), input)) });
    }
    let required = || Error::field("bed_kind", Text::new("rule.required").with("field", "@field.bed_kind"));
    let input = BedInput { label, kind: kind.ok_or_else(required)? };
    let id = add_bed(tx, room_id, &input).map_err(as_listed)?;
    Ok(Put { id, done: Some((None, input)) })
}

/// A refusal names the column of the list, not the field of the form.
fn as_listed(mut error: Error) -> Error {
    for field in &mut error.fields {
        field.field = match field.field {
            "number" => "room",
            "label" => "bed",
            "kind" => "bed_kind",
            other => other,
        };
    }
    error
}

/// Puts a room back to what it was, or takes a new one away. Refused where it is no longer what the list made of it.
pub fn take_room_back(tx: &mut Tx<'_>, id: i64, before: Option<&RoomInput>, after: &RoomInput) -> Result<()> {
    let room = store::get_room(tx.connection, tx.scope, Permission::EditInstitution, id)?;
    if room.input() != *after {
        return Err(stale(tx.connection, "room", id, room.version)?);
    }
    if let Some(before) = before {
        return change_room(tx, id, room.version, before);
    }
    store::delete_room(tx.connection, id)?;
    let detail = json!({ "building": room.building, "number": room.number });
    record(tx, &of_room(&room, "room.remove"), detail)
}

/// The same for a bed.
pub fn take_bed_back(tx: &mut Tx<'_>, id: i64, before: Option<&BedInput>, after: &BedInput) -> Result<()> {
    let bed = store::get_bed(tx.connection, tx.scope, Permission::EditInstitution, id)?;
    if (&bed.label, bed.kind) != (&after.label, after.kind) {
        return Err(stale(tx.connection, "bed", id, bed.version)?);
    }
    if let Some(before) = before {
        return change_bed(tx, id, bed.version, before);
    }
    store::delete_bed(tx.connection, id)?;
    let detail = json!({ "room": bed.room_id, "label": bed.label });
    record(tx, &of_bed(&bed, "bed.remove", None), detail)
}
