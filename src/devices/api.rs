mod cards;
mod limits;

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{DeviceHealth, DeviceKind, DevicePlace, PresenceState};
use super::pages::day_of;
use super::place::place_device;
use super::readings::read_day;
use super::store::{DeviceListed, PlaceRow, get_device, list_devices, places_of};
use crate::access::{Permission, Scope};
use crate::api::{At, Endpoint, Filter, FilterKind, Id, Items, Json, Resource, fetch, list_endpoint, ok};
use crate::db::AnyConnection;
use crate::elders::store::visible_names;
use crate::error::{Error, Result};
use crate::listing::ListRequest;
use crate::text::Text;
use crate::web::{Need, Visitor, Words};

mod figures;
mod office;

const TAG: &str = "devices";

pub fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = vec![
        list_endpoint::<Devices>(),
        Endpoint::get("/api/v1/devices/{id}", Need::May(Permission::SeeDevices), || web::to(show))
            .about(TAG, "api.device.show")
            .answers::<Device>(200),
        Endpoint::get("/api/v1/devices/{id}/places", Need::May(Permission::SeeDevices), || web::to(places))
            .about(TAG, "api.device.places")
            .answers_all_of::<DeviceStay>(),
        Endpoint::post("/api/v1/devices/{id}/place", Need::May(Permission::PlaceDevice), || web::to(place))
            .about(TAG, "api.device.place")
            .takes::<DevicePlaceInput>()
            .answers::<Device>(200)
            .fails(409),
        Endpoint::get("/api/v1/elders/{id}/readings", Need::May(Permission::SeeElders), || web::to(readings))
            .about(TAG, "api.device.readings")
            .asks_text("day", "A day such as 2026-11-23; today without it.")
            .answers::<ElderDay>(200)
            .fails(422),
    ];
    endpoints.extend(limits::endpoints());
    endpoints.extend(cards::endpoints());
    endpoints.extend(office::endpoints());
    endpoints.extend(figures::endpoints());
    endpoints
}

/// A device with its latest values.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Device {
    pub id: i64,
    /// What it calls itself.
    pub code: String,
    pub kind: DeviceKind,
    pub name: String,
    pub town_code: String,
    /// Where it stands: at a station, in an institution or one of its rooms, or with an elder.
    pub station_id: Option<i64>,
    pub institution_id: Option<i64>,
    pub room_id: Option<i64>,
    /// Whether it stands with an elder, who is named by the device's places.
    pub with_elder: bool,
    pub presence: PresenceState,
    pub presence_at: At,
    pub last_seen_at: Option<At>,
    pub disabled_at: Option<At>,
    /// As its maker printed it; empty where it is not on file.
    pub serial_number: String,
    /// As the device says, or the office; empty where neither does.
    pub firmware: String,
    /// Seconds between two signs of life, where they are known.
    pub heartbeat_s: Option<i32>,
    pub installed_on: Option<NaiveDate>,
    /// Overdue from the day after.
    pub calibration_due_on: Option<NaiveDate>,
    pub note: String,
    /// Since when it has been claimed; absent while nobody has.
    pub claimed_at: Option<At>,
    /// Whether it could connect, if it is in service.
    pub has_credential: bool,
    /// Of a device with an elder none: what it measured is told by the elder's readings.
    pub latest: Vec<LatestReading>,
    /// To be sent with a change.
    pub version: i64,
}

/// Where a device stood, from when to when.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeviceStay {
    pub station_id: Option<i64>,
    pub institution_id: Option<i64>,
    pub room_id: Option<i64>,
    /// Where the asker may see the elder.
    pub elder_id: Option<i64>,
    pub from_at: At,
    /// Absent for where it stands.
    pub to_at: Option<At>,
    pub placed_by: String,
}

/// Exactly one place.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DevicePlaceInput {
    #[schema(minimum = 1)]
    version: i64,
    station_id: Option<i64>,
    institution_id: Option<i64>,
    room_id: Option<i64>,
    /// What it measures from now on is the elder's.
    elder_id: Option<i64>,
}

/// What was measured with an elder on a day, hour by hour.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ElderDay {
    pub elder_id: i64,
    pub day: NaiveDate,
    pub hours: Vec<ElderHour>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ElderHour {
    pub device_id: i64,
    /// Number of the channel in the device protocol.
    pub channel: i16,
    pub hour_at: At,
    /// Values that can be true; the three that follow are of these.
    pub readings: i64,
    pub lowest: Option<f64>,
    pub highest: Option<f64>,
    pub mean: Option<f64>,
    /// Values that cannot be true.
    pub doubted: i64,
    pub last_value: f64,
    pub last_at: At,
}

/// The latest value of one channel.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LatestReading {
    /// Number of the channel in the device protocol.
    pub channel: i16,
    /// In the unit of the channel.
    pub value: f64,
    pub at: At,
}

