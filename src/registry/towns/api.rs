use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{TownFigures, TownKind};
use super::store::{get_town, list_towns};
use crate::access::{Permission, Scope};
use crate::api::{
    Endpoint, Filter, FilterKind, PathCode, Resource, fetch, list_endpoint, ok, part_of, whole,
};
use crate::db::AnyConnection;
use crate::error::Result;
use crate::listing::ListRequest;
use crate::web::{Need, Visitor, Words};

const TAG: &str = "towns";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        list_endpoint::<Towns>(),
        Endpoint::get("/api/v1/towns/{code}", Need::May(Permission::SeeRegistry), || web::to(show))
            .about(TAG, "api.town.show")
            .answers::<Town>(200),
    ]
}

/// A town or street with its figures, as far as the asker may see.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Town {
    /// Statistics code, such as 350582101.
    pub code: String,
    pub name_zh: String,
    pub name_en: String,
    pub kind: TownKind,
    /// Of its seat, WGS-84 degrees.
    pub longitude: f64,
    pub latitude: f64,
    pub area_km2: Option<f64>,
    /// Villages and communities of the list in force.
    pub villages: i64,
    /// Those of them that have a station.
    pub villages_covered: i64,
    pub stations: i64,
    /// Operating institutions.
    pub institutions: i64,
    /// Beds of operating institutions.
    pub beds: i64,
    /// People of 60 years and above, an estimate.
    pub elders_60plus: i64,
}

impl From<TownFigures> for Town {
    fn from(town: TownFigures) -> Town {
        Town {
            code: town.code,
            name_zh: town.name_zh,
            name_en: town.name_en,
            kind: town.kind,
            longitude: town.longitude,
            latitude: town.latitude,
            area_km2: town.area_km2,
            villages: town.villages,
            villages_covered: town.villages_covered,
            stations: town.stations,
            institutions: town.institutions,
            beds: town.beds,
            elders_60plus: town.elders_60plus,
        }
    }
}

struct Towns;

impl Resource for Towns {
    const PATH: &'static str = "/api/v1/towns";
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.town.list";
    const NEED: Permission = Permission::SeeRegistry;
    const FILTERS: &'static [Filter] = &[
        Filter::new("q", FilterKind::Text, "Part of a name or of the code."),
        Filter::new("kind", FilterKind::OneOf(TownKind::NAMES), "Town or street."),
    ];
    type Item = Town;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        _: &Words,
    ) -> Result<Vec<Town>> {
        let rows = list_towns(connection, scope, &whole(request))?.rows;
        Ok(part_of(rows.into_iter().map(Town::from).collect(), request, Self::number))
    }

    /// Codes are digits.
    fn number(item: &Town) -> i64 {
        item.code.parse().unwrap_or_default()
    }
}

async fn show(visitor: Visitor, PathCode(code): PathCode) -> Result<HttpResponse> {
    let town = fetch(&visitor, move |connection, scope, _| get_town(connection, scope, &code)).await?;
    Ok(ok(&Town::from(town)))
}
