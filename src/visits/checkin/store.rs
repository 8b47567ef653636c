use chrono::TimeDelta;
use diesel::prelude::*;

use super::model::{FileKind, NoPosition, Outcome, StepKind, TimeBasis};
use crate::access::seal::Cell;
use crate::access::{Permission, Scope};
use crate::clock::{Calendar, Instant};
use crate::db::AnyConnection;
use crate::db::schema::{visit_events, visit_files, visit_steps, visits};
use crate::db::store::continue_numbers;
use crate::elders::cards::CodeFound;
use crate::error::{Code, Result};
use crate::visits::model::VisitEvent;
use crate::visits::store::{VisitRow, get_visit, planned};

/// A phone that was without a network for longer than this has no say any more.
const LATE_DAYS: i64 = 3;

#[derive(Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = visit_steps)]
pub struct StepRow {
    pub id: i64,
    pub visit_id: i64,
    pub kind: StepKind,
    pub actor: String,
    pub caregiver_id: Option<i64>,
    /// Under which the phone sent it.
    pub request_key: String,
    pub received_at: Instant,
    pub device_at: Instant,
    pub happened_at: Instant,
    pub time_basis: TimeBasis,
    pub clock_off_ms: i64,
    pub clock_jumped: bool,
    pub offline: bool,
    pub longitude: Option<f64>,
    pub latitude: Option<f64>,
    pub accuracy_m: Option<f64>,
    pub no_position: Option<NoPosition>,
    pub code_matches: Option<bool>,
    pub reason: Option<String>,
    pub problem: Option<String>,
    pub note: String,
    pub outcome: Outcome,
    pub event_seq: Option<i64>,
    code_found: Option<CodeFound>,
}

impl StepRow {
    /// What the code was found to be; reports of before there were cards say only whether it was right.
    pub fn code(&self) -> Option<CodeFound> {
        let before = |matches| if matches { CodeFound::Right } else { CodeFound::Unknown };
        self.code_found.or(self.code_matches.map(before))
    }
}

#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = visit_steps)]
pub(super) struct NewStep {
    pub visit_id: i64,
    pub kind: StepKind,
    pub actor: String,
    pub user_id: i64,
    pub caregiver_id: Option<i64>,
    pub request_key: String,
    pub received_at: Instant,
    pub device_at: Instant,
    pub happened_at: Instant,
    pub time_basis: TimeBasis,
    pub clock_off_ms: i64,
    pub clock_jumped: bool,
    pub offline: bool,
    pub longitude: Option<f64>,
    pub latitude: Option<f64>,
    pub accuracy_m: Option<f64>,
    pub no_position: Option<NoPosition>,
    pub code_matches: Option<bool>,
    pub reason: Option<String>,
    pub problem: Option<String>,
    pub note: String,
    pub outcome: Outcome,
    pub event_seq: Option<i64>,
    pub code_found: Option<CodeFound>,
}

/// A kept picture, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = visit_files)]
pub struct FileRow {
    pub id: i64,
    pub visit_id: i64,
    pub step_id: i64,
    pub kind: FileKind,
    pub media: String,
    pub width: i32,
    pub height: i32,
    pub size_bytes: i64,
    pub digest: String,
}

#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = visit_files)]
pub(super) struct NewFile {
    pub id: i64,
    pub visit_id: i64,
    pub step_id: i64,
    pub kind: FileKind,
    pub media: String,
    pub width: i32,
    pub height: i32,
    pub size_bytes: i64,
    pub digest: String,
    pub sealed: Vec<u8>,
    pub at: Instant,
}

pub(super) fn cell(id: i64) -> Cell {
    Cell { table: "visit_files", row: id, column: "sealed" }
}

