use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::result::Error as Failure;
use diesel::sql_types::Bool;
use serde::de::DeserializeOwned;

use crate::access::{Permission, Reach, Scope};
use crate::assessments::model::{AssessmentEvent, AssessmentState, Notes, Reason, Values};
use crate::clock::Instant;
use crate::db::schema::{assessment_events, assessment_transitions, assessments};
use crate::db::{AnyConnection, Backend, is_unique};
use crate::elders::store::within as elders_within;
use crate::error::{Conflict, Error, Result};
use crate::text::Text;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = assessments)]
pub struct AssessmentRow {
    pub id: i64,
    pub elder_id: i64,
    /// Where the elder lived when it was ordered.
    pub town_code: String,
    pub scale: String,
    /// Of the package that it was scored with.
    pub scale_version: Option<String>,
    pub reason: Reason,
    /// The one whose result it renews or questions.
    pub follows_id: Option<i64>,
    pub ordered_on: NaiveDate,
    /// When the elder's state changed, as reported.
    pub changed_on: Option<NaiveDate>,
    pub due_on: Option<NaiveDate>,
    pub draft: Option<String>,
    pub answers: Option<String>,
    pub facts: Option<String>,
    pub notes: Option<String>,
    pub parts: Option<String>,
    pub total: Option<i32>,
    pub unadjusted: Option<String>,
    pub level: Option<String>,
    pub adjustments: Option<String>,
    pub assessed_on: Option<NaiveDate>,
    /// Logins.
    pub assessor: Option<String>,
    pub reviewer: Option<String>,
    pub in_force_on: Option<NaiveDate>,
    pub state: AssessmentState,
    /// Number of the last event.
    pub version: i64,
}

/// What was answered and what it came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    pub answers: Values,
    pub facts: Values,
    pub notes: Notes,
    pub parts: BTreeMap<String, i32>,
    pub total: i32,
    pub unadjusted: String,
    pub level: String,
    pub adjustments: Vec<String>,
}

impl AssessmentRow {
    /// None while it is not done for the first time.
    pub fn written(&self) -> Result<Option<Written>> {
        let (Some(answers), Some(total), Some(unadjusted), Some(level)) =
            (&self.answers, self.total, &self.unadjusted, &self.level)
        else {
            return Ok(None);
        };
        Ok(Some(Written {
            answers: parse(Some(answers))?,
            facts: parse(self.facts.as_ref())?,
            notes: parse(self.notes.as_ref())?,
            parts: parse(self.parts.as_ref())?,
            total,
            unadjusted: unadjusted.clone(),
            level: level.clone(),
            adjustments: parse(self.adjustments.as_ref())?,
        }))
    }

    /// Whether its result counts now: in force, or in force until a dispute is decided.
    pub fn counts(&self) -> bool {
        let was_in_force = self.state == AssessmentState::Disputed && self.in_force_on.is_some();
        self.state == AssessmentState::InForce || was_in_force
    }
}

fn parse<T: DeserializeOwned + Default>(stored: Option<&String>) -> Result<T> {
    let Some(stored) = stored else { return Ok(T::default()) };
    serde_json::from_str(stored).map_err(|error| Error::internal("a stored assessment").because(error))
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = assessment_events)]
pub struct EventRow {
    pub seq: i64,
    pub kind: AssessmentEvent,
    pub at: Instant,
    pub actor: String,
    pub note: String,
}

#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = assessments)]
pub(in crate::assessments) struct NewAssessment {
    pub elder_id: i64,
    pub town_code: String,
    pub scale: String,
    pub reason: Reason,
    pub follows_id: Option<i64>,
    pub ordered_on: NaiveDate,
    pub changed_on: Option<NaiveDate>,
    pub due_on: Option<NaiveDate>,
}

/// What a finish or a correction stores, as columns.
#[derive(Clone, Debug, AsChangeset)]
#[diesel(table_name = assessments, treat_none_as_null = true)]
pub(in crate::assessments) struct Content {
    pub scale_version: String,
    pub answers: String,
    pub facts: String,
    pub notes: String,
    pub parts: String,
    pub total: i32,
    pub unadjusted: String,
    pub level: String,
    pub adjustments: String,
    pub assessed_on: NaiveDate,
    pub assessor: String,
    pub draft: Option<String>,
}

type Condition = Box<dyn BoxableExpression<assessments::table, Backend, SqlType = Bool>>;

