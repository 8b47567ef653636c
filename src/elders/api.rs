//! Elders for programs: the record, what belongs to it in rows of its own, and what is sealed.

mod dated;
mod limits;
mod parts;
mod people;
mod personal;

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{CoordinateSource, ElderInput, Gender, Language, age_years, mask_identity, mask_phone};
use super::personal::open;
use super::store::{ElderListed, get_elder, get_elder_to_edit, list_elders, with_places};
use super::{change, look_for_known, register};
use crate::access::{Permission, Scope};
use crate::api::{
    At, Endpoint, Filter, FilterKind, Id, Json, Patch, Resource, created, fetch, list_endpoint, ok,
};
use crate::app::Tx;
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::listing::ListRequest;
use crate::registry::codes;
use crate::web::{Need, Visitor, Words};

const PATH: &str = "/api/v1/elders";
const ONE: &str = "/api/v1/elders/{id}";
const TAG: &str = "elders";

pub fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = vec![
        list_endpoint::<Elders>(),
        Endpoint::get(ONE, Need::May(Permission::SeeElders), || web::to(show))
            .about(TAG, "api.elder.show")
            .answers::<ElderDetail>(200),
        Endpoint::post(PATH, Need::May(Permission::EditElder), || web::to(create))
            .about(TAG, "api.elder.add")
            .takes::<ElderInput>()
            .answers::<ElderDetail>(201),
        Endpoint::patch(ONE, Need::May(Permission::EditElder), || web::to(update))
            .about(TAG, "api.elder.change")
            .patches::<ElderInput>()
            .answers::<ElderDetail>(200),
    ];
    endpoints.extend(parts::endpoints());
    endpoints.extend(personal::endpoints());
    endpoints.extend(super::cards::api::endpoints());
    endpoints
}

/// An elder, without anything that is sealed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Elder {
    pub id: i64,
    pub town_code: String,
    pub village_code: String,
    pub name: String,
    pub gender: Gender,
    /// Full years today.
    pub age_years: i64,
    /// Codes of what entitles them today.
    pub categories: Vec<String>,
    /// Receives visits at home.
    pub home_visits: bool,
    /// The institution where the elder lives now.
    pub institution_id: Option<i64>,
    pub version: i64,
    pub updated_at: At,
}

/// An elder with personal data masked; in clear it is told by `personal` only, where each look is written down.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ElderDetail {
    pub id: i64,
    pub town_code: String,
    pub village_code: String,
    pub name: String,
    pub gender: Gender,
    pub born_on: NaiveDate,
    /// Full years today.
    pub age_years: i64,
    /// Codes of what entitles them today.
    pub categories: Vec<String>,
    /// Receives visits at home.
    pub home_visits: bool,
    /// The institution where the elder lives now.
    pub institution_id: Option<i64>,
    /// Region and last four places, such as 350582********1234; empty where none is on file.
    pub identity_masked: String,
    /// Such as 138****1234; empty where none is on file.
    pub phone_masked: String,
    /// Whether an address is on file.
    pub has_address: bool,
    /// Whether it is on file how to be let in.
    pub has_door_note: bool,
    /// WGS-84 degrees.
    pub longitude: f64,
    pub latitude: f64,
    /// The system that the coordinates came in.
    pub coordinate_source: CoordinateSource,
    pub languages: Vec<Language>,
    /// Of the caregiver.
    pub gender_wish: Option<Gender>,
    pub gender_wish_hard: bool,
    pub language_wish: Option<Language>,
    pub language_wish_hard: bool,
    pub version: i64,
    pub updated_at: At,
}

impl Elder {
    fn new(ElderListed { elder, institution, categories, .. }: ElderListed, words: &Words) -> Elder {
        Elder {
            age_years: age_years(elder.born_on, words.calendar.day_of(words.now)),
            categories: categories.into_iter().map(|one| one.code).collect(),
            institution_id: institution.map(|(id, _)| id),
            updated_at: At::new(words.calendar, elder.updated_at),
            id: elder.id,
            town_code: elder.town_code,
            village_code: elder.village_code,
            name: elder.name,
            gender: elder.gender,
            home_visits: elder.home_visits,
            version: elder.version,
        }
    }
}

