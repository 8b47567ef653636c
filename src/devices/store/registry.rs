//! Devices as records that people look at.

use std::collections::HashMap;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable};

use super::batch::{Latest, latest_of};
use super::places::{PlaceNames, Placement, insert_place, placement_of};
use crate::access::{Permission, Reach, Scope};
use crate::clock::Instant;
use crate::db::schema::{devices, stations, stays, towns};
use crate::db::{AnyConnection, Backend, is_unique};
use crate::devices::model::{DeviceKind, DevicePlace, PresenceState};
use crate::error::{Error, Result};
use crate::listing::{ListRequest, Listed};
use crate::text::Text;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = devices)]
pub struct DeviceRow {
    pub id: i64,
    pub code: String,
    pub kind: DeviceKind,
    pub name: String,
    pub town_code: String,
    pub station_id: Option<i64>,
    pub institution_id: Option<i64>,
    pub presence: PresenceState,
    pub presence_at: Instant,
    pub last_seen_at: Option<Instant>,
    pub disabled_at: Option<Instant>,
    pub created_at: Instant,
    pub version: i64,
    pub room_id: Option<i64>,
    pub elder_id: Option<i64>,
}

impl DeviceRow {
    pub fn placement(&self) -> Placement {
        Placement {
            town_code: self.town_code.clone(),
            station_id: self.station_id,
            institution_id: self.institution_id,
            room_id: self.room_id,
            elder_id: self.elder_id,
        }
    }
}

/// A device with the names of its place and its latest values in order of channel.
#[derive(Clone, Debug)]
pub struct DeviceListed {
    pub device: DeviceRow,
    pub town_zh: String,
    pub town_en: String,
    /// Name of the station or of the institution and room; empty with an elder.
    pub place: String,
    pub latest: Vec<Latest>,
}

pub(super) type Condition = Box<dyn BoxableExpression<devices::table, Backend, SqlType = Nullable<Bool>>>;

pub(super) fn within(reach: &Reach) -> Condition {
    if reach.city {
        return Box::new(sql::<Nullable<Bool>>("TRUE"));
    }
    let institutions: Vec<Option<i64>> = reach.institutions.iter().copied().map(Some).collect();
    // A house reaches what stands with those who live there.
    let residents = stays::table
        .filter(stays::institution_id.eq_any(reach.institutions.clone()))
        .filter(stays::ends_at.is_null())
        .select(stays::elder_id.nullable());
    Box::new(
        devices::town_code
            .eq_any(reach.towns.clone())
            .nullable()
            .or(devices::institution_id.eq_any(institutions))
            .or(devices::elder_id.eq_any(residents)),
    )
}

/// Number and hash of the token of a device that may connect.
pub fn find_credential(connection: &mut AnyConnection, code: &str) -> Result<Option<(i64, Vec<u8>)>> {
    Ok(devices::table
        .filter(devices::code.eq(code))
        .filter(devices::disabled_at.is_null())
        .select((devices::id, devices::token_hash))
        .first(connection)
        .optional()?)
}

pub fn get_device(connection: &mut AnyConnection, scope: &Scope, id: i64) -> Result<DeviceListed> {
    let reach = scope.reach(Permission::SeeDevices)?;
    let row: DeviceRow = devices::table
        .filter(devices::id.eq(id))
        .filter(within(&reach))
        .select(DeviceRow::as_select())
        .first(connection)?;
    named(connection, vec![row])?.pop().ok_or_else(Error::not_found)
}

/// A device that the asker may place.
pub(in crate::devices) fn get_to_place(
    connection: &mut AnyConnection,
    scope: &Scope,
    id: i64,
) -> Result<DeviceRow> {
    let reach = scope.reach(Permission::PlaceDevice)?;
    let one = devices::table.filter(devices::id.eq(id)).filter(within(&reach));
    Ok(one.select(DeviceRow::as_select()).first(connection)?)
}

/// The devices in service at a place, for the place's page: whoever works for the provider of a station sees the station's.
pub fn devices_at(
    connection: &mut AnyConnection,
    scope: &Scope,
    place: DevicePlace,
) -> Result<Vec<DeviceRow>> {
    let reach = scope.reach(Permission::SeeDevices)?;
    let providers: Vec<Option<i64>> = reach.providers.iter().copied().map(Some).collect();
    let served =
        stations::table.filter(stations::provider_id.eq_any(providers)).select(stations::id.nullable());
    Ok(devices::table
        .filter(within(&reach).or(devices::station_id.eq_any(served)))
        .filter(standing_at(place))
        .filter(devices::disabled_at.is_null())
        .order(devices::code)
        .select(DeviceRow::as_select())
        .load(connection)?)
}

fn standing_at(place: DevicePlace) -> Condition {
    match place {
        DevicePlace::Station(id) => Box::new(devices::station_id.eq(id)),
        DevicePlace::Institution(id) => Box::new(devices::institution_id.eq(id)),
        DevicePlace::Room(id) => Box::new(devices::room_id.eq(id)),
        DevicePlace::Elder(id) => Box::new(devices::elder_id.eq(id)),
    }
}

/// Filters: q (code or name), town, kind, presence. Sorts: code, name, kind, town, presence, last_seen.
pub fn list_devices(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
) -> Result<Listed<DeviceListed>> {
    let reach = scope.reach(Permission::SeeDevices)?;
    let total = filtered(&reach, request).count().get_result(connection)?;
    let mut query = filtered(&reach, request);
    if let Some(after) = request.after_id {
        query = query.filter(devices::id.gt(after)).order(devices::id);
    } else {
        query = ordered(query, request).then_order_by(devices::id).offset(request.offset);
    }
    let rows = query.limit(request.limit).select(DeviceRow::as_select()).load(connection)?;
    Ok(Listed { rows: named(connection, rows)?, total })
}

