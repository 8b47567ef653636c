//! Working on a batch: one runner at a time, part by part, each part one transaction. A runner that stops loses its claim
//! after [`LEASE`], and another one goes on where it was.

use chrono::TimeDelta;
use serde_json::json;

use super::kinds::{Ground, Kind, Memory, kind_of};
use super::model::{BatchState, Mapping, Problem, Values, fold, is_emptying, is_fault, is_masked};
use super::read::RawRow;
use super::store::{self, BatchRow};
use crate::access::Scope;
use crate::access::audit::Entry;
use crate::access::seal::{Cell, Keys, random};
use crate::app::{App, Tx};
use crate::clock::Instant;
use crate::error::{Code, Error, Result};
use crate::text::Text;

/// Rows of a part.
pub(super) const PART_ROWS: i64 = 200;
/// How long a runner keeps a batch without a sign of life.
pub(super) const LEASE: TimeDelta = TimeDelta::minutes(2);
/// Parts of a batch stay below this, so that the cell of a part names batch and part.
const PARTS_BITS: u32 = 20;

/// What [`Work::begin`] is to do.
pub(super) struct Start {
    pub state: BatchState,
    /// States from which it can begin, beside its own where its runner stopped.
    pub from: &'static [BatchState],
    /// Work of another kind that it may take over where that was stopped.
    pub after_stopped: &'static [BatchState],
    pub action: &'static str,
    /// Needs the rows of the file.
    pub reads_rows: bool,
}

/// A batch in the hands of one runner.
pub(super) struct Work {
    pub app: App,
    pub scope: Scope,
    pub batch: BatchRow,
    pub kind: &'static dyn Kind,
    pub mapping: Mapping,
    pub runner: String,
}

