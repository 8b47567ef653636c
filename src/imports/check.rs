//! The dry run: every row is applied and taken back, and what came of it is written down.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::json;

use super::kinds::{Ground, Kind};
use super::model::{BatchState, Mapping, Problem, RowOutcome, Values};
use super::store::{self, BatchRow, NewRow};
use super::work::{Start, Work, faults, problems, to_json};
use crate::access::Scope;
use crate::access::audit::Entry;
use crate::app::{App, Tx};
use crate::error::{Code, Error, FieldError, Result};
use crate::text::Text;

const START: Start = Start {
    state: BatchState::Checking,
    from: &[BatchState::Uploaded, BatchState::Checked],
    after_stopped: &[],
    action: "import.check",
    reads_rows: true,
};

/// Checks every row of a batch, with another mapping where one is given. No record is changed.
pub async fn check(app: &App, scope: &Scope, id: i64, mapping: Option<Mapping>) -> Result<()> {
    finish(begin(app, scope, id, mapping).await?).await
}

pub(super) async fn begin(app: &App, scope: &Scope, id: i64, mapping: Option<Mapping>) -> Result<Work> {
    let prepare = move |tx: &mut Tx<'_>, batch: &BatchRow| prepare(tx, batch, mapping.as_ref());
    Work::begin(app, scope, id, START, prepare).await
}

pub(super) async fn finish(work: Work) -> Result<()> {
    let outcome = check_parts(&work).await;
    work.finish(outcome, BatchState::Checked, BatchState::Uploaded).await
}

/// Takes the mapping over and forgets an earlier check.
fn prepare(tx: &mut Tx<'_>, batch: &BatchRow, mapping: Option<&Mapping>) -> Result<()> {
    let fault = |error: serde_json::Error| Error::internal("a stored batch").because(error);
    let stored: Mapping = serde_json::from_str(&batch.mapping).map_err(fault)?;
    let headings: Vec<String> = serde_json::from_str(&batch.headings).map_err(fault)?;
    let mapping = mapping.unwrap_or(&stored);
    let counts = store::counts(tx.connection, batch.id)?;
    if counts.applied + counts.failed > 0 {
        return Err(Error::new(Code::IllegalMove, Text::new("import.run_began")));
    }
    check_mapping(super::kinds::kind_of(batch.kind), mapping, headings.len())?;
    store::set_mapping(tx.connection, batch.id, &to_json(mapping)?)?;
    store::delete_rows(tx.connection, batch.id)
}

/// Every required column has its heading, and no heading stands for two columns.
fn check_mapping(kind: &dyn Kind, mapping: &Mapping, headings: usize) -> Result<()> {
    let mut broken = Vec::new();
    let mut taken: HashMap<usize, &'static str> = HashMap::new();
    for column in kind.columns() {
        let label = format!("@{}", column.label);
        match mapping.0.get(column.key) {
            Some(place) if *place >= headings => {
                broken.push(FieldError { field: column.key, rule: Text::new("rule.choose") });
            }
            Some(place) => {
                if let Some(other) = taken.insert(*place, column.label) {
                    let rule = Text::new("import.heading_twice").with("one", format!("@{other}"));
                    broken.push(FieldError { field: column.key, rule: rule.with("other", label) });
                }
            }
            None if column.required => {
                let rule = Text::new("import.heading_missing").with("column", label);
                broken.push(FieldError { field: column.key, rule });
            }
            None => {}
        }
    }
    if broken.is_empty() { Ok(()) } else { Err(Error::invalid(broken)) }
}

async fn check_parts(work: &Work) -> Result<()> {
    let (memory, parts) = work.memory().await?;
    let mut first_of: HashMap<String, (String, i64)> = HashMap::new();
    for number in 0..parts {
        let mut rows = work.part(number).await?;
        for row in &mut rows {
            work.kind.complete(&memory, row);
        }
        let known: Vec<Vec<Problem>> = rows
            .iter()
            .map(|row| {
                let mut found = faults(work.kind, row);
                let contradicts = row.contradicts.iter();
                found
                    .extend(contradicts.map(|column| Problem::new(column, &Text::new("import.contradicts"))));
                found.extend(repeated(work.kind, &mut first_of, row));
                found
            })
            .collect();
        let (kind, ground, shared) = (work.kind, work.ground(), Arc::new((rows, known)));
        work.step(move |tx| {
            let (rows, known) = &*shared;
            check_rows(tx, kind, &ground, rows, known)
        })
        .await?;
    }
    Ok(())
}

/// What stands in an earlier row already.
fn repeated(kind: &dyn Kind, first_of: &mut HashMap<String, (String, i64)>, row: &Values) -> Vec<Problem> {
    let mut found = Vec::new();
    for (column, key) in kind.keys(row) {
        let place = || (row.sheet.clone(), row.sheet_row);
        let first = first_of.entry(format!("{column}\u{1f}{key}")).or_insert_with(place);
        if *first != place() {
            let text = Text::new("import.repeated").with("row", first.1).with("sheet", &first.0);
            found.push(Problem::new(column, &text));
        }
    }
    found
}

fn check_rows(
    tx: &mut Tx<'_>,
    kind: &'static dyn Kind,
    ground: &Ground,
    rows: &[Values],
    known: &[Vec<Problem>],
) -> Result<()> {
    let outcomes = tx.rehearse(|tx| {
        let tried = rows.iter().zip(known).map(|(row, known)| {
            if !known.is_empty() {
                return Ok((RowOutcome::Refused, known.clone()));
            }
            match tx.part(|tx| kind.apply(tx, ground, row)) {
                Ok(made) if made.is_empty() => Ok((RowOutcome::Unchanged, Vec::new())),
                Ok(_) => Ok((RowOutcome::Good, Vec::new())),
                Err(error) => Ok((RowOutcome::Refused, problems(kind, error)?)),
            }
        });
        tried.collect::<Result<Vec<_>>>()
    })?;
    // That somebody is known is something learnt, although the look was taken back with the rest.
    let looks = rows.iter().filter(|row| row.has("identity")).count();
    if looks > 0 {
        tx.audit(&Entry {
            action: "import.look_up",
            entity: "import",
            entity_id: ground.batch_id.to_string(),
            town_code: None,
            detail: json!({ "rows": looks }),
        })?;
    }
    let new: Result<Vec<NewRow>> = rows
        .iter()
        .zip(outcomes)
        .map(|(row, (outcome, problems))| {
            Ok(NewRow {
                import_id: ground.batch_id,
                number: row.number,
                sheet: row.sheet.clone(),
                sheet_row: row.sheet_row,
                outcome,
                problems: to_json(&problems)?,
                made: "[]".to_owned(),
                filled: to_json(&row.filled)?,
            })
        })
        .collect();
    store::insert_rows(tx.connection, &new?)
}
