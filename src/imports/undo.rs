//! Taking a batch back, the last row first.

use super::kinds::Kind;
use super::model::{BatchState, Made, RowOutcome};
use super::store::{self, BatchRow};
use super::work::{Start, Work, problems, to_json};
use crate::access::Scope;
use crate::app::{App, Tx};
use crate::error::{Code, Error, Result};
use crate::text::Text;

const START: Start = Start {
    state: BatchState::Undoing,
    from: &[BatchState::Checked, BatchState::Done, BatchState::Undone],
    // What a run has written until it was stopped is known row by row.
    after_stopped: &[BatchState::Running],
    action: "import.undo",
    reads_rows: false,
};
/// Rows of one transaction.
const STEP_ROWS: i64 = 100;

/// Reverts what the batch made and changed. A row whose records have changed since, or are in use, is kept and says so; it is
/// tried again where the batch is undone once more.
pub async fn undo(app: &App, scope: &Scope, id: i64) -> Result<()> {
    finish(begin(app, scope, id).await?).await
}

pub(super) async fn begin(app: &App, scope: &Scope, id: i64) -> Result<Work> {
    Work::begin(app, scope, id, START, prepare).await
}

pub(super) async fn finish(work: Work) -> Result<()> {
    let outcome = undo_rows(&work).await;
    work.finish(outcome, BatchState::Undone, BatchState::Done).await
}

fn prepare(tx: &mut Tx<'_>, batch: &BatchRow) -> Result<()> {
    let counts = store::counts(tx.connection, batch.id)?;
    if counts.applied + counts.kept > 0 {
        return Ok(());
    }
    Err(Error::new(Code::IllegalMove, Text::new("import.nothing_to_undo")))
}

async fn undo_rows(work: &Work) -> Result<()> {
    let (id, kind) = (work.batch.id, work.kind);
    let mut below = i64::MAX;
    loop {
        let lowest = work.step(move |tx| undo_step(tx, kind, id, below)).await?;
        match lowest {
            Some(number) => below = number,
            None => return Ok(()),
        }
    }
}

/// Gives the lowest number that was looked at; none where nothing is left.
fn undo_step(tx: &mut Tx<'_>, kind: &'static dyn Kind, id: i64, below: i64) -> Result<Option<i64>> {
    let numbers = store::undo_numbers(tx.connection, id, below, STEP_ROWS)?;
    for number in &numbers {
        let made: Vec<Made> = serde_json::from_str(&store::made_of(tx.connection, id, *number)?)
            .map_err(|error| Error::internal("what a row made").because(error))?;
        let reverted = tx.part(|tx| made.iter().rev().try_for_each(|made| kind.undo(tx, made)));
        match reverted {
            Ok(()) => store::mark(tx.connection, id, *number, RowOutcome::Reverted, "[]", None)?,
            Err(error) => {
                let problems = to_json(&problems(kind, error)?)?;
                store::mark(tx.connection, id, *number, RowOutcome::Kept, &problems, None)?;
            }
        }
    }
    Ok(numbers.last().copied())
}
