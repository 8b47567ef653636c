//! One batch: its columns, what the check says, progress, outcome, undo.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

use super::merged::{MergedView, merged_view};
use super::{tone, workbook_answer};
use crate::access::Permission;
use crate::error::{Code, Error, Result};
use crate::imports::book::reasons;
use crate::imports::model::{BatchState, ImportKind, Mapping, RowOutcome};
use crate::imports::read::Remark;
use crate::imports::store::{self, BatchRow, Counts, RowRow};
use crate::imports::{KEEP_DAYS, Step, claim_codes_book, columns_of, errors_book, forget, start};
use crate::web::{
    Action, Cell, Column, FormField, Input, Page, Row, TableView, Visitor, group_digits, redirect, table,
};

/// Refused rows on the page; all of them are in the workbook of errors.
pub const SHOWN_MAX: i64 = 50;
const REFUSED: [RowOutcome; 3] = [RowOutcome::Refused, RowOutcome::Failed, RowOutcome::Kept];

const PROBLEM_COLUMNS: &[Column] = &[
    Column::text("sheet", "import.sheet").unsorted(),
    Column::number("row", "import.sheet_row").unsorted(),
    Column::text("reason", "import.reason").unsorted(),
];

#[derive(Template)]
#[template(path = "import.html")]
struct BatchPage {
    page: Page,
    batch: BatchView,
}

struct BatchView {
    id: i64,
    heading: String,
    subheading: String,
    by: String,
    actions: Vec<Action>,
    state: String,
    tone: &'static str,
    is_working: bool,
    is_stopped: bool,
    /// Rows that are through, and all; none where nobody works.
    progress: Option<(i64, i64, String)>,
    outcomes: Vec<OutcomeView>,
    remarks: Vec<String>,
    wipe_note: String,
    mapping: Option<MappingView>,
    problems: TableView,
    problems_more: Option<String>,
    merged: Option<MergedView>,
    has_errors_book: bool,
    error: Option<String>,
}

struct OutcomeView {
    label: String,
    value: String,
    tone: &'static str,
}

struct MappingView {
    fields: Vec<FormField>,
    ignored: Option<String>,
}

/// What the page shows of a batch.
struct Loaded {
    batch: BatchRow,
    counts: Counts,
    rows: Vec<RowRow>,
    /// How many rows took values of merged ranges, and the first of them.
    filled: (i64, Vec<RowRow>),
}

pub async fn show(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    page(&visitor, id.into_inner(), None).await
}

pub async fn back(id: web::Path<i64>) -> HttpResponse {
    redirect(&format!("/imports/{id}"))
}

pub async fn check(visitor: Visitor, id: web::Path<i64>, body: String) -> Result<HttpResponse> {
    let id = id.into_inner();
    let input = Input::parse(&body)?;
    let scope = visitor.scope();
    let reach = scope.clone();
    let batch = visitor.app.db.read(move |connection| store::get_batch(connection, &reach, id)).await?;
    let mut mapping = Mapping::default();
    for column in columns_of(batch.kind) {
        if let Ok(place) = input.text(column.key).parse() {
            mapping.0.insert(column.key.to_owned(), place);
        }
    }
    let outcome = start(&visitor.app, &scope, id, Step::Check(Some(mapping.clone()))).await;
    after(&visitor, id, outcome, Some(&mapping)).await
}

pub async fn run(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let id = id.into_inner();
    let outcome = start(&visitor.app, &visitor.scope(), id, Step::Run).await;
    after(&visitor, id, outcome, None).await
}

pub async fn undo(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let id = id.into_inner();
    let outcome = start(&visitor.app, &visitor.scope(), id, Step::Undo).await;
    after(&visitor, id, outcome, None).await
}

pub async fn discard(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let id = id.into_inner();
    let outcome = forget(&visitor.app, &visitor.scope(), id).await;
    after(&visitor, id, outcome, None).await
}

