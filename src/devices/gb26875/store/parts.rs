//! What the parts of a panel said last.

use diesel::prelude::*;

use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::fire_parts;
use crate::devices::gb26875::model::{PARTS_MAX, PRESSES_MAX, PartKey, PartLevel};
use crate::error::Result;
use crate::listing::{ListRequest, Listed};

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = fire_parts)]
pub struct PartRow {
    pub id: i64,
    pub device_id: i64,
    pub slot: i16,
    pub level: PartLevel,
    pub system_type: i16,
    pub system_address: i16,
    pub component_type: i16,
    pub zone: i32,
    pub place: i32,
    pub label: String,
    pub state: Option<i32>,
    pub state_at: Option<Instant>,
    pub is_test: bool,
    pub analog_type: Option<i16>,
    pub analog_value: Option<i32>,
    pub analog_at: Option<Instant>,
    pub channel: Option<i16>,
    /// Names its alarm by hand in alerts, where there ever was one.
    pub press_slot: Option<i16>,
}

/// The part, where it was heard of.
pub fn find_part(connection: &mut AnyConnection, device_id: i64, key: &PartKey) -> Result<Option<PartRow>> {
    Ok(fire_parts::table
        .filter(fire_parts::device_id.eq(device_id))
        .filter(fire_parts::level.eq(key.level))
        .filter(fire_parts::system_type.eq(i16::from(key.system_type)))
        .filter(fire_parts::system_address.eq(i16::from(key.system_address)))
        .filter(fire_parts::component_type.eq(i16::from(key.component_type)))
        .filter(fire_parts::zone.eq(i32::from(key.zone)))
        .filter(fire_parts::place.eq(i32::from(key.place)))
        .select(PartRow::as_select())
        .first(connection)
        .optional()?)
}

/// The part; a new one where there is none yet and the panel has room for it.
pub fn part(connection: &mut AnyConnection, device_id: i64, key: &PartKey) -> Result<Option<PartRow>> {
    let known = find_part(connection, device_id, key)?;
    if known.is_some() {
        return Ok(known);
    }
    let last: Option<i16> = fire_parts::table
        .filter(fire_parts::device_id.eq(device_id))
        .select(diesel::dsl::max(fire_parts::slot))
        .first(connection)?;
    let last = last.unwrap_or(0);
    if last >= PARTS_MAX {
        return Ok(None);
    }
    diesel::insert_into(fire_parts::table)
        .values((
            fire_parts::device_id.eq(device_id),
            fire_parts::slot.eq(last + 1),
            fire_parts::level.eq(key.level),
            fire_parts::system_type.eq(i16::from(key.system_type)),
            fire_parts::system_address.eq(i16::from(key.system_address)),
            fire_parts::component_type.eq(i16::from(key.component_type)),
            fire_parts::zone.eq(i32::from(key.zone)),
            fire_parts::place.eq(i32::from(key.place)),
            fire_parts::label.eq(""),
            fire_parts::is_test.eq(false),
        ))
        .execute(connection)?;
    let made = fire_parts::table
        .filter(fire_parts::device_id.eq(device_id))
        .filter(fire_parts::slot.eq(last + 1))
        .select(PartRow::as_select())
        .first(connection)?;
    Ok(Some(made))
}

pub fn set_label(connection: &mut AnyConnection, part_id: i64, label: &str) -> Result<()> {
    diesel::update(fire_parts::table.filter(fire_parts::id.eq(part_id)))
        .set(fire_parts::label.eq(label))
        .execute(connection)?;
    Ok(())
}

pub fn set_state(
    connection: &mut AnyConnection,
    part_id: i64,
    (state, is_test): (u16, bool),
    at: Instant,
) -> Result<()> {
    diesel::update(fire_parts::table.filter(fire_parts::id.eq(part_id)))
        .set((
            fire_parts::state.eq(i32::from(state)),
            fire_parts::is_test.eq(is_test),
            fire_parts::state_at.eq(at),
        ))
        .execute(connection)?;
    Ok(())
}

pub fn set_analog(
    connection: &mut AnyConnection,
    part_id: i64,
    (analog_type, value): (u8, i16),
    at: Instant,
) -> Result<()> {
    diesel::update(fire_parts::table.filter(fire_parts::id.eq(part_id)))
        .set((
            fire_parts::analog_type.eq(i16::from(analog_type)),
            fire_parts::analog_value.eq(i32::from(value)),
            fire_parts::analog_at.eq(at),
        ))
        .execute(connection)?;
    Ok(())
}

