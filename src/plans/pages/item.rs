//! One item of a plan with its next visits, and the preview of a form that is being filled in.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::item_form::read;
use super::plan::{rule_text, unknown_years};
use crate::access::Permission;
use crate::bus::Topic;
use crate::error::{Code, Error, Result};
use crate::plans::model::{ItemInput, PlanState, Recurrence};
use crate::plans::preview::{Preview, preview as look_ahead};
use crate::plans::store::{ItemRow, get_item, get_known_item, get_plan, items_of};
use crate::plans::{remove_item, words};
use crate::registry::parts::table_section;
use crate::visits::catalogue::store::{ServiceRow, services};
use crate::visits::store::caregiver_names;
use crate::web::{
    Action, Cell, Column, Detail, Field, Input, Row, Section, Visitor, Words, detail_page, html, redirect,
    table,
};

const NEXT_COLUMNS: &[Column] = &[
    Column::text("day", "field.service_on"),
    Column::text("window", "field.window"),
    Column::text("why", "field.plan_why"),
];

struct Shown {
    item: ItemRow,
    before: Option<ItemRow>,
    services: Vec<ServiceRow>,
    caregiver: String,
    preview: Preview,
    is_open: bool,
}

pub async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let (scope, words, id) = (visitor.scope(), Words::of(&visitor), id.into_inner());
    let at = (words.calendar, words.now);
    let shown = visitor
        .app
        .db
        .read(move |connection| {
            let item = get_known_item(connection, &scope, Permission::SeePlans, id, at.1)?;
            let plan = get_plan(connection, &scope, Permission::SeePlans, item.plan_id, at.1)?;
            let people: Vec<i64> = item.preferred_caregiver_id.into_iter().collect();
            let caregiver = caregiver_names(connection, &people)?.pop().map(|(_, name)| name);
            let items = items_of(connection, item.plan_id)?;
            Ok(Shown {
                before: items.into_iter().find(|other| Some(other.id) == item.after_item_id),
                services: services(connection)?,
                caregiver: caregiver.unwrap_or_default(),
                preview: look_ahead(connection, &plan, &item.input(), at)?,
                is_open: plan.state != PlanState::Ended && !item.removed,
                item,
            })
        })
        .await?;
    let item = &shown.item;
    let mut actions = Vec::new();
    let service = service(&words, &shown.services, &item.service_code);
    if visitor.may(Permission::EditPlans) && shown.is_open {
        let ask = visitor.lang.fill("plan.remove_item_confirm", &[("service", &service)]);
        actions.push(
            Action::post(format!("/plan-items/{id}/remove"), visitor.t("action.remove"), "x")
                .confirm(ask)
                .with("version", item.version),
        );
        let edit = Action::link(format!("/plan-items/{id}/edit"), visitor.t("action.edit"), "pencil");
        actions.push(edit.primary());
    }
    let rows = next_rows(&words, &shown.preview, &item.input());
    let detail = Detail {
        heading: service,
        subheading: rule_text(&words, item),
        actions,
        sections: vec![
            Section { heading: words.t("detail.facts"), fields: facts(&words, &shown), table: None },
            table_section(words.t("plan.next_visits"), table(&visitor, NEXT_COLUMNS, rows)),
        ],
        topic: Some(Topic::Visit),
    };
    detail_page(&visitor, detail)
}

fn service(words: &Words, services: &[ServiceRow], code: &str) -> String {
    let found = services.iter().find(|service| service.code == code);
    found.map_or_else(|| code.to_owned(), |service| words.pick(&service.name_zh, &service.name_en))
}

fn facts(words: &Words, shown: &Shown) -> Vec<Field> {
    let item = &shown.item;
    let label = |key: &str| words.t(key);
    let minutes = item.duration_min.or_else(|| {
        let of = shown.services.iter().find(|service| service.code == item.service_code);
        of.map(|service| service.duration_min)
    });
    let minutes = minutes.map(|n| words.lang.fill("visit.minutes", &[("n", &n.to_string())]));
    let days = words.lang.fill("plan.days", &[("n", &item.tolerance_days.to_string())]);
    let mut fields = vec![
        Field::new(label("field.plan"), words.t("plan.open")).link(format!("/plans/{}", item.plan_id)),
        Field::new(label("field.rule"), rule_text(words, item)),
        Field::new(
            label("field.window"),
            words::window(words.lang, item.window_starts_min, item.window_ends_min),
        ),
        Field::new(label("field.duration_min"), minutes.unwrap_or_default()),
        Field::new(label("field.starts_on"), item.starts_on.to_string()),
        Field::new(label("field.ends_on"), item.ends_on.map(|day| day.to_string()).unwrap_or_default()),
        Field::new(label("field.holiday_rule"), words.name_of("holiday_rule", item.holiday_rule.name())),
        Field::new(label("field.tolerance_days"), days),
        Field::new(label("field.caregivers"), item.caregivers.to_string()),
        Field::new(label("field.preferred_caregiver_id"), &shown.caregiver),
        Field::new(label("field.note"), &item.note),
    ];
    if let Some(before) = &shown.before {
        let lags = [
            ("service", service(words, &shown.services, &before.service_code)),
            ("min", item.lag_min_min.unwrap_or_default().to_string()),
            ("max", item.lag_max_min.unwrap_or_default().to_string()),
            ("who", words.name_of("caregiver_rule", item.caregiver_rule.name())),
        ];
        let lags: Vec<(&str, &str)> = lags.iter().map(|(name, value)| (*name, value.as_str())).collect();
        fields.push(
            Field::new(label("field.after_item_id"), words.lang.fill("plan.after_with_lags", &lags))
                .link(format!("/plan-items/{}", before.id)),
        );
    }
    if !shown.preview.unknown_years.is_empty() {
        fields.push(Field::new(label("holiday.heading"), unknown_years(words, &shown.preview.unknown_years)));
    }
    fields
}