pub async fn errors(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let id = id.into_inner();
    match errors_book(&visitor.app, &visitor.scope(), id, visitor.lang).await {
        Ok(book) => Ok(workbook_answer(id, "errors", book)),
        Err(error) if error.code == Code::IllegalMove => page(&visitor, id, Some((&error, None))).await,
        Err(error) => Err(error),
    }
}

pub async fn claim_codes(visitor: Visitor, id: web::Path<i64>) -> Result<HttpResponse> {
    let id = id.into_inner();
    match claim_codes_book(&visitor.app, &visitor.scope(), id, visitor.lang).await {
        Ok(book) => Ok(workbook_answer(id, "claim-codes", book)),
        Err(error) if error.code == Code::IllegalMove => page(&visitor, id, Some((&error, None))).await,
        Err(error) => Err(error),
    }
}

/// Back to the batch, with the reason where the step was refused.
async fn after(
    visitor: &Visitor,
    id: i64,
    outcome: Result<()>,
    typed: Option<&Mapping>,
) -> Result<HttpResponse> {
    match outcome {
        Ok(()) => Ok(redirect(&format!("/imports/{id}"))),
        Err(error) if matches!(error.code, Code::Invalid | Code::IllegalMove | Code::Taken) => {
            page(visitor, id, Some((&error, typed))).await
        }
        Err(error) => Err(error),
    }
}

async fn page(
    visitor: &Visitor,
    id: i64,
    problem: Option<(&Error, Option<&Mapping>)>,
) -> Result<HttpResponse> {
    let scope = visitor.scope();
    let loaded = visitor
        .app
        .db
        .read(move |connection| {
            let batch = store::get_batch(connection, &scope, id)?;
            let counts = store::counts(connection, id)?;
            let rows = store::list_rows(connection, id, &REFUSED, 0, SHOWN_MAX)?;
            let filled = store::filled_rows(connection, id, SHOWN_MAX)?;
            Ok(Loaded { batch, counts, rows, filled })
        })
        .await?;
    let status = problem.map_or(200, |(error, _)| error.code.status());
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
    let view = view(visitor, &loaded, problem)?;
    let body = BatchPage { page: Page::new(visitor, &view.heading), batch: view }
        .render()
        .map_err(|error| Error::internal("template").because(error))?;
    Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(body))
}

fn view(
    visitor: &Visitor,
    loaded: &Loaded,
    problem: Option<(&Error, Option<&Mapping>)>,
) -> Result<BatchView> {
    let Loaded { batch, counts, rows, filled } = loaded;
    let fill = |key: &str, pairs: &[(&str, &str)]| visitor.lang.fill(key, pairs);
    let is_stopped = batch.is_stopped(visitor.now);
    let waits = matches!(batch.state, BatchState::Uploaded | BatchState::Checked);
    let may_map = (waits || (is_stopped && batch.state == BatchState::Checking))
        && counts.applied + counts.failed == 0
        && batch.wiped_at.is_none();
    let mapping = if may_map { Some(mapping_view(visitor, batch, problem)?) } else { None };
    let names_a_field =
        mapping.as_ref().is_some_and(|view| view.fields.iter().any(|field| field.error.is_some()));
    let refused = counts.refused + counts.failed + counts.kept;
    let more = refused - rows.len() as i64;
    let problems: Result<Vec<Row>> = rows.iter().map(|row| problem_row(visitor, batch, row)).collect();
    let rows_text = fill("import.rows", &[("n", &group_digits(batch.total_rows))]);
    let kind = visitor.name_of("import_kind", batch.kind.name());
    Ok(BatchView {
        id: batch.id,
        heading: batch.file_name.clone(),
        subheading: format!("{kind} · {rows_text}"),
        by: fill("import.by", &[("who", &batch.actor), ("at", &visitor.show(batch.created_at))]),
        actions: actions(visitor, batch, counts, is_stopped),
        state: visitor.name_of("batch_state", batch.state.name()),
        tone: tone(batch.state),
        is_working: batch.state.is_busy() && !is_stopped,
        is_stopped,
        progress: progress(visitor, batch, counts),
        outcomes: outcomes(visitor, counts),
        remarks: remarks(visitor, batch)?,
        wipe_note: match batch.wiped_at {
            Some(_) => visitor.t("import.wiped_note").into_owned(),
            None => fill("import.wipe_note", &[("days", &KEEP_DAYS.to_string())]),
        },
        mapping,
        problems: table(visitor, PROBLEM_COLUMNS, problems?),
        problems_more: (more > 0).then(|| fill("import.problems_more", &[("n", &group_digits(more))])),
        merged: merged_view(visitor, batch, filled)?,
        has_errors_book: counts.refused + counts.failed > 0
            && batch.wiped_at.is_none()
            && batch.user_id == visitor.scope().user_id,
        error: problem.filter(|_| !names_a_field).map(|(error, _)| error.text.to(visitor.lang)),
    })
}

