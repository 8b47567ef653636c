//! The figures of visits, as data of the city's office: what each is now and from which day on it changes.

use actix_web::{HttpResponse, web};
use chrono::{Days, NaiveDate};

use super::change_setting;
use super::model::{Setting, SettingInput};
use super::store::{SettingDay, all_days, days_of, version_of};
use crate::access::Permission;
use crate::beds::pages::steps::is_for_form;
use crate::bus::Topic;
use crate::error::{Error, Result};
use crate::registry::parts::table_section;
use crate::text::Text;
use crate::web::{
    Action, Cell, Column, Detail, Field, Form, FormField, Input, Need, Route, Row, Section, Visitor, Words,
    detail_page, form_page, get, post, redirect, table,
};

const PATH: &str = "/visit-settings";
/// The source of what the program suggests and no office has confirmed.
const PROPOSAL: &str = "proposal";

pub fn routes() -> Vec<Route> {
    let (see, edit) = (Need::May(Permission::SeePlans), Need::May(Permission::EditCatalogue));
    vec![
        get(PATH, see, || web::to(list)),
        get("/visit-settings/{code}", see, || web::to(show)),
        get("/visit-settings/{code}/change", edit, || web::to(show_form)),
        post("/visit-settings/{code}/change", edit, || web::to(save)),
    ]
}

const COLUMNS: &[Column] = &[
    Column::text("name", "field.name"),
    Column::number("value", "field.value_now"),
    Column::text("since", "field.effective_on"),
    Column::text("next", "field.value_next"),
    Column::text("source", "field.source"),
];
const DAY_COLUMNS: &[Column] = &[
    Column::text("from", "field.effective_on"),
    Column::number("value", "field.value_set"),
    Column::text("source", "field.source"),
];

/// `150` as "150 m".
fn with_unit(words: &Words, setting: Setting, value: i64) -> String {
    words.lang.fill(&format!("visit_setting.unit.{}", setting.unit()), &[("n", &value.to_string())])
}

/// The day's row that holds now.
fn current(days: &[SettingDay], today: NaiveDate) -> Option<&SettingDay> {
    days.iter().filter(|day| day.effective_on <= today).max_by_key(|day| day.effective_on)
}

/// The rows that will hold later, the next one first.
fn coming(days: &[SettingDay], today: NaiveDate) -> Vec<&SettingDay> {
    let mut later: Vec<&SettingDay> = days.iter().filter(|day| day.effective_on > today).collect();
    later.sort_by_key(|day| day.effective_on);
    later
}

fn source_cell(words: &Words, source: &str) -> Cell {
    if source == PROPOSAL { Cell::chip(words.t("plan.proposal"), "note") } else { Cell::text(source) }
}

async fn list(visitor: Visitor) -> Result<HttpResponse> {
    let days = visitor.app.db.read(all_days).await?;
    let words = Words::of(&visitor);
    let today = visitor.today();
    let rows = Setting::ALL.iter().map(|setting| {
        let own: Vec<SettingDay> = days.iter().filter(|day| day.name == setting.name()).cloned().collect();
        row(&words, *setting, &own, today)
    });
    let rows = rows.collect();
    let detail = Detail {
        heading: visitor.t("visit_setting.heading").into_owned(),
        subheading: visitor.t("visit_setting.sub").into_owned(),
        actions: vec![Action::link(
            "/fail-reasons",
            visitor.t("fail_reason.heading").into_owned(),
            "clipboard-list",
        )],
        sections: vec![table_section(visitor.t("visit_setting.figures"), table(&visitor, COLUMNS, rows))],
        topic: Some(Topic::Visit),
    };
    detail_page(&visitor, detail)
}

fn row(words: &Words, setting: Setting, days: &[SettingDay], today: NaiveDate) -> Row {
    let now = current(days, today);
    let value = now.map_or(setting.plain(), |day| day.value);
    let next = coming(days, today).first().map(|day| {
        let (value, from) = (with_unit(words, setting, day.value), day.effective_on.to_string());
        words.lang.fill("visit_setting.from", &[("value", &value), ("day", &from)])
    });
    Row {
        href: Some(format!("{PATH}/{}", setting.name())),
        cells: vec![
            Cell::text(words.name_of("visit_setting", setting.name())),
            Cell::number(value as f64, with_unit(words, setting, value)),
            Cell::text(now.map(|day| day.effective_on.to_string()).unwrap_or_default()),
            Cell::text(next.unwrap_or_default()),
            source_cell(words, now.map_or(PROPOSAL, |day| &day.source)),
        ],
    }
}

fn named(code: &str) -> Result<Setting> {
    Setting::parse(code).ok_or_else(Error::not_found)
}

async fn load(visitor: &Visitor, setting: Setting) -> Result<Vec<SettingDay>> {
    visitor.app.db.read(move |connection| days_of(connection, setting)).await
}

