use actix_web::{HttpResponse, web};
use chrono::{DateTime, FixedOffset, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::{Permission, Scope};
use crate::api::{
    At, Endpoint, Filter, FilterKind, Id, Json, Once, Resource, created, fetch, instant, list_endpoint, ok,
};
use crate::app::Tx;
use crate::beds::model::{CareLevel, Destination, Ending, Risk};
use crate::beds::store::{StayRow, get_stay, list_stays, visible_elder};
use crate::beds::{Admission, Agreed, Contact, Whom, admit, agree};
use crate::db::AnyConnection;
use crate::elders::{ElderInput, find_for_admission};
use crate::error::{Error, Result};
use crate::listing::ListRequest;
use crate::text::Text;
use crate::web::{Need, Visitor, Words};

pub(super) const PATH: &str = "/api/v1/stays";
pub(super) const TAG: &str = "stays";
/// How the use cases name what this interface calls otherwise.
pub(super) const NAMES: &[(&str, &str)] = &[
    ("elder", "elder_id"),
    ("bed", "bed_id"),
    ("institution", "institution_id"),
    ("from_on", "starts_at"),
    ("to_on", "ends_at"),
    ("at_on", "at"),
    ("due_on", "due_at"),
    ("until_on", "ends_at"),
    ("planned_on", "planned_ends_at"),
    ("class", "class_code"),
    ("before", "before_id"),
];

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
        Endpoint::post("/api/v1/stays/{id}/agree", manage, || web::to(note_agreed))
            .about(TAG, "api.stay.agree")
            .takes::<AgreedInput>()
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
    pub care_level: Option<CareLevel>,
    pub contract_starts_on: Option<NaiveDate>,
    pub contract_ends_on: Option<NaiveDate>,
    /// What the discharge is ordered for.
    pub planned_ends_at: Option<At>,
    pub ending: Option<Ending>,
    pub destination: Option<Destination>,
    /// To be sent with every change.
    pub version: i64,
}

/// One of the nine protections of GB 38600-2019, and whether the risk is there.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RiskAnswerInput {
    risk: Risk,
    present: bool,
}

/// Who goes into which bed. Exactly one of `elder_id`, `identity` and `new_elder` is given.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AdmissionInput {
    bed_id: i64,
    /// Number of an elder within the asker's area.
    elder_id: Option<i64>,
    /// Identity number of an elder of anywhere in the city; looking it up is written down.
    identity: Option<String>,
    /// Somebody who is put on file with the admission.
    new_elder: Option<ElderInput>,
    /// Now or in the past, RFC 3339 with an offset; now without it. A day place can be booked ahead.
    starts_at: Option<DateTime<FixedOffset>>,
    /// Somewhere in the last day of a day place.
    ends_at: Option<DateTime<FixedOffset>>,
    /// Needed for what is written down on a later day than it happened.
    reason: Option<String>,
    care_level: Option<CareLevel>,
    contract_starts_on: Option<NaiveDate>,
    contract_ends_on: Option<NaiveDate>,
    /// Answers to the nine risks; one that is absent is not answered.
    risks: Option<Vec<RiskAnswerInput>>,
    /// Kept sealed.
    contact_name: Option<String>,
    contact_phone: Option<String>,
    /// The elder has to be kept apart from others.
    isolation: Option<bool>,
}

/// What was agreed and assessed after the admission; what is absent is emptied, but risks and contact stay.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AgreedInput {
    #[schema(minimum = 1)]
    version: i64,
    care_level: Option<CareLevel>,
    contract_starts_on: Option<NaiveDate>,
    contract_ends_on: Option<NaiveDate>,
    risks: Option<Vec<RiskAnswerInput>>,
    contact_name: Option<String>,
    contact_phone: Option<String>,
}

