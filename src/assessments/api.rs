use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::compare::contradictions;
use super::model::{AssessmentState, Names, NoteValue, Package, Reason};
use super::store::{AssessmentListed, get_assessment, list_assessments, with_names};
use crate::access::{Permission, Scope};
use crate::api::{Endpoint, Filter, FilterKind, Id, Resource, fetch, list_endpoint, ok};
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::listing::ListRequest;
use crate::web::{Need, Visitor, Words};

mod due;
mod steps;

const PATH: &str = "/api/v1/assessments";
const TAG: &str = "assessments";
/// Those that somebody sees.
const STATES: &[&str] = AssessmentState::NAMES.split_at(1).1;

pub fn endpoints() -> Vec<Endpoint> {
    let see = Need::May(Permission::SeeAssessments);
    let mut endpoints = vec![
        list_endpoint::<Assessments>(),
        list_endpoint::<due::DueOnes>(),
        Endpoint::get("/api/v1/assessments/{id}", see, || web::to(show))
            .about(TAG, "api.assessment.show")
            .answers::<AssessmentDetail>(200),
        Endpoint::get("/api/v1/scales", see, || web::to(scales))
            .about(TAG, "api.assessment.scales")
            .answers::<Scales>(200),
    ];
    endpoints.extend(steps::endpoints());
    endpoints
}

/// An assessment without its answers.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Assessment {
    pub id: i64,
    pub elder_id: i64,
    pub elder_name: String,
    /// Where the elder lived when it was ordered.
    pub town_code: String,
    /// Code of the scale.
    pub scale: String,
    /// The version that it was scored with.
    pub scale_version: Option<String>,
    pub state: AssessmentState,
    pub reason: Reason,
    pub ordered_on: NaiveDate,
    /// When the elder's state changed, as reported.
    pub changed_on: Option<NaiveDate>,
    pub due_on: Option<NaiveDate>,
    pub assessed_on: Option<NaiveDate>,
    pub total: Option<i32>,
    /// A key of the scale's levels.
    pub level: Option<String>,
    pub in_force_on: Option<NaiveDate>,
    /// Whether this is the result that counts now.
    pub counts: bool,
    /// To be sent with the next step.
    pub version: i64,
}

/// An assessment with its answers and what they came to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AssessmentDetail {
    pub id: i64,
    pub elder_id: i64,
    pub elder_name: String,
    pub town_code: String,
    pub scale: String,
    pub scale_version: Option<String>,
    pub state: AssessmentState,
    pub reason: Reason,
    pub ordered_on: NaiveDate,
    pub changed_on: Option<NaiveDate>,
    pub due_on: Option<NaiveDate>,
    pub assessed_on: Option<NaiveDate>,
    pub total: Option<i32>,
    pub level: Option<String>,
    pub in_force_on: Option<NaiveDate>,
    pub counts: bool,
    pub version: i64,
    /// The one whose result it renews or questions.
    pub follows_id: Option<i64>,
    /// Points by item; empty while it is not done.
    pub answers: BTreeMap<String, i32>,
    pub facts: BTreeMap<String, i32>,
    pub notes: BTreeMap<String, NoteValue>,
    /// Sums by part.
    pub parts: BTreeMap<String, i32>,
    /// The level before the adjustments.
    pub unadjusted: Option<String>,
    /// What made it worse.
    pub adjustments: Vec<String>,
    /// Logins.
    pub assessor: Option<String>,
    pub reviewer: Option<String>,
    pub contradictions: Vec<ContradictionFound>,
}

/// Two findings that do not go together.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ContradictionFound {
    pub key: String,
    pub text: Names,
    /// The other assessment; none where it contradicts itself.
    pub other_id: Option<i64>,
}

/// The scales that are used today, with every item and answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Scales {
    pub items: Vec<Package>,
}

impl Assessment {
    fn new(listed: AssessmentListed) -> Assessment {
        let AssessmentListed { row, elder, .. } = listed;
        Assessment {
            id: row.id,
            elder_id: row.elder_id,
            elder_name: elder,
            counts: row.counts(),
            town_code: row.town_code,
            scale: row.scale,
            scale_version: row.scale_version,
            state: row.state,
            reason: row.reason,
            ordered_on: row.ordered_on,
            changed_on: row.changed_on,
            due_on: row.due_on,
            assessed_on: row.assessed_on,
            total: row.total,
            level: row.level,
            in_force_on: row.in_force_on,
            version: row.version,
        }
    }
}

struct Assessments;

impl Resource for Assessments {
    const PATH: &'static str = PATH;
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.assessment.list";
    const NEED: Permission = Permission::SeeAssessments;
    const FILTERS: &'static [Filter] = &[
        Filter::new("q", FilterKind::Text, "Part of the elder's name."),
        Filter::new("elder", FilterKind::Id, "Number of the elder."),
        Filter::new("scale", FilterKind::Text, "Code of the scale."),
        Filter::new("state", FilterKind::OneOf(STATES), "Where it stands."),
        Filter::new("level", FilterKind::Text, "Key of the level."),
        Filter::new("town", FilterKind::Text, "Code of the town."),
    ];
    type Item = Assessment;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Vec<Assessment>> {
        let rows = list_assessments(connection, scope, request, words.now)?.rows;
        Ok(rows.into_iter().map(Assessment::new).collect())
    }

    fn number(item: &Assessment) -> i64 {
        item.id
    }
}

async fn show(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    Ok(ok(&find(&visitor, id).await?))
}

async fn scales(visitor: Visitor) -> HttpResponse {
    let items = visitor.app.assessing.scales.all_current(visitor.today()).cloned().collect();
    ok(&Scales { items })
}

async fn find(visitor: &Visitor, id: i64) -> Result<AssessmentDetail> {
    fetch(visitor, move |connection, scope, words| {
        let row = get_assessment(connection, scope, Permission::SeeAssessments, id, words.now)?;
        let found = contradictions(connection, &words.assessing, &row)?;
        let listed = with_names(connection, vec![row])?.pop().ok_or_else(Error::not_found)?;
        detail(listed, found)
    })
    .await
}

fn detail(listed: AssessmentListed, found: Vec<super::compare::Found>) -> Result<AssessmentDetail> {
    let row = listed.row.clone();
    let written = row.written()?;
    let (answers, facts, notes, parts, adjustments) = written
        .map(|one| (one.answers, one.facts, one.notes, one.parts, one.adjustments))
        .unwrap_or_default();
    let Assessment { elder_name, counts, town_code, scale, scale_version, level, .. } =
        Assessment::new(listed);
    Ok(AssessmentDetail {
        id: row.id,
        elder_id: row.elder_id,
        elder_name,
        town_code,
        scale,
        scale_version,
        state: row.state,
        reason: row.reason,
        ordered_on: row.ordered_on,
        changed_on: row.changed_on,
        due_on: row.due_on,
        assessed_on: row.assessed_on,
        total: row.total,
        level,
        in_force_on: row.in_force_on,
        counts,
        version: row.version,
        follows_id: row.follows_id,
        answers,
        facts,
        notes,
        parts,
        unadjusted: row.unadjusted,
        adjustments,
        assessor: row.assessor,
        reviewer: row.reviewer,
        contradictions: found
            .into_iter()
            .map(|one| ContradictionFound {
                key: one.key,
                text: one.text,
                other_id: one.other.map(|(id, _)| id),
            })
            .collect(),
    })
}

/// Sent with every step.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AssessmentStepInput {
    /// The version that was seen.
    #[schema(minimum = 1)]
    version: i64,
}