fn actions(visitor: &Visitor, batch: &BatchRow, counts: &Counts, is_stopped: bool) -> Vec<Action> {
    let path = |step: &str| format!("/imports/{}/{step}", batch.id);
    let fill = |key: &str, pairs: &[(&str, &str)]| visitor.lang.fill(key, pairs);
    let mut actions = Vec::new();
    if is_stopped {
        let step = match batch.state {
            BatchState::Running => "run",
            BatchState::Undoing => "undo",
            _ => "check",
        };
        // A check begins anew with the stored columns, through their form.
        if step != "check" {
            actions.push(Action::post(path(step), visitor.t("import.resume"), "play").primary());
        }
        if step == "run" && counts.applied > 0 {
            actions.push(undo_action(visitor, path("undo"), counts.applied));
        }
        return actions;
    }
    if batch.state == BatchState::Checked && counts.good > 0 && batch.wiped_at.is_none() {
        let good = group_digits(counts.good);
        let confirm = [("n", good.as_str()), ("refused", &group_digits(counts.refused))];
        let label = fill("import.run", &[("n", &good)]);
        actions.push(
            Action::post(path("run"), label, "check").primary().confirm(fill("import.run_confirm", &confirm)),
        );
    }
    let manages = visitor.may(Permission::ManageDevice);
    if batch.kind == ImportKind::Devices && batch.state == BatchState::Done && counts.applied > 0 && manages {
        let codes = Action::post(path("claim-codes"), visitor.t("import.claim_codes"), "key-round");
        actions.push(codes.primary().confirm(visitor.t("import.claim_codes_confirm")));
    }
    let is_over = matches!(batch.state, BatchState::Done | BatchState::Undone | BatchState::Checked);
    let written = counts.applied + counts.kept;
    if is_over && written > 0 {
        actions.push(undo_action(visitor, path("undo"), written));
    }
    let can_go = matches!(batch.state, BatchState::Uploaded) || is_over;
    if can_go && batch.wiped_at.is_none() {
        let confirm = visitor.t("import.discard_confirm");
        let was_run = matches!(batch.state, BatchState::Done | BatchState::Undone);
        let label = visitor.t(if was_run { "import.wipe" } else { "import.discard" });
        actions.push(Action::post(path("discard"), label, "x").confirm(confirm));
    }
    actions
}

fn undo_action(visitor: &Visitor, path: String, rows: i64) -> Action {
    let confirm = visitor.lang.fill("import.undo_confirm", &[("n", &group_digits(rows))]);
    Action::post(path, visitor.t("import.undo"), "history").confirm(confirm)
}

fn progress(visitor: &Visitor, batch: &BatchRow, counts: &Counts) -> Option<(i64, i64, String)> {
    let (done, total) = match batch.state {
        BatchState::Checking => (counts.sum(), batch.total_rows),
        BatchState::Running => (counts.applied + counts.failed, counts.applied + counts.failed + counts.good),
        BatchState::Undoing => (counts.reverted, counts.reverted + counts.applied + counts.kept),
        _ => return None,
    };
    let pairs = [("done", &*group_digits(done)), ("total", &*group_digits(total))];
    Some((done, total.max(1), visitor.lang.fill("import.progress_of", &pairs)))
}