/// Whether the part feeds the device's channel: the first that has a value of it does, and no other.
pub fn claim_channel(
    connection: &mut AnyConnection,
    device_id: i64,
    part_id: i64,
    channel: i16,
) -> Result<bool> {
    let feeder: Option<i64> = fire_parts::table
        .filter(fire_parts::device_id.eq(device_id))
        .filter(fire_parts::channel.eq(channel))
        .select(fire_parts::id)
        .first(connection)
        .optional()?;
    if feeder.is_none() {
        diesel::update(fire_parts::table.filter(fire_parts::id.eq(part_id)))
            .set(fire_parts::channel.eq(channel))
            .execute(connection)?;
    }
    Ok(feeder.is_none_or(|id| id == part_id))
}

/// By which number the part's alarm by hand goes: its own, taken at the first press; 0 where the panel has no more.
pub fn press_slot(connection: &mut AnyConnection, part: &PartRow) -> Result<i16> {
    if let Some(slot) = part.press_slot {
        return Ok(slot);
    }
    let last: Option<i16> = fire_parts::table
        .filter(fire_parts::device_id.eq(part.device_id))
        .select(diesel::dsl::max(fire_parts::press_slot))
        .first(connection)?;
    let last = last.unwrap_or(0);
    if last >= PRESSES_MAX {
        return Ok(0);
    }
    diesel::update(fire_parts::table.filter(fire_parts::id.eq(part.id)))
        .set(fire_parts::press_slot.eq(last + 1))
        .execute(connection)?;
    Ok(last + 1)
}

/// The components of one system.
pub fn components_of(
    connection: &mut AnyConnection,
    device_id: i64,
    (system_type, system_address): (u8, u8),
) -> Result<Vec<PartRow>> {
    Ok(fire_parts::table
        .filter(fire_parts::device_id.eq(device_id))
        .filter(fire_parts::level.eq(PartLevel::Component))
        .filter(fire_parts::system_type.eq(i16::from(system_type)))
        .filter(fire_parts::system_address.eq(i16::from(system_address)))
        .order(fire_parts::slot)
        .select(PartRow::as_select())
        .load(connection)?)
}

/// The parts of a panel, in the order in which they were first heard.
pub fn parts_of(connection: &mut AnyConnection, device_id: i64, limit: i64) -> Result<Vec<PartRow>> {
    Ok(fire_parts::table
        .filter(fire_parts::device_id.eq(device_id))
        .order(fire_parts::slot)
        .limit(limit)
        .select(PartRow::as_select())
        .load(connection)?)
}

pub fn count_parts(connection: &mut AnyConnection, device_id: i64) -> Result<i64> {
    Ok(fire_parts::table.filter(fire_parts::device_id.eq(device_id)).count().get_result(connection)?)
}

/// Filters: device, level, test. By device, in the order in which the parts were first heard.
pub fn list_parts(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
) -> Result<Listed<PartRow>> {
    let reach = scope.reach(Permission::SeeDevices)?;
    let filtered = || {
        let mut query =
            fire_parts::table.filter(fire_parts::device_id.eq_any(seen_devices!(reach))).into_boxed();
        if let Some(device) = request.filter_id("device") {
            query = query.filter(fire_parts::device_id.eq(device));
        }
        if let Some(level) = request.filter("level") {
            query = match PartLevel::parse(level) {
                Some(level) => query.filter(fire_parts::level.eq(level)),
                None => query.filter(fire_parts::id.eq(-1)),
            };
        }
        if let Some(is_test) = request.filter_flag("test") {
            query = query.filter(fire_parts::is_test.eq(is_test));
        }
        query
    };
    let total = filtered().count().get_result(connection)?;
    let query = match request.after_id {
        Some(after) => filtered().filter(fire_parts::id.gt(after)).order(fire_parts::id.asc()),
        None => filtered()
            .order(fire_parts::device_id.asc())
            .then_order_by(fire_parts::slot.asc())
            .offset(request.offset),
    };
    let rows = query.limit(request.limit).select(PartRow::as_select()).load(connection)?;
    Ok(Listed { rows, total })
}
