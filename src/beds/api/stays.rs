use actix_web::{HttpResponse, web};
use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::{Permission, Scope};
use crate::api::{
    At, Endpoint, Filter, FilterKind, Id, Json, Resource, created, fetch, instant, list_endpoint, ok,
};
use crate::beds::store::{StayRow, get_stay, list_stays, visible_elder};
use crate::beds::{Admission, Whom, admit, discharge};
use crate::db::AnyConnection;
use crate::elders::find_for_admission;
use crate::error::{Error, Result};
use crate::listing::ListRequest;
use crate::text::Text;
use crate::web::{Need, Visitor, Words};

const PATH: &str = "/api/v1/stays";
const TAG: &str = "stays";
/// How the use cases name what this interface calls otherwise.
const NAMES: &[(&str, &str)] = &[("elder", "elder_id"), ("from_on", "starts_at"), ("to_on", "ends_at")];

pub fn endpoints() -> Vec<Endpoint> {
    let manage = Need::May(Permission::ManageStays);
    vec![
        list_endpoint::<Stays>(),
        Endpoint::get("/api/v1/stays/{id}", Need::May(Permission::SeeBeds), || web::to(show))
            .about(TAG, "api.stay.show")
            .answers::<Stay>(200),
        Endpoint::post(PATH, manage, || web::to(start))
            .about(TAG, "api.stay.admit")
            .takes::<AdmissionInput>()
            .answers::<Stay>(201)
            .fails(404)
            .fails(409),
        Endpoint::post("/api/v1/stays/{id}/discharge", manage, || web::to(end))
            .about(TAG, "api.stay.discharge")
            .takes::<DischargeInput>()
            .answers::<Stay>(200)
            .fails(409),
    ]
}

/// A stay of an elder in a bed, from the start up to, and without, the end.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Stay {
    pub id: i64,
    pub bed_id: i64,
    /// Where the asker may see the elder.
    pub elder_id: Option<i64>,
    pub institution_id: i64,
    pub town_code: String,
    pub starts_at: At,
    /// Absent while it goes on.
    pub ends_at: Option<At>,
    /// To be sent with the discharge.
    pub version: i64,
}

/// Who goes into which bed. Exactly one of `elder_id` and `identity` is given.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AdmissionInput {
    bed_id: i64,
    /// Number of an elder within the asker's area.
    elder_id: Option<i64>,
    /// Identity number of an elder of anywhere in the city; looking it up is written down.
    identity: Option<String>,
    /// Now or in the past, RFC 3339 with an offset; now without it.
    starts_at: Option<DateTime<FixedOffset>>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DischargeInput {
    /// The version that was seen.
    #[schema(minimum = 1)]
    version: i64,
    /// After the start and not later than now, RFC 3339 with an offset; now without it.
    ends_at: Option<DateTime<FixedOffset>>,
}

impl Stay {
    fn new(stay: StayRow, elder_id: Option<i64>, words: &Words) -> Stay {
        Stay {
            id: stay.id,
            bed_id: stay.bed_id,
            elder_id,
            institution_id: stay.institution_id,
            town_code: stay.town_code,
            starts_at: At::new(words.calendar, stay.starts_at),
            ends_at: stay.ends_at.map(|at| At::new(words.calendar, at)),
            version: stay.version,
        }
    }
}

struct Stays;

impl Resource for Stays {
    const PATH: &'static str = PATH;
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.stay.list";
    const NEED: Permission = Permission::SeeBeds;
    const FILTERS: &'static [Filter] = &[
        Filter::new("institution", FilterKind::Id, "Number of the institution."),
        Filter::new("bed", FilterKind::Id, "Number of the bed."),
        Filter::new("town", FilterKind::Text, "Code of the town."),
        Filter::new("current", FilterKind::Flag, "Whether it goes on now."),
    ];
    type Item = Stay;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Vec<Stay>> {
        let rows = list_stays(connection, scope, request, words.now)?;
        Ok(rows.into_iter().map(|(stay, elder_id)| Stay::new(stay, elder_id, words)).collect())
    }

    fn number(item: &Stay) -> i64 {
        item.id
    }
}

async fn show(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    Ok(ok(&find(&visitor, id).await?))
}

async fn start(visitor: Visitor, Json(input): Json<AdmissionInput>) -> Result<HttpResponse> {
    let whom = match (input.elder_id, input.identity) {
        (Some(id), None) => Whom::Elder(id),
        (None, Some(identity)) => {
            let found =
                visitor.app.write(&visitor.scope(), move |tx| find_for_admission(tx, &identity)).await?;
            Whom::Found(found.ok_or_else(|| Error::field("identity", Text::new("rule.unknown_elder")))?)
        }
        _ => return Err(Error::field("elder_id", Text::new("rule.elder_or_identity"))),
    };
    let admission = Admission { whom, bed_id: input.bed_id, from: input.starts_at.map(instant) };
    let outcome = visitor.app.write(&visitor.scope(), move |tx| admit(tx, &admission)).await;
    let id = outcome.map_err(|error| error.renamed(NAMES))?;
    Ok(created(format!("{PATH}/{id}"), &find(&visitor, id).await?))
}

async fn end(visitor: Visitor, Id(id): Id, Json(input): Json<DischargeInput>) -> Result<HttpResponse> {
    let to = input.ends_at.map(instant);
    let outcome = visitor.app.write(&visitor.scope(), move |tx| discharge(tx, id, input.version, to)).await;
    outcome.map_err(|error| error.renamed(NAMES))?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn find(visitor: &Visitor, id: i64) -> Result<Stay> {
    fetch(visitor, move |connection, scope, words| {
        let stay = get_stay(connection, scope, Permission::SeeBeds, id)?;
        let elder_id = visible_elder(connection, scope, &stay, words.now)?;
        Ok(Stay::new(stay, elder_id, words))
    })
    .await
}