struct Elders;

impl Resource for Elders {
    const PATH: &'static str = PATH;
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.elder.list";
    const NEED: Permission = Permission::SeeElders;
    const FILTERS: &'static [Filter] = &[
        Filter::new("q", FilterKind::Text, "Part of the name."),
        Filter::new("town", FilterKind::Text, "Code of the town."),
        Filter::new("category", FilterKind::Text, "Code of a category that entitles them today."),
        Filter::new("home_visits", FilterKind::Flag, "Whether they receive visits at home."),
        Filter::new("resident", FilterKind::Flag, "Whether they live in an institution now."),
        Filter::new("unseen_days", FilterKind::Id, "Visited at home, but not for so many days."),
    ];
    type Item = Elder;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Vec<Elder>> {
        let rows = list_elders(connection, scope, request, (words.calendar, words.now))?.rows;
        Ok(rows.into_iter().map(|row| Elder::new(row, words)).collect())
    }

    fn number(item: &Elder) -> i64 {
        item.id
    }
}

async fn show(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    Ok(ok(&find(&visitor, id).await?))
}

async fn create(visitor: Visitor, Json(input): Json<ElderInput>) -> Result<HttpResponse> {
    let looked_for = input.clone();
    let look = move |tx: &mut Tx<'_>| look_for_known(tx, None, &looked_for);
    if let Some(refusal) = visitor.app.write(&visitor.scope(), look).await? {
        return Err(refusal);
    }
    let id = visitor.app.write(&visitor.scope(), move |tx| register(tx, &input)).await?;
    Ok(created(format!("{PATH}/{id}"), &find(&visitor, id).await?))
}

async fn update(visitor: Visitor, Id(id): Id, patch: Patch<ElderInput>) -> Result<HttpResponse> {
    let (scope, version) = (visitor.scope(), patch.version);
    let before = visitor.app.db.read(move |connection| get_elder_to_edit(connection, &scope, id)).await?;
    let input = patch.over(&before.input())?;
    let looked_for = input.clone();
    let look = move |tx: &mut Tx<'_>| look_for_known(tx, Some(id), &looked_for);
    if let Some(refusal) = visitor.app.write(&visitor.scope(), look).await? {
        return Err(refusal);
    }
    // The fields that were not sent are those of the version read above, which must still be the current one.
    visitor.app.write(&visitor.scope(), move |tx| change(tx, id, version, &input)).await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn find(visitor: &Visitor, id: i64) -> Result<ElderDetail> {
    let keys = visitor.app.keys.clone();
    fetch(visitor, move |connection, scope, words| {
        let row = get_elder(connection, scope, Permission::SeeElders, id, words.now)?;
        let clear = open(&keys, &row)?;
        let at = (words.calendar, words.now);
        let listed = with_places(connection, vec![row.clone()], at)?.pop().ok_or_else(Error::not_found)?;
        let elder = Elder::new(listed, words);
        Ok(ElderDetail {
            born_on: row.born_on,
            identity_masked: mask_identity(&clear.identity),
            phone_masked: mask_phone(&clear.phone),
            has_address: !clear.address.is_empty(),
            has_door_note: row.door_note_sealed.is_some(),
            longitude: row.longitude,
            latitude: row.latitude,
            coordinate_source: row.coordinate_source,
            languages: codes::split(&row.languages),
            gender_wish: row.gender_wish,
            gender_wish_hard: row.gender_wish_hard,
            language_wish: row.language_wish,
            language_wish_hard: row.language_wish_hard,
            id: elder.id,
            town_code: elder.town_code,
            village_code: elder.village_code,
            name: elder.name,
            gender: elder.gender,
            age_years: elder.age_years,
            categories: elder.categories,
            home_visits: elder.home_visits,
            institution_id: elder.institution_id,
            version: elder.version,
            updated_at: elder.updated_at,
        })
    })
    .await
}
