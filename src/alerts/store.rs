mod order;
mod write;

use std::collections::{HashMap, HashSet};

use diesel::dsl::{auto_type, sql};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable};

use super::model::{AlertKind, AlertState, Channel};
use crate::access::{Permission, Reach, Scope};
use crate::clock::Instant;
use crate::db::schema::{alerts, device_places, devices, stations, stays, towns};
use crate::db::{AnyConnection, Backend};
use crate::devices::store::{PlaceNames, PlaceRow, places_of, places_with_elder};
use crate::error::{Error, Result};
use crate::listing::{ListRequest, Listed};

pub use order::*;
pub use write::*;

/// Stays looked back on.
const STAYS_MAX: i64 = 50;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = alerts)]
pub struct AlertRow {
    pub id: i64,
    /// Absent for an alert of a whole site.
    pub device_id: Option<i64>,
    pub town_code: String,
    pub institution_id: Option<i64>,
    pub kind: AlertKind,
    pub channel: Channel,
    pub value: f64,
    pub raised_at: Instant,
    pub acknowledged_at: Option<Instant>,
    /// Login of whoever did.
    pub acknowledged_by: Option<String>,
    pub cleared_at: Option<Instant>,
    /// Which part of the device, where it has many.
    pub detail: String,
    /// Of an alert of a station as a whole; one of an institution has only that.
    pub station_id: Option<i64>,
    /// Told of when it was over: nobody need answer.
    pub is_past: bool,
    /// Login of whoever ended it by moving the device or taking it out of service.
    pub closed_by: Option<String>,
}

impl AlertRow {
    /// Station, institution and room of an alert of a whole site.
    fn site(&self) -> (Option<i64>, Option<i64>, Option<i64>) {
        (self.station_id, self.institution_id, None)
    }
}

/// An alert with the names of where it is.
#[derive(Clone, Debug)]
pub struct AlertListed {
    pub alert: AlertRow,
    /// Empty for an alert of a whole site.
    pub device: String,
    pub town_zh: String,
    pub town_en: String,
    /// Name of the station or of the institution and room where the device stood; empty with an elder.
    pub place: String,
    /// With whom the device stood.
    pub elder_id: Option<i64>,
}

impl AlertListed {
    /// With whom its value was measured, if it tells one.
    pub fn measured_with(&self) -> Option<i64> {
        self.elder_id.filter(|_| self.alert.kind.is_measured())
    }
}

type Condition = Box<dyn BoxableExpression<alerts::table, Backend, SqlType = Nullable<Bool>>>;

fn within(reach: &Reach) -> Condition {
    if reach.city {
        return Box::new(sql::<Nullable<Bool>>("TRUE"));
    }
    let institutions: Vec<Option<i64>> = reach.institutions.iter().copied().map(Some).collect();
    let here = alerts::town_code
        .eq_any(reach.towns.clone())
        .nullable()
        .or(alerts::institution_id.eq_any(institutions));
    if reach.providers.is_empty() {
        Box::new(here)
    } else {
        Box::new(here.or(at_stations_of(&reach.providers)))
    }
}

/// Where the device of an alert stood when that was raised: inside of a query of alerts.
#[auto_type(no_type_alias)]
pub fn places_then() -> _ {
    let lasted = device_places::to_at.assume_not_null().gt(alerts::raised_at);
    device_places::table
        .filter(device_places::device_id.nullable().eq(alerts::device_id))
        .filter(device_places::from_at.le(alerts::raised_at))
        .filter(device_places::to_at.is_null().or(lasted))
}

/// Of a station that one of the providers runs, or of a device that stood at one then.
fn at_stations_of(providers: &[i64]) -> Condition {
    let run = || {
        let providers: Vec<Option<i64>> = providers.iter().copied().map(Some).collect();
        stations::table.filter(stations::provider_id.eq_any(providers)).select(stations::id.nullable())
    };
    let stood = places_then().filter(device_places::station_id.eq_any(run()));
    Box::new(alerts::station_id.eq_any(run()).or(diesel::dsl::exists(stood).nullable()))
}

/// Which of some alerts the asker may answer.
pub fn answerable(connection: &mut AnyConnection, scope: &Scope, ids: &[i64]) -> Result<HashSet<i64>> {
    let Ok(reach) = scope.reach(Permission::AnswerAlerts) else { return Ok(HashSet::new()) };
    let found: Vec<i64> = alerts::table
        .filter(alerts::id.eq_any(ids.to_vec()))
        .filter(within(&reach))
        .select(alerts::id)
        .load(connection)?;
    Ok(found.into_iter().collect())
}

