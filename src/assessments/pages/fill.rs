//! Filling an assessment in: one card for each item, made for a thumb; the sum stays hidden until it is saved, so that
//! nobody scores towards a level.

mod view;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

use self::view::FillView;
use super::steps::listed;
use super::words::{package_of, scale_name};
use crate::assessments::model::{AssessmentEvent, NoteKind, NoteValue, Notes, Package, Values};
use crate::assessments::store::{AssessmentListed, AssessmentRow};
use crate::assessments::{Answers, correct, finish, keep_draft};
use crate::beds::pages::steps::{day, is_for_form};
use crate::error::{Error, Result};
use crate::web::{Input, Page, Visitor, Words, redirect};

#[derive(Template)]
#[template(path = "assessment_fill.html")]
struct FillPage {
    page: Page,
    view: FillView,
}

/// What the page is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Fill,
    Correct,
}

impl Purpose {
    fn event(self) -> AssessmentEvent {
        match self {
            Purpose::Fill => AssessmentEvent::Finish,
            Purpose::Correct => AssessmentEvent::Correct,
        }
    }
}

pub async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    fresh(&visitor, id.into_inner(), Purpose::Fill).await
}

pub async fn show_correction(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    fresh(&visitor, id.into_inner(), Purpose::Correct).await
}

/// With what is stored: the draft, or the answers that are to be corrected.
async fn fresh(visitor: &Visitor, id: i64, purpose: Purpose) -> Result<HttpResponse> {
    let listed = listed(visitor, id).await?;
    if !listed.row.state.allows(purpose.event()) {
        return Ok(redirect(&format!("/assessments/{id}")));
    }
    let stored = stored(&listed.row)?;
    page(visitor, &listed, purpose, &Typed { answers: stored, ..Typed::default() }, None)
}

fn stored(row: &AssessmentRow) -> Result<Answers> {
    if let Some(draft) = &row.draft {
        return serde_json::from_str(draft).map_err(|error| Error::internal("a draft").because(error));
    }
    let written = row.written()?;
    let answers = written.map(|written| Answers {
        answers: written.answers,
        facts: written.facts,
        notes: written.notes,
        assessed_on: row.assessed_on,
    });
    Ok(answers.unwrap_or_default())
}

/// What a form sent.
#[derive(Default)]
struct Typed {
    answers: Answers,
    reason: String,
    /// Sent once already: what is missing is marked.
    was_sent: bool,
}

pub async fn save(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let (id, input) = (id.into_inner(), Input::parse(&body)?);
    let version = input.version()?;
    let listed = listed(&visitor, id).await?;
    let is_draft = input.text("step") == "draft";
    let practice = visitor.app.assessing.clone();
    let answers = read(&visitor, &listed.row, &input)?;
    let (scope, given) = (visitor.scope(), answers.clone());
    let outcome = visitor.app.write(&scope, move |tx| {
        if is_draft {
            keep_draft(tx, id, version, &given)
        } else {
            finish(tx, &practice, id, version, &given)
        }
    });
    let typed = Typed { answers, reason: String::new(), was_sent: !is_draft };
    answer(&visitor, &listed, Purpose::Fill, &typed, outcome.await)
}

pub async fn save_correction(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let (id, input) = (id.into_inner(), Input::parse(&body)?);
    let version = input.version()?;
    let listed = listed(&visitor, id).await?;
    let practice = visitor.app.assessing.clone();
    let answers = read(&visitor, &listed.row, &input)?;
    let (given, reason) = (answers.clone(), input.text("reason"));
    let (scope, why) = (visitor.scope(), reason.clone());
    let outcome = visitor.app.write(&scope, move |tx| correct(tx, &practice, id, version, &given, &why));
    let typed = Typed { answers, reason, was_sent: true };
    answer(&visitor, &listed, Purpose::Correct, &typed, outcome.await)
}

fn answer(
    visitor: &Visitor,
    listed: &AssessmentListed,
    purpose: Purpose,
    typed: &Typed,
    outcome: Result<()>,
) -> Result<HttpResponse> {
    match outcome {
        Ok(()) => Ok(redirect(&format!("/assessments/{}", listed.row.id))),
        Err(error) if is_for_form(&error) => page(visitor, listed, purpose, typed, Some(&error)),
        Err(error) => Err(error),
    }
}

fn page(
    visitor: &Visitor,
    listed: &AssessmentListed,
    purpose: Purpose,
    typed: &Typed,
    error: Option<&Error>,
) -> Result<HttpResponse> {
    let words = Words::of(visitor);
    let package = package_of(&words, &listed.row).ok_or_else(|| Error::internal("a scale that is gone"))?;
    let (heading, step) = match purpose {
        Purpose::Fill => ("assessment.fill_of", "fill"),
        Purpose::Correct => ("assessment.correct_of", "correct"),
    };
    let scale = scale_name(&words, &listed.row.scale);
    let heading = visitor.lang.fill(heading, &[("elder", &listed.elder), ("scale", &scale)]);
    let mut view = FillView::new(&words, package, &typed.answers, typed.was_sent);
    view.heading = heading;
    view.action = format!("/assessments/{}/{step}", listed.row.id);
    view.cancel_href = format!("/assessments/{}", listed.row.id);
    view.version = listed.row.version;
    view.error = error.map(|error| error.text.to(visitor.lang));
    view.reason = (purpose == Purpose::Correct).then(|| typed.reason.clone());
    let status = error.and_then(|error| StatusCode::from_u16(error.code.status()).ok());
    let body = FillPage { page: Page::new(visitor, &view.heading), view }.render();
    let body = body.map_err(|error| Error::internal("template").because(error))?;
    Ok(HttpResponse::build(status.unwrap_or(StatusCode::OK))
        .content_type("text/html; charset=utf-8")
        .body(body))
}

/// The answers as the form sends them; what is no number is out of every range.
fn read(visitor: &Visitor, row: &AssessmentRow, input: &Input) -> Result<Answers> {
    let words = Words::of(visitor);
    let package = package_of(&words, row).ok_or_else(|| Error::internal("a scale that is gone"))?;
    let number = |name: String| {
        let text = input.text(&name);
        (!text.is_empty()).then(|| text.parse::<i32>().unwrap_or(-1))
    };
    let mut answers = Values::new();
    for item in package.items() {
        if let Some(points) = number(format!("a.{}", item.key)) {
            answers.insert(item.key.clone(), points);
        }
    }
    let mut facts = Values::new();
    for fact in &package.facts {
        if let Some(count) = number(format!("f.{}", fact.key)).filter(|count| *count != 0) {
            facts.insert(fact.key.clone(), count);
        }
    }
    Ok(Answers { answers, facts, notes: notes(package, input), assessed_on: day(input, "assessed_on")? })
}

fn notes(package: &Package, input: &Input) -> Notes {
    let mut notes = Notes::new();
    for note in &package.notes {
        let name = format!("n.{}", note.key);
        let text = input.text(&name);
        let value = match note.kind {
            NoteKind::Choices => {
                let many: Vec<String> = input.many(&name).into_iter().filter(|key| !key.is_empty()).collect();
                (!many.is_empty()).then_some(NoteValue::Many(many))
            }
            _ if text.is_empty() => None,
            NoteKind::Decimal => Some(NoteValue::Number(text.parse().unwrap_or(-1.0))),
            NoteKind::Choice | NoteKind::Text => Some(NoteValue::Text(text)),
        };
        if let Some(value) = value {
            notes.insert(note.key.clone(), value);
        }
    }
    notes
}
