use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::model::VillageKind;
use super::store::{VillageListed, get_village, list_villages};
use crate::access::{Permission, Scope};
use crate::api::{
    Endpoint, Filter, FilterKind, PathCode, Resource, fetch, list_endpoint, ok, part_of, whole,
};
use crate::db::AnyConnection;
use crate::error::Result;
use crate::listing::ListRequest;
use crate::web::{Need, Visitor, Words};

const TAG: &str = "villages";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        list_endpoint::<Villages>(),
        Endpoint::get("/api/v1/villages/{code}", Need::May(Permission::SeeRegistry), || web::to(show))
            .about(TAG, "api.village.show")
            .answers::<Village>(200),
    ]
}

/// A village or community.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Village {
    /// Statistics code, such as 350582101003.
    pub code: String,
    pub town_code: String,
    pub name_zh: String,
    pub kind: VillageKind,
    /// Whether it is in the list of 2019 by which coverage is counted.
    pub listed_2019: bool,
    /// Approximate, WGS-84 degrees.
    pub longitude: f64,
    pub latitude: f64,
    pub stations: i64,
}

impl From<VillageListed> for Village {
    fn from(VillageListed { village, stations, .. }: VillageListed) -> Village {
        Village {
            code: village.code,
            town_code: village.town_code,
            name_zh: village.name_zh,
            kind: village.kind,
            listed_2019: village.listed_2019,
            longitude: village.longitude,
            latitude: village.latitude,
            stations,
        }
    }
}

struct Villages;

impl Resource for Villages {
    const PATH: &'static str = "/api/v1/villages";
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.village.list";
    const NEED: Permission = Permission::SeeRegistry;
    const FILTERS: &'static [Filter] = &[
        Filter::new("q", FilterKind::Text, "Part of the name or of the code."),
        Filter::new("town", FilterKind::Text, "Code of the town."),
        Filter::new("kind", FilterKind::OneOf(VillageKind::NAMES), "Its kind."),
        Filter::new("listed", FilterKind::Flag, "Whether it is in the list of 2019."),
        Filter::new("station", FilterKind::Flag, "Whether it has a station."),
    ];
    type Item = Village;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        _: &Words,
    ) -> Result<Vec<Village>> {
        let rows = list_villages(connection, scope, &whole(request))?.rows;
        Ok(part_of(rows.into_iter().map(Village::from).collect(), request, Self::number))
    }

    /// Codes are digits, twelve of them.
    fn number(item: &Village) -> i64 {
        item.code.parse().unwrap_or_default()
    }
}

async fn show(visitor: Visitor, PathCode(code): PathCode) -> Result<HttpResponse> {
    let village = fetch(&visitor, move |connection, scope, _| get_village(connection, scope, &code)).await?;
    Ok(ok(&Village::from(village)))
}
