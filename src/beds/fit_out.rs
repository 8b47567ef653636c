//! Rooms and beds as a list names them: found, added or changed; and taken back where the list was wrong.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::blocking::refuse_bed;
use super::model::{BedKind, GenderRule};
use super::record::{Change, record};
use super::store::{self, RoomRow};
use crate::access::Permission;
use crate::app::Tx;
use crate::error::{Error, Result};
use crate::input::Checks;
use crate::registry::change::{differences, stale};
use crate::registry::institutions::store::get_institution;
use crate::text::Text;

/// What can be set of a room that is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomFacts {
    pub floor: i32,
    pub gender_rule: GenderRule,
    pub couple_room: bool,
    pub isolation_room: bool,
}

/// What can be set of a bed that is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BedFactsSet {
    pub kind: BedKind,
}

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
pub fn put_room(tx: &mut Tx<'_>, institution_id: i64, said: &RoomSaid) -> Result<Put<RoomFacts>> {
    let house = get_institution(tx.connection, tx.scope, Permission::EditInstitution, institution_id)?;
    let known = store::find_room(tx.connection, house.id, &said.building, &said.number)?;
    let before = known.as_ref().map(RoomRow::facts);
    let facts = facts_of(said, before.as_ref())?;
    check_room(said, &facts)?;
    let Some(room) = known else {
        let id = store::insert_room_row(
            tx.connection,
            (house.id, &house.town_code),
            (&said.building, &said.number),
            &facts,
        )?;
        let change = change("room.add", "room", (id, house.id), &house.town_code, None);
        record(tx, &change, json!({ "version": 1, "building": said.building, "number": said.number }))?;
        return Ok(Put { id, done: Some((None, facts)) });
    };
    if before.as_ref() == Some(&facts) {
        return Ok(Put { id: room.id, done: None });
    }
    set_room(tx, &room, &facts)?;
    Ok(Put { id: room.id, done: Some((before, facts)) })
}

fn facts_of(said: &RoomSaid, before: Option<&RoomFacts>) -> Result<RoomFacts> {
    let required = || Error::field("floor", Text::new("rule.required").with("field", "@field.floor"));
    Ok(RoomFacts {
        floor: said.floor.or(before.map(|facts| facts.floor)).ok_or_else(required)?,
        gender_rule: said.gender_rule.or(before.map(|facts| facts.gender_rule)).unwrap_or(GenderRule::Any),
        couple_room: said.couple_room.or(before.map(|facts| facts.couple_room)).unwrap_or_default(),
        isolation_room: said.isolation_room.or(before.map(|facts| facts.isolation_room)).unwrap_or_default(),
    })
}

fn check_room(said: &RoomSaid, facts: &RoomFacts) -> Result<()> {
    let mut checks = Checks::default();
    checks.text("building", &said.building, 0, 20);
    checks.text("room", &said.number, 1, 12);
    checks.range("floor", f64::from(facts.floor), -5.0, 60.0);
    checks.finish()
}

fn set_room(tx: &mut Tx<'_>, room: &RoomRow, facts: &RoomFacts) -> Result<()> {
    if !store::update_room_row(tx.connection, room, facts)? {
        return Err(stale(tx.connection, "room", room.id, 0)?);
    }
    let changes = differences(&json!(room.facts()), &json!(facts));
    let change = change("room.change", "room", (room.id, room.institution_id), &room.town_code, None);
    record(tx, &change, json!({ "changes": changes }))
}

/// Finds the bed of a room by its label, and adds or changes it where the list says otherwise. The kind of a bed stays while
/// somebody lives there, has it booked or held.
pub fn put_bed(
    tx: &mut Tx<'_>,
    room_id: i64,
    label: &str,
    kind: Option<BedKind>,
) -> Result<Put<BedFactsSet>> {
    let room = store::get_room_row(tx.connection, tx.scope, Permission::EditInstitution, room_id)?;
    let mut checks = Checks::default();
    checks.text("bed", label, 1, 12);
    checks.finish()?;
    if let Some((id, before)) = store::find_bed(tx.connection, room_id, label)? {
        let before = BedFactsSet { kind: before };
        let Some(kind) = kind.filter(|kind| *kind != before.kind) else { return Ok(Put { id, done: None }) };
        set_kind(tx, &room, id, kind, &before)?;
        return Ok(Put { id, done: Some((Some(before), BedFactsSet { kind })) });
    }
    let required = || Error::field("bed_kind", Text::new("rule.required").with("field", "@field.bed_kind"));
    let kind = kind.ok_or_else(required)?;
    let id = store::insert_bed_row(tx.connection, &room, label, kind)?;
    let change = change("bed.add", "bed", (id, room.institution_id), &room.town_code, Some("free"));
    record(tx, &change, json!({ "version": 1, "room": room.id, "label": label, "kind": kind.name() }))?;
    Ok(Put { id, done: Some((None, BedFactsSet { kind })) })
}

fn set_kind(tx: &mut Tx<'_>, room: &RoomRow, id: i64, kind: BedKind, before: &BedFactsSet) -> Result<()> {
    refuse_bed(tx, id, tx.now, None, &[])?;
    if !store::update_bed_kind(tx.connection, id, before.kind, kind)? {
        return Err(stale(tx.connection, "bed", id, 0)?);
    }
    let changes = json!({ "kind": [before.kind.name(), kind.name()] });
    let change = change("bed.change", "bed", (id, room.institution_id), &room.town_code, None);
    record(tx, &change, json!({ "changes": changes }))
}

/// Puts a room back to what it was, or takes a new one away. Refused where it is no longer what the list made of it.
pub fn take_room_back(tx: &mut Tx<'_>, id: i64, before: Option<&RoomFacts>, after: &RoomFacts) -> Result<()> {
    let room = store::get_room_row(tx.connection, tx.scope, Permission::EditInstitution, id)?;
    if room.facts() != *after {
        return Err(stale(tx.connection, "room", id, 0)?);
    }
    if let Some(before) = before {
        return set_room(tx, &room, before);
    }
    store::delete_room(tx.connection, id)?;
    let change = change("room.remove", "room", (id, room.institution_id), &room.town_code, None);
    record(tx, &change, json!({ "building": room.building, "number": room.number }))
}

/// The same for a bed.
pub fn take_bed_back(
    tx: &mut Tx<'_>,
    id: i64,
    before: Option<&BedFactsSet>,
    after: &BedFactsSet,
) -> Result<()> {
    let bed = store::get_bed(tx.connection, tx.scope, Permission::EditInstitution, id)?;
    if bed.kind != after.kind {
        return Err(stale(tx.connection, "bed", id, 0)?);
    }
    let room = store::get_room_row(tx.connection, tx.scope, Permission::EditInstitution, bed.room_id)?;
    if let Some(before) = before {
        return set_kind(tx, &room, id, before.kind, after);
    }
    store::delete_bed(tx.connection, id)?;
    let change = change("bed.remove", "bed", (id, bed.institution_id), &bed.town_code, None);
    record(tx, &change, json!({ "room": bed.room_id, "label": bed.label }))
}

fn change<'a>(
    action: &'static str,
    entity: &'static str,
    (id, institution_id): (i64, i64),
    town_code: &'a str,
    state: Option<&'static str>,
) -> Change<'a> {
    let bed_id = (entity == "bed").then_some(id);
    Change { action, entity, id, town_code, institution_id: Some(institution_id), bed_id, state }
}
