//! The second person's page: this result beside the one before, what speaks against it, and the decision.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

use super::sheet::{PartSheet, Shown, adjustments, contradiction_lines, load, parts, sum_text};
use super::words::{level_name, level_tone, package_of, scale_name};
use crate::assessments::model::AssessmentEvent;
use crate::assessments::{enact, review};
use crate::beds::pages::steps::is_for_form;
use crate::error::{Error, Result};
use crate::web::{Input, Page, Visitor, Words, redirect};

#[derive(Template)]
#[template(path = "assessment_review.html")]
struct ReviewPage {
    page: Page,
    view: ReviewView,
}

struct ReviewView {
    id: i64,
    version: i64,
    heading: String,
    subheading: String,
    error: Option<String>,
    note: String,
    result: ResultView,
    previous: Option<ResultView>,
    adjustments: Vec<String>,
    contradictions: Vec<(String, Option<String>, String)>,
    parts: Vec<PartSheet>,
    is_own: bool,
}

impl ReviewView {
    /// This result, and the one before it beside it.
    fn results(&self) -> impl Iterator<Item = &ResultView> {
        std::iter::once(&self.result).chain(&self.previous)
    }
}

struct ResultView {
    heading: String,
    level: String,
    tone: &'static str,
    total: String,
    day: String,
    who: String,
}

pub async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let id = id.into_inner();
    let shown = load(&visitor, id).await?;
    if !shown.row().state.allows(AssessmentEvent::Review) {
        return Ok(redirect(&format!("/assessments/{id}")));
    }
    page(&visitor, shown, &Input::default(), None)
}

pub async fn save(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let id = id.into_inner();
    let input = Input::parse(&body)?;
    let (version, note, in_force) = (input.version()?, input.text("note"), input.flag("in_force"));
    let outcome =
        visitor.app.write(&visitor.scope(), move |tx| review(tx, id, version, &note, in_force)).await;
    match outcome {
        Ok(()) => Ok(redirect(&format!("/assessments/{id}"))),
        Err(error) if is_for_form(&error) => {
            let shown = load(&visitor, id).await?;
            page(&visitor, shown, &input, Some(&error))
        }
        Err(error) => Err(error),
    }
}

pub async fn save_enact(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let id = id.into_inner();
    let version = Input::parse(&body)?.version()?;
    visitor.app.write(&visitor.scope(), move |tx| enact(tx, id, version)).await?;
    Ok(redirect(&format!("/assessments/{id}")))
}

fn page(visitor: &Visitor, shown: Shown, input: &Input, error: Option<&Error>) -> Result<HttpResponse> {
    let words = Words::of(visitor);
    let row = shown.row();
    let scale = scale_name(&words, &row.scale);
    let heading =
        visitor.lang.fill("assessment.review_of", &[("elder", &shown.listed.elder), ("scale", &scale)]);
    let is_own = row.assessor.as_deref() == Some(visitor.scope().actor.as_str());
    let view = ReviewView {
        id: row.id,
        version: row.version,
        subheading: visitor.lang.fill("assessment.number", &[("number", &row.id.to_string())]),
        error: error.map(|error| error.text.to(visitor.lang)),
        note: input.text("note"),
        result: result(&words, &shown, false),
        previous: shown.previous.is_some().then(|| result(&words, &shown, true)),
        adjustments: adjustments(&words, &shown),
        contradictions: contradiction_lines(&words, &shown),
        parts: parts(&words, &shown),
        is_own,
        heading,
    };
    let status = error.and_then(|error| StatusCode::from_u16(error.code.status()).ok());
    let body = ReviewPage { page: Page::new(visitor, &view.heading), view }.render();
    let body = body.map_err(|error| Error::internal("template").because(error))?;
    Ok(HttpResponse::build(status.unwrap_or(StatusCode::OK))
        .content_type("text/html; charset=utf-8")
        .body(body))
}

fn result(words: &Words, shown: &Shown, previous: bool) -> ResultView {
    let before = shown.previous.as_ref().filter(|_| previous);
    let row = before.map_or(shown.row(), |(row, _)| row);
    let written = before.map(|(_, written)| written).or(shown.written.as_ref());
    let total = written
        .zip(package_of(words, row))
        .map(|(written, package)| sum_text(words, package, written.total, package.maximum()));
    let level = row.level.clone().unwrap_or_default();
    ResultView {
        heading: words.t(if previous { "assessment.before" } else { "assessment.now" }),
        level: level_name(words, row, &level),
        tone: level_tone(words, row, &level),
        total: total.unwrap_or_default(),
        day: row.assessed_on.map(|day| day.to_string()).unwrap_or_default(),
        who: shown.person(row.assessor.as_ref()),
    }
}
