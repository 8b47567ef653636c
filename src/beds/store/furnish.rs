//! Rooms and their beds as the office furnishes them.

use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::{BED, BedRow};
use crate::access::{Permission, Reach, Scope};
use crate::beds::model::{BedInput, ClaimKind, GenderRule, RoomInput};
use crate::clock::Instant;
use crate::db::schema::{bed_claims, beds, elders, rooms, stays};
use crate::db::{AnyConnection, Backend, in_use, is_unique};
use crate::error::{Error, Result};
use crate::listing::{ListRequest, Listed};
use crate::registry::caregivers::Gender;
use crate::text::Text;

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
    pub closed_at: Option<Instant>,
    pub version: i64,
}

impl RoomRow {
    /// The fields that an editor can set.
    pub fn input(&self) -> RoomInput {
        RoomInput {
            building: self.building.clone(),
            floor: self.floor,
            number: self.number.clone(),
            gender_rule: self.gender_rule,
            couple_room: self.couple_room,
            isolation_room: self.isolation_room,
        }
    }
}

/// A room with its open beds, and how many of them are lived in.
#[derive(Clone, Debug)]
pub struct RoomListed {
    pub room: RoomRow,
    pub beds: i64,
    pub lived_in: i64,
}

fn within(reach: &Reach) -> Box<dyn BoxableExpression<rooms::table, Backend, SqlType = Bool>> {
    if reach.city {
        return Box::new(crate::db::always());
    }
    Box::new(
        rooms::town_code
            .eq_any(reach.towns.clone())
            .or(rooms::institution_id.eq_any(reach.institutions.clone())),
    )
}

pub fn get_room(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    id: i64,
) -> Result<RoomRow> {
    let reach = scope.reach(permission)?;
    let room = rooms::table.filter(rooms::id.eq(id)).filter(within(&reach));
    Ok(room.select(RoomRow::as_select()).first(connection)?)
}

/// Rooms within reach in order of their numbers. Filters: institution, town, closed.
pub fn list_rooms(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
    now: Instant,
) -> Result<Listed<RoomListed>> {
    let reach = scope.reach(Permission::SeeBeds)?;
    let mut query = rooms::table.filter(within(&reach)).into_boxed();
    if let Some(institution) = request.filter_id("institution") {
        query = query.filter(rooms::institution_id.eq(institution));
    }
    if let Some(town) = request.filter("town") {
        query = query.filter(rooms::town_code.eq(town.to_owned()));
    }
    query = match request.filter_flag("closed") {
        Some(true) => query.filter(rooms::closed_at.is_not_null()),
        Some(false) => query.filter(rooms::closed_at.is_null()),
        None => query,
    };
    let rows: Vec<RoomRow> = query
        .filter(rooms::id.gt(request.after_id.unwrap_or_default()))
        .order(rooms::id)
        .limit(request.limit)
        .select(RoomRow::as_select())
        .load(connection)?;
    let total = rows.len() as i64;
    Ok(Listed { rows: with_counts(connection, rows, now)?, total })
}

/// Every room of an institution within reach, in the order of the house; closed ones last.
pub fn rooms_of_house(
    connection: &mut AnyConnection,
    scope: &Scope,
    institution: i64,
    now: Instant,
) -> Result<Vec<RoomListed>> {
    let reach = scope.reach(Permission::SeeBeds)?;
    let mut rows: Vec<RoomRow> = rooms::table
        .filter(rooms::institution_id.eq(institution))
        .filter(within(&reach))
        .order((rooms::building, rooms::floor, rooms::number, rooms::id))
        .select(RoomRow::as_select())
        .load(connection)?;
    rows.sort_by_key(|room| room.closed_at.is_some());
    with_counts(connection, rows, now)
}

fn with_counts(connection: &mut AnyConnection, rows: Vec<RoomRow>, now: Instant) -> Result<Vec<RoomListed>> {
    let ids: Vec<i64> = rows.iter().map(|room| room.id).collect();
    let open = || beds::table.filter(beds::room_id.eq_any(ids.clone())).filter(beds::closed_at.is_null());
    let all: Vec<(i64, i64)> =
        open().group_by(beds::room_id).select((beds::room_id, diesel::dsl::count_star())).load(connection)?;
    let homes = bed_claims::table
        .filter(bed_claims::kind.eq(ClaimKind::Stay))
        .filter(bed_claims::starts_at.le(now))
        .filter(bed_claims::ends_at.is_null().or(bed_claims::ends_at.gt(now)))
        .select(bed_claims::bed_id);
    let lived_in: Vec<(i64, i64)> = open()
        .filter(beds::id.eq_any(homes))
        .group_by(beds::room_id)
        .select((beds::room_id, diesel::dsl::count_star()))
        .load(connection)?;
    let of = |counts: &[(i64, i64)], id: i64| {
        counts.iter().find(|(room, _)| *room == id).map_or(0, |(_, count)| *count)
    };
    let listed = rows.into_iter().map(|room| RoomListed {
        beds: of(&all, room.id),
        lived_in: of(&lived_in, room.id),
        room,
    });
    Ok(listed.collect())
}

/// All beds of a room, closed ones last. For a caller who has reached the room already.
pub fn beds_of_room(connection: &mut AnyConnection, room_id: i64) -> Result<Vec<BedRow>> {
    let mut found: Vec<BedRow> = beds::table
        .inner_join(rooms::table)
        .filter(beds::room_id.eq(room_id))
        .order((beds::label, beds::id))
        .select(BED)
        .load(connection)?;
    found.sort_by_key(|bed| bed.closed_at.is_some());
    Ok(found)
}

