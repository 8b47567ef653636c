use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::model::HolidayInput;
use super::store::{HolidayRow, get_holiday, list_holidays};
use super::{add, change, remove};
use crate::access::{Permission, Scope};
use crate::api::{
    Endpoint, Filter, FilterKind, Id, Json, Patch, Resource, created, fetch, list_endpoint, ok,
};
use crate::app::Tx;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::listing::ListRequest;
use crate::plans::model::HolidayKind;
use crate::web::{Need, Visitor, Words};

const PATH: &str = "/api/v1/holidays";
const ONE: &str = "/api/v1/holidays/{id}";
const TAG: &str = "holidays";

pub fn endpoints() -> Vec<Endpoint> {
    let edit = Need::May(Permission::EditCatalogue);
    vec![
        list_endpoint::<Days>(),
        Endpoint::get(ONE, Need::May(Permission::SeePlans), || web::to(show))
            .about(TAG, "api.holiday.show")
            .answers::<Holiday>(200),
        Endpoint::post(PATH, edit, || web::to(create))
            .about(TAG, "api.holiday.add")
            .takes::<HolidayInput>()
            .answers::<Holiday>(201),
        Endpoint::patch(ONE, edit, || web::to(update))
            .about(TAG, "api.holiday.change")
            .patches::<HolidayInput>()
            .answers::<Holiday>(200),
        Endpoint::delete(ONE, edit, || web::to(delete)).about(TAG, "api.holiday.remove").answers_nothing(),
    ]
}

/// A public holiday, or a day that is worked instead of one. A year without a day is a year whose schedule is not known.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Holiday {
    pub id: i64,
    pub day: NaiveDate,
    pub kind: HolidayKind,
    pub name_zh: String,
    pub name_en: String,
    pub source: String,
    pub confirmed: bool,
    /// To be sent with a change.
    pub version: i64,
}

impl Holiday {
    fn new(row: HolidayRow) -> Holiday {
        Holiday {
            id: row.id,
            day: row.day,
            kind: row.kind,
            name_zh: row.name_zh,
            name_en: row.name_en,
            source: row.source,
            confirmed: row.confirmed,
            version: row.version,
        }
    }
}

struct Days;

impl Resource for Days {
    const PATH: &'static str = PATH;
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.holiday.list";
    const NEED: Permission = Permission::SeePlans;
    const FILTERS: &'static [Filter] = &[
        Filter::new("year", FilterKind::Id, "The year, such as 2026."),
        Filter::new("kind", FilterKind::OneOf(HolidayKind::NAMES), "Off, or worked instead."),
        Filter::new("confirmed", FilterKind::Flag, "Whether it was compared with the notice."),
    ];
    type Item = Holiday;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        _: &Words,
    ) -> Result<Vec<Holiday>> {
        Ok(list_holidays(connection, scope, request)?.rows.into_iter().map(Holiday::new).collect())
    }

    fn number(item: &Holiday) -> i64 {
        item.id
    }
}

async fn show(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    Ok(ok(&find(&visitor, id).await?))
}

async fn create(visitor: Visitor, Json(input): Json<HolidayInput>) -> Result<HttpResponse> {
    let id = visitor.app.write(&visitor.scope(), move |tx| add(tx, &input)).await?;
    Ok(created(format!("{PATH}/{id}"), &find(&visitor, id).await?))
}

async fn update(visitor: Visitor, Id(id): Id, patch: Patch<HolidayInput>) -> Result<HttpResponse> {
    let work = move |tx: &mut Tx<'_>| {
        let before = get_holiday(tx.connection, tx.scope, Permission::EditCatalogue, id)?;
        change(tx, id, patch.version, &patch.over(&before.input())?)
    };
    visitor.app.write(&visitor.scope(), work).await?;
    Ok(ok(&find(&visitor, id).await?))
}

/// Removes the day as it stands.
async fn delete(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    let work = move |tx: &mut Tx<'_>| {
        let row = get_holiday(tx.connection, tx.scope, Permission::EditCatalogue, id)?;
        remove(tx, id, row.version)
    };
    visitor.app.write(&visitor.scope(), work).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn find(visitor: &Visitor, id: i64) -> Result<Holiday> {
    fetch(visitor, move |connection, scope, _| {
        Ok(Holiday::new(get_holiday(connection, scope, Permission::SeePlans, id)?))
    })
    .await
}
