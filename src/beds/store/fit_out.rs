//! Rooms and beds as they are written.

use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::access::{Permission, Reach, Scope};
use crate::beds::fit_out::RoomFacts;
use crate::beds::model::{BedKind, GenderRule};
use crate::db::schema::{beds, rooms};
use crate::db::{AnyConnection, Backend, in_use};
use crate::error::Result;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = rooms)]
pub struct RoomRow {
    pub id: i64,
    pub institution_id: i64,
    pub town_code: String,
    pub building: String,
    pub floor: i32,
    pub number: String,
    pub gender_rule: GenderRule,
    #[diesel(column_name = couple)]
    pub couple_room: bool,
    #[diesel(column_name = isolation)]
    pub isolation_room: bool,
}

impl RoomRow {
    pub fn facts(&self) -> RoomFacts {
        RoomFacts {
            floor: self.floor,
            gender_rule: self.gender_rule,
            couple_room: self.couple_room,
            isolation_room: self.isolation_room,
        }
    }
}

fn within(reach: &Reach) -> Box<dyn BoxableExpression<rooms::table, Backend, SqlType = Bool>> {
    if reach.city {
        return Box::new(diesel::dsl::sql::<Bool>("TRUE"));
    }
    Box::new(
        rooms::town_code
            .eq_any(reach.towns.clone())
            .or(rooms::institution_id.eq_any(reach.institutions.clone())),
    )
}

pub fn get_room_row(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    id: i64,
) -> Result<RoomRow> {
    let reach = scope.reach(permission)?;
    let room = rooms::table.filter(rooms::id.eq(id)).filter(within(&reach)).select(RoomRow::as_select());
    Ok(room.first(connection)?)
}

/// A room of an institution that the caller has reached.
pub fn find_room(
    connection: &mut AnyConnection,
    institution: i64,
    building: &str,
    number: &str,
) -> Result<Option<RoomRow>> {
    let room = rooms::table
        .filter(rooms::institution_id.eq(institution))
        .filter(rooms::building.eq(building))
        .filter(rooms::number.eq(number))
        .select(RoomRow::as_select());
    Ok(room.first(connection).optional()?)
}

/// Number and kind of a bed of a room that the caller has reached.
pub fn find_bed(connection: &mut AnyConnection, room: i64, label: &str) -> Result<Option<(i64, BedKind)>> {
    let bed = beds::table
        .filter(beds::room_id.eq(room))
        .filter(beds::label.eq(label))
        .select((beds::id, beds::kind));
    Ok(bed.first(connection).optional()?)
}

pub fn insert_room_row(
    connection: &mut AnyConnection,
    (institution, town_code): (i64, &str),
    (building, number): (&str, &str),
    facts: &RoomFacts,
) -> Result<i64> {
    Ok(diesel::insert_into(rooms::table)
        .values((
            rooms::institution_id.eq(institution),
            rooms::town_code.eq(town_code),
            rooms::building.eq(building),
            rooms::floor.eq(facts.floor),
            rooms::number.eq(number),
            rooms::gender_rule.eq(facts.gender_rule),
            rooms::couple.eq(facts.couple_room),
            rooms::isolation.eq(facts.isolation_room),
        ))
        .returning(rooms::id)
        .get_result(connection)?)
}

/// Writes new facts over those that `seen` holds; false where they are no longer what is stored.
pub fn update_room_row(connection: &mut AnyConnection, seen: &RoomRow, facts: &RoomFacts) -> Result<bool> {
    let target = rooms::table
        .filter(rooms::id.eq(seen.id))
        .filter(rooms::floor.eq(seen.floor))
        .filter(rooms::gender_rule.eq(seen.gender_rule))
        .filter(rooms::couple.eq(seen.couple_room))
        .filter(rooms::isolation.eq(seen.isolation_room));
    let changed = diesel::update(target)
        .set((
            rooms::floor.eq(facts.floor),
            rooms::gender_rule.eq(facts.gender_rule),
            rooms::couple.eq(facts.couple_room),
            rooms::isolation.eq(facts.isolation_room),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}

pub fn insert_bed_row(
    connection: &mut AnyConnection,
    room: &RoomRow,
    label: &str,
    kind: BedKind,
) -> Result<i64> {
    Ok(diesel::insert_into(beds::table)
        .values((
            beds::room_id.eq(room.id),
            beds::institution_id.eq(room.institution_id),
            beds::town_code.eq(&room.town_code),
            beds::label.eq(label),
            beds::kind.eq(kind),
        ))
        .returning(beds::id)
        .get_result(connection)?)
}

pub fn update_bed_kind(
    connection: &mut AnyConnection,
    id: i64,
    seen: BedKind,
    kind: BedKind,
) -> Result<bool> {
    let target = beds::table.filter(beds::id.eq(id)).filter(beds::kind.eq(seen));
    Ok(diesel::update(target).set(beds::kind.eq(kind)).execute(connection)? == 1)
}

/// Refused while a bed stands in it.
pub fn delete_room(connection: &mut AnyConnection, id: i64) -> Result<()> {
    diesel::delete(rooms::table.filter(rooms::id.eq(id))).execute(connection).map_err(in_use)?;
    Ok(())
}

/// Refused once anybody has lived in it or had it held.
pub fn delete_bed(connection: &mut AnyConnection, id: i64) -> Result<()> {
    diesel::delete(beds::table.filter(beds::id.eq(id))).execute(connection).map_err(in_use)?;
    Ok(())
}
