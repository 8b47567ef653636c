//! What the office in charge sets: classes of the waiting list and rules of admission; and which beds fit an elder.

use actix_web::web::{self, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::Permission;
use crate::api::{Endpoint, Id, Json, Patch, created, fetch, ok};
use crate::app::Tx;
use crate::beds::model::{BedKind, CareLevel, ClassInput, Person, RuleCode, RuleMode};
use crate::beds::store::{admission_rules, all_classes, classes_listed};
use crate::beds::{Candidate, add_class, candidates, change_class, class_input, set_rule};
use crate::elders::store::get_elder;
use crate::error::{Error, Result};
use crate::text::Text;
use crate::web::{Need, Visitor};

pub fn endpoints() -> Vec<Endpoint> {
    let (see, edit) = (Need::May(Permission::SeeBeds), Need::May(Permission::EditInstitution));
    vec![
        Endpoint::get("/api/v1/waiting-classes", see, || web::to(list_classes))
            .about("waiting", "api.waiting_class.list")
            .answers::<WaitingClasses>(200),
        Endpoint::post("/api/v1/waiting-classes", edit, || web::to(create_class))
            .about("waiting", "api.waiting_class.add")
            .takes::<NewClassInput>()
            .answers::<WaitingClass>(201),
        Endpoint::patch("/api/v1/waiting-classes/{code}", edit, || web::to(update_class))
            .about("waiting", "api.waiting_class.change")
            .patches::<ClassInput>()
            .answers::<WaitingClass>(200),
        Endpoint::get("/api/v1/admission-rules", see, || web::to(list_rules))
            .about("beds", "api.admission_rule.list")
            .answers::<AdmissionRules>(200),
        Endpoint::post("/api/v1/admission-rules/{code}", edit, || web::to(change_rule))
            .about("beds", "api.admission_rule.set")
            .takes::<RuleInput>()
            .answers::<AdmissionRule>(200),
        Endpoint::get("/api/v1/elders/{id}/fitting-beds", see, || web::to(fitting))
            .about("beds", "api.bed.fitting")
            .answers::<FittingBeds>(200)
            .fails(422),
    ]
}

/// The classes of the waiting list, the first in line first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WaitingClasses {
    pub items: Vec<WaitingClass>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WaitingClass {
    pub code: String,
    /// From 1.
    pub position: i64,
    pub name_zh: String,
    pub name_en: String,
    /// Whether the office in charge has confirmed its place.
    pub confirmed: bool,
    /// Nobody is put into it any more.
    pub retired: bool,
    /// How many wait in it.
    pub waiting: i64,
    /// To be sent with every change.
    pub version: i64,
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewClassInput {
    /// Small letters, digits, underscores. Elders of the category of the same code are put into it.
    code: String,
    name_zh: String,
    name_en: String,
    confirmed: bool,
    /// Code of the class behind which it comes; the first in line without it.
    after: Option<String>,
}

/// What each rule does where it is broken.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AdmissionRules {
    pub items: Vec<AdmissionRule>,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct AdmissionRule {
    pub code: RuleCode,
    pub mode: RuleMode,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RuleInput {
    mode: RuleMode,
}

/// Open beds for an elder: those that fit first, without warnings first, then the near ones.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FittingBeds {
    /// How many fit.
    pub fitting: i64,
    /// At most 200.
    pub items: Vec<FittingBed>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FittingBed {
    pub bed_id: i64,
    pub institution_id: i64,
    pub kind: BedKind,
    pub fits: bool,
    /// Every reason for which it does not fit, or that is pointed out, in the asker's language.
    pub reasons: Vec<String>,
    /// From where the elder lives, in metres.
    pub distance_m: Option<i64>,
}

const FITTING_MAX: usize = 200;

async fn classes(visitor: &Visitor) -> Result<Vec<WaitingClass>> {
    let rows = visitor.app.db.read(classes_listed).await?;
    let items = rows.into_iter().enumerate().map(|(index, listed)| WaitingClass {
        code: listed.class.code,
        position: index as i64 + 1,
        name_zh: listed.class.name_zh,
        name_en: listed.class.name_en,
        confirmed: listed.class.confirmed,
        retired: listed.class.retired,
        waiting: listed.waiting,
        version: listed.class.version,
    });
    Ok(items.collect())
}

async fn class(visitor: &Visitor, code: &str) -> Result<WaitingClass> {
    classes(visitor).await?.into_iter().find(|class| class.code == code).ok_or_else(Error::not_found)
}

async fn list_classes(visitor: Visitor) -> Result<HttpResponse> {
    Ok(ok(&WaitingClasses { items: classes(&visitor).await? }))
}

async fn create_class(visitor: Visitor, Json(input): Json<NewClassInput>) -> Result<HttpResponse> {
    let code = input.code.clone();
    let values = ClassInput {
        name_zh: input.name_zh,
        name_en: input.name_en,
        confirmed: input.confirmed,
        retired: false,
        after: input.after,
    };
    visitor.app.write(&visitor.scope(), move |tx| add_class(tx, &input.code, &values)).await?;
    Ok(created(format!("/api/v1/waiting-classes/{code}"), &class(&visitor, &code).await?))
}

async fn update_class(
    visitor: Visitor,
    code: Path<String>,
    patch: Patch<ClassInput>,
) -> Result<HttpResponse> {
    let code = code.into_inner();
    let asked = code.clone();
    let work = move |tx: &mut Tx<'_>| {
        let order = all_classes(tx.connection)?;
        let stored = order.iter().find(|class| class.code == asked).ok_or_else(Error::not_found)?;
        change_class(tx, &asked, patch.version, &patch.over(&class_input(&order, stored))?)
    };
    visitor.app.write(&visitor.scope(), work).await?;
    Ok(ok(&class(&visitor, &code).await?))
}

async fn list_rules(visitor: Visitor) -> Result<HttpResponse> {
    let rules = visitor.app.db.read(admission_rules).await?;
    let items = RuleCode::ALL.iter().map(|code| AdmissionRule { code: *code, mode: rules.of(*code) });
    Ok(ok(&AdmissionRules { items: items.collect() }))
}

async fn change_rule(
    visitor: Visitor,
    code: Path<String>,
    Json(input): Json<RuleInput>,
) -> Result<HttpResponse> {
    let code = RuleCode::parse(&code).ok_or_else(Error::not_found)?;
    visitor.app.write(&visitor.scope(), move |tx| set_rule(tx, code, input.mode)).await?;
    Ok(ok(&AdmissionRule { code, mode: input.mode }))
}

/// What is asked in the address.
#[derive(Default)]
struct Asked {
    institution_id: Option<i64>,
    kind: Option<BedKind>,
    level: Option<CareLevel>,
    isolation: bool,
}

fn asked(http: &HttpRequest) -> Result<Asked> {
    let pairs = Query::<Vec<(String, String)>>::from_query(http.query_string())
        .map_err(|error| Error::field("query", Text::new("error.malformed")).because(error))?;
    let mut asked = Asked::default();
    for (name, value) in pairs.into_inner() {
        let whole = |field: &'static str| {
            let kind = Text::new("rule.json_kind").with("kind", "@api.kind.whole_number");
            value.parse().map(Some).map_err(|_| Error::field(field, kind))
        };
        let one_of = |field: &'static str, names: &[&str]| {
            Error::field(field, Text::new("rule.one_of").with("values", names.join(", ")))
        };
        match name.as_str() {
            "institution" => asked.institution_id = whole("institution")?,
            "kind" => {
                asked.kind = Some(BedKind::parse(&value).ok_or_else(|| one_of("kind", BedKind::NAMES))?);
            }
            "level" => {
                asked.level =
                    Some(CareLevel::parse(&value).ok_or_else(|| one_of("level", CareLevel::NAMES))?);
            }
            "isolation" => asked.isolation = value == "true",
            _ => {}
        }
    }
    Ok(asked)
}

async fn fitting(visitor: Visitor, Id(elder_id): Id, http: HttpRequest) -> Result<HttpResponse> {
    let asked = asked(&http)?;
    let found = fetch(&visitor, move |connection, scope, words| {
        let elder = get_elder(connection, scope, Permission::SeeElders, elder_id, words.now)?;
        let person =
            Person { gender: elder.gender, level: asked.level, kind: asked.kind, isolation: asked.isolation };
        let home = Some((elder.longitude, elder.latitude));
        candidates(connection, scope, &person, home, asked.institution_id, (words.calendar, words.now))
    })
    .await?;
    let fitting = found.iter().filter(|one| one.fits()).count() as i64;
    let item = |one: &Candidate| FittingBed {
        bed_id: one.offered.bed.id,
        institution_id: one.offered.bed.institution_id,
        kind: one.offered.bed.kind,
        fits: one.fits(),
        reasons: one.misfits.iter().map(|misfit| misfit.text().to(visitor.lang)).collect(),
        distance_m: one.distance_m,
    };
    Ok(ok(&FittingBeds { fitting, items: found.iter().take(FITTING_MAX).map(item).collect() }))
}
