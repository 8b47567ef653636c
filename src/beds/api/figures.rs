//! Beds counted: now or at an instant, day by day, and as expected.

use actix_web::web::Query;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{Permission, Scope};
use crate::api::{At, Endpoint, Filter, FilterKind, Id, Resource, fetch, list_endpoint, ok, part_of};
use crate::beds::confirm;
use crate::beds::model::{Counts, is_stale};
use crate::beds::reports::{self, Report};
use crate::beds::store::{counts_at, latest_confirmations};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::listing::ListRequest;
use crate::text::Text;
use crate::web::{Need, Visitor, Words};

const TAG: &str = "occupancy";

pub fn endpoints() -> Vec<Endpoint> {
    let see = Need::May(Permission::SeeBeds);
    vec![
        list_endpoint::<Houses>(),
        Endpoint::get("/api/v1/occupancy-trend", see, || web::to(trend))
            .about(TAG, "api.occupancy.trend")
            .answers::<OccupancyTrend>(200)
            .fails(422),
        Endpoint::get("/api/v1/free-beds-forecast", see, || web::to(forecast))
            .about(TAG, "api.occupancy.forecast")
            .answers::<FreeBedsForecast>(200)
            .fails(422),
        Endpoint::post("/api/v1/institutions/{id}/confirm-beds", Need::May(Permission::ManageStays), || {
            web::to(confirm_beds)
        })
        .about(TAG, "api.occupancy.confirm")
        .answers::<BedCounts>(200),
    ]
}

/// Beds by state; the five add up to the beds.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct BedCounts {
    pub beds: i64,
    pub occupied: i64,
    pub on_leave: i64,
    pub reserved: i64,
    pub out_of_service: i64,
    pub free: i64,
}

/// The beds of an institution as they stand now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HouseOccupancy {
    pub institution_id: i64,
    pub name: String,
    pub kind: String,
    pub town_code: String,
    pub counts: BedCounts,
    pub as_of: At,
    /// When the institution last said that its figures are right.
    pub confirmed_at: Option<At>,
    /// Not confirmed for 24 hours.
    pub is_stale: bool,
}

/// Beds lived in at the end of each day.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OccupancyTrend {
    pub as_of: At,
    pub days: Vec<DayOccupied>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DayOccupied {
    pub day: NaiveDate,
    pub lived_in: i64,
}

/// Free beds at the end of each of the next days, if what is planned happens and nothing else does.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FreeBedsForecast {
    pub as_of: At,
    pub beds: i64,
    pub method: String,
    pub days: Vec<DayFree>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DayFree {
    pub day: NaiveDate,
    pub free: i64,
    pub freed: i64,
    pub taken: i64,
}

impl From<Counts> for BedCounts {
    fn from(counts: Counts) -> Self {
        BedCounts {
            beds: counts.beds(),
            occupied: counts.occupied,
            on_leave: counts.on_leave,
            reserved: counts.reserved,
            out_of_service: counts.out_of_service,
            free: counts.free,
        }
    }
}

struct Houses;

impl Resource for Houses {
    const PATH: &'static str = "/api/v1/occupancy";
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.occupancy.list";
    const NEED: Permission = Permission::SeeBeds;
    const FILTERS: &'static [Filter] = &[
        Filter::new("town", FilterKind::Text, "Code of the town."),
        Filter::new("kind", FilterKind::Text, "Kind of the beds."),
    ];
    type Item = HouseOccupancy;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Vec<HouseOccupancy>> {
        let mut houses: std::collections::BTreeMap<i64, HouseOccupancy> = std::collections::BTreeMap::new();
        let confirmed = latest_confirmations(connection)?;
        let mut sums: std::collections::BTreeMap<i64, Counts> = std::collections::BTreeMap::new();
        for row in counts_at(connection, scope, words.now)? {
            let is_asked = request.filter("town").is_none_or(|town| town == row.town_code)
                && request.filter("kind").is_none_or(|kind| kind == row.bed_kind);
            if !is_asked {
                continue;
            }
            *sums.entry(row.institution_id).or_default() += row.counts;
            let at: Option<Instant> = confirmed.get(&row.institution_id).map(|found| found.at);
            houses.entry(row.institution_id).or_insert_with(|| HouseOccupancy {
                institution_id: row.institution_id,
                name: row.institution,
                kind: row.institution_kind,
                town_code: row.town_code,
                counts: Counts::default().into(),
                as_of: At::new(words.calendar, words.now),
                confirmed_at: at.map(|at| At::new(words.calendar, at)),
                is_stale: is_stale(at, words.now),
            });
        }
        let rows = houses.into_values().map(|mut house| {
            house.counts = sums.get(&house.institution_id).copied().unwrap_or_default().into();
            house
        });
        Ok(part_of(rows.collect(), request, |house| house.institution_id))
    }

    fn number(item: &HouseOccupancy) -> i64 {
        item.institution_id
    }
}

/// `institution` of the query, where it is given.
fn institution(http: &HttpRequest) -> Result<Option<i64>> {
    let pairs = Query::<Vec<(String, String)>>::from_query(http.query_string())
        .map_err(|error| Error::field("query", Text::new("error.malformed")).because(error))?;
    let Some((_, value)) = pairs.0.into_iter().find(|(name, _)| name == "institution") else {
        return Ok(None);
    };
    let wrong =
        || Error::field("institution", Text::new("rule.json_kind").with("kind", "@api.kind.whole_number"));
    value.parse().map(Some).map_err(|_| wrong())
}

async fn report(visitor: &Visitor, http: &HttpRequest) -> Result<Report> {
    let institution = institution(http)?;
    fetch(visitor, move |connection, scope, words| {
        reports::report(connection, scope, institution, words.calendar, words.now)
    })
    .await
}

async fn trend(visitor: Visitor, http: HttpRequest) -> Result<HttpResponse> {
    let report = report(&visitor, &http).await?;
    let days = report.year.into_iter().map(|day| DayOccupied { day: day.day, lived_in: day.lived_in });
    Ok(ok(&OccupancyTrend { as_of: At::new(visitor.app.calendar, visitor.now), days: days.collect() }))
}

async fn forecast(visitor: Visitor, http: HttpRequest) -> Result<HttpResponse> {
    let report = report(&visitor, &http).await?;
    let days = report.forecast.into_iter().map(|day| DayFree {
        day: day.day,
        free: day.free,
        freed: day.freed,
        taken: day.taken,
    });
    Ok(ok(&FreeBedsForecast {
        as_of: At::new(visitor.app.calendar, visitor.now),
        beds: report.beds,
        method: visitor.t("bed.forecast_method").into_owned(),
        days: days.collect(),
    }))
}

async fn confirm_beds(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    let counts = visitor.app.write(&visitor.scope(), move |tx| confirm(tx, id)).await?;
    Ok(ok(&BedCounts::from(counts)))
}
