//! Rows of assessments.

use std::collections::HashSet;

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
    assessor: Option<String>,
    reviewer: Option<String>,
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

/// Events of one assessment go in one statement after another, and those of `later` assessments, which follow an earlier one of
/// the same elder, after all of the earlier ones.
pub(in crate::demo) fn insert_assessment_events(
    connection: &mut AnyConnection,
    mut events: Vec<AssessmentEventRow>,
    later: &HashSet<i64>,
) -> Result<()> {
    let place = |event: &AssessmentEventRow| (later.contains(&event.assessment_id), event.seq);
    events.sort_by_key(|event| (place(event), event.assessment_id));
    for step in events.chunk_by(|a, b| place(a) == place(b)) {
        insert_same_assessment_step(connection, step)?;
    }
    Ok(())
}
