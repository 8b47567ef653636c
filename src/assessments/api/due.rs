use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::TAG;
use crate::access::{Permission, Scope};
use crate::api::{Filter, FilterKind, Resource, part_of, whole};
use crate::assessments::model::DueKind;
use crate::assessments::store::{DueRow, due_list};
use crate::db::AnyConnection;
use crate::error::Result;
use crate::listing::ListRequest;
use crate::web::Words;

/// Somebody who is to be assessed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AssessmentDue {
    pub kind: DueKind,
    pub elder_id: i64,
    pub elder_name: String,
    pub town_code: String,
    /// Code of the scale.
    pub scale: String,
    /// None where no day is set.
    pub due_on: Option<NaiveDate>,
    pub overdue: bool,
    /// The one that was ordered, or the one whose result grows old.
    pub assessment_id: Option<i64>,
    #[serde(skip)]
    #[schema(ignore)]
    number: i64,
}

impl AssessmentDue {
    fn new(row: DueRow, today: NaiveDate, place: i64) -> AssessmentDue {
        AssessmentDue {
            overdue: row.is_overdue(today),
            kind: row.kind,
            elder_id: row.elder_id,
            elder_name: row.elder,
            town_code: row.town_code,
            scale: row.scale,
            due_on: row.due_on,
            assessment_id: row.assessment_id,
            number: row.elder_id * SCALES_MAX + place,
        }
    }
}

/// An elder stands here at most once for each scale.
const SCALES_MAX: i64 = 1_000;

pub struct DueOnes;

impl Resource for DueOnes {
    const PATH: &'static str = "/api/v1/assessments/due";
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.assessment.due";
    const NEED: Permission = Permission::SeeAssessments;
    const FILTERS: &'static [Filter] = &[
        Filter::new("q", FilterKind::Text, "Part of the elder's name."),
        Filter::new("scale", FilterKind::Text, "Code of the scale."),
        Filter::new("kind", FilterKind::OneOf(DueKind::NAMES), "Why it is due."),
        Filter::new("overdue", FilterKind::Flag, "Whether the day is over."),
        Filter::new("town", FilterKind::Text, "Code of the town."),
    ];
    type Item = AssessmentDue;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Vec<AssessmentDue>> {
        let today = words.calendar.day_of(words.now);
        let scales: Vec<&str> =
            words.assessing.scales.all_current(today).map(|package| package.code.as_str()).collect();
        let rows = due_list(connection, scope, &words.assessing, &whole(request), (today, words.now))?;
        let mut ones: Vec<AssessmentDue> = rows
            .into_iter()
            .map(|row| {
                let place = scales.iter().position(|scale| *scale == row.scale).unwrap_or(scales.len());
                AssessmentDue::new(row, today, place as i64)
            })
            .collect();
        ones.sort_by_key(|one| one.number);
        Ok(part_of(ones, request, |one| one.number))
    }

    fn number(item: &AssessmentDue) -> i64 {
        item.number
    }
}