/// The visit that the asker may do, or was to do in the last days: a phone may have been without a network since.
pub(super) fn visit_of_step(
    connection: &mut AnyConnection,
    scope: &Scope,
    id: i64,
    (calendar, now): (Calendar, Instant),
) -> Result<VisitRow> {
    let refused = match get_visit(connection, scope, Permission::DoVisits, id, (calendar, now)) {
        Err(error) if error.code == Code::NotFound => error,
        other => return other,
    };
    let own: Vec<Option<i64>> = scope.reach(Permission::DoVisits)?.caregivers.into_iter().map(Some).collect();
    if own.is_empty() {
        return Err(refused);
    }
    let given = visit_events::table
        .filter(visit_events::visit_id.eq(id))
        .filter(visit_events::kind.eq_any([VisitEvent::Assign, VisitEvent::Accept]))
        .filter(visit_events::caregiver_id.eq_any(own).assume_not_null())
        .select(visit_events::visit_id);
    Ok(visits::table
        .filter(visits::id.eq(id))
        .filter(planned())
        .filter(visits::service_on.ge(calendar.day_of(now) - TimeDelta::days(LATE_DAYS)))
        .filter(visits::id.eq_any(given))
        .select(VisitRow::as_select())
        .first(connection)?)
}

pub(super) fn insert_step(connection: &mut AnyConnection, step: &NewStep) -> Result<i64> {
    Ok(diesel::insert_into(visit_steps::table)
        .values(step.clone())
        .returning(visit_steps::id)
        .get_result(connection)?)
}

pub(super) fn next_file_id(connection: &mut AnyConnection) -> Result<i64> {
    let last: Option<i64> = visit_files::table.select(diesel::dsl::max(visit_files::id)).first(connection)?;
    Ok(last.unwrap_or_default() + 1)
}

pub(super) fn insert_file(connection: &mut AnyConnection, file: &NewFile) -> Result<()> {
    diesel::insert_into(visit_files::table).values(file.clone()).execute(connection)?;
    continue_numbers(connection, &["visit_files"])
}

/// What was reported of a visit that the caller has within reach, in the order in which it happened.
pub fn steps_of(connection: &mut AnyConnection, visit_id: i64) -> Result<Vec<StepRow>> {
    Ok(visit_steps::table
        .filter(visit_steps::visit_id.eq(visit_id))
        .order((visit_steps::happened_at, visit_steps::id))
        .select(StepRow::as_select())
        .load(connection)?)
}

pub(super) fn kept_steps(connection: &mut AnyConnection, visit_id: i64) -> Result<Vec<StepRow>> {
    Ok(steps_of(connection, visit_id)?.into_iter().filter(|step| step.outcome == Outcome::Kept).collect())
}

pub(super) fn mark_taken(connection: &mut AnyConnection, id: i64, event_seq: i64) -> Result<()> {
    diesel::update(visit_steps::table.filter(visit_steps::id.eq(id)))
        .set((visit_steps::outcome.eq(Outcome::Taken), visit_steps::event_seq.eq(event_seq)))
        .execute(connection)?;
    Ok(())
}

/// A step that the asker has just reported.
pub(super) fn get_step(connection: &mut AnyConnection, id: i64) -> Result<StepRow> {
    let one = visit_steps::table.filter(visit_steps::id.eq(id)).select(StepRow::as_select());
    Ok(one.first(connection)?)
}

/// Pictures of a visit that the caller has within reach.
pub fn files_of(connection: &mut AnyConnection, visit_id: i64) -> Result<Vec<FileRow>> {
    Ok(visit_files::table
        .filter(visit_files::visit_id.eq(visit_id))
        .order(visit_files::id)
        .select(FileRow::as_select())
        .load(connection)?)
}

/// Whether another visit has one of these pictures.
pub fn is_repeated(connection: &mut AnyConnection, visit_id: i64, digests: &[String]) -> Result<bool> {
    let same = visit_files::table
        .filter(visit_files::digest.eq_any(digests.to_vec()))
        .filter(visit_files::kind.eq(FileKind::Photo))
        .filter(visit_files::visit_id.ne(visit_id));
    Ok(diesel::select(diesel::dsl::exists(same)).get_result(connection)?)
}

/// A picture's bytes as they are stored, of a visit that the caller has within reach.
pub fn sealed_file(connection: &mut AnyConnection, visit_id: i64, id: i64) -> Result<(FileRow, Vec<u8>)> {
    Ok(visit_files::table
        .filter(visit_files::visit_id.eq(visit_id))
        .filter(visit_files::id.eq(id))
        .select((FileRow::as_select(), visit_files::sealed))
        .first(connection)?)
}
