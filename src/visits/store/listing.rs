use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::visits::{Condition, VisitRow, planned, within};
use crate::access::{Permission, Reach, Scope};
use crate::clock::{Calendar, Instant};
use crate::db::schema::{caregivers, elders, service_items, towns, visit_proofs, visits};
use crate::db::{AnyConnection, Backend};
use crate::error::{Error, Result};
use crate::listing::{ListRequest, Listed};
use crate::text::Text;

/// Rows per statement where numbers are listed one by one.
const IDS_MAX: usize = 10_000;
/// Visits shown of one elder.
const OF_ELDER_MAX: i64 = 30;

/// A visit with the names of those it concerns: who has the visit within reach may know them.
#[derive(Clone, Debug)]
pub struct VisitListed {
    pub visit: VisitRow,
    pub elder: String,
    pub service_zh: String,
    pub service_en: String,
    pub town_zh: String,
    pub town_en: String,
    pub caregiver: Option<String>,
}

/// Filters: day (today without one), town, state, strength, caregiver, elder, q (elder's name). Sorts: window, elder, service,
/// town, caregiver, state, strength.
pub fn list_visits(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
    (calendar, now): (Calendar, Instant),
) -> Result<Listed<VisitListed>> {
    let reach = scope.reach(Permission::SeeVisits)?;
    let day = match request.filter("day") {
        Some(text) => text.parse().map_err(|_| Error::field("day", Text::new("rule.date")))?,
        None => calendar.day_of(now),
    };
    let query = || filtered(&reach, request, day, (calendar, now));
    let total = query().count().get_result(connection)?;
    let rows = if let Some(after) = request.after_id {
        query().filter(visits::id.gt(after)).order(visits::id)
    } else {
        ordered(query(), request).then_order_by(visits::id).offset(request.offset)
    };
    let rows: Vec<VisitRow> = rows.limit(request.limit).select(VisitRow::as_select()).load(connection)?;
    Ok(Listed { rows: with_names(connection, rows)?, total })
}

/// The asker's own visits of today, in order of their times.
pub fn own_visits(
    connection: &mut AnyConnection,
    scope: &Scope,
    (calendar, now): (Calendar, Instant),
) -> Result<Vec<VisitListed>> {
    let reach = scope.reach(Permission::DoVisits)?;
    let own = Reach { caregivers: reach.caregivers, ..Reach::default() };
    let rows = visits::table
        .filter(planned())
        .filter(within(&own, calendar, now))
        .order(visits::starts_at)
        .select(VisitRow::as_select())
        .load(connection)?;
    with_names(connection, rows)
}

/// Today's, coming and recent visits of an elder within reach, newest first.
pub fn visits_of_elder(
    connection: &mut AnyConnection,
    scope: &Scope,
    elder_id: i64,
    (calendar, now): (Calendar, Instant),
) -> Result<Vec<VisitListed>> {
    if !scope.may(Permission::SeeVisits) {
        return Ok(Vec::new());
    }
    let reach = scope.reach(Permission::SeeVisits)?;
    let rows = visits::table
        .filter(visits::elder_id.eq(elder_id))
        .filter(planned())
        .filter(within(&reach, calendar, now))
        .order(visits::window_starts_at.desc())
        .limit(OF_ELDER_MAX)
        .select(VisitRow::as_select())
        .load(connection)?;
    with_names(connection, rows)
}

/// Visits of an elder whose window begins before an instant, newest first, for the timeline.
pub fn visits_of_elder_before(
    connection: &mut AnyConnection,
    scope: &Scope,
    (elder_id, before, limit): (i64, Instant, i64),
    (calendar, now): (Calendar, Instant),
) -> Result<Vec<VisitListed>> {
    let reach = scope.reach(Permission::SeeVisits)?;
    let rows = visits::table
        .filter(visits::elder_id.eq(elder_id))
        .filter(visits::window_starts_at.lt(before))
        .filter(planned())
        .filter(within(&reach, calendar, now))
        .order(visits::window_starts_at.desc())
        .limit(limit)
        .select(VisitRow::as_select())
        .load(connection)?;
    with_names(connection, rows)
}

