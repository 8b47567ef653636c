use super::words::{level_cell, scale_choices, scale_name, state_cell};
use crate::access::{Permission, Scope};
use crate::assessments::model::AssessmentState;
use crate::assessments::store::{AssessmentListed, list_assessments};
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::listing::{ListRequest, Listed};
use crate::registry::store::town_names;
use crate::web::{Cell, Column, Filter, FilterKind, List, Row, Words};

pub struct Assessments;

impl List for Assessments {
    const PATH: &'static str = "/assessments";
    const EXPORT_PATH: &'static str = "/assessments.xlsx";
    const HEADING: &'static str = "assessment.heading";
    const EMPTY: &'static str = "assessment.empty";
    const NEED: Permission = Permission::SeeAssessments;
    const TOPIC: Option<Topic> = Some(Topic::Assessment);
    const CREATE: Option<(&'static str, &'static str, Permission)> =
        Some(("/assessments/new", "assessment.new", Permission::Assess));
    const LINKS: &'static [(&'static str, &'static str, &'static str)] =
        &[("/assessments/due", "assessment.due", "calendar-clock"), ("/elders", "elder.heading", "users")];
    const COLUMNS: &'static [Column] = &[
        Column::text("elder", "field.elder_name"),
        Column::text("scale", "field.scale"),
        Column::text("state", "field.state"),
        Column::text("level", "field.assessed_level"),
        Column::text("town", "field.town_code"),
        Column::text("reason", "field.reason").unsorted(),
        Column::text("ordered_on", "field.ordered_on"),
        Column::text("due_on", "field.assess_by"),
        Column::text("assessed_on", "field.assessed_on"),
    ];

    fn filters(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<Filter>> {
        Ok(vec![
            Filter { name: "q", label: "field.elder_name", kind: FilterKind::Text },
            Filter { name: "scale", label: "field.scale", kind: FilterKind::Select(scale_choices(words)) },
            Filter { name: "state", label: "field.state", kind: words.choices("assessment_state", STATES) },
            town_filter(connection, scope, words)?,
        ])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let listed = list_assessments(connection, scope, request, words.now)?;
        let rows = listed.rows.into_iter().map(|one| cells(&one, words)).collect();
        Ok(Listed { rows, total: listed.total })
    }
}

/// The states to choose from: all but the one that nobody sees.
const STATES: &[&str] = AssessmentState::NAMES.split_at(1).1;

/// The towns within reach.
pub fn town_filter(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Filter> {
    let towns = town_names(connection, scope, Permission::SeeAssessments)?
        .into_iter()
        .map(|(code, chinese, english)| (code, words.pick(&chinese, &english)))
        .collect();
    Ok(Filter { name: "town", label: "field.town_code", kind: FilterKind::Select(towns) })
}

fn cells(listed: &AssessmentListed, words: &Words) -> Row {
    let row = &listed.row;
    let day = |day: Option<chrono::NaiveDate>| Cell::text(day.map(|day| day.to_string()).unwrap_or_default());
    Row {
        href: Some(format!("/assessments/{}", row.id)),
        cells: vec![
            Cell::text(&listed.elder).nowrap(),
            Cell::text(scale_name(words, &row.scale)),
            state_cell(words, row.state),
            level_cell(words, row),
            Cell::text(words.pick(&listed.town_zh, &listed.town_en)),
            Cell::text(words.name_of("assessment_reason", row.reason.name())),
            day(Some(row.ordered_on)),
            day(row.due_on),
            day(row.assessed_on),
        ],
    }
}

/// Columns of an elder's assessments on other pages.
pub const ASSESSMENT_COLUMNS: &[Column] = &[
    Column::text("scale", "field.scale"),
    Column::text("level", "field.assessed_level"),
    Column::text("state", "field.state"),
    Column::text("reason", "field.reason"),
    Column::text("assessed_on", "field.assessed_on"),
    Column::text("due_on", "field.assess_by"),
];

/// An assessment in the columns of [`ASSESSMENT_COLUMNS`].
pub fn assessment_row(listed: AssessmentListed, words: &Words) -> Row {
    let row = &listed.row;
    let day = |day: Option<chrono::NaiveDate>| Cell::text(day.map(|day| day.to_string()).unwrap_or_default());
    Row {
        href: Some(format!("/assessments/{}", row.id)),
        cells: vec![
            Cell::text(scale_name(words, &row.scale)),
            level_cell(words, row),
            state_cell(words, row.state),
            Cell::text(words.name_of("assessment_reason", row.reason.name())),
            day(row.assessed_on),
            day(row.due_on),
        ],
    }
}
