//! Where devices stand and stood.

use std::collections::HashMap;

use diesel::dsl::auto_type;
use diesel::prelude::*;

use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::schema::{device_places, devices, elders, institutions, rooms, stations};
use crate::db::{AnyConnection, OneOf};
use crate::devices::model::DevicePlace;
use crate::error::{Error, Result};
use crate::on_backend;
use crate::text::Text;

/// Places to choose from at most.
const OFFERED_MAX: i64 = 1_000;

/// Numbers as texts, with names.
type Named = Vec<(String, String)>;

/// A place as it is stored: a room has its institution beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placement {
    pub town_code: String,
    pub station_id: Option<i64>,
    pub institution_id: Option<i64>,
    pub room_id: Option<i64>,
    pub elder_id: Option<i64>,
}

/// The columns of a place; none for an unknown one.
pub fn placement_of(connection: &mut AnyConnection, place: DevicePlace) -> Result<Option<Placement>> {
    let found = match place {
        DevicePlace::Station(id) => {
            let town = stations::table.filter(stations::id.eq(id)).select(stations::town_code);
            let town: Option<String> = town.first(connection).optional()?;
            town.map(|town_code| Placement { town_code, station_id: Some(id), ..Placement::default() })
        }
        DevicePlace::Institution(id) => {
            let town = institutions::table.filter(institutions::id.eq(id)).select(institutions::town_code);
            let town: Option<String> = town.first(connection).optional()?;
            town.map(|town_code| Placement { town_code, institution_id: Some(id), ..Placement::default() })
        }
        DevicePlace::Room(id) => {
            let room = rooms::table
                .inner_join(institutions::table)
                .filter(rooms::id.eq(id))
                .select((institutions::town_code, rooms::institution_id));
            let room: Option<(String, i64)> = room.first(connection).optional()?;
            room.map(|(town_code, institution)| Placement {
                town_code,
                institution_id: Some(institution),
                room_id: Some(id),
                ..Placement::default()
            })
        }
        DevicePlace::Elder(id) => {
            let town = elders::table.filter(elders::id.eq(id)).select(elders::town_code);
            let town: Option<String> = town.first(connection).optional()?;
            town.map(|town_code| Placement { town_code, elder_id: Some(id), ..Placement::default() })
        }
    };
    Ok(found)
}

/// Stations and institutions to choose from, by number and name, where the asker may do what `need` allows.
pub fn place_choices(
    connection: &mut AnyConnection,
    scope: &Scope,
    need: Permission,
) -> Result<(Named, Named)> {
    let reach = scope.reach(need)?;
    let mut stations = stations::table
        .order(stations::name)
        .limit(OFFERED_MAX)
        .select((stations::id, stations::name))
        .into_boxed();
    let mut houses = institutions::table
        .order(institutions::name)
        .limit(OFFERED_MAX)
        .select((institutions::id, institutions::name))
        .into_boxed();
    if !reach.city {
        let providers: Vec<Option<i64>> = reach.providers.iter().copied().map(Some).collect();
        let served = stations::provider_id.eq_any(providers).assume_not_null();
        stations = stations.filter(stations::town_code.eq_any(reach.towns.clone()).or(served));
        let own = institutions::id.eq_any(reach.institutions.clone());
        houses = houses.filter(institutions::town_code.eq_any(reach.towns.clone()).or(own));
    }
    let named =
        |rows: Vec<(i64, String)>| rows.into_iter().map(|(id, name)| (id.to_string(), name)).collect();
    Ok((named(stations.load(connection)?), named(houses.load(connection)?)))
}

