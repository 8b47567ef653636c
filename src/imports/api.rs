use std::collections::BTreeMap;

use actix_web::web::{Bytes, Payload, Query};
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{BatchState, ImportKind, Mapping, Problem, RowOutcome};
use super::pages::workbook_answer;
use super::read::{FILE_BYTES_MAX, too_large};
use super::store::{self, BatchRow, Counts, RowRow};
use super::{Step, Upload, claim_codes_book, columns_of, errors_book, forget, start, upload};
use crate::access::{Permission, Scope};
use crate::api::{At, Endpoint, Filter, FilterKind, Id, Json, Resource, created, fetch, list_endpoint, ok};
use crate::db::AnyConnection;
use crate::error::{Error, FieldError, Result};
use crate::listing::{ListRequest, PAGE_ROWS_MAX};
use crate::text::{Lang, Text};
use crate::web::{Need, Visitor, Words};

const PATH: &str = "/api/v1/imports";
const ONE: &str = "/api/v1/imports/{id}";
const TAG: &str = "imports";
const WORKBOOK: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// What is read of a file that is too large anyway, so that the answer reaches the sender.
const DRAIN_BYTES_MAX: usize = 4 * FILE_BYTES_MAX;

pub fn endpoints() -> Vec<Endpoint> {
    let may = Need::May(Permission::ImportRecords);
    let rows = Endpoint::get("/api/v1/imports/{id}/rows", may, || web::to(rows))
        .about(TAG, "api.import.rows")
        .asks_text("after", "The `next_after` of the page before.")
        .asks_text("outcome", "Only rows that came to this.")
        .answers::<ImportRows>(200)
        .fails(422);
    vec![
        list_endpoint::<Imports>(),
        Endpoint::get(ONE, may, || web::to(show)).about(TAG, "api.import.show").answers::<Import>(200),
        Endpoint::post(PATH, may, || web::to(send))
            .about(TAG, "api.import.upload")
            .asks_text(
                "kind",
                "What the rows are: house, elders, caregivers, stations, institutions, waiting or devices.",
            )
            .asks_text("name", "Name of the file, for people.")
            .asks_text("institution", "Number of the institution of rows that name none.")
            .takes_file()
            .answers::<Import>(201),
        rows,
        Endpoint::post("/api/v1/imports/{id}/check", may, || web::to(check))
            .about(TAG, "api.import.check")
            .takes::<CheckInput>()
            .answers::<Import>(200)
            .fails(409),
        Endpoint::post("/api/v1/imports/{id}/run", may, || web::to(run))
            .about(TAG, "api.import.run")
            .answers::<Import>(200)
            .fails(409),
        Endpoint::post("/api/v1/imports/{id}/undo", may, || web::to(undo))
            .about(TAG, "api.import.undo")
            .answers::<Import>(200)
            .fails(409),
        Endpoint::post("/api/v1/imports/{id}/discard", may, || web::to(discard))
            .about(TAG, "api.import.discard")
            .answers::<Import>(200)
            .fails(409),
        Endpoint::post("/api/v1/imports/{id}/errors", may, || web::to(errors))
            .about(TAG, "api.import.errors")
            .answers_file(&[WORKBOOK])
            .fails(409),
        Endpoint::post("/api/v1/imports/{id}/claim-codes", may, || web::to(claim_codes))
            .about(TAG, "api.import.claim_codes")
            .answers_file(&[WORKBOOK])
            .fails(409),
    ]
}

/// A file that was uploaded, and what its rows came to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Import {
    pub id: i64,
    pub kind: ImportKind,
    pub state: BatchState,
    /// Work was interrupted: the same step goes on where it stopped.
    pub is_stopped: bool,
    pub file_name: String,
    /// Login of whoever uploaded it.
    pub actor: String,
    pub institution_id: Option<i64>,
    pub headings: Vec<String>,
    /// Which heading each column is taken from.
    pub mapping: Vec<MappedColumn>,
    pub rows: i64,
    /// Rows by outcome.
    pub good: i64,
    pub unchanged: i64,
    pub refused: i64,
    pub applied: i64,
    pub failed: i64,
    pub reverted: i64,
    pub kept: i64,
    pub created_at: At,
    /// Since when what was uploaded is gone.
    pub wiped_at: Option<At>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MappedColumn {
    /// Name of a column of the system.
    pub column: String,
    /// A heading of the file.
    pub heading: String,
}

