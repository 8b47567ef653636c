use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{PriceInput, ProofKind, ServiceCategory, ServiceInput};
use super::store::{PriceRow, ServiceRow, get_service, list_services, prices_of};
use super::{add, change, set_price};
use crate::access::{Permission, Scope};
use crate::api::{
    Endpoint, Filter, FilterKind, Id, Json, Patch, Resource, created, fetch, list_endpoint, ok,
};
use crate::app::Tx;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::listing::ListRequest;
use crate::registry::caregivers::Skill;
use crate::registry::codes;
use crate::web::{Need, Visitor, Words};

const PATH: &str = "/api/v1/services";
const ONE: &str = "/api/v1/services/{id}";
const TAG: &str = "services";

pub fn endpoints() -> Vec<Endpoint> {
    let edit = Need::May(Permission::EditCatalogue);
    vec![
        list_endpoint::<Services>(),
        Endpoint::get(ONE, Need::May(Permission::SeePlans), || web::to(show))
            .about(TAG, "api.service.show")
            .answers::<Service>(200),
        Endpoint::post(PATH, edit, || web::to(create))
            .about(TAG, "api.service.add")
            .takes::<ServiceInput>()
            .answers::<Service>(201),
        Endpoint::patch(ONE, edit, || web::to(update))
            .about(TAG, "api.service.change")
            .patches::<ServiceInput>()
            .answers::<Service>(200),
        Endpoint::post("/api/v1/services/{id}/price", edit, || web::to(price))
            .about(TAG, "api.service.price")
            .takes::<ServicePriceInput>()
            .answers::<Service>(200)
            .fails(409),
    ]
}

/// A service of the catalogue.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Service {
    pub id: i64,
    pub code: String,
    pub name_zh: String,
    pub name_en: String,
    pub category: ServiceCategory,
    pub duration_min: i32,
    pub skill: Skill,
    pub caregivers: i32,
    pub proof: Vec<ProofKind>,
    pub proof_share_percent: i32,
    pub retired: bool,
    /// False for a proposal that no office has confirmed.
    pub confirmed: bool,
    /// Newest first.
    pub prices: Vec<ServicePrice>,
    /// To be sent with a change.
    pub version: i64,
}

/// A price from a day on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ServicePrice {
    pub effective_on: NaiveDate,
    pub price_fen: i64,
    pub confirmed: bool,
}

/// A price from a day on, and the version of the service that was seen.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ServicePriceInput {
    #[schema(minimum = 1)]
    version: i64,
    /// Tomorrow or later; a known price of an earlier day can only be confirmed.
    effective_on: NaiveDate,
    #[schema(minimum = 0, maximum = 10_000_000)]
    price_fen: i64,
    confirmed: bool,
}

impl Service {
    fn new(row: ServiceRow, prices: Vec<PriceRow>) -> Service {
        let price = |row: PriceRow| ServicePrice {
            effective_on: row.effective_on,
            price_fen: row.price_fen,
            confirmed: row.confirmed,
        };
        Service {
            id: row.id,
            code: row.code,
            name_zh: row.name_zh,
            name_en: row.name_en,
            category: row.category,
            duration_min: row.duration_min,
            skill: row.skill,
            caregivers: row.caregivers,
            proof: codes::split(&row.proof),
            proof_share_percent: row.proof_share_percent,
            retired: row.retired,
            confirmed: row.confirmed,
            prices: prices.into_iter().map(price).collect(),
            version: row.version,
        }
    }
}

struct Services;

impl Resource for Services {
    const PATH: &'static str = PATH;
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.service.list";
    const NEED: Permission = Permission::SeePlans;
    const FILTERS: &'static [Filter] = &[
        Filter::new("q", FilterKind::Text, "Part of the name in either language."),
        Filter::new("category", FilterKind::OneOf(ServiceCategory::NAMES), "Its group."),
        Filter::new("retired", FilterKind::Flag, "Whether it is no longer offered."),
        Filter::new("confirmed", FilterKind::Flag, "Whether an office has confirmed it."),
    ];
    type Item = Service;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        _: &Words,
    ) -> Result<Vec<Service>> {
        let rows = list_services(connection, scope, request)?.rows;
        let with_prices = rows.into_iter().map(|row| {
            let prices = prices_of(connection, &row.code)?;
            Ok(Service::new(row, prices))
        });
        with_prices.collect()
    }

    fn number(item: &Service) -> i64 {
        item.id
    }
}

async fn show(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    Ok(ok(&find(&visitor, id).await?))
}

async fn create(visitor: Visitor, Json(input): Json<ServiceInput>) -> Result<HttpResponse> {
    let id = visitor.app.write(&visitor.scope(), move |tx| add(tx, &input)).await?;
    Ok(created(format!("{PATH}/{id}"), &find(&visitor, id).await?))
}

async fn update(visitor: Visitor, Id(id): Id, patch: Patch<ServiceInput>) -> Result<HttpResponse> {
    let work = move |tx: &mut Tx<'_>| {
        let before = get_service(tx.connection, tx.scope, Permission::EditCatalogue, id)?;
        change(tx, id, patch.version, &patch.over(&before.input())?)
    };
    visitor.app.write(&visitor.scope(), work).await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn price(visitor: Visitor, Id(id): Id, Json(input): Json<ServicePriceInput>) -> Result<HttpResponse> {
    let ServicePriceInput { version, effective_on, price_fen, confirmed } = input;
    let price = PriceInput { effective_on, price_fen, confirmed };
    visitor.app.write(&visitor.scope(), move |tx| set_price(tx, id, version, &price)).await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn find(visitor: &Visitor, id: i64) -> Result<Service> {
    fetch(visitor, move |connection, scope, _| {
        let row = get_service(connection, scope, Permission::SeePlans, id)?;
        let prices = prices_of(connection, &row.code)?;
        Ok(Service::new(row, prices))
    })
    .await
}