impl Device {
    fn new(DeviceListed { device, latest, .. }: DeviceListed, words: &Words) -> Device {
        let at = |instant| At::new(words.calendar, instant);
        let latest = latest.into_iter().filter(|_| device.elder_id.is_none());
        Device {
            id: device.id,
            has_credential: device.has_credential(),
            claimed_at: device.claimed_at.map(at),
            serial_number: device.serial_number,
            firmware: device.firmware,
            heartbeat_s: device.heartbeat_s,
            installed_on: device.installed_on,
            calibration_due_on: device.calibration_due_on,
            note: device.note,
            code: device.code,
            kind: device.kind,
            name: device.name,
            town_code: device.town_code,
            station_id: device.station_id,
            institution_id: device.institution_id,
            room_id: device.room_id,
            with_elder: device.elder_id.is_some(),
            version: device.version,
            presence: device.presence,
            presence_at: at(device.presence_at),
            last_seen_at: device.last_seen_at.map(at),
            disabled_at: device.disabled_at.map(at),
            latest: latest
                .map(|row| LatestReading { channel: row.channel, value: row.value, at: at(row.at) })
                .collect(),
        }
    }
}

/// Kinds of places that the list can be narrowed by.
const PLACES: &[&str] = &["station", "institution", "room", "elder"];

struct Devices;

impl Resource for Devices {
    const PATH: &'static str = "/api/v1/devices";
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.device.list";
    const NEED: Permission = Permission::SeeDevices;
    const FILTERS: &'static [Filter] = &[
        Filter::new("q", FilterKind::Text, "Part of the code, of the name or of the serial number."),
        Filter::new("town", FilterKind::Text, "Code of the town."),
        Filter::new("kind", FilterKind::OneOf(DeviceKind::NAMES), "What it is for."),
        Filter::new("presence", FilterKind::OneOf(PresenceState::NAMES), "Whether it is connected."),
        Filter::new("station", FilterKind::Id, "Number of the station where it stands."),
        Filter::new("institution", FilterKind::Id, "Number of the institution where it stands."),
        Filter::new("place", FilterKind::OneOf(PLACES), "What it stands at."),
        Filter::new("health", FilterKind::OneOf(DeviceHealth::NAMES), "What somebody should look after."),
    ];
    type Item = Device;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Vec<Device>> {
        let rows = list_devices(connection, scope, request, (words.calendar, words.now))?.rows;
        Ok(rows.into_iter().map(|row| Device::new(row, words)).collect())
    }

    fn number(item: &Device) -> i64 {
        item.id
    }
}

async fn show(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    Ok(ok(&find(&visitor, id).await?))
}

/// A device that the asker may see.
async fn find(visitor: &Visitor, id: i64) -> Result<Device> {
    fetch(visitor, move |connection, scope, words| Ok(Device::new(get_device(connection, scope, id)?, words)))
        .await
}

async fn places(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    let items = fetch(&visitor, move |connection, scope, words| {
        get_device(connection, scope, id)?;
        let rows = places_of(connection, &[id])?;
        let elders: Vec<i64> = rows.iter().filter_map(|row| row.elder_id).collect();
        let visible = visible_names(connection, scope, &elders, words.now)?;
        let at = |instant| At::new(words.calendar, instant);
        let stay = |row: PlaceRow| DeviceStay {
            station_id: row.station_id,
            institution_id: row.institution_id,
            room_id: row.room_id,
            elder_id: row.elder_id.filter(|elder| visible.contains_key(elder)),
            from_at: at(row.from_at),
            to_at: row.to_at.map(at),
            placed_by: row.placed_by,
        };
        Ok(rows.into_iter().map(stay).collect::<Vec<_>>())
    });
    Ok(ok(&Items { items: items.await? }))
}

async fn place(visitor: Visitor, Id(id): Id, Json(input): Json<DevicePlaceInput>) -> Result<HttpResponse> {
    let to = only_place([input.station_id, input.institution_id, input.room_id, input.elder_id])?;
    visitor.app.write(&visitor.scope(), move |tx| place_device(tx, id, input.version, to)).await?;
    Ok(ok(&find(&visitor, id).await?))
}

/// Exactly one of station, institution, room and elder.
fn only_place([station, institution, room, elder]: [Option<i64>; 4]) -> Result<DevicePlace> {
    let places = [
        station.map(DevicePlace::Station),
        institution.map(DevicePlace::Institution),
        room.map(DevicePlace::Room),
        elder.map(DevicePlace::Elder),
    ];
    let named: Vec<DevicePlace> = places.into_iter().flatten().collect();
    match named.as_slice() {
        [one] => Ok(*one),
        _ => Err(Error::field("place", Text::new("rule.device_one_place"))),
    }
}

async fn readings(visitor: Visitor, http: HttpRequest, Id(id): Id) -> Result<HttpResponse> {
    let day = day_of(&visitor, &http)?;
    let read = visitor.app.write(&visitor.scope(), move |tx| read_day(tx, id, day)).await?;
    let at = |instant| At::new(visitor.app.calendar, instant);
    let hours = read.hours.into_iter().map(|hour| ElderHour {
        device_id: hour.device_id,
        channel: hour.channel,
        hour_at: at(hour.hour_at),
        readings: hour.readings,
        lowest: hour.lowest,
        highest: hour.highest,
        mean: hour.mean,
        doubted: hour.doubted,
        last_value: hour.last_value,
        last_at: at(hour.last_at),
    });
    Ok(ok(&ElderDay { elder_id: id, day, hours: hours.collect() }))
}
