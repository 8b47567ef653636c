//! The rows of a batch: sealed as they came, and what each came to.

use std::collections::HashSet;

use diesel::prelude::*;

use crate::db::AnyConnection;
use crate::db::schema::{import_parts, import_rows};
use crate::error::Result;
use crate::imports::model::RowOutcome;
use crate::on_backend;

/// Rows of one statement: eight values each, below what SQLite binds.
const INSERT_MAX: usize = 1_000;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = import_rows)]
pub struct RowRow {
    pub number: i64,
    pub sheet: String,
    pub sheet_row: i64,
    pub outcome: RowOutcome,
    /// JSON: what is wrong with it, and its columns that a merged range filled.
    pub problems: String,
    pub filled: String,
}

#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = import_rows, treat_none_as_default_value = false)]
pub struct NewRow {
    pub import_id: i64,
    pub number: i64,
    pub sheet: String,
    pub sheet_row: i64,
    pub outcome: RowOutcome,
    pub problems: String,
    pub made: String,
    pub filled: String,
}

/// Rows by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub good: i64,
    pub unchanged: i64,
    pub refused: i64,
    pub applied: i64,
    pub failed: i64,
    pub reverted: i64,
    pub kept: i64,
}

impl Counts {
    pub fn of(&self, outcome: RowOutcome) -> i64 {
        let mut counts = *self;
        *counts.of_mut(outcome)
    }

    fn of_mut(&mut self, outcome: RowOutcome) -> &mut i64 {
        match outcome {
            RowOutcome::Good => &mut self.good,
            RowOutcome::Unchanged => &mut self.unchanged,
            RowOutcome::Refused => &mut self.refused,
            RowOutcome::Applied => &mut self.applied,
            RowOutcome::Failed => &mut self.failed,
            RowOutcome::Reverted => &mut self.reverted,
            RowOutcome::Kept => &mut self.kept,
        }
    }

    pub fn sum(&self) -> i64 {
        RowOutcome::ALL.iter().map(|outcome| self.of(*outcome)).sum()
    }
}

pub fn counts(connection: &mut AnyConnection, id: i64) -> Result<Counts> {
    let rows: Vec<(RowOutcome, i64)> = import_rows::table
        .filter(import_rows::import_id.eq(id))
        .group_by(import_rows::outcome)
        .select((import_rows::outcome, diesel::dsl::count_star()))
        .load(connection)?;
    let mut counts = Counts::default();
    for (outcome, count) in rows {
        *counts.of_mut(outcome) = count;
    }
    Ok(counts)
}

pub fn add_part(connection: &mut AnyConnection, id: i64, number: i64, sealed: &[u8]) -> Result<()> {
    diesel::insert_into(import_parts::table)
        .values((
            import_parts::import_id.eq(id),
            import_parts::number.eq(number),
            import_parts::content_sealed.eq(sealed),
        ))
        .execute(connection)?;
    Ok(())
}

/// How many parts there are.
pub fn parts(connection: &mut AnyConnection, id: i64) -> Result<i64> {
    Ok(import_parts::table.filter(import_parts::import_id.eq(id)).count().get_result(connection)?)
}

pub fn part(connection: &mut AnyConnection, id: i64, number: i64) -> Result<Vec<u8>> {
    Ok(import_parts::table
        .filter(import_parts::import_id.eq(id))
        .filter(import_parts::number.eq(number))
        .select(import_parts::content_sealed)
        .first(connection)?)
}

pub fn wipe_parts(connection: &mut AnyConnection, id: i64) -> Result<()> {
    diesel::delete(import_parts::table.filter(import_parts::import_id.eq(id))).execute(connection)?;
    Ok(())
}

pub fn insert_rows(connection: &mut AnyConnection, rows: &[NewRow]) -> Result<()> {
    for chunk in rows.chunks(INSERT_MAX) {
        on_backend!(connection, inner => diesel::insert_into(import_rows::table).values(chunk).execute(inner))?;
    }
    Ok(())
}

/// How many rows took values of merged ranges, and the first of them in order.
pub fn filled_rows(connection: &mut AnyConnection, id: i64, limit: i64) -> Result<(i64, Vec<RowRow>)> {
    let filled =
        || import_rows::table.filter(import_rows::import_id.eq(id)).filter(import_rows::filled.ne("[]"));
    let total = filled().count().get_result(connection)?;
    let rows =
        filled().order(import_rows::number).limit(limit).select(RowRow::as_select()).load(connection)?;
    Ok((total, rows))
}

/// Before another check; the database refuses it once a row was applied.
pub fn delete_rows(connection: &mut AnyConnection, id: i64) -> Result<()> {
    diesel::delete(import_rows::table.filter(import_rows::import_id.eq(id))).execute(connection)?;
    Ok(())
}

/// The numbers in `[from, to]` that wait to be applied.
pub fn good_numbers(connection: &mut AnyConnection, id: i64, (from, to): (i64, i64)) -> Result<HashSet<i64>> {
    let numbers: Vec<i64> = import_rows::table
        .filter(import_rows::import_id.eq(id))
        .filter(import_rows::outcome.eq(RowOutcome::Good))
        .filter(import_rows::number.between(from, to))
        .select(import_rows::number)
        .load(connection)?;
    Ok(numbers.into_iter().collect())
}

/// The last applied rows whose number is below `below`, the last first.
pub fn undo_numbers(connection: &mut AnyConnection, id: i64, below: i64, limit: i64) -> Result<Vec<i64>> {
    Ok(import_rows::table
        .filter(import_rows::import_id.eq(id))
        .filter(import_rows::outcome.eq_any([RowOutcome::Applied, RowOutcome::Kept]))
        .filter(import_rows::number.lt(below))
        .order(import_rows::number.desc())
        .limit(limit)
        .select(import_rows::number)
        .load(connection)?)
}

/// What a row made, as JSON.
pub fn made_of(connection: &mut AnyConnection, id: i64, number: i64) -> Result<String> {
    Ok(import_rows::table
        .filter(import_rows::import_id.eq(id))
        .filter(import_rows::number.eq(number))
        .select(import_rows::made)
        .first(connection)?)
}

/// Writes down what a row came to; the database refuses what is no legal step. None leaves what it made as it is.
pub fn mark(
    connection: &mut AnyConnection,
    id: i64,
    number: i64,
    outcome: RowOutcome,
    problems: &str,
    made: Option<&str>,
) -> Result<()> {
    let target =
        import_rows::table.filter(import_rows::import_id.eq(id)).filter(import_rows::number.eq(number));
    match made {
        Some(made) => diesel::update(target)
            .set((
                import_rows::outcome.eq(outcome),
                import_rows::problems.eq(problems),
                import_rows::made.eq(made),
            ))
            .execute(connection)?,
        None => diesel::update(target)
            .set((import_rows::outcome.eq(outcome), import_rows::problems.eq(problems)))
            .execute(connection)?,
    };
    Ok(())
}

/// Rows after number `after` in order, of some outcomes or of all.
pub fn list_rows(
    connection: &mut AnyConnection,
    id: i64,
    outcomes: &[RowOutcome],
    after: i64,
    limit: i64,
) -> Result<Vec<RowRow>> {
    let mut query = import_rows::table
        .filter(import_rows::import_id.eq(id))
        .filter(import_rows::number.gt(after))
        .into_boxed();
    if !outcomes.is_empty() {
        query = query.filter(import_rows::outcome.eq_any(outcomes.to_vec()));
    }
    Ok(query.order(import_rows::number).limit(limit).select(RowRow::as_select()).load(connection)?)
}