/// The place that lists call so: town, name of the station or institution, and its room where it is in one. None where there is
/// no such place, and where several are called so.
pub fn place_called(
    connection: &mut AnyConnection,
    scope: &Scope,
    need: Permission,
    (town_code, name, room): (Option<&str>, &str, Option<&str>),
) -> Result<Option<DevicePlace>> {
    let reach = scope.reach(need)?;
    let found_stations: Vec<(i64, String)> = stations::table
        .filter(stations::name.eq(name))
        .select((stations::id, stations::town_code))
        .load(connection)?;
    let found_houses: Vec<(i64, String)> = institutions::table
        .filter(institutions::name.eq(name))
        .select((institutions::id, institutions::town_code))
        .load(connection)?;
    let fits = |town: &str| town_code.is_none_or(|wanted| wanted == town);
    let station = |(id, town): (i64, String)| {
        (room.is_none() && fits(&town) && reach.has_town(&town)).then_some(DevicePlace::Station(id))
    };
    let house = |(id, town): (i64, String)| {
        (fits(&town) && reach.covers(Some(&town), Some(id))).then_some(DevicePlace::Institution(id))
    };
    let found: Vec<DevicePlace> = found_stations
        .into_iter()
        .filter_map(station)
        .chain(found_houses.into_iter().filter_map(house))
        .collect();
    match (found.as_slice(), room) {
        ([DevicePlace::Institution(id)], Some(room)) => {
            find_room(connection, *id, room).map(|room| Some(DevicePlace::Room(room)))
        }
        ([one], None) => Ok(Some(*one)),
        _ => Ok(None),
    }
}

/// The room of an institution that is called so: by its number, or by building and number where several have it.
pub(in crate::devices) fn find_room(
    connection: &mut AnyConnection,
    institution_id: i64,
    called: &str,
) -> Result<i64> {
    let found: Vec<(i64, String, String)> = rooms::table
        .filter(rooms::institution_id.eq(institution_id))
        .filter(rooms::closed_at.is_null())
        .select((rooms::id, rooms::building, rooms::number))
        .load(connection)?;
    let plain = |text: &str| text.split_whitespace().collect::<String>();
    let called = plain(called);
    let whole = found.iter().filter(|(_, building, number)| plain(&format!("{building}{number}")) == called);
    let by_number = found.iter().filter(|(_, _, number)| plain(number) == called);
    let rooms: Vec<i64> = whole.map(|(id, ..)| *id).collect();
    let rooms = if rooms.is_empty() { by_number.map(|(id, ..)| *id).collect() } else { rooms };
    match rooms.as_slice() {
        [room] => Ok(*room),
        [] => Err(Error::field("room_number", Text::new("rule.device_room"))),
        _ => Err(Error::field("room_number", Text::new("rule.device_room_twice"))),
    }
}

