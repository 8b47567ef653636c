//! Who is told of what happens to a device.

use diesel::prelude::*;

use super::batch::DeviceState;
use super::places::Placement;
use crate::bus::Audience;
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::{device_places, stations, stays};
use crate::error::Result;

impl DeviceState {
    pub fn audience(&self) -> Audience {
        let DeviceState { town_code, institution_id, provider_id, .. } = self;
        Audience { town_code: town_code.clone(), institution_id: *institution_id, provider_id: *provider_id }
    }
}

/// Whoever reaches what stands at a place: with an elder, the house where the elder lives too.
pub fn audience_of(connection: &mut AnyConnection, place: &Placement) -> Result<Audience> {
    let house = match (place.institution_id, place.elder_id) {
        (None, Some(elder)) => stays::table
            .filter(stays::elder_id.eq(elder))
            .filter(stays::ends_at.is_null())
            .select(stays::institution_id)
            .first(connection)
            .optional()?,
        (house, _) => house,
    };
    Ok(Audience {
        town_code: place.town_code.clone(),
        institution_id: house,
        provider_id: provider_of(connection, place.station_id)?,
    })
}

/// Who runs a station.
pub fn provider_of(connection: &mut AnyConnection, station_id: Option<i64>) -> Result<Option<i64>> {
    let Some(id) = station_id else { return Ok(None) };
    let found: Option<Option<i64>> = stations::table
        .filter(stations::id.eq(id))
        .select(stations::provider_id)
        .first(connection)
        .optional()?;
    Ok(found.flatten())
}

/// The station where a device stood then.
pub fn station_then(connection: &mut AnyConnection, device_id: i64, at: Instant) -> Result<Option<i64>> {
    let found: Option<Option<i64>> = device_places::table
        .filter(device_places::device_id.eq(device_id))
        .filter(device_places::from_at.le(at))
        .filter(device_places::to_at.is_null().or(device_places::to_at.assume_not_null().gt(at)))
        .order(device_places::from_at.desc())
        .select(device_places::station_id)
        .first(connection)
        .optional()?;
    Ok(found.flatten())
}
