use super::list::town_filter;
use super::words::{scale_choices, scale_name};
use crate::access::{Permission, Scope};
use crate::assessments::model::DueKind;
use crate::assessments::store::{DueRow, due_list};
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::listing::{ListRequest, Listed};
use crate::web::{Cell, Column, Filter, FilterKind, List, Row, Words};

/// Who is to be assessed, most urgent first.
pub struct Due;

impl List for Due {
    const PATH: &'static str = "/assessments/due";
    const EXPORT_PATH: &'static str = "/assessments-due.xlsx";
    const HEADING: &'static str = "assessment.due";
    const EMPTY: &'static str = "assessment.due_empty";
    const NEED: Permission = Permission::SeeAssessments;
    const TOPIC: Option<Topic> = Some(Topic::Assessment);
    const LINKS: &'static [(&'static str, &'static str, &'static str)] =
        &[("/assessments", "assessment.heading", "clipboard-list")];
    const COLUMNS: &'static [Column] = &[
        Column::text("elder", "field.elder_name").unsorted(),
        Column::text("scale", "field.scale").unsorted(),
        Column::text("kind", "field.due_kind").unsorted(),
        Column::text("due_on", "field.assess_by").unsorted(),
        Column::text("overdue", "field.overdue").unsorted(),
        Column::text("town", "field.town_code").unsorted(),
    ];

    fn filters(connection: &mut AnyConnection, scope: &Scope, words: &Words) -> Result<Vec<Filter>> {
        Ok(vec![
            Filter { name: "q", label: "field.elder_name", kind: FilterKind::Text },
            Filter { name: "scale", label: "field.scale", kind: FilterKind::Select(scale_choices(words)) },
            Filter {
                name: "kind",
                label: "field.due_kind",
                kind: words.choices("assessment_due", DueKind::NAMES),
            },
            Filter {
                name: "overdue",
                label: "field.overdue",
                kind: words.choices("yes_no", &["true", "false"]),
            },
            town_filter(connection, scope, words)?,
        ])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let today = words.calendar.day_of(words.now);
        let rows = due_list(connection, scope, &words.assessing, request, (today, words.now))?;
        let total = rows.len() as i64;
        let (skip, take) = (request.offset.max(0) as usize, request.limit.max(0) as usize);
        let may_order = scope.may(Permission::Assess);
        let rows = rows.iter().skip(skip).take(take).map(|row| cells(row, words, may_order)).collect();
        Ok(Listed { rows, total })
    }
}

fn cells(row: &DueRow, words: &Words, may_order: bool) -> Row {
    let today = words.calendar.day_of(words.now);
    let href = match (row.kind, row.assessment_id) {
        (DueKind::Ordered, Some(id)) => format!("/assessments/{id}"),
        _ if may_order => format!("/assessments/new?elder={}&scale={}", row.elder_id, row.scale),
        (_, Some(id)) => format!("/assessments/{id}"),
        (_, None) => format!("/elders/{}", row.elder_id),
    };
    let due = row.due_on.map(|day| day.to_string()).unwrap_or_default();
    let overdue = match row.due_on {
        Some(day) if day < today => {
            let days = (today - day).num_days().to_string();
            Cell::chip(words.lang.fill("assessment.days_late", &[("n", &days)]), "bad")
        }
        Some(day) if day == today => Cell::chip(words.t("assessment.due_today"), "warn"),
        Some(day) => {
            let days = (day - today).num_days().to_string();
            Cell::chip(words.lang.fill("assessment.days_left", &[("n", &days)]), "wait")
        }
        None => Cell::default(),
    };
    Row {
        href: Some(href),
        cells: vec![
            Cell::text(&row.elder).nowrap(),
            Cell::text(scale_name(words, &row.scale)),
            Cell::text(words.name_of("assessment_due", row.kind.name())),
            Cell::text(due),
            overdue,
            Cell::text(words.pick(&row.town_zh, &row.town_en)),
        ],
    }
}