fn in_state(state: AlertState) -> Condition {
    match state {
        AlertState::Open => {
            let waits = alerts::acknowledged_at.is_null().or(alerts::cleared_at.is_null());
            Box::new(waits.and(alerts::is_past.eq(false)).nullable())
        }
        AlertState::Acknowledged => {
            Box::new(alerts::acknowledged_at.is_not_null().and(alerts::cleared_at.is_null()).nullable())
        }
        AlertState::Cleared => Box::new(alerts::cleared_at.is_not_null().nullable()),
        AlertState::All => Box::new(sql::<Nullable<Bool>>("TRUE")),
    }
}

pub fn get_alert(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    id: i64,
) -> Result<AlertListed> {
    let reach = scope.reach(permission)?;
    let row: AlertRow = alerts::table
        .filter(alerts::id.eq(id))
        .filter(within(&reach))
        .select(AlertRow::as_select())
        .first(connection)?;
    named(connection, vec![row])?.pop().ok_or_else(Error::not_found)
}

/// Alerts of a device that are open or active, the newest first.
pub fn open_alerts_of(
    connection: &mut AnyConnection,
    scope: &Scope,
    device_id: i64,
) -> Result<Vec<AlertListed>> {
    let reach = scope.reach(Permission::SeeAlerts)?;
    let rows = alerts::table
        .filter(alerts::device_id.eq(device_id))
        .filter(within(&reach))
        .filter(in_state(AlertState::Open))
        .order((alerts::raised_at.desc(), alerts::id.desc()))
        .select(AlertRow::as_select())
        .load(connection)?;
    named(connection, rows)
}

/// Alerts of the houses where an elder stayed, while they did, before an instant, newest first: for the timeline. Of devices that
/// stood with residents there are none here: they are of those alone.
pub fn alerts_during_stays(
    connection: &mut AnyConnection,
    scope: &Scope,
    (elder_id, before, limit): (i64, Instant, i64),
) -> Result<Vec<AlertListed>> {
    let reach = scope.reach(Permission::SeeAlerts)?;
    let periods: Vec<(i64, Instant, Option<Instant>)> = stays::table
        .filter(stays::elder_id.eq(elder_id))
        .filter(stays::starts_at.lt(before))
        .order(stays::starts_at.desc())
        .limit(STAYS_MAX)
        .select((stays::institution_id, stays::starts_at, stays::ends_at))
        .load(connection)?;
    let with_residents = || places_then().filter(device_places::elder_id.is_not_null());
    let mut rows: Vec<AlertRow> = Vec::new();
    for (institution, starts_at, ends_at) in periods {
        let until = ends_at.map_or(before, |end| end.min(before));
        let found: Vec<AlertRow> = alerts::table
            .filter(alerts::institution_id.eq(institution))
            .filter(diesel::dsl::not(diesel::dsl::exists(with_residents())))
            .filter(alerts::raised_at.ge(starts_at))
            .filter(alerts::raised_at.lt(until))
            .filter(within(&reach))
            .order(alerts::raised_at.desc())
            .limit(limit)
            .select(AlertRow::as_select())
            .load(connection)?;
        rows.extend(found);
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.raised_at));
    rows.truncate(limit as usize);
    named(connection, rows)
}

/// Alerts of devices with an elder, while they stood there, before an instant, newest first: for the timeline.
pub fn alerts_with_elder(
    connection: &mut AnyConnection,
    scope: &Scope,
    (elder_id, before, limit): (i64, Instant, i64),
) -> Result<Vec<AlertListed>> {
    let reach = scope.reach(Permission::SeeAlerts)?;
    let mut rows: Vec<AlertRow> = Vec::new();
    for place in places_with_elder(connection, elder_id)? {
        let until = place.to_at.map_or(before, |end| end.min(before));
        let found: Vec<AlertRow> = alerts::table
            .filter(alerts::device_id.eq(place.device_id))
            .filter(alerts::raised_at.ge(place.from_at))
            .filter(alerts::raised_at.lt(until))
            .filter(within(&reach))
            .order(alerts::raised_at.desc())
            .limit(limit)
            .select(AlertRow::as_select())
            .load(connection)?;
        rows.extend(found);
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.raised_at));
    rows.truncate(limit as usize);
    named(connection, rows)
}

/// Alerts within reach that somebody still has to look at.
pub fn count_open(connection: &mut AnyConnection, scope: &Scope) -> Result<i64> {
    let reach = scope.reach(Permission::SeeAlerts)?;
    Ok(alerts::table
        .filter(within(&reach))
        .filter(in_state(AlertState::Open))
        .count()
        .get_result(connection)?)
}

