use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{CaregiverInput, Gender, Language, Skill, TravelMode, Weekday};
use super::store::{CaregiverRow, get_caregiver, list_caregivers};
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

const PATH: &str = "/api/v1/caregivers";
const ONE: &str = "/api/v1/caregivers/{id}";
const TAG: &str = "caregivers";

pub fn endpoints() -> Vec<Endpoint> {
    let edit = Need::May(Permission::EditCaregiver);
    vec![
        list_endpoint::<Caregivers>(),
        Endpoint::get(ONE, Need::May(Permission::SeeCaregivers), || web::to(show))
            .about(TAG, "api.caregiver.show")
            .answers::<Caregiver>(200),
        Endpoint::post(PATH, edit, || web::to(create))
            .about(TAG, "api.caregiver.add")
            .takes::<CaregiverInput>()
            .answers::<Caregiver>(201),
        Endpoint::patch(ONE, edit, || web::to(update))
            .about(TAG, "api.caregiver.change")
            .patches::<CaregiverInput>()
            .answers::<Caregiver>(200),
    ]
}

/// Somebody who visits elders. The phone number is not told here: looking at it is an act that is written down.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Caregiver {
    pub id: i64,
    pub provider_id: i64,
    pub town_code: String,
    pub name: String,
    pub gender: Gender,
    /// Whether a phone number is on file.
    pub has_phone: bool,
    pub skills: Vec<Skill>,
    pub languages: Vec<Language>,
    /// ISO 8601 numbers of the days; 1 is Monday.
    pub shift_days: Vec<Weekday>,
    /// Minutes after midnight.
    pub shift_starts_min: i32,
    /// Minutes after the midnight that begins the day of the start; 1440 and above is the next day.
    pub shift_ends_min: i32,
    pub travel_mode: TravelMode,
    /// Where the way to work begins, WGS-84 degrees.
    pub longitude: f64,
    pub latitude: f64,
    /// Can be given visits.
    pub active: bool,
    /// To be sent with a change.
    pub version: i64,
    pub updated_at: At,
}

impl Caregiver {
    fn new(row: CaregiverRow, calendar: Calendar) -> Caregiver {
        Caregiver {
            has_phone: row.phone_sealed.is_some(),
            skills: codes::split(&row.skills),
            languages: codes::split(&row.languages),
            shift_days: codes::split(&row.shift_days),
            updated_at: At::new(calendar, row.updated_at),
            id: row.id,
            provider_id: row.provider_id,
            town_code: row.town_code,
            name: row.name,
            gender: row.gender,
            shift_starts_min: row.shift_starts_min,
            shift_ends_min: row.shift_ends_min,
            travel_mode: row.travel_mode,
            longitude: row.longitude,
            latitude: row.latitude,
            active: row.active,
            version: row.version,
        }
    }
}

struct Caregivers;

impl Resource for Caregivers {
    const PATH: &'static str = PATH;
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.caregiver.list";
    const NEED: Permission = Permission::SeeCaregivers;
    const FILTERS: &'static [Filter] = &[
        Filter::new("q", FilterKind::Text, "Part of the name."),
        Filter::new("town", FilterKind::Text, "Code of the town."),
        Filter::new("provider", FilterKind::Id, "Number of the provider."),
        Filter::new("skill", FilterKind::OneOf(Skill::NAMES), "Something they are trained for."),
        Filter::new("language", FilterKind::OneOf(Language::NAMES), "A language they speak."),
        Filter::new("active", FilterKind::Flag, "Whether they can be given visits."),
    ];
    type Item = Caregiver;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Vec<Caregiver>> {
        let rows = list_caregivers(connection, scope, request)?.rows;
        Ok(rows.into_iter().map(|row| Caregiver::new(row.caregiver, words.calendar)).collect())
    }

    fn number(item: &Caregiver) -> i64 {
        item.id
    }
}

async fn show(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    Ok(ok(&find(&visitor, id).await?))
}

async fn create(visitor: Visitor, Json(input): Json<CaregiverInput>) -> Result<HttpResponse> {
    let id = visitor.app.write(&visitor.scope(), move |tx| add(tx, &input)).await?;
    Ok(created(format!("{PATH}/{id}"), &find(&visitor, id).await?))
}

async fn update(visitor: Visitor, Id(id): Id, patch: Patch<CaregiverInput>) -> Result<HttpResponse> {
    let work = move |tx: &mut Tx<'_>| {
        let before = get_caregiver(tx.connection, tx.scope, Permission::EditCaregiver, id)?;
        change(tx, id, patch.version, &patch.over(&before.input())?)
    };
    visitor.app.write(&visitor.scope(), work).await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn find(visitor: &Visitor, id: i64) -> Result<Caregiver> {
    fetch(visitor, move |connection, scope, words| {
        let row = get_caregiver(connection, scope, Permission::SeeCaregivers, id)?;
        Ok(Caregiver::new(row, words.calendar))
    })
    .await
}