fn next_rows(words: &Words, preview: &Preview, input: &ItemInput) -> Vec<Row> {
    let window = words::window(words.lang, input.window_starts_min, input.window_ends_min);
    let row = |one: &crate::plans::model::Occurrence| {
        let why = words::why(words.lang, one, &preview.holidays);
        let tone = if one.service_on.is_some() { "info" } else { "off" };
        Row {
            href: None,
            cells: vec![
                Cell::text(words::day(words.lang, one.shown_on())).nowrap(),
                if one.service_on.is_some() { Cell::text(&window) } else { Cell::default() },
                if why.is_empty() { Cell::default() } else { Cell::chip(why, tone) },
            ],
        }
    };
    preview.occurrences.iter().map(row).collect()
}

pub async fn save_remove(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let id = id.into_inner();
    let version = Input::parse(&body)?.version()?;
    let plan = visitor
        .app
        .write(&visitor.scope(), move |tx| {
            let plan = get_item(tx.connection, tx.scope, Permission::EditPlans, id, tx.now)?.plan_id;
            remove_item(tx, id, version)?;
            Ok(plan)
        })
        .await?;
    Ok(redirect(&format!("/plans/{plan}")))
}

#[derive(Template)]
#[template(path = "plan_preview.html")]
struct PreviewPart {
    /// The rule read back, or what is still wrong.
    rule: String,
    is_wrong: bool,
    warning: Option<String>,
    lines: Vec<PreviewLine>,
    nothing: String,
}

struct PreviewLine {
    day: String,
    window: String,
    why: String,
    is_visit: bool,
}

/// The next ten visits of a form as it stands; what is still missing is said, and nothing is kept.
pub async fn preview(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let (scope, words, id) = (visitor.scope(), Words::of(&visitor), id.into_inner());
    let at = (words.calendar, words.now);
    let input = Input::parse(&body)?;
    let read = read(&input);
    let outcome = visitor
        .app
        .db
        .read(move |connection| {
            let plan = get_plan(connection, &scope, Permission::EditPlans, id, at.1)?;
            let looked = read.and_then(|input| {
                let preview = look_ahead(connection, &plan, &input, at)?;
                Ok((input, preview))
            });
            match looked {
                Ok(found) => Ok(Ok(found)),
                Err(error) if error.code == Code::Invalid => Ok(Err(error)),
                Err(error) => Err(error),
            }
        })
        .await?;
    html(&match outcome {
        Ok((input, preview)) => shown(&words, &input, &preview),
        Err(error) => wrong(&visitor, &error),
    })
}

fn wrong(visitor: &Visitor, error: &Error) -> PreviewPart {
    PreviewPart {
        rule: error.text.to(visitor.lang),
        is_wrong: true,
        warning: None,
        lines: Vec::new(),
        nothing: visitor.t("plan.preview_waits").into_owned(),
    }
}

fn shown(words: &Words, input: &ItemInput, preview: &Preview) -> PreviewPart {
    let rule = Recurrence::parse(&input.rule, input.starts_on);
    let window = words::window(words.lang, input.window_starts_min, input.window_ends_min);
    let line = |one: &crate::plans::model::Occurrence| PreviewLine {
        day: words::day(words.lang, one.shown_on()),
        window: if one.service_on.is_some() { window.clone() } else { String::new() },
        why: words::why(words.lang, one, &preview.holidays),
        is_visit: one.service_on.is_some(),
    };
    PreviewPart {
        rule: rule.map(|rule| words::recurrence(words.lang, &rule)).unwrap_or_default(),
        is_wrong: false,
        warning: (!preview.unknown_years.is_empty()).then(|| unknown_years(words, &preview.unknown_years)),
        lines: preview.occurrences.iter().map(line).collect(),
        nothing: words.t("plan.preview_nothing"),
    }
}