fn outcomes(visitor: &Visitor, counts: &Counts) -> Vec<OutcomeView> {
    let shown = RowOutcome::ALL.iter().filter(|outcome| counts.of(**outcome) > 0);
    shown
        .map(|outcome| OutcomeView {
            label: visitor.name_of("row_outcome", outcome.name()),
            value: group_digits(counts.of(*outcome)),
            tone: match outcome {
                RowOutcome::Good | RowOutcome::Applied => "ok",
                RowOutcome::Unchanged => "note",
                RowOutcome::Refused | RowOutcome::Failed => "bad",
                RowOutcome::Kept => "warn",
                RowOutcome::Reverted => "off",
            },
        })
        .collect()
}

fn remarks(visitor: &Visitor, batch: &BatchRow) -> Result<Vec<String>> {
    let remarks: Vec<Remark> = serde_json::from_str(&batch.remarks)
        .map_err(|error| Error::internal("a stored batch").because(error))?;
    let told = remarks.iter().map(|remark| {
        let pairs: Vec<(&str, &str)> =
            remark.arguments.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        visitor.lang.fill(&remark.key, &pairs)
    });
    Ok(told.collect())
}

fn problem_row(visitor: &Visitor, batch: &BatchRow, row: &RowRow) -> Result<Row> {
    let cells = vec![
        Cell::text(row.sheet.clone()),
        Cell::count(row.sheet_row),
        Cell::text(reasons(batch, &row.problems, visitor.lang)?),
    ];
    Ok(Row { href: None, cells })
}

/// A select for each column, holding the heading that it is taken from.
fn mapping_view(
    visitor: &Visitor,
    batch: &BatchRow,
    problem: Option<(&Error, Option<&Mapping>)>,
) -> Result<MappingView> {
    let fault = |error: serde_json::Error| Error::internal("a stored batch").because(error);
    let headings: Vec<String> = serde_json::from_str(&batch.headings).map_err(fault)?;
    let stored: Mapping = serde_json::from_str(&batch.mapping).map_err(fault)?;
    let mapping = problem.and_then(|(_, typed)| typed).unwrap_or(&stored);
    let none = || (String::new(), visitor.t("import.not_used").into_owned());
    let choices: Vec<(String, String)> = std::iter::once(none())
        .chain(headings.iter().enumerate().map(|(place, heading)| (place.to_string(), heading.clone())))
        .collect();
    let columns = columns_of(batch.kind).iter().filter(|column| !column.informs);
    let fields = columns.map(|column| {
        let chosen = mapping.0.get(column.key).map(ToString::to_string).unwrap_or_default();
        let broken =
            problem.and_then(|(error, _)| error.fields.iter().find(|broken| broken.field == column.key));
        FormField {
            name: column.key,
            label: visitor.t(column.label).into_owned(),
            kind: "select",
            value: chosen,
            required: column.required,
            error: broken.map(|broken| broken.rule.to(visitor.lang)),
            ..FormField::default()
        }
        .options(choices.clone())
    });
    let fields: Vec<FormField> = fields.collect();
    let informs = columns_of(batch.kind).iter().filter(|column| column.informs);
    let informs: Vec<usize> = informs.filter_map(|column| mapping.0.get(column.key).copied()).collect();
    let used = |place: &usize| mapping.0.values().any(|used| used == place);
    let ignored: Vec<&str> = (0..headings.len())
        .filter(|place| !used(place) || informs.contains(place))
        .map(|place| headings[place].as_str())
        .collect();
    let listed = ignored.join(&visitor.t("list.separator"));
    let ignored =
        (!ignored.is_empty()).then(|| visitor.lang.fill("import.ignored", &[("headings", &listed)]));
    Ok(MappingView { fields, ignored })
}
