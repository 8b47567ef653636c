use std::collections::HashMap;

use diesel::prelude::*;

use super::rows::{AssessmentRow, EventRow, ordered, within};
use crate::access::{Permission, Reach, Scope};
use crate::clock::Instant;
use crate::db::schema::{assessment_events, assessments, elders, towns, users};
use crate::db::{AnyConnection, Backend};
use crate::error::Result;
use crate::listing::{ListRequest, Listed};

/// Rows per statement where numbers are listed one by one.
const IDS_MAX: usize = 10_000;
/// Assessments shown of one elder.
const OF_ELDER_MAX: i64 = 30;

/// An assessment with the names of those it concerns: who has it within reach may know them.
#[derive(Clone, Debug)]
pub struct AssessmentListed {
    pub row: AssessmentRow,
    pub elder: String,
    pub town_zh: String,
    pub town_en: String,
}

/// Filters: q (elder's name), scale, state, town, level, elder. Sorts: elder, scale, state, level, town, ordered_on,
/// assessed_on, due_on.
pub fn list_assessments(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
    now: Instant,
) -> Result<Listed<AssessmentListed>> {
    let reach = scope.reach(Permission::SeeAssessments)?;
    let total = filtered(&reach, request, now).count().get_result(connection)?;
    let query = filtered(&reach, request, now);
    let query = if let Some(after) = request.after_id {
        query.filter(assessments::id.gt(after)).order(assessments::id)
    } else {
        sorted(query, request).then_order_by(assessments::id.desc()).offset(request.offset)
    };
    let rows = query.limit(request.limit).select(AssessmentRow::as_select()).load(connection)?;
    Ok(Listed { rows: with_names(connection, rows)?, total })
}

/// An elder's assessments within reach, newest first; none for somebody who may see none.
pub fn assessments_of_elder(
    connection: &mut AnyConnection,
    scope: &Scope,
    elder_id: i64,
    now: Instant,
) -> Result<Vec<AssessmentListed>> {
    if !scope.may(Permission::SeeAssessments) {
        return Ok(Vec::new());
    }
    let reach = scope.reach(Permission::SeeAssessments)?;
    let rows = assessments::table
        .filter(assessments::elder_id.eq(elder_id))
        .filter(ordered())
        .filter(within(&reach, now))
        .order((assessments::ordered_on.desc(), assessments::id.desc()))
        .limit(OF_ELDER_MAX)
        .select(AssessmentRow::as_select())
        .load(connection)?;
    with_names(connection, rows)
}

/// The steps of an elder's assessments within reach before an instant, newest first.
pub fn events_of_elder_before(
    connection: &mut AnyConnection,
    scope: &Scope,
    (elder_id, before, limit): (i64, Instant, i64),
    now: Instant,
) -> Result<Vec<(EventRow, AssessmentRow)>> {
    let reach = scope.reach(Permission::SeeAssessments)?;
    let found: Vec<AssessmentRow> = assessments::table
        .filter(assessments::elder_id.eq(elder_id))
        .filter(ordered())
        .filter(within(&reach, now))
        .select(AssessmentRow::as_select())
        .load(connection)?;
    let ids: Vec<i64> = found.iter().map(|row| row.id).collect();
    let steps: Vec<(i64, EventRow)> = assessment_events::table
        .filter(assessment_events::assessment_id.eq_any(ids))
        .filter(assessment_events::at.lt(before))
        .order((
            assessment_events::at.desc(),
            assessment_events::assessment_id.desc(),
            assessment_events::seq.desc(),
        ))
        .limit(limit)
        .select((assessment_events::assessment_id, EventRow::as_select()))
        .load(connection)?;
    let of = |id: i64| found.iter().find(|row| row.id == id).cloned();
    Ok(steps.into_iter().filter_map(|(id, step)| Some((step, of(id)?))).collect())
}