impl AdmissionInput {
    fn agreed(&self) -> Agreed {
        Agreed {
            care_level: self.care_level,
            contract_starts_on: self.contract_starts_on,
            contract_ends_on: self.contract_ends_on,
            risks: answers(self.risks.as_deref()),
            contact: contact(self.contact_name.clone(), self.contact_phone.clone()),
        }
    }
}

fn answers(given: Option<&[RiskAnswerInput]>) -> Vec<(Risk, bool)> {
    given.unwrap_or_default().iter().map(|answer| (answer.risk, answer.present)).collect()
}

fn contact(name: Option<String>, phone: Option<String>) -> Contact {
    Contact { name: name.unwrap_or_default(), phone: phone.unwrap_or_default() }
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
            care_level: stay.care_level,
            contract_starts_on: stay.contract_starts_on,
            contract_ends_on: stay.contract_ends_on,
            planned_ends_at: stay.planned_ends_at.map(|at| At::new(words.calendar, at)),
            ending: stay.ending,
            destination: stay.destination,
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

async fn start(visitor: Visitor, once: Once, Json(input): Json<AdmissionInput>) -> Result<HttpResponse> {
    let whom = match input.new_elder.clone() {
        None => whom(&visitor, input.elder_id, input.identity.clone()).await?,
        Some(new) if input.elder_id.is_none() && input.identity.is_none() => Whom::New(Box::new(new)),
        Some(_) => return Err(Error::field("elder_id", Text::new("rule.elder_or_identity"))),
    };
    let admission = Admission {
        whom,
        bed_id: input.bed_id,
        from: input.starts_at.map(instant),
        until: input.ends_at.map(instant),
        agreed: input.agreed(),
        reason: input.reason.clone().unwrap_or_default(),
        isolation: input.isolation.unwrap_or_default(),
    };
    let outcome = once.write(&visitor, &input, move |tx| admit(tx, &admission)).await;
    let id = outcome.map_err(|error| error.renamed(NAMES))?;
    Ok(created(format!("{PATH}/{id}"), &find(&visitor, id).await?))
}

/// Writes for the asker; a refusal names fields as this interface calls them.
pub(super) async fn change<T, F>(visitor: &Visitor, work: F) -> Result<T>
where
    T: Send + 'static,
    F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
{
    visitor.app.write(&visitor.scope(), work).await.map_err(|error| error.renamed(NAMES))
}

/// The elder of a number, or of an identity number whose look-up is written down.
pub(super) async fn whom(visitor: &Visitor, id: Option<i64>, identity: Option<String>) -> Result<Whom> {
    match (id, identity) {
        (Some(id), None) => Ok(Whom::Elder(id)),
        (None, Some(identity)) => {
            let found = visitor
                .app
                .write(&visitor.scope(), move |tx| find_for_admission(tx, Permission::ManageStays, &identity))
                .await?;
            let unknown = || Error::field("identity", Text::new("rule.unknown_elder"));
            Ok(Whom::Found(found.ok_or_else(unknown)?))
        }
        _ => Err(Error::field("elder_id", Text::new("rule.elder_or_identity"))),
    }
}

async fn note_agreed(visitor: Visitor, Id(id): Id, Json(input): Json<AgreedInput>) -> Result<HttpResponse> {
    let agreed = Agreed {
        care_level: input.care_level,
        contract_starts_on: input.contract_starts_on,
        contract_ends_on: input.contract_ends_on,
        risks: answers(input.risks.as_deref()),
        contact: contact(input.contact_name, input.contact_phone),
    };
    visitor.app.write(&visitor.scope(), move |tx| agree(tx, id, input.version, &agreed)).await?;
    Ok(ok(&find(&visitor, id).await?))
}

pub(super) async fn find(visitor: &Visitor, id: i64) -> Result<Stay> {
    fetch(visitor, move |connection, scope, words| {
        let stay = get_stay(connection, scope, Permission::SeeBeds, id)?;
        let elder_id = visible_elder(connection, scope, &stay, words.now)?;
        Ok(Stay::new(stay, elder_id, words))
    })
    .await
}
