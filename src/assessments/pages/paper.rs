//! The form on paper: filled in once it is answered, blank before, so that it can be taken along.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::sheet::{PartSheet, Shown, adjustments, facts, load, notes, parts, sum_text};
use super::words::{level_name, package_of, scale_name};
use crate::access::Permission;
use crate::assessments::model::Package;
use crate::elders::age_years;
use crate::elders::store::{ElderRow, get_elder};
use crate::error::Result;
use crate::web::{Page, Visitor, Words, html};

#[derive(Template)]
#[template(path = "assessment_paper.html")]
struct PaperPage {
    page: Page,
    paper: Paper,
}

struct Paper {
    id: i64,
    title: String,
    source: String,
    number: String,
    is_blank: bool,
    /// Label and value, in pairs of a line.
    head: Vec<(String, String)>,
    parts: Vec<PartSheet>,
    facts: Vec<(String, String)>,
    notes: Vec<(String, String)>,
    blank_facts: Vec<String>,
    blank_notes: Vec<(String, Vec<String>)>,
    total: String,
    unadjusted: String,
    adjustments: Vec<String>,
    level: String,
    assessor: String,
    reviewer: String,
    state: String,
}

pub async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let shown = load(&visitor, id.into_inner()).await?;
    let (scope, now, elder) = (visitor.scope(), visitor.now, shown.row().elder_id);
    let elder = visitor
        .app
        .db
        .read(move |connection| get_elder(connection, &scope, Permission::SeeAssessments, elder, now))
        .await?;
    let paper = paper(&visitor, &shown, &elder);
    html(&PaperPage { page: Page::new(&visitor, &paper.title), paper })
}

fn paper(visitor: &Visitor, shown: &Shown, elder: &ElderRow) -> Paper {
    let words = Words::of(visitor);
    let row = shown.row();
    let package = package_of(&words, row);
    let written = shown.written.as_ref();
    let level =
        |level: Option<&String>| level.map(|level| level_name(&words, row, level)).unwrap_or_default();
    let total = written
        .zip(package)
        .map(|(written, package)| sum_text(&words, package, written.total, package.maximum()));
    let (blank_facts, blank_notes) = match (written, package) {
        (None, Some(package)) => blanks(&words, package),
        _ => (Vec::new(), Vec::new()),
    };
    Paper {
        id: row.id,
        title: visitor.lang.fill("assessment.paper_title", &[("scale", &scale_name(&words, &row.scale))]),
        source: package.map(|package| package.source.to(words.lang).to_owned()).unwrap_or_default(),
        number: visitor.lang.fill("assessment.number", &[("number", &row.id.to_string())]),
        is_blank: written.is_none(),
        head: head(visitor, &words, shown, elder),
        parts: parts(&words, shown),
        facts: facts(&words, shown),
        notes: notes(&words, shown).into_iter().filter(|(_, value)| !value.is_empty()).collect(),
        blank_facts,
        blank_notes,
        total: total.unwrap_or_default(),
        unadjusted: level(row.unadjusted.as_ref()),
        adjustments: adjustments(&words, shown),
        level: level(row.level.as_ref()),
        assessor: shown.person(row.assessor.as_ref()),
        reviewer: shown.person(row.reviewer.as_ref()),
        state: words.name_of("assessment_state", row.state.name()),
    }
}

fn head(visitor: &Visitor, words: &Words, shown: &Shown, elder: &ElderRow) -> Vec<(String, String)> {
    let row = shown.row();
    let on = row.assessed_on.unwrap_or_else(|| visitor.today());
    let day = row.assessed_on.map(|day| day.to_string()).unwrap_or_default();
    vec![
        (words.t("field.elder_name"), elder.name.clone()),
        (words.t("field.gender"), words.name_of("gender", elder.gender.name())),
        (words.t("field.born_on"), elder.born_on.to_string()),
        (words.t("field.age"), age_years(elder.born_on, on).to_string()),
        (words.t("field.elder_number"), elder.id.to_string()),
        (words.t("field.town_code"), words.pick(&shown.listed.town_zh, &shown.listed.town_en)),
        (words.t("field.reason"), words.name_of("assessment_reason", row.reason.name())),
        (words.t("field.assessed_on"), day),
    ]
}

/// What is asked beside the items, to be ticked and written by hand.
fn blanks(words: &Words, package: &Package) -> (Vec<String>, Vec<(String, Vec<String>)>) {
    let facts = package.facts.iter().map(|fact| fact.name.to(words.lang).to_owned()).collect();
    let notes = package.notes.iter().map(|note| {
        let options = note.options.iter().map(|option| option.name.to(words.lang).to_owned()).collect();
        (note.name.to(words.lang).to_owned(), options)
    });
    (facts, notes.collect())
}