fn filtered<'a>(reach: &Reach, request: &ListRequest, now: Instant) -> assessments::BoxedQuery<'a, Backend> {
    let mut query = assessments::table.filter(ordered()).filter(within(reach, now)).into_boxed();
    if let Some(scale) = request.filter("scale") {
        query = query.filter(assessments::scale.eq(scale.to_owned()));
    }
    if let Some(state) = request.filter("state") {
        query = query.filter(assessments::state.eq(state.to_owned()));
    }
    if let Some(town) = request.filter("town") {
        query = query.filter(assessments::town_code.eq(town.to_owned()));
    }
    if let Some(level) = request.filter("level") {
        query = query.filter(assessments::level.eq(level.to_owned()));
    }
    if let Some(elder) = request.filter_id("elder") {
        query = query.filter(assessments::elder_id.eq(elder));
    }
    if let Some(pattern) = request.search_pattern() {
        let named = elders::table.filter(elders::name.like(pattern).escape('\\')).select(elders::id);
        query = query.filter(assessments::elder_id.eq_any(named));
    }
    query
}

fn sorted<'a>(
    query: assessments::BoxedQuery<'a, Backend>,
    request: &ListRequest,
) -> assessments::BoxedQuery<'a, Backend> {
    let elder =
        || elders::table.filter(elders::id.eq(assessments::elder_id)).select(elders::name).single_value();
    match request.sort.as_ref().map_or(("ordered_on", true), |(key, descending)| (key.as_str(), *descending))
    {
        ("elder", false) => query.order(elder().asc()),
        ("elder", true) => query.order(elder().desc()),
        ("scale", false) => query.order(assessments::scale.asc()),
        ("scale", true) => query.order(assessments::scale.desc()),
        ("state", false) => query.order(assessments::state.asc()),
        ("state", true) => query.order(assessments::state.desc()),
        ("level", false) => query.order((assessments::scale.asc(), assessments::total.desc())),
        ("level", true) => query.order((assessments::scale.asc(), assessments::total.asc())),
        ("town", false) => query.order(assessments::town_code.asc()),
        ("town", true) => query.order(assessments::town_code.desc()),
        ("assessed_on", false) => query.order(assessments::assessed_on.asc()),
        ("assessed_on", true) => query.order(assessments::assessed_on.desc()),
        ("due_on", false) => query.order(assessments::due_on.asc()),
        ("due_on", true) => query.order(assessments::due_on.desc()),
        (_, false) => query.order(assessments::ordered_on.asc()),
        (_, true) => query.order(assessments::ordered_on.desc()),
    }
}

/// Rows that the caller has within reach, with the names of those they concern.
pub fn with_names(connection: &mut AnyConnection, rows: Vec<AssessmentRow>) -> Result<Vec<AssessmentListed>> {
    let names = elder_names(connection, rows.iter().map(|row| row.elder_id).collect())?;
    let town_names = town_names(connection)?;
    let listed = rows.into_iter().map(|row| {
        let (town_zh, town_en) = town_names.get(&row.town_code).cloned().unwrap_or_default();
        AssessmentListed {
            elder: names.get(&row.elder_id).cloned().unwrap_or_default(),
            town_zh,
            town_en,
            row,
        }
    });
    Ok(listed.collect())
}

pub(super) fn elder_names(connection: &mut AnyConnection, mut ids: Vec<i64>) -> Result<HashMap<i64, String>> {
    ids.sort_unstable();
    ids.dedup();
    let mut names = HashMap::new();
    for part in ids.chunks(IDS_MAX) {
        let found: Vec<(i64, String)> = elders::table
            .filter(elders::id.eq_any(part.to_vec()))
            .select((elders::id, elders::name))
            .load(connection)?;
        names.extend(found);
    }
    Ok(names)
}

pub(super) fn town_names(connection: &mut AnyConnection) -> Result<HashMap<String, (String, String)>> {
    let found: Vec<(String, String, String)> =
        towns::table.select((towns::code, towns::name_zh, towns::name_en)).load(connection)?;
    Ok(found.into_iter().map(|(code, chinese, english)| (code, (chinese, english))).collect())
}

/// The names of those who wrote something of an assessment that the caller has within reach, by login.
pub fn actor_names(connection: &mut AnyConnection, logins: &[String]) -> Result<HashMap<String, String>> {
    let found: Vec<(String, String)> = users::table
        .filter(users::login.eq_any(logins.to_vec()))
        .select((users::login, users::name))
        .load(connection)?;
    Ok(found.into_iter().collect())
}
