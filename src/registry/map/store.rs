use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::access::{Permission, Reach, Scope};
use crate::clock::Instant;
use crate::db::schema::{alerts, devices, institutions, stations, towns};
use crate::db::{AnyConnection, Backend};
use crate::error::Result;
use crate::registry::institutions::{InstitutionState, store as institution_store};
use crate::registry::stations::store as station_store;

/// A town: code, Chinese name, English name, longitude, latitude.
pub type TownPoint = (String, String, String, f64, f64);

/// An institution: number, name, state, longitude, latitude.
pub type InstitutionPoint = (i64, String, InstitutionState, f64, f64);

/// A station: number, name, whether smart, longitude, latitude.
pub type StationPoint = (i64, String, bool, f64, f64);

/// An alert that is not cleared, at the place of its device.
#[derive(Clone, Debug)]
pub struct AlertPoint {
    pub device_name: String,
    pub kind: String,
    pub raised_at: Instant,
    pub longitude: f64,
    pub latitude: f64,
}

pub fn town_points(connection: &mut AnyConnection, scope: &Scope) -> Result<Vec<TownPoint>> {
    let reach = scope.reach(Permission::SeeRegistry)?;
    let mut query = towns::table.into_boxed();
    if !reach.city {
        query = query.filter(towns::code.eq_any(reach.towns));
    }
    Ok(query
        .order(towns::code)
        .select((towns::code, towns::name_zh, towns::name_en, towns::longitude, towns::latitude))
        .load(connection)?)
}

pub fn institution_points(connection: &mut AnyConnection, scope: &Scope) -> Result<Vec<InstitutionPoint>> {
    let reach = scope.reach(Permission::SeeRegistry)?;
    Ok(institutions::table
        .filter(institution_store::within(&reach))
        .order(institutions::id)
        .select((
            institutions::id,
            institutions::name,
            institutions::state,
            institutions::longitude,
            institutions::latitude,
        ))
        .load(connection)?)
}

pub fn station_points(connection: &mut AnyConnection, scope: &Scope) -> Result<Vec<StationPoint>> {
    let reach = scope.reach(Permission::SeeRegistry)?;
    Ok(stations::table
        .filter(station_store::within(&reach))
        .order(stations::id)
        .select((stations::id, stations::name, stations::smart, stations::longitude, stations::latitude))
        .load(connection)?)
}

type AlertCondition = Box<dyn BoxableExpression<alerts::table, Backend, SqlType = Bool>>;

fn alerts_within(reach: &Reach) -> AlertCondition {
    if reach.city {
        return Box::new(crate::db::always());
    }
    Box::new(
        alerts::town_code
            .eq_any(reach.towns.clone())
            .or(alerts::institution_id.assume_not_null().eq_any(reach.institutions.clone())),
    )
}

/// Alerts that are not cleared, newest first.
pub fn alert_points(connection: &mut AnyConnection, scope: &Scope) -> Result<Vec<AlertPoint>> {
    let reach = scope.reach(Permission::SeeAlerts)?;
    let open: Vec<(Site, String, Instant)> = alerts::table
        .filter(alerts_within(&reach))
        .filter(alerts::cleared_at.is_null())
        .order(alerts::raised_at.desc())
        .limit(OPEN_ALERTS_MAX)
        .select((
            (alerts::device_id, alerts::station_id, alerts::institution_id),
            alerts::kind,
            alerts::raised_at,
        ))
        .load(connection)?;
    let devices = device_places(connection, open.iter().filter_map(|((device, ..), ..)| *device).collect())?;
    let stations: Vec<Place> = stations::table
        .filter(
            stations::id.eq_any(open.iter().filter_map(|((_, station, _), ..)| *station).collect::<Vec<_>>()),
        )
        .select((stations::id, stations::name, stations::longitude, stations::latitude))
        .load(connection)?;
    let whole = open.iter().filter(|((device, ..), ..)| device.is_none());
    let houses: Vec<Place> = institutions::table
        .filter(institutions::id.eq_any(whole.filter_map(|((.., house), ..)| *house).collect::<Vec<_>>()))
        .select((institutions::id, institutions::name, institutions::longitude, institutions::latitude))
        .load(connection)?;
    let found = |places: &[Place], id: Option<i64>| places.iter().find(|place| Some(place.0) == id).cloned();
    let point = |((device, station, house), kind, raised_at): (Site, String, Instant)| {
        let place = match (device, station) {
            (Some(_), _) => found(&devices, device),
            (None, Some(_)) => found(&stations, station),
            (None, None) => found(&houses, house),
        };
        let (_, device_name, longitude, latitude) = place?;
        Some(AlertPoint { device_name, kind, raised_at, longitude, latitude })
    };
    Ok(open.into_iter().filter_map(point).collect())
}

/// Device, station and institution of an alert.
type Site = (Option<i64>, Option<i64>, Option<i64>);
/// Number, name, longitude and latitude.
type Place = (i64, String, f64, f64);

/// Shown at most: a map with more says no more.
const OPEN_ALERTS_MAX: i64 = 2_000;

/// Number, name, longitude and latitude of devices: those of the station or institution that they stand in.
fn device_places(connection: &mut AnyConnection, ids: Vec<i64>) -> Result<Vec<Place>> {
    let mut places: Vec<Place> = devices::table
        .inner_join(stations::table.on(devices::station_id.assume_not_null().eq(stations::id)))
        .filter(devices::id.eq_any(ids.clone()))
        .select((devices::id, devices::name, stations::longitude, stations::latitude))
        .load(connection)?;
    let in_houses: Vec<Place> = devices::table
        .inner_join(institutions::table.on(devices::institution_id.assume_not_null().eq(institutions::id)))
        .filter(devices::id.eq_any(ids))
        .select((devices::id, devices::name, institutions::longitude, institutions::latitude))
        .load(connection)?;
    places.extend(in_houses);
    Ok(places)
}
