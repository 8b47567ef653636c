//! Devices as records that people look at.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable};

use super::batch::{Latest, latest_of};
use super::health::{garbling, of_health};
use super::places::{PlaceNames, Placement};
use crate::access::{Permission, Reach, Scope};
use crate::clock::{Calendar, Instant};
use crate::db::schema::{devices, stations, stays, towns};
use crate::db::{AnyConnection, Backend};
use crate::devices::model::{DeviceHealth, DeviceKind, DevicePlace, DeviceSheet, PresenceState};
use crate::error::{Error, Result};
use crate::listing::{ListRequest, Listed};

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
    pub serial_number: String,
    pub firmware: String,
    pub installed_on: Option<NaiveDate>,
    pub calibration_due_on: Option<NaiveDate>,
    pub note: String,
    pub heartbeat_s: Option<i32>,
    pub claimed_at: Option<Instant>,
    pub token_set_at: Option<Instant>,
    /// Until when the credential before the present one counts beside it.
    pub former_until: Option<Instant>,
    token_hash: Vec<u8>,
}

impl DeviceRow {
    /// Whether it could connect: none has been given to a device that nobody has claimed, and that of another was revoked.
    pub fn has_credential(&self) -> bool {
        !self.token_hash.is_empty()
    }

    /// Nobody has claimed it yet.
    pub fn is_unclaimed(&self) -> bool {
        self.claimed_at.is_none()
    }

    /// What the office can change of it.
    pub fn sheet(&self) -> DeviceSheet {
        DeviceSheet {
            name: self.name.clone(),
            serial_number: self.serial_number.clone(),
            firmware: self.firmware.clone(),
            installed_on: self.installed_on,
            calibration_due_on: self.calibration_due_on,
            heartbeat_s: self.heartbeat_s,
            note: self.note.clone(),
        }
    }

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
    /// Messages that could not be read came from it of late.
    pub garbles: bool,
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
    // A provider reaches what stands at the stations that it runs.
    let providers: Vec<Option<i64>> = reach.providers.iter().copied().map(Some).collect();
    let served =
        stations::table.filter(stations::provider_id.eq_any(providers)).select(stations::id.nullable());
    Box::new(
        devices::town_code
            .eq_any(reach.towns.clone())
            .nullable()
            .or(devices::institution_id.eq_any(institutions))
            .or(devices::elder_id.eq_any(residents))
            .or(devices::station_id.eq_any(served)),
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

/// A device for which the asker may do what `need` allows, such as to place it.
pub(in crate::devices) fn get_to(
    connection: &mut AnyConnection,
    scope: &Scope,
    need: Permission,
    id: i64,
) -> Result<DeviceRow> {
    let reach = scope.reach(need)?;
    let one = devices::table.filter(devices::id.eq(id)).filter(within(&reach));
    Ok(one.select(DeviceRow::as_select()).first(connection)?)
}

/// The devices in service at a place, for the place's page.
pub fn devices_at(
    connection: &mut AnyConnection,
    scope: &Scope,
    place: DevicePlace,
) -> Result<Vec<DeviceRow>> {
    let reach = scope.reach(Permission::SeeDevices)?;
    Ok(devices::table
        .filter(within(&reach))
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

/// Filters: q (code, name or serial number), town, kind, presence, station, institution, place, health. Sorts: code, name, kind,
/// place, presence, last_seen, calibration.
pub fn list_devices(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
    at: (Calendar, Instant),
) -> Result<Listed<DeviceListed>> {
    let reach = scope.reach(Permission::SeeDevices)?;
    let total = filtered(&reach, request, at).count().get_result(connection)?;
    let mut query = filtered(&reach, request, at);
    if let Some(after) = request.after_id {
        query = query.filter(devices::id.gt(after)).order(devices::id);
    } else {
        query = ordered(query, request).then_order_by(devices::id).offset(request.offset);
    }
    let rows = query.limit(request.limit).select(DeviceRow::as_select()).load(connection)?;
    let mut rows = named(connection, rows)?;
    let ids: Vec<i64> = rows.iter().map(|row| row.device.id).collect();
    let garblers = garbling(connection, &ids, at.1)?;
    for row in &mut rows {
        row.garbles = garblers.contains(&row.device.id);
    }
    Ok(Listed { rows, total })
}

/// How many devices within reach are so.
pub fn count_devices(
    connection: &mut AnyConnection,
    scope: &Scope,
    health: DeviceHealth,
    at: (Calendar, Instant),
) -> Result<i64> {
    let reach = scope.reach(Permission::SeeDevices)?;
    let query = devices::table.filter(within(&reach)).filter(of_health(health, at));
    Ok(query.count().get_result(connection)?)
}

fn filtered<'a>(
    reach: &Reach,
    request: &ListRequest,
    at: (Calendar, Instant),
) -> devices::BoxedQuery<'a, Backend> {
    let mut query = devices::table.filter(within(reach)).into_boxed();
    if let Some(pattern) = request.search_pattern() {
        let code = devices::code.like(pattern.clone()).escape('\\');
        let serial = devices::serial_number.like(pattern.clone()).escape('\\');
        query = query.filter(devices::name.like(pattern).escape('\\').or(code).or(serial));
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
    if let Some(station) = request.filter("station") {
        query = query.filter(devices::station_id.eq(number(station)));
    }
    if let Some(institution) = request.filter("institution") {
        query = query.filter(devices::institution_id.eq(number(institution)));
    }
    match request.filter("place") {
        Some("station") => query = query.filter(devices::station_id.is_not_null()),
        Some("room") => query = query.filter(devices::room_id.is_not_null()),
        Some("institution") => {
            query = query.filter(devices::institution_id.is_not_null()).filter(devices::room_id.is_null());
        }
        Some("elder") => query = query.filter(devices::elder_id.is_not_null()),
        _ => {}
    }
    if let Some(health) = request.filter("health").and_then(DeviceHealth::parse) {
        query = query.filter(of_health(health, at));
    }
    query
}

/// A text that is no number is that of no place.
fn number(text: &str) -> i64 {
    text.parse().unwrap_or(-1)
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
        // Never due is the latest.
        ("calibration", false) => query
            .order(devices::calibration_due_on.is_null())
            .then_order_by(devices::calibration_due_on.asc()),
        ("calibration", true) => query
            .order(devices::calibration_due_on.is_not_null())
            .then_order_by(devices::calibration_due_on.desc()),
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
            garbles: false,
            device,
        }
    });
    Ok(listed.collect())
}