/// Filters: state (open unless given), kind, town, device. Unacknowledged alerts first, of these the urgent ones, of these the
/// active ones, then the newest.
/// Sorts: raised_at, kind, town.
pub fn list_alerts(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
) -> Result<Listed<AlertListed>> {
    let reach = scope.reach(Permission::SeeAlerts)?;
    let total = filtered(&reach, request).count().get_result(connection)?;
    let mut query = filtered(&reach, request);
    if let Some(after) = request.after_id {
        query = query.filter(alerts::id.gt(after)).order(alerts::id);
    } else {
        query = ordered(query, request).then_order_by(alerts::id.desc()).offset(request.offset);
    }
    let rows = query.limit(request.limit).select(AlertRow::as_select()).load(connection)?;
    Ok(Listed { rows: named(connection, rows)?, total })
}

fn filtered<'a>(reach: &Reach, request: &ListRequest) -> alerts::BoxedQuery<'a, Backend> {
    let state = request.filter("state").and_then(AlertState::parse).unwrap_or(AlertState::Open);
    let mut query = alerts::table.filter(within(reach)).filter(in_state(state)).into_boxed();
    if let Some(kind) = request.filter("kind") {
        query = query.filter(alerts::kind.eq(kind.to_owned()));
    }
    if let Some(town) = request.filter("town") {
        query = query.filter(alerts::town_code.eq(town.to_owned()));
    }
    if let Some(device) = request.filter_id("device") {
        query = query.filter(alerts::device_id.eq(device));
    }
    query
}

fn ordered<'a>(
    query: alerts::BoxedQuery<'a, Backend>,
    request: &ListRequest,
) -> alerts::BoxedQuery<'a, Backend> {
    match request.sort.as_ref().map(|(key, down)| (key.as_str(), *down)) {
        // What nobody has taken up, of that what endangers life, of that what lasts, of that the newest.
        None => query
            .order(alerts::acknowledged_at.is_not_null().or(alerts::is_past))
            .then_order_by(alerts::kind.ne_all(urgent_kinds()))
            .then_order_by(alerts::cleared_at.is_not_null())
            .then_order_by(alerts::raised_at.desc()),
        Some(("kind", false)) => query.order(alerts::kind.asc()),
        Some(("kind", true)) => query.order(alerts::kind.desc()),
        Some(("town", false)) => query.order(alerts::town_code.asc()),
        Some(("town", true)) => query.order(alerts::town_code.desc()),
        Some((_, false)) => query.order(alerts::raised_at.asc()),
        Some((_, true)) => query.order(alerts::raised_at.desc()),
    }
}

pub fn urgent_kinds() -> Vec<AlertKind> {
    AlertKind::ALL.iter().copied().filter(|kind| kind.is_urgent()).collect()
}

/// A device as it is now: its name, and its station, institution, room and elder.
type Now = (i64, String, Option<i64>, Option<i64>, Option<i64>, Option<i64>);

/// Adds the names of device and town, and of the place where the device stood at the time.
fn named(connection: &mut AnyConnection, rows: Vec<AlertRow>) -> Result<Vec<AlertListed>> {
    let ids: Vec<i64> = rows.iter().filter_map(|row| row.device_id).collect();
    let now: Vec<Now> = devices::table
        .filter(devices::id.eq_any(ids.clone()))
        .select((
            devices::id,
            devices::name,
            devices::station_id,
            devices::institution_id,
            devices::room_id,
            devices::elder_id,
        ))
        .load(connection)?;
    let now: HashMap<i64, Now> = now.into_iter().map(|found| (found.0, found)).collect();
    let stood = places_of(connection, &ids)?;
    let sites = rows.iter().filter(|row| row.device_id.is_none()).map(AlertRow::site);
    let columns = stood.iter().map(PlaceRow::columns).chain(now.values().map(|now| (now.2, now.3, now.4)));
    let columns: Vec<_> = columns.chain(sites).collect();
    let places = PlaceNames::load(connection, &columns)?;
    let towns: Vec<(String, String, String)> =
        towns::table.select((towns::code, towns::name_zh, towns::name_en)).load(connection)?;
    let listed = rows.into_iter().map(|alert| {
        let town = towns.iter().find(|(code, _, _)| *code == alert.town_code);
        let place = stood
            .iter()
            .find(|place| Some(place.device_id) == alert.device_id && place.holds_at(alert.raised_at))
            .map(|place| (place.columns(), place.elder_id));
        // A clock that was behind may name a time before the device stood anywhere.
        let now = alert.device_id.and_then(|device| now.get(&device));
        let place = place.or(now.map(|now| ((now.2, now.3, now.4), now.5)));
        let (columns, elder) = place.unwrap_or((alert.site(), None));
        AlertListed {
            town_zh: town.map(|town| town.1.clone()).unwrap_or_default(),
            town_en: town.map(|town| town.2.clone()).unwrap_or_default(),
            place: places.of(columns),
            elder_id: elder,
            device: now.map(|now| now.1.clone()).unwrap_or_default(),
            alert,
        }
    });
    Ok(listed.collect())
}
