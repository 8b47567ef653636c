use actix_web::{HttpResponse, web};
use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::add::{Absence, add, cancel};
use super::model::AbsenceKind;
use super::store::{self, AbsenceRow};
use crate::access::{Permission, Scope};
use crate::api::{
    At, Endpoint, Filter, FilterKind, Id, Json, Once, Resource, created, fetch, instant, list_endpoint, ok,
};
use crate::db::AnyConnection;
use crate::error::Result;
use crate::listing::ListRequest;
use crate::visits::store::caregiver_names;
use crate::web::{Need, Visitor, Words};

const PATH: &str = "/api/v1/absences";
const TAG: &str = "visits";

pub fn endpoints() -> Vec<Endpoint> {
    let office = Need::May(Permission::AssignVisits);
    vec![
        list_endpoint::<Absences>(),
        Endpoint::post(PATH, office, || web::to(create))
            .about(TAG, "api.absence.add")
            .takes::<AbsenceInput>()
            .answers::<CaregiverAbsence>(201)
            .fails(409),
        Endpoint::post("/api/v1/absences/{id}/cancel", office, || web::to(take_back))
            .about(TAG, "api.absence.cancel")
            .takes::<AbsenceCancelInput>()
            .answers::<CaregiverAbsence>(200)
            .fails(409),
    ]
}

/// A time at which a caregiver can do no visits.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct CaregiverAbsence {
    id: i64,
    caregiver_id: i64,
    caregiver_name: String,
    kind: AbsenceKind,
    starts_at: At,
    /// Does not belong to it.
    ends_at: At,
    note: String,
    cancelled_at: Option<At>,
    version: i64,
}

#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AbsenceInput {
    caregiver_id: i64,
    kind: AbsenceKind,
    starts_at: DateTime<FixedOffset>,
    /// Later than the start, a year at most.
    ends_at: DateTime<FixedOffset>,
    note: Option<String>,
    /// Take the visits in it from the caregiver; without it they keep the absence from being recorded.
    #[serde(default)]
    releases: bool,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AbsenceCancelInput {
    #[schema(minimum = 1)]
    version: i64,
}

fn view(words: &Words, row: AbsenceRow, caregiver_name: String) -> CaregiverAbsence {
    let at = |instant| At::new(words.calendar, instant);
    CaregiverAbsence {
        id: row.id,
        caregiver_id: row.caregiver_id,
        caregiver_name,
        kind: row.kind,
        starts_at: at(row.starts_at),
        ends_at: at(row.ends_at),
        note: row.note,
        cancelled_at: row.cancelled_at.map(at),
        version: row.version,
    }
}

struct Absences;

impl Resource for Absences {
    const PATH: &'static str = PATH;
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.absence.list";
    const NEED: Permission = Permission::SeeVisits;
    const FILTERS: &'static [Filter] = &[
        Filter::new("from", FilterKind::Day, "Those that have not ended before this day; today without it."),
        Filter::new("caregiver", FilterKind::Id, "Number of the caregiver."),
        Filter::new("kind", FilterKind::OneOf(AbsenceKind::NAMES), "What kind."),
    ];
    type Item = CaregiverAbsence;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Vec<CaregiverAbsence>> {
        let rows = store::list(connection, scope, request, (words.calendar, words.now))?.rows;
        Ok(rows.into_iter().map(|(row, name)| view(words, row, name)).collect())
    }

    fn number(item: &CaregiverAbsence) -> i64 {
        item.id
    }
}

async fn create(visitor: Visitor, once: Once, Json(input): Json<AbsenceInput>) -> Result<HttpResponse> {
    let wanted = Absence {
        caregiver_id: input.caregiver_id,
        kind: input.kind,
        starts_at: instant(input.starts_at),
        ends_at: instant(input.ends_at),
        note: input.note.clone().unwrap_or_default(),
        releases: input.releases,
    };
    let id = once.write(&visitor, &input, move |tx| add(tx, &wanted)).await?;
    Ok(created(format!("{PATH}/{id}"), &find(&visitor, id).await?))
}

async fn take_back(
    visitor: Visitor,
    Id(id): Id,
    Json(input): Json<AbsenceCancelInput>,
) -> Result<HttpResponse> {
    visitor.app.write(&visitor.scope(), move |tx| cancel(tx, id, input.version)).await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn find(visitor: &Visitor, id: i64) -> Result<CaregiverAbsence> {
    fetch(visitor, move |connection, scope, words| {
        let row = store::get(connection, scope, id)?;
        let name = caregiver_names(connection, &[row.caregiver_id])?.pop().map(|(_, name)| name);
        Ok(view(words, row, name.unwrap_or_default()))
    })
    .await
}
