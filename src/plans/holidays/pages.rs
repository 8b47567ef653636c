use actix_web::{HttpResponse, web};
use chrono::Datelike;

use super::remove;
use super::store::{HolidayRow, get_holiday, list_holidays, years};
use crate::access::{Permission, Scope};
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::listing::{ListRequest, Listed};
use crate::plans::model::HolidayKind;
use crate::visits::catalogue::pages::confirmed_cell;
use crate::web::{
    Action, Cell, Column, Create, Detail, Field, Filter, FilterKind, Input, List, Need, RecordForm, Route,
    Row, Section, Visitor, Words, detail_page, form_routes, get, list_routes, post, redirect,
};

pub fn routes() -> Vec<Route> {
    let mut routes = list_routes::<Calendar>().to_vec();
    routes.extend(form_routes::<Calendar>());
    routes.push(get(Calendar::ONE_PATH, Need::May(Permission::SeePlans), || web::to(show)));
    routes.push(post("/holidays/{id}/remove", Need::May(Permission::EditCatalogue), || web::to(save_remove)));
    routes
}

pub(super) struct Calendar;

impl List for Calendar {
    const PATH: &'static str = "/holidays";
    const EXPORT_PATH: &'static str = "/holidays.xlsx";
    const HEADING: &'static str = "holiday.heading";
    const EMPTY: &'static str = "holiday.empty";
    const NEED: Permission = Permission::SeePlans;
    const TOPIC: Option<Topic> = Some(Topic::Registry);
    const CREATE: Option<Create> = Some(Self::NEW);
    const COLUMNS: &'static [Column] = &[
        Column::text("day", "field.day"),
        Column::text("weekday", "field.weekday").unsorted(),
        Column::text("kind", "field.kind").unsorted(),
        Column::text("name", "field.name").unsorted(),
        Column::text("confirmed", "field.confirmed").unsorted(),
        Column::text("source", "field.source").unsorted(),
    ];

    fn filters(connection: &mut AnyConnection, _: &Scope, words: &Words) -> Result<Vec<Filter>> {
        // A year without a schedule can be chosen too: its empty list says what that means.
        let this_year = words.calendar.day_of(words.now).year();
        let mut known = years(connection)?;
        known.extend([this_year, this_year + 1]);
        known.sort_unstable();
        known.dedup();
        let choices = known.into_iter().rev().map(|year| (year.to_string(), year.to_string())).collect();
        Ok(vec![
            Filter { name: "year", label: "field.year", kind: FilterKind::Select(choices) },
            Filter {
                name: "kind",
                label: "field.kind",
                kind: words.choices("holiday_kind", HolidayKind::NAMES),
            },
        ])
    }

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Listed<Row>> {
        let listed = list_holidays(connection, scope, request)?;
        let rows = listed.rows.into_iter().map(|row| cells(row, words)).collect();
        Ok(Listed { rows, total: listed.total })
    }
}

fn kind_tone(kind: HolidayKind) -> &'static str {
    match kind {
        HolidayKind::Off => "info",
        HolidayKind::Work => "off",
    }
}

fn cells(row: HolidayRow, words: &Words) -> Row {
    Row {
        href: Some(format!("/holidays/{}", row.id)),
        cells: vec![
            Cell::text(row.day.to_string()),
            Cell::text(words.name_of("weekday", &row.day.weekday().number_from_monday().to_string())),
            Cell::chip(words.name_of("holiday_kind", row.kind.name()), kind_tone(row.kind)),
            Cell::text(words.pick(&row.name_zh, &row.name_en)),
            confirmed_cell(words, row.confirmed),
            Cell::text(row.source),
        ],
    }
}

async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let (scope, id) = (visitor.scope(), id.into_inner());
    let row = visitor
        .app
        .db
        .read(move |connection| get_holiday(connection, &scope, Permission::SeePlans, id))
        .await?;
    let mut actions = Vec::new();
    if visitor.may(Permission::EditCatalogue) {
        let ask = visitor.lang.fill("holiday.remove_confirm", &[("day", &row.day.to_string())]);
        actions.push(
            Action::post(format!("/holidays/{id}/remove"), visitor.t("action.remove"), "x")
                .confirm(ask)
                .with("version", row.version),
        );
        let edit = Action::link(format!("/holidays/{id}/edit"), visitor.t("action.edit"), "pencil");
        actions.push(edit.primary());
    }
    let label = |key: &str| visitor.t(key).into_owned();
    let confirmed = if row.confirmed { ("plan.confirmed", "ok") } else { ("plan.proposal", "note") };
    let fields = vec![
        Field::new(label("field.day"), row.day.to_string()),
        Field::new(label("field.kind"), visitor.name_of("holiday_kind", row.kind.name()))
            .chip(kind_tone(row.kind)),
        Field::new(label("field.name_zh"), &row.name_zh),
        Field::new(label("field.name_en"), &row.name_en),
        Field::new(label("field.source"), &row.source),
        Field::new(label("field.confirmed"), label(confirmed.0)).chip(confirmed.1),
        Field::new(label("field.updated_at"), visitor.show(row.updated_at)),
    ];
    let detail = Detail {
        heading: format!("{} · {}", row.day, visitor.pick(&row.name_zh, &row.name_en)),
        subheading: visitor.name_of("holiday_kind", row.kind.name()),
        actions,
        sections: vec![Section { heading: label("detail.facts"), fields, table: None }],
        topic: Some(Topic::Registry),
    };
    detail_page(&visitor, detail)
}

async fn save_remove(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let id = id.into_inner();
    let version = Input::parse(&body)?.version()?;
    visitor.app.write(&visitor.scope(), move |tx| remove(tx, id, version)).await?;
    Ok(redirect("/holidays"))
}