/// A room of an institution that the caller has reached.
pub(in crate::beds) fn find_room(
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

/// A bed of a room that the caller has reached.
pub(in crate::beds) fn find_bed(
    connection: &mut AnyConnection,
    room_id: i64,
    label: &str,
) -> Result<Option<BedRow>> {
    let bed = beds::table
        .inner_join(rooms::table)
        .filter(beds::room_id.eq(room_id))
        .filter(beds::label.eq(label))
        .select(BED);
    Ok(bed.first(connection).optional()?)
}

/// Refused while a bed stands in it.
pub(in crate::beds) fn delete_room(connection: &mut AnyConnection, id: i64) -> Result<()> {
    diesel::delete(rooms::table.filter(rooms::id.eq(id))).execute(connection).map_err(in_use)?;
    Ok(())
}

/// Refused once anybody has lived in it or had it held.
pub(in crate::beds) fn delete_bed(connection: &mut AnyConnection, id: i64) -> Result<()> {
    diesel::delete(beds::table.filter(beds::id.eq(id))).execute(connection).map_err(in_use)?;
    Ok(())
}

/// Who lives in a room at `now`, with the label of the bed.
pub fn residents_of_room(
    connection: &mut AnyConnection,
    room_id: i64,
    now: Instant,
) -> Result<Vec<(String, Gender)>> {
    Ok(stays::table
        .inner_join(elders::table)
        .inner_join(beds::table)
        .filter(beds::room_id.eq(room_id))
        .filter(stays::starts_at.le(now))
        .filter(stays::ends_at.is_null().or(stays::ends_at.gt(now)))
        .order(beds::label)
        .select((beds::label, elders::gender))
        .load(connection)?)
}

pub(in crate::beds) fn insert_room(
    connection: &mut AnyConnection,
    (institution_id, town_code): (i64, &str),
    input: &RoomInput,
) -> Result<i64> {
    diesel::insert_into(rooms::table)
        .values((
            rooms::institution_id.eq(institution_id),
            rooms::town_code.eq(town_code),
            rooms::building.eq(input.building.trim()),
            rooms::floor.eq(input.floor),
            rooms::number.eq(input.number.trim()),
            rooms::gender_rule.eq(input.gender_rule),
            rooms::couple.eq(input.couple_room),
            rooms::isolation.eq(input.isolation_room),
        ))
        .returning(rooms::id)
        .get_result(connection)
        .map_err(|failure| taken(failure, "number", "rule.room_taken", &input.number))
}

/// Writes the new values over version `seen`; false where that is no longer what is stored.
pub(in crate::beds) fn update_room(
    connection: &mut AnyConnection,
    id: i64,
    seen: i64,
    input: &RoomInput,
) -> Result<bool> {
    let current = rooms::table.filter(rooms::id.eq(id)).filter(rooms::version.eq(seen));
    let changed = diesel::update(current)
        .set((
            rooms::building.eq(input.building.trim()),
            rooms::floor.eq(input.floor),
            rooms::number.eq(input.number.trim()),
            rooms::gender_rule.eq(input.gender_rule),
            rooms::couple.eq(input.couple_room),
            rooms::isolation.eq(input.isolation_room),
            rooms::version.eq(seen + 1),
        ))
        .execute(connection)
        .map_err(|failure| taken(failure, "number", "rule.room_taken", &input.number))?;
    Ok(changed == 1)
}

pub(in crate::beds) fn set_room_closed(
    connection: &mut AnyConnection,
    id: i64,
    seen: i64,
    at: Option<Instant>,
) -> Result<bool> {
    let current = rooms::table.filter(rooms::id.eq(id)).filter(rooms::version.eq(seen));
    let values = (rooms::closed_at.eq(at), rooms::version.eq(seen + 1));
    Ok(diesel::update(current).set(values).execute(connection)? == 1)
}

pub(in crate::beds) fn insert_bed(
    connection: &mut AnyConnection,
    room: &RoomRow,
    input: &BedInput,
) -> Result<i64> {
    diesel::insert_into(beds::table)
        .values((
            beds::room_id.eq(room.id),
            beds::institution_id.eq(room.institution_id),
            beds::town_code.eq(&room.town_code),
            beds::label.eq(input.label.trim()),
            beds::kind.eq(input.kind),
        ))
        .returning(beds::id)
        .get_result(connection)
        .map_err(|failure| taken(failure, "label", "rule.label_taken", &input.label))
}

pub(in crate::beds) fn update_bed(
    connection: &mut AnyConnection,
    id: i64,
    seen: i64,
    input: &BedInput,
) -> Result<bool> {
    let current = beds::table.filter(beds::id.eq(id)).filter(beds::version.eq(seen));
    let changed = diesel::update(current)
        .set((beds::label.eq(input.label.trim()), beds::kind.eq(input.kind), beds::version.eq(seen + 1)))
        .execute(connection)
        .map_err(|failure| taken(failure, "label", "rule.label_taken", &input.label))?;
    Ok(changed == 1)
}

pub(in crate::beds) fn set_bed_closed(
    connection: &mut AnyConnection,
    id: i64,
    seen: i64,
    at: Option<Instant>,
) -> Result<bool> {
    let current = beds::table.filter(beds::id.eq(id)).filter(beds::version.eq(seen));
    let values = (beds::closed_at.eq(at), beds::version.eq(seen + 1));
    Ok(diesel::update(current).set(values).execute(connection)? == 1)
}

/// Since when a bed is closed.
pub(in crate::beds) fn bed_closed_at(connection: &mut AnyConnection, id: i64) -> Result<Option<Instant>> {
    Ok(beds::table.filter(beds::id.eq(id)).select(beds::closed_at).first(connection)?)
}

fn taken(failure: diesel::result::Error, field: &'static str, rule: &'static str, value: &str) -> Error {
    if is_unique(&failure) {
        return Error::field(field, Text::new(rule).with("name", value.trim()));
    }
    failure.into()
}
