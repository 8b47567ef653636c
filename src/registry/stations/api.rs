use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{StationInput, StationService};
use super::store::{StationRow, get_station, list_stations};
use super::{add, change};
use crate::access::{Permission, Scope};
use crate::api::{
    At, Endpoint, Filter, FilterKind, Id, Json, Patch, Resource, created, fetch, list_endpoint, ok,
};
use crate::app::Tx;
use crate::clock::Calendar;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::listing::ListRequest;
use crate::registry::codes;
use crate::web::{Need, Visitor, Words};

const PATH: &str = "/api/v1/stations";
const ONE: &str = "/api/v1/stations/{id}";
const TAG: &str = "stations";

pub fn endpoints() -> Vec<Endpoint> {
    let edit = Need::May(Permission::EditStation);
    vec![
        list_endpoint::<Stations>(),
        Endpoint::get(ONE, Need::May(Permission::SeeRegistry), || web::to(show))
            .about(TAG, "api.station.show")
            .answers::<Station>(200),
        Endpoint::post(PATH, edit, || web::to(create))
            .about(TAG, "api.station.add")
            .takes::<StationInput>()
            .answers::<Station>(201),
        Endpoint::patch(ONE, edit, || web::to(update))
            .about(TAG, "api.station.change")
            .patches::<StationInput>()
            .answers::<Station>(200),
    ]
}

/// A home-care service station. Places are WGS-84 degrees.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Station {
    pub id: i64,
    pub town_code: String,
    /// Statistics code of the village, such as 350582101003.
    pub village_code: String,
    /// The provider that runs it, where there is one.
    pub provider_id: Option<i64>,
    pub name: String,
    /// Equipped with devices that report.
    pub smart: bool,
    pub services: Vec<StationService>,
    pub phone: String,
    pub longitude: f64,
    pub latitude: f64,
    /// To be sent with a change.
    pub version: i64,
    pub updated_at: At,
}

impl Station {
    fn new(row: StationRow, calendar: Calendar) -> Station {
        Station {
            services: codes::split(&row.services),
            updated_at: At::new(calendar, row.updated_at),
            id: row.id,
            town_code: row.town_code,
            village_code: row.village_code,
            provider_id: row.provider_id,
            name: row.name,
            smart: row.smart,
            phone: row.phone,
            longitude: row.longitude,
            latitude: row.latitude,
            version: row.version,
        }
    }
}

struct Stations;

impl Resource for Stations {
    const PATH: &'static str = PATH;
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.station.list";
    const NEED: Permission = Permission::SeeRegistry;
    const FILTERS: &'static [Filter] = &[
        Filter::new("q", FilterKind::Text, "Part of the name."),
        Filter::new("town", FilterKind::Text, "Code of the town."),
        Filter::new("village", FilterKind::Text, "Code of the village."),
        Filter::new("provider", FilterKind::Id, "Number of the provider."),
        Filter::new("smart", FilterKind::Flag, "Whether it has devices that report."),
        Filter::new("service", FilterKind::OneOf(StationService::NAMES), "A service that it offers."),
    ];
    type Item = Station;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Vec<Station>> {
        let rows = list_stations(connection, scope, request)?.rows;
        Ok(rows.into_iter().map(|row| Station::new(row.station, words.calendar)).collect())
    }

    fn number(item: &Station) -> i64 {
        item.id
    }
}

async fn show(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    Ok(ok(&find(&visitor, id).await?))
}

async fn create(visitor: Visitor, Json(input): Json<StationInput>) -> Result<HttpResponse> {
    let id = visitor.app.write(&visitor.scope(), move |tx| add(tx, &input)).await?;
    Ok(created(format!("{PATH}/{id}"), &find(&visitor, id).await?))
}

async fn update(visitor: Visitor, Id(id): Id, patch: Patch<StationInput>) -> Result<HttpResponse> {
    let work = move |tx: &mut Tx<'_>| {
        let before = get_station(tx.connection, tx.scope, Permission::EditStation, id)?;
        change(tx, id, patch.version, &patch.over(&before.input())?)
    };
    visitor.app.write(&visitor.scope(), work).await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn find(visitor: &Visitor, id: i64) -> Result<Station> {
    fetch(visitor, move |connection, scope, words| {
        let row = get_station(connection, scope, Permission::SeeRegistry, id)?;
        Ok(Station::new(row, words.calendar))
    })
    .await
}
