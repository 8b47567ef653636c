use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{InstitutionInput, InstitutionKind, InstitutionState};
use super::store::{InstitutionRow, get_institution, list_institutions};
use super::{add, change};
use crate::access::{Permission, Scope};
use crate::api::{
    At, Endpoint, Filter, FilterKind, Id, Json, Patch, Resource, created, fetch, list_endpoint, ok,
};
use crate::clock::Calendar;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::listing::ListRequest;
use crate::web::{Need, Visitor, Words};

const PATH: &str = "/api/v1/institutions";
const ONE: &str = "/api/v1/institutions/{id}";
const TAG: &str = "institutions";

pub fn endpoints() -> Vec<Endpoint> {
    let edit = Need::May(Permission::EditInstitution);
    vec![
        list_endpoint::<Institutions>(),
        Endpoint::get(ONE, Need::May(Permission::SeeRegistry), || web::to(show))
            .about(TAG, "api.institution.show")
            .answers::<Institution>(200),
        Endpoint::post(PATH, edit, || web::to(create))
            .about(TAG, "api.institution.add")
            .takes::<InstitutionInput>()
            .answers::<Institution>(201),
        Endpoint::patch(ONE, edit, || web::to(update))
            .about(TAG, "api.institution.change")
            .patches::<InstitutionInput>()
            .answers::<Institution>(200),
    ]
}

/// A care institution. Places are WGS-84 degrees.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Institution {
    pub id: i64,
    /// Statistics code of the town, such as 350582101.
    pub town_code: String,
    /// Statistics code of the village, where it is known.
    pub village_code: Option<String>,
    pub name: String,
    pub kind: InstitutionKind,
    pub state: InstitutionState,
    /// The organisation that runs it.
    pub operator: String,
    pub phone: String,
    pub micro_fire_station: bool,
    pub opened_on: Option<NaiveDate>,
    pub licence_starts_on: Option<NaiveDate>,
    /// Last day of the licence or filing; absent where it has none.
    pub licence_ends_on: Option<NaiveDate>,
    pub longitude: f64,
    pub latitude: f64,
    /// To be sent with a change.
    pub version: i64,
    pub updated_at: At,
}

impl Institution {
    fn new(row: InstitutionRow, calendar: Calendar) -> Institution {
        Institution {
            id: row.id,
            town_code: row.town_code,
            village_code: row.village_code,
            name: row.name,
            kind: row.kind,
            state: row.state,
            operator: row.operator,
            phone: row.phone,
            micro_fire_station: row.micro_fire_station,
            opened_on: row.opened_on,
            licence_starts_on: row.licence_starts_on,
            licence_ends_on: row.licence_ends_on,
            longitude: row.longitude,
            latitude: row.latitude,
            version: row.version,
            updated_at: At::new(calendar, row.updated_at),
        }
    }
}

struct Institutions;

impl Resource for Institutions {
    const PATH: &'static str = PATH;
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.institution.list";
    const NEED: Permission = Permission::SeeRegistry;
    const FILTERS: &'static [Filter] = &[
        Filter::new("q", FilterKind::Text, "Part of the name or of the operator."),
        Filter::new("town", FilterKind::Text, "Code of the town."),
        Filter::new("kind", FilterKind::OneOf(InstitutionKind::NAMES), "Who built and runs it."),
        Filter::new("state", FilterKind::OneOf(InstitutionState::NAMES), "Its state."),
        Filter::new("fire", FilterKind::Flag, "Whether it has a micro fire station."),
    ];
    type Item = Institution;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Vec<Institution>> {
        let rows = list_institutions(connection, scope, request)?.rows;
        Ok(rows.into_iter().map(|row| Institution::new(row.institution, words.calendar)).collect())
    }

    fn number(item: &Institution) -> i64 {
        item.id
    }
}

async fn show(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    Ok(ok(&find(&visitor, id).await?))
}

async fn create(visitor: Visitor, Json(input): Json<InstitutionInput>) -> Result<HttpResponse> {
    let id = visitor.app.write(&visitor.scope(), move |tx| add(tx, &input)).await?;
    Ok(created(format!("{PATH}/{id}"), &find(&visitor, id).await?))
}

async fn update(visitor: Visitor, Id(id): Id, patch: Patch<InstitutionInput>) -> Result<HttpResponse> {
    let work = move |tx: &mut crate::app::Tx<'_>| {
        let before = get_institution(tx.connection, tx.scope, Permission::EditInstitution, id)?;
        change(tx, id, patch.version, &patch.over(&before.input())?)
    };
    visitor.app.write(&visitor.scope(), work).await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn find(visitor: &Visitor, id: i64) -> Result<Institution> {
    fetch(visitor, move |connection, scope, words| {
        let row = get_institution(connection, scope, Permission::SeeRegistry, id)?;
        Ok(Institution::new(row, words.calendar))
    })
    .await
}
