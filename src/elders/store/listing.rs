//! The list of elders, with the names of the places and categories that rows refer to.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use diesel::prelude::*;

use super::eligibility::{Category, categories_of, holds};
use super::{Condition, ElderRow, IDS_MAX, within};
use crate::access::{Permission, Reach, Scope};
use crate::clock::{Calendar, Instant};
use crate::db::schema::{elders, institutions, stays, towns, villages, visits};
use crate::db::{AnyConnection, Backend};
use crate::error::Result;
use crate::listing::{ListRequest, Listed};

/// Longer than this nobody looks back.
const UNSEEN_DAYS_MAX: u64 = 3_650;

/// A row of the list.
#[derive(Clone)]
pub struct ElderListed {
    pub elder: ElderRow,
    pub town_zh: String,
    pub town_en: String,
    pub village: String,
    /// What entitles the elder today.
    pub categories: Vec<Category>,
    /// Number and name of the institution where the elder lives now.
    pub institution: Option<(i64, String)>,
}

/// Filters: q (name), town, home_visits, category (held today), resident (in an institution now), unseen_days (at home and
/// not visited for so many days). Sorts: name, gender, age, town, village, home_visits.
pub fn list_elders(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
    at: (Calendar, Instant),
) -> Result<Listed<ElderListed>> {
    let reach = scope.reach(Permission::SeeElders)?;
    let total = filtered(&reach, request, at).count().get_result(connection)?;
    let mut query = filtered(&reach, request, at);
    if let Some(after) = request.after_id {
        query = query.filter(elders::id.gt(after)).order(elders::id);
    } else {
        query = ordered(query, request).then_order_by(elders::id).offset(request.offset);
    }
    let rows: Vec<ElderRow> = query.limit(request.limit).select(ElderRow::as_select()).load(connection)?;
    Ok(Listed { rows: with_places(connection, rows, at)?, total })
}

/// The same rows for somebody who may see personal data of them, in order of their numbers.
pub(in crate::elders) fn list_to_reveal(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
    at: (Calendar, Instant),
) -> Result<Vec<ElderRow>> {
    let reach = scope.reach(Permission::UnmaskElder)?;
    let query = filtered(&reach, request, at).order(elders::id).limit(request.limit);
    Ok(query.select(ElderRow::as_select()).load(connection)?)
}

/// Names of the places that rows refer to.
pub(in crate::elders) fn with_places(
    connection: &mut AnyConnection,
    rows: Vec<ElderRow>,
    (calendar, now): (Calendar, Instant),
) -> Result<Vec<ElderListed>> {
    let town_names: Vec<(String, String, String)> =
        towns::table.select((towns::code, towns::name_zh, towns::name_en)).load(connection)?;
    let town_names: HashMap<String, (String, String)> =
        town_names.into_iter().map(|(code, chinese, english)| (code, (chinese, english))).collect();
    let village_names: Vec<(String, String)> =
        villages::table.select((villages::code, villages::name_zh)).load(connection)?;
    let village_names: HashMap<String, String> = village_names.into_iter().collect();
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut homes = homes_of(connection, &ids, now)?;
    let mut held = categories_of(connection, &ids, calendar.day_of(now))?;
    let listed = rows.into_iter().map(|elder| {
        let (town_zh, town_en) = town_names.get(&elder.town_code).cloned().unwrap_or_default();
        ElderListed {
            town_zh,
            town_en,
            village: village_names.get(&elder.village_code).cloned().unwrap_or_default(),
            categories: held.remove(&elder.id).unwrap_or_default(),
            institution: homes.remove(&elder.id),
            elder,
        }
    });
    Ok(listed.collect())
}

/// Where elders live at `now`, as number and name of the institution.
fn homes_of(
    connection: &mut AnyConnection,
    ids: &[i64],
    now: Instant,
) -> Result<HashMap<i64, (i64, String)>> {
    let mut homes = HashMap::new();
    for part in ids.chunks(IDS_MAX) {
        let found: Vec<(i64, i64, String)> = stays::table
            .inner_join(institutions::table.on(institutions::id.eq(stays::institution_id)))
            .filter(stays::elder_id.eq_any(part.to_vec()))
            .filter(stays::starts_at.le(now))
            .filter(stays::ends_at.is_null().or(stays::ends_at.gt(now)))
            .select((stays::elder_id, institutions::id, institutions::name))
            .load(connection)?;
        homes.extend(found.into_iter().map(|(elder, id, name)| (elder, (id, name))));
    }
    Ok(homes)
}

fn filtered<'a>(
    reach: &Reach,
    request: &ListRequest,
    (calendar, now): (Calendar, Instant),
) -> elders::BoxedQuery<'a, Backend> {
    let today = calendar.day_of(now);
    let mut query = elders::table.filter(within(reach, now)).into_boxed();
    if let Some(pattern) = request.search_pattern() {
        query = query.filter(elders::name.like(pattern).escape('\\'));
    }
    if let Some(town) = request.filter("town") {
        query = query.filter(elders::town_code.eq(town.to_owned()));
    }
    if let Some(home_visits) = request.filter_flag("home_visits") {
        query = query.filter(elders::home_visits.eq(home_visits));
    }
    if let Some(category) = request.filter("category") {
        query = query.filter(holds(category, today));
    }
    if let Some(resident) = request.filter_flag("resident") {
        let residents = stays::table
            .filter(stays::starts_at.le(now))
            .filter(stays::ends_at.is_null().or(stays::ends_at.gt(now)))
            .select(stays::elder_id);
        query = if resident {
            query.filter(elders::id.eq_any(residents))
        } else {
            query.filter(elders::id.ne_all(residents))
        };
    }
    if let Some(days) = request.filter("unseen_days") {
        query = query.filter(unseen_for(days, today));
    }
    query
}

/// Whether an elder is visited at home but was not for so many days; of a text that is no number, for the longest time.
fn unseen_for(days: &str, today: NaiveDate) -> Condition {
    let days = days.parse().unwrap_or(UNSEEN_DAYS_MAX).min(UNSEEN_DAYS_MAX);
    let first = today.checked_sub_days(Days::new(days)).unwrap_or(today);
    let seen = visits::table
        .filter(visits::service_on.ge(first))
        .filter(visits::state.eq_any(["arrived", "done", "confirmed"]))
        .select(visits::elder_id);
    Box::new(elders::home_visits.eq(true).and(elders::id.ne_all(seen)))
}

fn ordered<'a>(
    query: elders::BoxedQuery<'a, Backend>,
    request: &ListRequest,
) -> elders::BoxedQuery<'a, Backend> {
    match request.sort_or("town") {
        ("name", false) => query.order(elders::name.asc()),
        ("name", true) => query.order(elders::name.desc()),
        ("gender", false) => query.order(elders::gender.asc()),
        ("gender", true) => query.order(elders::gender.desc()),
        // The youngest were born last.
        ("age", false) => query.order(elders::born_on.desc()),
        ("age", true) => query.order(elders::born_on.asc()),
        ("village", false) => query.order(elders::village_code.asc()),
        ("village", true) => query.order(elders::village_code.desc()),
        ("home_visits", false) => query.order(elders::home_visits.asc()),
        ("home_visits", true) => query.order(elders::home_visits.desc()),
        (_, true) => query.order(elders::town_code.desc()),
        (_, false) => query.order(elders::town_code.asc()),
    }
}