fn filtered<'a>(
    reach: &Reach,
    request: &ListRequest,
    day: NaiveDate,
    (calendar, now): (Calendar, Instant),
) -> visits::BoxedQuery<'a, Backend> {
    let mut query = visits::table
        .filter(visits::service_on.eq(day))
        .filter(planned())
        .filter(within(reach, calendar, now))
        .into_boxed();
    if let Some(town) = request.filter("town") {
        query = query.filter(visits::town_code.eq(town.to_owned()));
    }
    if let Some(state) = request.filter("state") {
        query = query.filter(visits::state.eq(state.to_owned()));
    }
    if let Some(strength) = request.filter("strength") {
        let proven = visit_proofs::table
            .filter(visit_proofs::strength.eq(strength.to_owned()))
            .select(visit_proofs::visit_id);
        query = query.filter(visits::id.eq_any(proven));
    }
    if let Some(caregiver) = request.filter_id("caregiver") {
        query = query.filter(visits::caregiver_id.eq(caregiver));
    }
    if let Some(elder) = request.filter_id("elder") {
        query = query.filter(visits::elder_id.eq(elder));
    }
    if let Some(pattern) = request.search_pattern() {
        query = query.filter(of_elders_named(pattern));
    }
    query
}

fn of_elders_named(pattern: String) -> Condition {
    let named = elders::table.filter(elders::name.like(pattern).escape('\\')).select(elders::id);
    Box::new(visits::elder_id.eq_any(named))
}

fn ordered<'a>(
    query: visits::BoxedQuery<'a, Backend>,
    request: &ListRequest,
) -> visits::BoxedQuery<'a, Backend> {
    let elder = || elders::table.filter(elders::id.eq(visits::elder_id)).select(elders::name).single_value();
    let caregiver = || {
        let same = caregivers::id.nullable().eq(visits::caregiver_id);
        caregivers::table.filter(same).select(caregivers::name).single_value()
    };
    let strength = || {
        let same = visit_proofs::visit_id.eq(visits::id);
        visit_proofs::table.filter(same).select(visit_proofs::strength).single_value()
    };
    match request.sort_or("window") {
        ("strength", false) => query.order(strength().asc()),
        ("strength", true) => query.order(strength().desc()),
        ("elder", false) => query.order(elder().asc()),
        ("elder", true) => query.order(elder().desc()),
        ("service", false) => query.order(visits::service_code.asc()),
        ("service", true) => query.order(visits::service_code.desc()),
        ("town", false) => query.order(visits::town_code.asc()),
        ("town", true) => query.order(visits::town_code.desc()),
        ("caregiver", false) => query.order(caregiver().asc()),
        ("caregiver", true) => query.order(caregiver().desc()),
        ("state", false) => query.order(visits::state.asc()),
        ("state", true) => query.order(visits::state.desc()),
        (_, true) => query.order(visits::window_starts_at.desc()),
        (_, false) => query.order(visits::window_starts_at.asc()),
    }
}

/// Rows that the caller has within reach, with the names of those they concern.
pub fn with_names(connection: &mut AnyConnection, rows: Vec<VisitRow>) -> Result<Vec<VisitListed>> {
    let elder_names = names_by(
        &rows,
        |visit| Some(visit.elder_id),
        |ids| {
            let named = elders::table.filter(elders::id.eq_any(ids)).select((elders::id, elders::name));
            Ok(named.load(connection)?)
        },
    )?;
    let caregiver_names = names_by(
        &rows,
        |visit| visit.caregiver_id,
        |ids| {
            let named = caregivers::table
                .filter(caregivers::id.eq_any(ids))
                .select((caregivers::id, caregivers::name));
            Ok(named.load(connection)?)
        },
    )?;
    let services: Vec<(String, String, String)> = service_items::table
        .select((service_items::code, service_items::name_zh, service_items::name_en))
        .load(connection)?;
    let town_names: Vec<(String, String, String)> =
        towns::table.select((towns::code, towns::name_zh, towns::name_en)).load(connection)?;
    let pair = |names: &[(String, String, String)], code: &str| {
        let found = names.iter().find(|(known, _, _)| known == code);
        found.map(|(_, chinese, english)| (chinese.clone(), english.clone())).unwrap_or_default()
    };
    let listed = rows.into_iter().map(|visit| {
        let (service_zh, service_en) = pair(&services, &visit.service_code);
        let (town_zh, town_en) = pair(&town_names, &visit.town_code);
        VisitListed {
            elder: elder_names.get(&visit.elder_id).cloned().unwrap_or_default(),
            caregiver: visit.caregiver_id.and_then(|id| caregiver_names.get(&id).cloned()),
            service_zh,
            service_en,
            town_zh,
            town_en,
            visit,
        }
    });
    Ok(listed.collect())
}

fn names_by(
    rows: &[VisitRow],
    id_of: impl Fn(&VisitRow) -> Option<i64>,
    mut load: impl FnMut(Vec<i64>) -> Result<Vec<(i64, String)>>,
) -> Result<HashMap<i64, String>> {
    let mut ids: Vec<i64> = rows.iter().filter_map(id_of).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut names = HashMap::new();
    for part in ids.chunks(IDS_MAX) {
        names.extend(load(part.to_vec())?);
    }
    Ok(names)
}