/// What a row came to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImportRow {
    /// Place in the import, from 1.
    pub number: i64,
    pub sheet: String,
    /// Row of the sheet, from 1.
    pub sheet_row: i64,
    pub outcome: RowOutcome,
    pub problems: Vec<RowProblem>,
    /// Columns that were empty and took the value of the merged range they lie in.
    pub filled: Vec<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RowProblem {
    /// Name of the column; empty where it is about the row as a whole.
    pub column: String,
    /// The rule it breaks, for people.
    pub rule: String,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImportRows {
    pub items: Vec<ImportRow>,
    /// To be sent as `after` for the rows that follow; null on the last page.
    pub next_after: Option<i64>,
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CheckInput {
    /// Every column that is to be imported; the one that was stored without it.
    mapping: Option<Vec<MappedColumn>>,
}

impl Import {
    fn new(batch: BatchRow, counts: Counts, words: &Words) -> Result<Import> {
        let fault = |error: serde_json::Error| Error::internal("a stored batch").because(error);
        let headings: Vec<String> = serde_json::from_str(&batch.headings).map_err(fault)?;
        let mapping: Mapping = serde_json::from_str(&batch.mapping).map_err(fault)?;
        let mapped = mapping.0.into_iter().filter_map(|(column, place)| {
            Some(MappedColumn { column, heading: headings.get(place)?.clone() })
        });
        Ok(Import {
            id: batch.id,
            kind: batch.kind,
            state: batch.state,
            is_stopped: batch.is_stopped(words.now),
            mapping: mapped.collect(),
            file_name: batch.file_name,
            actor: batch.actor,
            institution_id: batch.institution_id,
            headings,
            rows: batch.total_rows,
            good: counts.good,
            unchanged: counts.unchanged,
            refused: counts.refused,
            applied: counts.applied,
            failed: counts.failed,
            reverted: counts.reverted,
            kept: counts.kept,
            created_at: At::new(words.calendar, batch.created_at),
            wiped_at: batch.wiped_at.map(|at| At::new(words.calendar, at)),
        })
    }
}

struct Imports;

impl Resource for Imports {
    const PATH: &'static str = PATH;
    const TAG: &'static str = TAG;
    const ABOUT: &'static str = "api.import.list";
    const NEED: Permission = Permission::ImportRecords;
    const FILTERS: &'static [Filter] = &[
        Filter::new("kind", FilterKind::OneOf(ImportKind::NAMES), "What the rows are."),
        Filter::new("state", FilterKind::OneOf(BatchState::NAMES), "How far it is."),
    ];
    type Item = Import;

    fn rows(
        connection: &mut AnyConnection,
        scope: &Scope,
        request: &ListRequest,
        words: &Words,
    ) -> Result<Vec<Import>> {
        let rows = store::list_batches(connection, scope, request)?.rows;
        rows.into_iter()
            .map(|batch| {
                let counts = store::counts(connection, batch.id)?;
                Import::new(batch, counts, words)
            })
            .collect()
    }

    fn number(item: &Import) -> i64 {
        item.id
    }
}

async fn show(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    Ok(ok(&find(&visitor, id).await?))
}

async fn find(visitor: &Visitor, id: i64) -> Result<Import> {
    fetch(visitor, move |connection, scope, words| {
        let batch = store::get_batch(connection, scope, id)?;
        let counts = store::counts(connection, id)?;
        Import::new(batch, counts, words)
    })
    .await
}

/// The parameters of an address: one that is not known is refused by name.
fn parameters(http: &HttpRequest, known: &[&'static str]) -> Result<BTreeMap<&'static str, String>> {
    let pairs = Query::<Vec<(String, String)>>::from_query(http.query_string())
        .map_err(|error| Error::field("query", Text::new("error.malformed")).because(error))?;
    let mut found = BTreeMap::new();
    for (name, value) in pairs.into_inner().into_iter().filter(|(name, _)| name != "lang") {
        let Some(name) = known.iter().find(|known| **known == name) else {
            return Err(Error::field("query", unknown(&name)));
        };
        found.insert(*name, value);
    }
    Ok(found)
}

fn unknown(name: &str) -> Text {
    Text::new(crate::error::UNKNOWN_FIELD).with("name", name.chars().take(64).collect::<String>())
}

async fn send(visitor: Visitor, http: HttpRequest, payload: Payload) -> Result<HttpResponse> {
    let asked = parameters(&http, &["kind", "name", "institution"])?;
    let text = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
    let kind = ImportKind::parse(text("kind")).ok_or_else(|| {
        let rule = Text::new("rule.one_of").with("values", ImportKind::NAMES.join(", "));
        Error::field("kind", rule)
    })?;
    let whole = || Text::new("rule.json_kind").with("kind", "@api.kind.whole_number");
    let institution_id = match text("institution") {
        "" => None,
        number => Some(number.parse().map_err(|_| Error::field("institution", whole()))?),
    };
    let file_name = match text("name") {
        "" => kind.name().to_owned(),
        name => name.to_owned(),
    };
    let bytes = file_of(payload).await?;
    let file = Upload { kind, file_name, institution_id, bytes };
    let id = upload(&visitor.app, &visitor.scope(), file).await?;
    Ok(created(format!("{PATH}/{id}"), &find(&visitor, id).await?))
}

/// The body as it comes, within the limit.
async fn file_of(mut payload: Payload) -> Result<Vec<u8>> {
    let (mut bytes, mut length) = (Vec::new(), 0);
    while let Some(piece) = payload.next().await {
        let piece: Bytes =
            piece.map_err(|error| Error::field("file", Text::new("error.malformed")).because(error))?;
        length += piece.len();
        if length > DRAIN_BYTES_MAX {
            break;
        }
        if length <= FILE_BYTES_MAX {
            bytes.extend_from_slice(&piece);
        }
    }
    if length > FILE_BYTES_MAX { Err(too_large()) } else { Ok(bytes) }
}

async fn rows(visitor: Visitor, Id(id): Id, http: HttpRequest) -> Result<HttpResponse> {
    let asked = parameters(&http, &["after", "outcome"])?;
    let whole = || Text::new("rule.json_kind").with("kind", "@api.kind.whole_number");
    let after: i64 = match asked.get("after") {
        Some(text) => text.parse().map_err(|_| Error::field("after", whole()))?,
        None => 0,
    };
    let outcomes = match asked.get("outcome") {
        Some(text) => vec![RowOutcome::parse(text).ok_or_else(|| {
            Error::field("outcome", Text::new("rule.one_of").with("values", RowOutcome::NAMES.join(", ")))
        })?],
        None => Vec::new(),
    };
    let lang = visitor.lang;
    let mut items = fetch(&visitor, move |connection, scope, _| {
        store::get_batch(connection, scope, id)?;
        let rows = store::list_rows(connection, id, &outcomes, after, PAGE_ROWS_MAX + 1)?;
        rows.into_iter().map(|row| row_of(row, lang)).collect::<Result<Vec<_>>>()
    })
    .await?;
    let has_more = items.len() > PAGE_ROWS_MAX as usize;
    items.truncate(PAGE_ROWS_MAX as usize);
    let next_after = items.last().filter(|_| has_more).map(|row| row.number);
    Ok(ok(&ImportRows { items, next_after }))
}

fn row_of(row: RowRow, lang: Lang) -> Result<ImportRow> {
    let problems: Vec<Problem> = serde_json::from_str(&row.problems)
        .map_err(|error| Error::internal("a stored problem").because(error))?;
    let filled = serde_json::from_str(&row.filled)
        .map_err(|error| Error::internal("stored columns of a row").because(error))?;
    let said =
        problems.into_iter().map(|problem| RowProblem { rule: problem.text(lang), column: problem.column });
    Ok(ImportRow {
        number: row.number,
        sheet: row.sheet,
        sheet_row: row.sheet_row,
        outcome: row.outcome,
        problems: said.collect(),
        filled,
    })
}

async fn check(visitor: Visitor, Id(id): Id, Json(input): Json<CheckInput>) -> Result<HttpResponse> {
    let scope = visitor.scope();
    let reach = scope.clone();
    let batch = visitor.app.db.read(move |connection| store::get_batch(connection, &reach, id)).await?;
    let mapping = input.mapping.map(|mapped| mapping_of(&batch, &mapped)).transpose()?;
    start(&visitor.app, &scope, id, Step::Check(mapping)).await?;
    Ok(ok(&find(&visitor, id).await?))
}

/// A mapping by names; a name that is not there is refused as such.
fn mapping_of(batch: &BatchRow, mapped: &[MappedColumn]) -> Result<Mapping> {
    let headings: Vec<String> = serde_json::from_str(&batch.headings)
        .map_err(|error| Error::internal("a stored batch").because(error))?;
    let columns = columns_of(batch.kind);
    let (mut mapping, mut broken) = (Mapping::default(), Vec::new());
    for MappedColumn { column, heading } in mapped {
        let key = columns.iter().find(|known| known.key == column).map(|known| known.key);
        let place = headings.iter().position(|known| known == heading);
        match (key, place) {
            (Some(key), Some(place)) => {
                mapping.0.insert(key.to_owned(), place);
            }
            (None, _) => broken.push(FieldError { field: "mapping", rule: unknown(column) }),
            (_, None) => broken.push(FieldError { field: "mapping", rule: unknown(heading) }),
        }
    }
    if broken.is_empty() { Ok(mapping) } else { Err(Error::invalid(broken)) }
}

async fn run(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    start(&visitor.app, &visitor.scope(), id, Step::Run).await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn undo(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    start(&visitor.app, &visitor.scope(), id, Step::Undo).await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn discard(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    forget(&visitor.app, &visitor.scope(), id).await?;
    Ok(ok(&find(&visitor, id).await?))
}

async fn claim_codes(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    let book = claim_codes_book(&visitor.app, &visitor.scope(), id, visitor.lang).await?;
    Ok(workbook_answer(id, "claim-codes", book))
}

async fn errors(visitor: Visitor, Id(id): Id) -> Result<HttpResponse> {
    let book = errors_book(&visitor.app, &visitor.scope(), id, visitor.lang).await?;
    Ok(workbook_answer(id, "errors", book))
}