/// The part of the table within reach: that of elders within reach.
pub(super) fn within(reach: &Reach, now: Instant) -> Condition {
    use diesel::dsl::sql;
    if reach.city {
        return Box::new(crate::db::always());
    }
    // diesel takes no boxed condition into a subquery; the text around it names nothing that comes from outside.
    let elders_in_reach = sql::<Bool>("assessments.elder_id IN (SELECT elders.id FROM elders WHERE ")
        .bind::<Bool, _>(elders_within(reach, now))
        .sql(")");
    Box::new(elders_in_reach)
}

/// Those with their first event; others do not exist for anybody.
pub(super) fn ordered() -> Condition {
    Box::new(assessments::state.ne(AssessmentState::Unordered))
}

/// Those whose result counts.
pub(super) fn counting() -> Condition {
    Box::new(
        assessments::state
            .eq(AssessmentState::InForce)
            .or(assessments::state.eq(AssessmentState::Disputed).and(assessments::in_force_on.is_not_null())),
    )
}

pub fn get_assessment(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    id: i64,
    now: Instant,
) -> Result<AssessmentRow> {
    let reach = scope.reach(permission)?;
    Ok(assessments::table
        .filter(assessments::id.eq(id))
        .filter(ordered())
        .filter(within(&reach, now))
        .select(AssessmentRow::as_select())
        .first(connection)?)
}

/// What happened to an assessment that the caller has within reach, in order.
pub fn events_of(connection: &mut AnyConnection, id: i64) -> Result<Vec<EventRow>> {
    Ok(assessment_events::table
        .filter(assessment_events::assessment_id.eq(id))
        .order(assessment_events::seq)
        .select(EventRow::as_select())
        .load(connection)?)
}

/// The legal moves as the database knows them.
pub fn transitions(connection: &mut AnyConnection) -> Result<Vec<(String, String, String)>> {
    Ok(assessment_transitions::table.load(connection)?)
}

/// The one of an elder and scale that is not decided on yet. For a caller who has reached the elder, as the next ones.
pub(in crate::assessments) fn open_of(
    connection: &mut AnyConnection,
    elder_id: i64,
    scale: &str,
) -> Result<Option<AssessmentRow>> {
    let open = [AssessmentState::Ordered, AssessmentState::Done, AssessmentState::Reviewed];
    Ok(assessments::table
        .filter(assessments::elder_id.eq(elder_id))
        .filter(assessments::scale.eq(scale))
        .filter(assessments::state.eq_any(open))
        .select(AssessmentRow::as_select())
        .first(connection)
        .optional()?)
}

/// Those of an elder and scale that a newer one in force replaces: the one in force and any that is disputed, newest first.
pub(in crate::assessments) fn current_of(
    connection: &mut AnyConnection,
    elder_id: i64,
    scale: &str,
) -> Result<Vec<AssessmentRow>> {
    Ok(assessments::table
        .filter(assessments::elder_id.eq(elder_id))
        .filter(assessments::scale.eq(scale))
        .filter(assessments::state.eq_any([AssessmentState::InForce, AssessmentState::Disputed]))
        .order((assessments::assessed_on.desc(), assessments::id.desc()))
        .select(AssessmentRow::as_select())
        .load(connection)?)
}

/// The day of an elder's last assessment by a scale, and whether there was any.
pub(in crate::assessments) fn last_assessed_on(
    connection: &mut AnyConnection,
    elder_id: i64,
    scale: &str,
) -> Result<Option<NaiveDate>> {
    Ok(assessments::table
        .filter(assessments::elder_id.eq(elder_id))
        .filter(assessments::scale.eq(scale))
        .filter(assessments::state.ne(AssessmentState::Withdrawn))
        .select(diesel::dsl::max(assessments::assessed_on))
        .first(connection)?)
}

/// The result by the same scale that came before.
pub fn previous_of(connection: &mut AnyConnection, row: &AssessmentRow) -> Result<Option<AssessmentRow>> {
    let decided = [AssessmentState::InForce, AssessmentState::Disputed, AssessmentState::Superseded];
    Ok(assessments::table
        .filter(assessments::elder_id.eq(row.elder_id))
        .filter(assessments::scale.eq(&row.scale))
        .filter(assessments::id.lt(row.id))
        .filter(assessments::state.eq_any(decided))
        .order((assessments::assessed_on.desc(), assessments::id.desc()))
        .select(AssessmentRow::as_select())
        .first(connection)
        .optional()?)
}