impl Work {
    /// Takes the batch, or tells who has it. `prepare` runs in the same transaction.
    pub async fn begin<F>(app: &App, scope: &Scope, id: i64, start: Start, mut prepare: F) -> Result<Work>
    where
        F: FnMut(&mut Tx<'_>, &BatchRow) -> Result<()> + Send + 'static,
    {
        let runner = format!("{} {}", scope.actor, hex::encode(random::<8>()?));
        let claimed = runner.clone();
        let batch = app
            .write(scope, move |tx| {
                let batch = store::get_batch(tx.connection, tx.scope, id)?;
                tx.scope.reach(kind_of(batch.kind).need())?;
                check_start(&batch, &start, tx.now)?;
                if !store::claim(tx.connection, &batch, start.state, &claimed, (tx.now, tx.now + LEASE))? {
                    return Err(busy(&batch));
                }
                prepare(tx, &batch)?;
                tx.audit(&Entry {
                    action: start.action,
                    entity: "import",
                    entity_id: id.to_string(),
                    town_code: None,
                    detail: json!({ "kind": batch.kind.name(), "rows": batch.total_rows }),
                })?;
                store::get_batch(tx.connection, tx.scope, id)
            })
            .await?;
        let mapping = serde_json::from_str(&batch.mapping)
            .map_err(|error| Error::internal("a stored mapping").because(error))?;
        Ok(Work { app: app.clone(), scope: scope.clone(), kind: kind_of(batch.kind), batch, mapping, runner })
    }

    pub fn ground(&self) -> Ground {
        Ground { batch_id: self.batch.id, institution_id: self.batch.institution_id }
    }

    /// What all rows together tell, and how many parts there are.
    pub async fn memory(&self) -> Result<(Memory, i64)> {
        let id = self.batch.id;
        let parts = self.app.db.read(move |connection| store::parts(connection, id)).await?;
        let mut memory = Memory::default();
        for number in 0..parts {
            for row in self.part(number).await? {
                self.kind.learn(&mut memory, &row);
            }
        }
        Ok((memory, parts))
    }

    /// The rows of a part, by columns.
    pub async fn part(&self, number: i64) -> Result<Vec<Values>> {
        let id = self.batch.id;
        let sealed = self.app.db.read(move |connection| store::part(connection, id, number)).await?;
        let raw = open_part(&self.app.keys, id, number, &sealed)?;
        let first = number * PART_ROWS + 1;
        let numbered = raw.into_iter().zip(first..);
        Ok(numbered.map(|(raw, number)| values(self.kind, &self.mapping, raw, number)).collect())
    }

    /// One transaction of the work; nothing is done where another runner has taken over.
    pub async fn step<T, F>(&self, mut work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let (id, runner) = (self.batch.id, self.runner.clone());
        self.app
            .write(&self.scope, move |tx| {
                if !store::renew(tx.connection, id, &runner, tx.now + LEASE)? {
                    return Err(Error::new(Code::IllegalMove, Text::new("import.lost")));
                }
                work(tx)
            })
            .await
    }

    /// Gives the batch back.
    pub async fn end(&self, state: BatchState) -> Result<()> {
        let (id, runner) = (self.batch.id, self.runner.clone());
        self.app
            .write(&self.scope, move |tx| {
                store::release(tx.connection, id, &runner, state, tx.now)?;
                Ok(())
            })
            .await
    }

    /// The outcome of the work, with the batch given back in either case; `back` is the state after a failure.
    pub async fn finish(&self, outcome: Result<()>, state: BatchState, back: BatchState) -> Result<()> {
        match outcome {
            Ok(()) => self.end(state).await,
            Err(error) => {
                // The reason of the failure counts; a batch that cannot be given back is free after its lease.
                let _ = self.end(back).await;
                Err(error)
            }
        }
    }
}

fn check_start(batch: &BatchRow, start: &Start, now: Instant) -> Result<()> {
    let is_own = batch.state == start.state || start.after_stopped.contains(&batch.state);
    let may_take_over = is_own && batch.is_stopped(now);
    if batch.state.is_busy() && !may_take_over {
        if batch.is_stopped(now) {
            let state = format!("@enums.batch_state.{}", batch.state.name());
            return Err(Error::new(Code::IllegalMove, Text::new("import.stopped_in").with("state", state)));
        }
        return Err(busy(batch));
    }
    if !may_take_over && !start.from.contains(&batch.state) {
        let state = format!("@enums.batch_state.{}", batch.state.name());
        return Err(Error::new(Code::IllegalMove, Text::new("import.not_in_state").with("state", state)));
    }
    if start.reads_rows && batch.wiped_at.is_some() {
        return Err(Error::new(Code::IllegalMove, Text::new("import.wiped")));
    }
    Ok(())
}

/// Somebody else works on it.
fn busy(batch: &BatchRow) -> Error {
    let who = batch.runner.split(' ').next().unwrap_or_default();
    Error::taken(Text::new("import.busy").with("who", who))
}

pub(super) fn part_cell(id: i64, number: i64) -> Cell {
    Cell { table: "import_parts", row: (id << PARTS_BITS) | number, column: "content" }
}

pub(super) fn seal_json(rows: &[RawRow]) -> Result<String> {
    serde_json::to_string(rows).map_err(|error| Error::internal("rows of an import").because(error))
}

pub(super) fn open_part(keys: &Keys, id: i64, number: i64, sealed: &[u8]) -> Result<Vec<RawRow>> {
    let text = keys.open(part_cell(id, number), sealed)?;
    serde_json::from_str(&text).map_err(|error| Error::internal("rows of an import").because(error))
}

/// The cells of a row by columns: folded, without masks, a merged range's value for columns that fill down.
fn values(kind: &dyn Kind, mapping: &Mapping, raw: RawRow, number: i64) -> Values {
    let mut values = Values { number, sheet: raw.sheet, sheet_row: raw.sheet_row, ..Values::default() };
    for column in kind.columns().iter().filter(|column| !column.informs) {
        let Some(place) = mapping.0.get(column.key) else { continue };
        let own = raw.cells.get(*place).map(String::as_str).filter(|text| !text.is_empty());
        let offered = raw.merged.iter().find(|(at, _)| at == place && column.fills_down);
        let merged = offered.filter(|_| own.is_none()).map(|(_, value)| value.as_str());
        let Some(text) = own.or(merged) else { continue };
        let text = if column.verbatim { text.trim().to_owned() } else { fold(text) };
        if text.is_empty() || (column.personal && is_masked(&text)) {
            continue;
        }
        if is_emptying(&text) {
            values.emptied.push(column.key);
            continue;
        }
        if merged.is_some() {
            values.filled.push(column.key);
        }
        values.cells.insert(column.key, text);
    }
    values
}

/// Cells that the program which made the file could not calculate, and those that ask to empty what cannot be empty.
pub(super) fn faults(kind: &dyn Kind, row: &Values) -> Vec<Problem> {
    let broken = row.cells.iter().filter(|(_, text)| is_fault(text));
    let broken =
        broken.map(|(key, text)| Problem::new(key, &Text::new("import.formula_fault").with("fault", text)));
    let kept = |key: &str| kind.columns().iter().any(|column| column.key == key && !column.may_be_emptied);
    let emptied = row.emptied.iter().filter(|key| kept(key));
    let emptied = emptied.map(|key| Problem::new(key, &Text::new("import.cannot_be_emptied")));
    broken.chain(emptied).collect()
}

/// What a refusal says of a row; a fault of ours or a clash of timing is none of the row's and stays an error.
pub(super) fn problems(kind: &dyn Kind, error: Error) -> Result<Vec<Problem>> {
    if error.is_clash() || matches!(error.code, Code::Internal | Code::Busy) {
        return Err(error);
    }
    if error.fields.is_empty() {
        return Ok(vec![Problem::new("", &error.text)]);
    }
    let column =
        |name: &str| kind.columns().iter().find(|column| column.key == name).map_or("", |column| column.key);
    Ok(error.fields.iter().map(|broken| Problem::new(column(broken.name()), &broken.rule)).collect())
}

pub(super) fn to_json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::internal("import").because(error))
}
