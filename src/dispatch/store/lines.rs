//! The rows of proposals, and what became of them.

use diesel::dsl::count_star;
use diesel::prelude::*;

use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::{day_proposal_rows, day_proposals};
use crate::dispatch::model::{RowChange, RowDecision};
use crate::dispatch::search::{Best, Proposed};
use crate::error::Result;
use crate::on_backend;

const ROWS_MAX: usize = 1_000;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = day_proposal_rows)]
pub struct LineRow {
    pub proposal_id: i64,
    pub visit_id: i64,
    pub visit_version: i64,
    pub change: RowChange,
    pub fixed: bool,
    pub caregiver_before_id: Option<i64>,
    pub starts_before_at: Option<Instant>,
    pub caregiver_after_id: Option<i64>,
    pub starts_after_at: Option<Instant>,
    /// JSON.
    pub reasons: String,
    pub decision: RowDecision,
    /// JSON; empty where nothing was refused.
    pub refusal: String,
    pub decided_by: Option<String>,
    pub decided_at: Option<Instant>,
}

#[derive(Insertable)]
#[diesel(table_name = day_proposal_rows, treat_none_as_default_value = false)]
struct NewLine {
    proposal_id: i64,
    visit_id: i64,
    visit_version: i64,
    change: RowChange,
    fixed: bool,
    caregiver_before_id: Option<i64>,
    starts_before_at: Option<Instant>,
    caregiver_after_id: Option<i64>,
    starts_after_at: Option<Instant>,
    reasons: String,
}

/// The rows of a proposal within reach.
pub fn lines_of(connection: &mut AnyConnection, proposal_id: i64) -> Result<Vec<LineRow>> {
    Ok(day_proposal_rows::table
        .filter(day_proposal_rows::proposal_id.eq(proposal_id))
        .order((day_proposal_rows::starts_after_at, day_proposal_rows::visit_id))
        .select(LineRow::as_select())
        .load(connection)?)
}

/// Keeps what was found.
pub(in crate::dispatch) fn insert_lines(
    connection: &mut AnyConnection,
    (id, digest): (i64, &str),
    best: Best,
    rows: &[Proposed],
) -> Result<()> {
    diesel::update(day_proposals::table.filter(day_proposals::id.eq(id)))
        .set((
            day_proposals::problem_digest.eq(digest),
            day_proposals::best_cost.eq(best.cost),
            day_proposals::visit_count.eq(best.visit_count),
            day_proposals::served_count.eq(best.served_count),
            day_proposals::travel_s.eq(best.travel_s),
        ))
        .execute(connection)?;
    for part in rows.chunks(ROWS_MAX) {
        let lines: Vec<NewLine> = part.iter().map(|row| line(id, row)).collect();
        on_backend!(connection, inner => {
            diesel::insert_into(day_proposal_rows::table).values(&lines).execute(inner)
        })?;
    }
    Ok(())
}

fn line(proposal_id: i64, row: &Proposed) -> NewLine {
    NewLine {
        proposal_id,
        visit_id: row.visit_id,
        visit_version: row.version,
        change: row.change,
        fixed: row.fixed,
        caregiver_before_id: row.before.map(|(id, _)| id),
        starts_before_at: row.before.map(|(_, at)| at),
        caregiver_after_id: row.after.map(|(id, _)| id),
        starts_after_at: row.after.map(|(_, at)| at),
        reasons: serde_json::to_string(&row.reasons).unwrap_or_default(),
    }
}

/// Writes down what became of a row.
pub(in crate::dispatch) fn decide(
    connection: &mut AnyConnection,
    (proposal_id, visit_id): (i64, i64),
    (decision, refusal): (RowDecision, &str),
    (by, at): (&str, Instant),
) -> Result<()> {
    diesel::update(day_proposal_rows::table.find((proposal_id, visit_id)))
        .set((
            day_proposal_rows::decision.eq(decision),
            day_proposal_rows::refusal.eq(refusal),
            day_proposal_rows::decided_by.eq(by),
            day_proposal_rows::decided_at.eq(at),
        ))
        .execute(connection)?;
    Ok(())
}

pub fn decision_of(connection: &mut AnyConnection, proposal_id: i64, visit_id: i64) -> Result<RowDecision> {
    let row = day_proposal_rows::table.find((proposal_id, visit_id));
    Ok(row.select(day_proposal_rows::decision).first(connection)?)
}

/// How many rows that change something stand where.
pub fn decisions(connection: &mut AnyConnection, proposal_id: i64) -> Result<Vec<(RowDecision, i64)>> {
    Ok(day_proposal_rows::table
        .filter(day_proposal_rows::proposal_id.eq(proposal_id))
        .filter(day_proposal_rows::change.eq_any([RowChange::New, RowChange::Moved]))
        .group_by(day_proposal_rows::decision)
        .select((day_proposal_rows::decision, count_star()))
        .load(connection)?)
}
