use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;

use super::listing::{elder_names, town_names};
use super::rows::{counting, within};
use crate::access::{Permission, Reach, Scope};
use crate::assessments::library::Practice;
use crate::assessments::model::{AssessmentState, DueKind, FirstFor, add_months};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::{assessments, elders};
use crate::elders::store::within as elders_within;
use crate::error::Result;
use crate::listing::ListRequest;

/// Renewals are listed so many days before they are due.
const RENEWAL_AHEAD_DAYS: i64 = 30;

/// Somebody who is to be assessed, and by when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueRow {
    pub kind: DueKind,
    pub elder_id: i64,
    pub elder: String,
    pub town_code: String,
    pub town_zh: String,
    pub town_en: String,
    pub scale: String,
    /// None where no day is set.
    pub due_on: Option<NaiveDate>,
    /// The one that was ordered, or the one whose result grows old.
    pub assessment_id: Option<i64>,
}

impl DueRow {
    pub fn is_overdue(&self, today: NaiveDate) -> bool {
        self.due_on.is_some_and(|day| day < today)
    }
}

type Found = (i64, String, String, Option<NaiveDate>, i64);

/// Everybody who is due within reach, most urgent first. Filters: q (elder's name), scale, town, kind, overdue.
pub fn due_list(
    connection: &mut AnyConnection,
    scope: &Scope,
    practice: &Practice,
    request: &ListRequest,
    (today, now): (NaiveDate, Instant),
) -> Result<Vec<DueRow>> {
    let reach = scope.reach(Permission::SeeAssessments)?;
    let wanted = |kind: DueKind| request.filter("kind").is_none_or(|name| name == kind.name());
    let mut rows = Vec::new();
    if wanted(DueKind::Ordered) {
        rows.extend(ordered(connection, &reach, now)?);
    }
    if wanted(DueKind::Renewal) && practice.renewal_months > 0 {
        rows.extend(renewals(connection, &reach, practice.renewal_months, (today, now))?);
    }
    if wanted(DueKind::First) {
        let scales: Vec<&str> = practice
            .scales
            .all_current(today)
            .filter(|package| package.first_for == Some(FirstFor::HomeVisits))
            .map(|package| package.code.as_str())
            .collect();
        for scale in scales {
            rows.extend(firsts(connection, &reach, scale, now)?);
        }
    }
    if let Some(scale) = request.filter("scale") {
        rows.retain(|row| row.scale == scale);
    }
    if let Some(town) = request.filter("town") {
        rows.retain(|row| row.town_code == town);
    }
    if let Some(overdue) = request.filter_flag("overdue") {
        rows.retain(|row| row.is_overdue(today) == overdue);
    }
    name(connection, &mut rows)?;
    if let Some(part) = request.filter("q") {
        rows.retain(|row| row.elder.contains(part.trim()));
    }
    rows.sort_by_key(|row| (row.due_on.is_none(), row.due_on, row.elder_id, row.kind));
    Ok(rows)
}

fn row(kind: DueKind, (elder_id, town_code, scale, due_on, id): Found) -> DueRow {
    DueRow {
        kind,
        elder_id,
        elder: String::new(),
        town_code,
        town_zh: String::new(),
        town_en: String::new(),
        scale,
        due_on,
        assessment_id: Some(id),
    }
}

fn ordered(connection: &mut AnyConnection, reach: &Reach, now: Instant) -> Result<Vec<DueRow>> {
    let found: Vec<Found> = assessments::table
        .filter(assessments::state.eq(AssessmentState::Ordered))
        .filter(within(reach, now))
        .select((
            assessments::elder_id,
            assessments::town_code,
            assessments::scale,
            assessments::due_on,
            assessments::id,
        ))
        .load(connection)?;
    Ok(found.into_iter().map(|found| row(DueKind::Ordered, found)).collect())
}

/// Results that are old, or soon will be, of living elders who have no open assessment.
fn renewals(
    connection: &mut AnyConnection,
    reach: &Reach,
    months: u32,
    (today, now): (NaiveDate, Instant),
) -> Result<Vec<DueRow>> {
    let horizon = today + TimeDelta::days(RENEWAL_AHEAD_DAYS);
    // Months differ in length: a day more is asked for, and sorted out here.
    let before = horizon - chrono::Months::new(months) + TimeDelta::days(3);
    let living = elders::table.filter(elders::died_at.is_null()).select(elders::id);
    let open = [AssessmentState::Ordered, AssessmentState::Done, AssessmentState::Reviewed];
    let opened: Vec<(i64, String)> = assessments::table
        .filter(assessments::state.eq_any(open))
        .filter(within(reach, now))
        .select((assessments::elder_id, assessments::scale))
        .load(connection)?;
    let opened: std::collections::HashSet<(i64, String)> = opened.into_iter().collect();
    let found: Vec<Found> = assessments::table
        .filter(counting())
        .filter(assessments::assessed_on.le(before))
        .filter(assessments::elder_id.eq_any(living))
        .filter(within(reach, now))
        .select((
            assessments::elder_id,
            assessments::town_code,
            assessments::scale,
            assessments::assessed_on,
            assessments::id,
        ))
        .load(connection)?;
    let due = found.into_iter().filter_map(|(elder, town, scale, assessed_on, id)| {
        let due_on = add_months(assessed_on?, months);
        let is_due = due_on <= horizon && !opened.contains(&(elder, scale.clone()));
        is_due.then(|| row(DueKind::Renewal, (elder, town, scale, Some(due_on), id)))
    });
    Ok(due.collect())
}

/// Living elders with visits at home who have never been assessed by a scale.
fn firsts(connection: &mut AnyConnection, reach: &Reach, scale: &str, now: Instant) -> Result<Vec<DueRow>> {
    let known = assessments::table
        .filter(assessments::scale.eq(scale))
        .filter(assessments::state.ne(AssessmentState::Withdrawn))
        .select(assessments::elder_id);
    let found: Vec<(i64, String)> = elders::table
        .filter(elders::home_visits.eq(true))
        .filter(elders::died_at.is_null())
        .filter(elders::id.ne_all(known))
        .filter(elders_within(reach, now))
        .select((elders::id, elders::town_code))
        .load(connection)?;
    let rows = found.into_iter().map(|(elder, town)| DueRow {
        assessment_id: None,
        ..row(DueKind::First, (elder, town, scale.to_owned(), None, 0))
    });
    Ok(rows.collect())
}

fn name(connection: &mut AnyConnection, rows: &mut [DueRow]) -> Result<()> {
    let names = elder_names(connection, rows.iter().map(|row| row.elder_id).collect())?;
    let towns = town_names(connection)?;
    for row in rows {
        row.elder = names.get(&row.elder_id).cloned().unwrap_or_default();
        (row.town_zh, row.town_en) = towns.get(&row.town_code).cloned().unwrap_or_default();
    }
    Ok(())
}
