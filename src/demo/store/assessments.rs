//! Rows of assessments.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::bulk::BINDS_MAX;
use crate::assessments::{AssessmentEvent, AssessmentState, Reason};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::{assessment_events, assessments};
use crate::error::Result;
use crate::on_backend;

bulk!(insert_assessments, assessments, AssessmentRow {
    id: i64,
    elder_id: i64,
    town_code: String,
    scale: String,
    scale_version: Option<String>,
    reason: Reason,
    follows_id: Option<i64>,
    ordered_on: NaiveDate,
    changed_on: Option<NaiveDate>,
    due_on: Option<NaiveDate>,
    answers: Option<String>,
    facts: Option<String>,
    notes: Option<String>,
    parts: Option<String>,
    total: Option<i32>,
    unadjusted: Option<String>,
    level: Option<String>,
    adjustments: Option<String>,
    assessed_on: Option<NaiveDate>,
    assessor: Option<&'static str>,
    reviewer: Option<&'static str>,
    in_force_on: Option<NaiveDate>,
});

bulk!(insert_same_assessment_step, assessment_events, AssessmentEventRow {
    assessment_id: i64,
    seq: i64,
    prev_seq: Option<i64>,
    kind: AssessmentEvent,
    from_state: AssessmentState,
    to_state: AssessmentState,
    at: Instant,
    actor: &'static str,
    note: &'static str,
    content: Option<String>,
});

/// Events of one assessment go in one statement after another, and those of an earlier assessment of an elder before those
/// of a later one, which takes its place.
pub(in crate::demo) fn insert_assessment_events(
    connection: &mut AnyConnection,
    mut events: Vec<AssessmentEventRow>,
) -> Result<()> {
    let replaced: std::collections::HashSet<i64> = events
        .iter()
        .filter(|event| event.kind == AssessmentEvent::Supersede)
        .map(|event| event.assessment_id)
        .collect();
    let is_later = |event: &AssessmentEventRow| !replaced.contains(&event.assessment_id);
    events.sort_by_key(|event| (is_later(event), event.seq, event.assessment_id));
    for step in events.chunk_by(|a, b| a.seq == b.seq && is_later(a) == is_later(b)) {
        insert_same_assessment_step(connection, step)?;
    }
    Ok(())
}