async fn show(visitor: Visitor, code: web::Path<String>) -> Result<HttpResponse> {
    let setting = named(&code)?;
    let days = load(&visitor, setting).await?;
    let words = Words::of(&visitor);
    let now = current(&days, visitor.today());
    let (min, max) = setting.bounds();
    let value = with_unit(&words, setting, now.map_or(setting.plain(), |day| day.value));
    let range = format!("{} – {}", with_unit(&words, setting, min), with_unit(&words, setting, max));
    let label = |key: &str| visitor.t(key).into_owned();
    let rows = days.iter().map(|day| Row {
        href: None,
        cells: vec![
            Cell::text(day.effective_on.to_string()),
            Cell::number(day.value as f64, with_unit(&words, setting, day.value)),
            source_cell(&words, &day.source),
        ],
    });
    let rows = rows.collect();
    let change =
        Action::link(format!("{PATH}/{}/change", setting.name()), label("visit_setting.change"), "pencil");
    let may_edit = visitor.may(Permission::EditCatalogue);
    let detail = Detail {
        heading: visitor.name_of("visit_setting", setting.name()),
        subheading: visitor.name_of("visit_setting_about", setting.name()),
        actions: may_edit.then(|| change.primary()).into_iter().collect(),
        sections: vec![
            Section {
                heading: label("detail.facts"),
                fields: vec![
                    Field::new(label("field.value_now"), value),
                    Field::new(label("field.allowed"), range),
                ],
                table: None,
            },
            table_section(visitor.t("visit_setting.days"), table(&visitor, DAY_COLUMNS, rows)),
        ],
        topic: Some(Topic::Visit),
    };
    detail_page(&visitor, detail)
}

fn form(visitor: &Visitor, setting: Setting, days: &[SettingDay], typed: Option<&Input>) -> Form {
    let value = current(days, visitor.today()).map_or(setting.plain(), |day| day.value);
    let tomorrow = visitor.today() + Days::new(1);
    let fresh = || Input::of([("value", value.to_string()), ("effective_on", tomorrow.to_string())]);
    let input = typed.cloned().unwrap_or_else(fresh);
    let words = Words::of(visitor);
    let (min, max) = setting.bounds();
    let range = [("min", with_unit(&words, setting, min)), ("max", with_unit(&words, setting, max))];
    let range: Vec<(&str, &str)> = range.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let name = visitor.name_of("visit_setting", setting.name());
    let mut figure = FormField::of(visitor, "value", "number", &input)
        .required(true)
        .hint(visitor.lang.fill("visit_setting.range", &range));
    figure.label = visitor.t("field.value_set").into_owned();
    Form {
        heading: visitor.lang.fill("visit_setting.change_of", &[("setting", &name)]),
        action: format!("{PATH}/{}/change", setting.name()),
        version: Some(version_of(days)),
        fields: vec![
            figure,
            FormField::of(visitor, "effective_on", "date", &input)
                .required(true)
                .hint(visitor.t("hint.setting_from")),
            FormField::of(visitor, "source", "text", &input)
                .required(true)
                .hint(visitor.t("hint.setting_source")),
        ],
        submit_label: visitor.t("action.save").into_owned(),
        cancel_href: format!("{PATH}/{}", setting.name()),
    }
}

async fn show_form(visitor: Visitor, code: web::Path<String>) -> Result<HttpResponse> {
    let setting = named(&code)?;
    let days = load(&visitor, setting).await?;
    form_page(&visitor, form(&visitor, setting, &days, None), None)
}

async fn save(visitor: Visitor, code: web::Path<String>, body: String) -> Result<HttpResponse> {
    let setting = named(&code)?;
    let input = Input::parse(&body)?;
    let seen = input.version()?;
    let outcome = match read(&input) {
        Ok(values) => {
            let change = move |tx: &mut crate::app::Tx<'_>| change_setting(tx, setting, seen, &values);
            visitor.app.write(&visitor.scope(), change).await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => Ok(redirect(&format!("{PATH}/{}", setting.name()))),
        Err(error) if is_for_form(&error) => {
            let days = load(&visitor, setting).await?;
            let mut form = form(&visitor, setting, &days, Some(&input));
            let stored = form.version.replace(seen);
            form_page(&visitor, form, Some((&error, stored)))
        }
        Err(error) => Err(error),
    }
}

fn read(input: &Input) -> Result<SettingInput> {
    let whole = |_| Error::field("value", Text::new("rule.whole_number"));
    let date = |_| Error::field("effective_on", Text::new("rule.date"));
    Ok(SettingInput {
        value: input.text("value").parse().map_err(whole)?,
        effective_on: input.text("effective_on").parse().map_err(date)?,
        source: input.text("source"),
    })
}
