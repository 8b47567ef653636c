use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{Category, Gender, age_years, mask_identity, mask_phone};
use super::personal::open;
use super::store::{ElderListed, get_elder, list_elders, with_places};
use crate::access::{Permission, Scope};
use crate::api::{At, Endpoint, Filter, FilterKind, Id, Resource, fetch, list_endpoint, ok};
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::listing::ListRequest;
use crate::web::{Need, Visitor, Words};

const TAG: &str = "elders";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        list_endpoint::<Elders>(),
        Endpoint::get("/api/v1/elders/{id}", Need::May(Permission::SeeElders), || web::to(show))
            .about(TAG, "api.elder.show")
            .answers::<ElderDetail>(200),
    ]
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
    pub categories: Vec<Category>,
    /// Receives visits at home.
    pub home_visits: bool,
    /// The institution where the elder lives now.
    pub institution_id: Option<i64>,
    pub version: i64,
    pub updated_at: At,
}

/// An elder with personal data masked; in clear it is shown on the page only, where each look is written down.
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
    pub categories: Vec<Category>,
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
    pub version: i64,
    pub updated_at: At,
}

impl Elder {
    fn new(ElderListed { elder, institution, .. }: ElderListed, words: &Words) -> Elder {
        Elder {
            age_years: age_years(elder.born_on, words.calendar.day_of(words.now)),
            categories: Category::parse_list(&elder.categories),
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
    const PATH: &'static str = "/api/v1/elders";
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.elder.list";
    const NEED: Permission = Permission::SeeElders;
    const FILTERS: &'static [Filter] = &[
        Filter::new("q", FilterKind::Text, "Part of the name."),
        Filter::new("town", FilterKind::Text, "Code of the town."),
        Filter::new("category", FilterKind::OneOf(Category::NAMES), "A category they are entitled by."),
        Filter::new("home_visits", FilterKind::Flag, "Whether they receive visits at home."),
        Filter::new("resident", FilterKind::Flag, "Whether they live in an institution now."),
    ];
    type Item = Elder;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Vec<Elder>> {
        let rows = list_elders(connection, scope, request, words.now)?.rows;
        Ok(rows.into_iter().map(|row| Elder::new(row, words)).collect())
    }

    fn number(item: &Elder) -> i64 {
        item.id
    }
}

async fn show(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    let keys = visitor.app.keys.clone();
    let detail = fetch(&visitor, move |connection, scope, words| {
        let elder = get_elder(connection, scope, Permission::SeeElders, id, words.now)?;
        let clear = open(&keys, &elder)?;
        let born_on = elder.born_on;
        let listed = with_places(connection, vec![elder], words.now)?.pop().ok_or_else(Error::not_found)?;
        let elder = Elder::new(listed, words);
        Ok(ElderDetail {
            born_on,
            identity_masked: mask_identity(&clear.identity),
            phone_masked: mask_phone(&clear.phone),
            has_address: !clear.address.is_empty(),
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
    });
    Ok(ok(&detail.await?))
}
