//! What follows for a device when it moves, or its place does.

use std::collections::HashMap;

use diesel::prelude::*;

use super::places::{Columns, PlaceRow, Placement, places_of};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::{devices, latest_readings};
use crate::devices::model::DevicePlace;
use crate::error::Result;

/// What a device last measured is of the place where it did.
pub(in crate::devices) fn delete_latest(connection: &mut AnyConnection, device_id: i64) -> Result<()> {
    diesel::delete(latest_readings::table.filter(latest_readings::device_id.eq(device_id)))
        .execute(connection)?;
    Ok(())
}

/// Since when devices within the caller's reach stand where they stand; of those only that stood elsewhere before.
pub fn moved_at(connection: &mut AnyConnection, device_ids: &[i64]) -> Result<HashMap<i64, Instant>> {
    let mut places: HashMap<i64, Vec<PlaceRow>> = HashMap::new();
    for place in places_of(connection, device_ids)? {
        places.entry(place.device_id).or_default().push(place);
    }
    Ok(places.into_iter().filter_map(|(id, rows)| Some((id, last_move(&rows)?))).collect())
}

/// The place that has another before it, of places from the newest on. The same place again, in another town, is no other.
fn last_move(rows: &[PlaceRow]) -> Option<Instant> {
    let mut pairs = rows.iter().zip(rows.iter().skip(1));
    let is_move = |(after, before): &(&PlaceRow, &PlaceRow)| {
        (after.columns(), after.elder_id) != (before.columns(), before.elder_id)
    };
    pairs.find(is_move).map(|(after, _)| after.from_at)
}

/// Number, code, town, place and elder of a device.
type Row = (i64, String, String, Columns, Option<i64>);

/// Devices at a place that are on file in another town than it.
pub(in crate::devices) fn devices_left_behind(
    connection: &mut AnyConnection,
    place: DevicePlace,
    town_code: &str,
) -> Result<Vec<(i64, String, Placement)>> {
    let all = devices::table.filter(devices::town_code.ne(town_code.to_owned())).into_boxed();
    let there = match place {
        DevicePlace::Station(id) => all.filter(devices::station_id.eq(id)),
        DevicePlace::Institution(id) => all.filter(devices::institution_id.eq(id)),
        DevicePlace::Room(id) => all.filter(devices::room_id.eq(id)),
        DevicePlace::Elder(id) => all.filter(devices::elder_id.eq(id)),
    };
    let rows: Vec<Row> = there
        .order(devices::id)
        .select((
            devices::id,
            devices::code,
            devices::town_code,
            (devices::station_id, devices::institution_id, devices::room_id),
            devices::elder_id,
        ))
        .load(connection)?;
    let placed = |(id, code, town_code, (station_id, institution_id, room_id), elder_id): Row| {
        (id, code, Placement { town_code, station_id, institution_id, room_id, elder_id })
    };
    Ok(rows.into_iter().map(placed).collect())
}

/// The place of a device lies in another town now; gives the device's next version.
pub(in crate::devices) fn set_town(
    connection: &mut AnyConnection,
    device_id: i64,
    town_code: &str,
) -> Result<i64> {
    Ok(diesel::update(devices::table.filter(devices::id.eq(device_id)))
        .set((devices::town_code.eq(town_code), devices::version.eq(devices::version + 1)))
        .returning(devices::version)
        .get_result(connection)?)
}
