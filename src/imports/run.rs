//! Applying the good rows of a checked batch.

use std::sync::Arc;

use super::kinds::{Ground, Kind};
use super::model::{BatchState, RowOutcome, Values};
use super::store::{self, BatchRow};
use super::work::{PART_ROWS, Start, Work, problems, to_json};
use crate::access::Scope;
use crate::app::{App, Tx};
use crate::error::Result;

const START: Start = Start {
    state: BatchState::Running,
    from: &[BatchState::Checked],
    after_stopped: &[],
    action: "import.run",
    reads_rows: true,
};

/// Applies the good rows, or goes on with a run that was stopped. A row that is refused now, because something has changed
/// since the check, is written down with its reason; the others are applied all the same.
pub async fn run(app: &App, scope: &Scope, id: i64) -> Result<()> {
    finish(begin(app, scope, id).await?).await
}

pub(super) async fn begin(app: &App, scope: &Scope, id: i64) -> Result<Work> {
    Work::begin(app, scope, id, START, |_: &mut Tx<'_>, _: &BatchRow| Ok(())).await
}

pub(super) async fn finish(work: Work) -> Result<()> {
    let outcome = run_parts(&work).await;
    work.finish(outcome, BatchState::Done, BatchState::Checked).await
}

async fn run_parts(work: &Work) -> Result<()> {
    let (memory, parts) = work.memory().await?;
    let id = work.batch.id;
    for number in 0..parts {
        let range = (number * PART_ROWS + 1, (number + 1) * PART_ROWS);
        let good = work.app.db.read(move |connection| store::good_numbers(connection, id, range)).await?;
        if good.is_empty() {
            continue;
        }
        let mut rows = work.part(number).await?;
        rows.retain(|row| good.contains(&row.number));
        for row in &mut rows {
            work.kind.complete(&memory, row);
        }
        let (kind, ground, rows) = (work.kind, work.ground(), Arc::new(rows));
        work.step(move |tx| run_rows(tx, kind, &ground, &rows)).await?;
    }
    Ok(())
}

/// A row and the note of what it made are of one transaction: another runner finds it applied, or not at all.
fn run_rows(tx: &mut Tx<'_>, kind: &'static dyn Kind, ground: &Ground, rows: &[Values]) -> Result<()> {
    let id = ground.batch_id;
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(()) };
    let good = store::good_numbers(tx.connection, id, (first.number, last.number))?;
    for row in rows.iter().filter(|row| good.contains(&row.number)) {
        match tx.part(|tx| kind.apply(tx, ground, row)) {
            Ok(made) => {
                let outcome = if made.is_empty() { RowOutcome::Unchanged } else { RowOutcome::Applied };
                store::mark(tx.connection, id, row.number, outcome, "[]", Some(&to_json(&made)?))?;
            }
            Err(error) => {
                let problems = to_json(&problems(kind, error)?)?;
                store::mark(tx.connection, id, row.number, RowOutcome::Failed, &problems, None)?;
            }
        }
    }
    Ok(())
}
