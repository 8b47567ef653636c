//! Devices and what they last reported, for the pages of the places that they stand in.

use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::access::{Permission, Reach, Scope};
use crate::clock::Instant;
use crate::db::schema::{devices, latest_readings, stations};
use crate::db::{AnyConnection, Backend};
use crate::error::Result;

/// Where devices stand.
#[derive(Clone, Copy, Debug)]
pub enum Site {
    Station(i64),
    Institution(i64),
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = devices)]
pub struct DeviceRow {
    pub id: i64,
    pub code: String,
    pub kind: String,
    pub name: String,
    pub presence: String,
    pub last_seen_at: Option<Instant>,
}

/// The newest value of one channel of a device.
#[derive(Clone, Debug, Queryable)]
pub struct LatestReading {
    pub device_id: i64,
    pub device_name: String,
    pub channel: i16,
    pub value: f64,
    pub at: Instant,
}

type Condition = Box<dyn BoxableExpression<devices::table, Backend, SqlType = Bool>>;

fn within(reach: &Reach) -> Condition {
    if reach.city {
        return Box::new(diesel::dsl::sql::<Bool>("TRUE"));
    }
    let served = stations::table
        .filter(stations::provider_id.assume_not_null().eq_any(reach.providers.clone()))
        .select(stations::id);
    Box::new(
        devices::town_code
            .eq_any(reach.towns.clone())
            .or(devices::institution_id.assume_not_null().eq_any(reach.institutions.clone()))
            .or(devices::station_id.assume_not_null().eq_any(served)),
    )
}

fn at_site(site: Site) -> Condition {
    match site {
        Site::Station(id) => Box::new(devices::station_id.assume_not_null().eq(id)),
        Site::Institution(id) => Box::new(devices::institution_id.assume_not_null().eq(id)),
    }
}

/// The devices in service at a place.
pub fn devices_at(connection: &mut AnyConnection, scope: &Scope, site: Site) -> Result<Vec<DeviceRow>> {
    let reach = scope.reach(Permission::SeeDevices)?;
    Ok(devices::table
        .filter(within(&reach))
        .filter(at_site(site))
        .filter(devices::disabled_at.is_null())
        .order(devices::code)
        .select(DeviceRow::as_select())
        .load(connection)?)
}

/// What the devices in service at a place last reported, by device and channel.
pub fn latest_at(connection: &mut AnyConnection, scope: &Scope, site: Site) -> Result<Vec<LatestReading>> {
    let found = devices_at(connection, scope, site)?;
    let rows: Vec<(i64, i16, f64, Instant)> = latest_readings::table
        .filter(latest_readings::device_id.eq_any(found.iter().map(|device| device.id)))
        .order((latest_readings::device_id, latest_readings::channel))
        .select((
            latest_readings::device_id,
            latest_readings::channel,
            latest_readings::value,
            latest_readings::at,
        ))
        .load(connection)?;
    let named = |(device_id, channel, value, at)| {
        let device = found.iter().find(|device| device.id == device_id);
        let device_name = device.map(|device| device.name.clone()).unwrap_or_default();
        LatestReading { device_id, device_name, channel, value, at }
    };
    Ok(rows.into_iter().map(named).collect())
}