/// What stands beside an assessment: of each other scale the newest result of the elder that is not replaced.
pub fn standing_sheets(connection: &mut AnyConnection, row: &AssessmentRow) -> Result<Vec<AssessmentRow>> {
    let standing = [
        AssessmentState::Done,
        AssessmentState::Reviewed,
        AssessmentState::InForce,
        AssessmentState::Disputed,
    ];
    let rows: Vec<AssessmentRow> = assessments::table
        .filter(assessments::elder_id.eq(row.elder_id))
        .filter(assessments::scale.ne(&row.scale))
        .filter(assessments::state.eq_any(standing))
        .order((assessments::scale, assessments::assessed_on.desc(), assessments::id.desc()))
        .select(AssessmentRow::as_select())
        .load(connection)?;
    let mut newest: Vec<AssessmentRow> = Vec::new();
    for one in rows {
        if newest.last().is_none_or(|last| last.scale != one.scale) {
            newest.push(one);
        }
    }
    Ok(newest)
}

pub(in crate::assessments) fn insert_assessment(
    connection: &mut AnyConnection,
    new: &NewAssessment,
) -> Result<i64> {
    Ok(diesel::insert_into(assessments::table)
        .values(new.clone())
        .returning(assessments::id)
        .get_result(connection)?)
}

/// Stores content on version `seen`; false where another version is stored. The next setters are the same.
pub(in crate::assessments) fn set_content(
    connection: &mut AnyConnection,
    (id, seen): (i64, i64),
    content: &Content,
) -> Result<bool> {
    let target = assessments::table.filter(assessments::id.eq(id)).filter(assessments::version.eq(seen));
    Ok(diesel::update(target).set(content.clone()).execute(connection)? == 1)
}

pub(in crate::assessments) fn set_draft(
    connection: &mut AnyConnection,
    (id, seen): (i64, i64),
    draft: &str,
) -> Result<bool> {
    let target = assessments::table.filter(assessments::id.eq(id)).filter(assessments::version.eq(seen));
    Ok(diesel::update(target).set(assessments::draft.eq(draft)).execute(connection)? == 1)
}

pub(in crate::assessments) fn set_reviewer(
    connection: &mut AnyConnection,
    (id, seen): (i64, i64),
    reviewer: &str,
) -> Result<bool> {
    let target = assessments::table.filter(assessments::id.eq(id)).filter(assessments::version.eq(seen));
    Ok(diesel::update(target).set(assessments::reviewer.eq(reviewer)).execute(connection)? == 1)
}

pub(in crate::assessments) fn set_in_force_on(
    connection: &mut AnyConnection,
    (id, seen): (i64, i64),
    on: NaiveDate,
) -> Result<bool> {
    let target = assessments::table.filter(assessments::id.eq(id)).filter(assessments::version.eq(seen));
    Ok(diesel::update(target).set(assessments::in_force_on.eq(on)).execute(connection)? == 1)
}

/// An event that follows version `seen` of an assessment in `from_state`.
pub(in crate::assessments) struct EventValues<'a> {
    pub id: i64,
    pub seen: i64,
    pub from_state: AssessmentState,
    pub kind: AssessmentEvent,
    pub to_state: AssessmentState,
    pub at: Instant,
    pub actor: &'a str,
    pub note: &'a str,
    pub content: Option<&'a str>,
}

/// Adds the event; a trigger moves the assessment's state.
pub(in crate::assessments) fn insert_event(
    connection: &mut AnyConnection,
    event: &EventValues<'_>,
) -> Result<()> {
    diesel::insert_into(assessment_events::table)
        .values((
            assessment_events::assessment_id.eq(event.id),
            assessment_events::seq.eq(event.seen + 1),
            assessment_events::prev_seq.eq((event.seen > 0).then_some(event.seen)),
            assessment_events::kind.eq(event.kind),
            assessment_events::from_state.eq(event.from_state),
            assessment_events::to_state.eq(event.to_state),
            assessment_events::at.eq(event.at),
            assessment_events::actor.eq(event.actor),
            assessment_events::note.eq(event.note),
            assessment_events::content.eq(event.content),
        ))
        .execute(connection)
        .map_err(|failure| if is_unique(&failure) { clash(failure) } else { failure.into() })?;
    Ok(())
}

/// Either another event came first, or the elder has another assessment in that state.
fn clash(failure: Failure) -> Error {
    let Failure::DatabaseError(_, information) = &failure else { return failure.into() };
    // PostgreSQL names the index, SQLite its columns.
    let name = information.constraint_name().unwrap_or(information.message());
    if name.contains("assessment_events") {
        return Error::stale(Conflict::default()).because(failure);
    }
    let is_open = name.contains("open_once");
    let text = if is_open { "error.assessment_open" } else { "error.assessment_in_force" };
    Error::taken(Text::new(text)).because(failure)
}