fn filtered<'a>(reach: &Reach, request: &ListRequest) -> devices::BoxedQuery<'a, Backend> {
    let mut query = devices::table.filter(within(reach)).into_boxed();
    if let Some(pattern) = request.search_pattern() {
        let code = devices::code.like(pattern.clone()).escape('\\');
        query = query.filter(devices::name.like(pattern).escape('\\').or(code));
    }
    if let Some(town) = request.filter("town") {
        query = query.filter(devices::town_code.eq(town.to_owned()));
    }
    if let Some(kind) = request.filter("kind") {
        query = query.filter(devices::kind.eq(kind.to_owned()));
    }
    if let Some(presence) = request.filter("presence") {
        query = query.filter(devices::presence.eq(presence.to_owned()));
    }
    query
}

fn ordered<'a>(
    query: devices::BoxedQuery<'a, Backend>,
    request: &ListRequest,
) -> devices::BoxedQuery<'a, Backend> {
    match request.sort_or("code") {
        ("name", false) => query.order(devices::name.asc()),
        ("name", true) => query.order(devices::name.desc()),
        ("kind", false) => query.order(devices::kind.asc()),
        ("kind", true) => query.order(devices::kind.desc()),
        ("place", false) => query.order(devices::town_code.asc()),
        ("place", true) => query.order(devices::town_code.desc()),
        ("presence", false) => query.order(devices::presence.asc()),
        ("presence", true) => query.order(devices::presence.desc()),
        // Never seen is the longest ago, in both databases.
        ("last_seen", false) => {
            query.order(devices::last_seen_at.is_not_null()).then_order_by(devices::last_seen_at.asc())
        }
        ("last_seen", true) => {
            query.order(devices::last_seen_at.is_null()).then_order_by(devices::last_seen_at.desc())
        }
        (_, true) => query.order(devices::code.desc()),
        (_, false) => query.order(devices::code.asc()),
    }
}

fn named(connection: &mut AnyConnection, rows: Vec<DeviceRow>) -> Result<Vec<DeviceListed>> {
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut latest: HashMap<i64, Vec<Latest>> = HashMap::new();
    for one in latest_of(connection, &ids)? {
        latest.entry(one.device_id).or_default().push(one);
    }
    let places: Vec<_> = rows.iter().map(|row| (row.station_id, row.institution_id, row.room_id)).collect();
    let names = PlaceNames::load(connection, &places)?;
    let towns: Vec<(String, String, String)> =
        towns::table.select((towns::code, towns::name_zh, towns::name_en)).load(connection)?;
    let listed = rows.into_iter().map(|device| {
        let town = towns.iter().find(|(code, _, _)| *code == device.town_code);
        DeviceListed {
            town_zh: town.map(|town| town.1.clone()).unwrap_or_default(),
            town_en: town.map(|town| town.2.clone()).unwrap_or_default(),
            place: names.of((device.station_id, device.institution_id, device.room_id)),
            latest: latest.remove(&device.id).unwrap_or_default(),
            device,
        }
    });
    Ok(listed.collect())
}

/// A device to be added.
#[derive(Clone, Debug)]
pub struct NewDevice<'a> {
    pub code: &'a str,
    pub kind: DeviceKind,
    pub name: &'a str,
    pub town_code: &'a str,
    pub place: DevicePlace,
    pub token_hash: &'a [u8],
    pub now: Instant,
    /// Who adds it.
    pub actor: &'a str,
}

pub fn insert_device(connection: &mut AnyConnection, device: &NewDevice<'_>) -> Result<i64> {
    let unknown = || Error::field("place", Text::new("rule.device_place"));
    let placement = placement_of(connection, device.place)?.ok_or_else(unknown)?;
    let id = diesel::insert_into(devices::table)
        .values((
            devices::code.eq(device.code),
            devices::kind.eq(device.kind),
            devices::name.eq(device.name),
            devices::town_code.eq(device.town_code),
            devices::station_id.eq(placement.station_id),
            devices::institution_id.eq(placement.institution_id),
            devices::room_id.eq(placement.room_id),
            devices::elder_id.eq(placement.elder_id),
            devices::token_hash.eq(device.token_hash),
            devices::presence.eq(PresenceState::Never),
            devices::presence_at.eq(device.now),
            devices::created_at.eq(device.now),
        ))
        .returning(devices::id)
        .get_result(connection)
        .map_err(|failure| {
            if is_unique(&failure) {
                Error::field("code", Text::new("rule.device_code_taken").with("code", device.code))
            } else {
                failure.into()
            }
        })?;
    insert_place(connection, id, &placement, (device.now, device.actor))?;
    Ok(id)
}

/// Number, town and institution of a device by its code, for use cases of the program itself.
pub fn find_by_code(connection: &mut AnyConnection, code: &str) -> Result<(i64, String, Option<i64>)> {
    Ok(devices::table
        .filter(devices::code.eq(code))
        .select((devices::id, devices::town_code, devices::institution_id))
        .first(connection)?)
}

/// Refuses the device from now on; false where it is refused already.
pub fn set_disabled(connection: &mut AnyConnection, id: i64, at: Instant) -> Result<bool> {
    let enabled = devices::table.filter(devices::id.eq(id)).filter(devices::disabled_at.is_null());
    let changed = diesel::update(enabled)
        .set((devices::disabled_at.eq(at), devices::version.eq(devices::version + 1)))
        .execute(connection)?;
    Ok(changed == 1)
}