/// Writes a place over version `seen` of a device; false where that is no longer the current one.
pub(in crate::devices) fn move_device(
    connection: &mut AnyConnection,
    (id, seen): (i64, i64),
    to: &Placement,
) -> Result<bool> {
    let target = devices::table.filter(devices::id.eq(id)).filter(devices::version.eq(seen));
    let changed = diesel::update(target)
        .set((
            devices::town_code.eq(&to.town_code),
            devices::station_id.eq(to.station_id),
            devices::institution_id.eq(to.institution_id),
            devices::room_id.eq(to.room_id),
            devices::elder_id.eq(to.elder_id),
            devices::version.eq(seen + 1),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}

/// The next version of a device; false where version `seen` is no longer the last one.
pub(in crate::devices) fn raise_version(
    connection: &mut AnyConnection,
    (id, seen): (i64, i64),
) -> Result<bool> {
    let target = devices::table.filter(devices::id.eq(id)).filter(devices::version.eq(seen));
    Ok(diesel::update(target).set(devices::version.eq(seen + 1)).execute(connection)? == 1)
}

/// A device stands there from now on; the place before has ended.
pub(in crate::devices) fn insert_place(
    connection: &mut AnyConnection,
    device_id: i64,
    to: &Placement,
    (now, actor): (Instant, &str),
) -> Result<()> {
    diesel::insert_into(device_places::table)
        .values((
            device_places::device_id.eq(device_id),
            device_places::town_code.eq(&to.town_code),
            device_places::station_id.eq(to.station_id),
            device_places::institution_id.eq(to.institution_id),
            device_places::room_id.eq(to.room_id),
            device_places::elder_id.eq(to.elder_id),
            device_places::from_at.eq(now),
            device_places::placed_by.eq(actor),
        ))
        .execute(connection)?;
    Ok(())
}

pub(in crate::devices) fn end_place(
    connection: &mut AnyConnection,
    device_id: i64,
    now: Instant,
) -> Result<()> {
    let current = device_places::table
        .filter(device_places::device_id.eq(device_id))
        .filter(device_places::to_at.is_null());
    diesel::update(current).set(device_places::to_at.eq(now)).execute(connection)?;
    Ok(())
}

/// A place of a device in time, half-open.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = device_places)]
pub struct PlaceRow {
    pub device_id: i64,
    pub station_id: Option<i64>,
    pub institution_id: Option<i64>,
    pub room_id: Option<i64>,
    pub elder_id: Option<i64>,
    pub from_at: Instant,
    pub to_at: Option<Instant>,
    pub placed_by: String,
}

impl PlaceRow {
    pub fn columns(&self) -> Columns {
        (self.station_id, self.institution_id, self.room_id)
    }

    pub fn holds_at(&self, at: Instant) -> bool {
        self.from_at <= at && self.to_at.is_none_or(|to| at < to)
    }
}

/// Where devices within the caller's reach stood, the newest place first.
pub fn places_of(connection: &mut AnyConnection, device_ids: &[i64]) -> Result<Vec<PlaceRow>> {
    Ok(device_places::table
        .filter(device_places::device_id.eq_any(device_ids.to_vec()))
        .order((device_places::from_at.desc(), device_places::id.desc()))
        .select(PlaceRow::as_select())
        .load(connection)?)
}

/// Where devices stood with an elder, of whom the caller has reached the record.
pub fn places_with_elder(connection: &mut AnyConnection, elder_id: i64) -> Result<Vec<PlaceRow>> {
    Ok(device_places::table
        .filter(device_places::elder_id.eq(elder_id))
        .order(device_places::from_at.desc())
        .select(PlaceRow::as_select())
        .load(connection)?)
}

/// When devices stood with elders, for what they measured there.
pub(in crate::devices) fn with_elders(
    connection: &mut AnyConnection,
    device_ids: &[i64],
) -> Result<Vec<PlaceRow>> {
    Ok(on_backend!(connection, inner => elder_places_of(device_ids.to_vec()).load(inner)?))
}

#[auto_type(type_case = "PascalCase")]
pub(super) fn elder_places_of(device_ids: Vec<i64>) -> _ {
    let of_devices: OneOf<device_places::device_id> = OneOf::new(device_places::device_id, device_ids);
    device_places::table.filter(of_devices).filter(device_places::elder_id.is_not_null()).select((
        device_places::device_id,
        device_places::station_id,
        device_places::institution_id,
        device_places::room_id,
        device_places::elder_id,
        device_places::from_at,
        device_places::to_at,
        device_places::placed_by,
    ))
}

/// Station, institution and room of a place.
pub type Columns = (Option<i64>, Option<i64>, Option<i64>);

/// The names of stations, institutions and rooms.
#[derive(Default)]
pub struct PlaceNames {
    stations: HashMap<i64, String>,
    institutions: HashMap<i64, String>,
    rooms: HashMap<i64, String>,
}

impl PlaceNames {
    pub fn load(connection: &mut AnyConnection, places: &[Columns]) -> Result<PlaceNames> {
        let station_ids: Vec<i64> = places.iter().filter_map(|(station, ..)| *station).collect();
        let institution_ids: Vec<i64> =
            places.iter().filter_map(|(_, institution, _)| *institution).collect();
        let room_ids: Vec<i64> = places.iter().filter_map(|(.., room)| *room).collect();
        let stations: Vec<(i64, String)> = stations::table
            .filter(stations::id.eq_any(station_ids))
            .select((stations::id, stations::name))
            .load(connection)?;
        let institutions: Vec<(i64, String)> = institutions::table
            .filter(institutions::id.eq_any(institution_ids))
            .select((institutions::id, institutions::name))
            .load(connection)?;
        let rooms: Vec<(i64, String, String)> = rooms::table
            .filter(rooms::id.eq_any(room_ids))
            .select((rooms::id, rooms::building, rooms::number))
            .load(connection)?;
        let room = |(id, building, number): (i64, String, String)| (id, format!("{building} {number}"));
        Ok(PlaceNames {
            stations: stations.into_iter().collect(),
            institutions: institutions.into_iter().collect(),
            rooms: rooms.into_iter().map(room).collect(),
        })
    }

    /// Station, or institution with the room where there is one; empty with an elder.
    pub fn of(&self, (station, institution, room): Columns) -> String {
        let name = |names: &HashMap<i64, String>, id: Option<i64>| id.and_then(|id| names.get(&id).cloned());
        let house = name(&self.stations, station).or_else(|| name(&self.institutions, institution));
        let parts = [house, name(&self.rooms, room)];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }
}
