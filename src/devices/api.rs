use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{DeviceKind, PresenceState};
use super::store::{DeviceListed, get_device, list_devices};
use crate::access::{Permission, Scope};
use crate::api::{At, Endpoint, Filter, FilterKind, Id, Resource, fetch, list_endpoint, ok};
use crate::db::AnyConnection;
use crate::error::Result;
use crate::listing::ListRequest;
use crate::web::{Need, Visitor, Words};

const TAG: &str = "devices";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        list_endpoint::<Devices>(),
        Endpoint::get("/api/v1/devices/{id}", Need::May(Permission::SeeDevices), || web::to(show))
            .about(TAG, "api.device.show")
            .answers::<Device>(200),
    ]
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
    /// Where it stands: exactly one of the two.
    pub station_id: Option<i64>,
    pub institution_id: Option<i64>,
    pub presence: PresenceState,
    pub presence_at: At,
    pub last_seen_at: Option<At>,
    pub disabled_at: Option<At>,
    pub latest: Vec<LatestReading>,
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
        let latest = latest.into_iter();
        Device {
            id: device.id,
            code: device.code,
            kind: device.kind,
            name: device.name,
            town_code: device.town_code,
            station_id: device.station_id,
            institution_id: device.institution_id,
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

struct Devices;

impl Resource for Devices {
    const PATH: &'static str = "/api/v1/devices";
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.device.list";
    const NEED: Permission = Permission::SeeDevices;
    const FILTERS: &'static [Filter] = &[
        Filter::new("q", FilterKind::Text, "Part of the code or of the name."),
        Filter::new("town", FilterKind::Text, "Code of the town."),
        Filter::new("kind", FilterKind::OneOf(DeviceKind::NAMES), "What it is for."),
        Filter::new("presence", FilterKind::OneOf(PresenceState::NAMES), "Whether it is connected."),
    ];
    type Item = Device;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Vec<Device>> {
        let rows = list_devices(connection, scope, request)?.rows;
        Ok(rows.into_iter().map(|row| Device::new(row, words)).collect())
    }

    fn number(item: &Device) -> i64 {
        item.id
    }
}

async fn show(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    let device = fetch(&visitor, move |connection, scope, words| {
        Ok(Device::new(get_device(connection, scope, id)?, words))
    });
    Ok(ok(&device.await?))
}
