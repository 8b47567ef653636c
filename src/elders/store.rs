mod edit;

use std::collections::HashMap;

use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::model::{Category, Gender};
use crate::access::{Permission, Reach, Scope};
use crate::clock::Instant;
use crate::db::schema::{
    caregivers, elders, holds, institutions, stays, towns, transfers, villages, visits, waiting_entries,
};
use crate::db::{AnyConnection, Backend};
use crate::error::Result;
use crate::listing::{ListRequest, Listed};

pub use edit::find_alike;
pub(super) use edit::{
    delete_record, insert_record, person_of, sealed_of, set_sealed, update_record, version_of,
};

/// How long an institution or a provider still reaches an elder after the stay or visit ended, in days.
const REACH_AFTER_DAYS: i64 = 30;

/// Rows per statement where numbers are listed one by one.
const IDS_MAX: usize = 10_000;

#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = elders)]
pub struct ElderRow {
    pub id: i64,
    pub town_code: String,
    pub village_code: String,
    pub name: String,
    pub gender: Gender,
    pub born_on: NaiveDate,
    /// Category names joined with commas.
    pub categories: String,
    pub home_visits: bool,
    pub identity_sealed: Option<Vec<u8>>,
    pub phone_sealed: Option<Vec<u8>>,
    pub address_sealed: Option<Vec<u8>>,
    pub longitude: f64,
    pub latitude: f64,
    pub version: i64,
    pub updated_at: Instant,
}

/// A row of the list.
#[derive(Clone)]
pub struct ElderListed {
    pub elder: ElderRow,
    pub town_zh: String,
    pub town_en: String,
    pub village: String,
    /// Number and name of the institution where the elder lives now.
    pub institution: Option<(i64, String)>,
}

type Condition = Box<dyn BoxableExpression<elders::table, Backend, SqlType = Bool>>;

/// The part of the table within reach at `now`: by town; by a stay in an institution, a hold of one of its beds or a visit of
/// a provider that goes on or ended in the last thirty days; by waiting for an institution or being asked to be taken in there.
pub(crate) fn within(reach: &Reach, now: Instant) -> Condition {
    use diesel::dsl::sql;
    if reach.city {
        return Box::new(sql::<Bool>("TRUE"));
    }
    let since = now - TimeDelta::days(REACH_AFTER_DAYS);
    let residents = stays::table
        .filter(stays::institution_id.eq_any(reach.institutions.clone()))
        .filter(stays::ends_at.is_null().or(stays::ends_at.gt(since)))
        .select(stays::elder_id);
    let held = holds::table
        .filter(holds::institution_id.eq_any(reach.institutions.clone()))
        .filter(holds::ends_at.gt(since))
        .select(holds::elder_id);
    let waiting = waiting_entries::table
        .filter(waiting_entries::state.eq("waiting"))
        .filter(waiting_entries::institution_id.is_not_null())
        .filter(waiting_entries::institution_id.assume_not_null().eq_any(reach.institutions.clone()))
        .select(waiting_entries::elder_id);
    let asked = transfers::table
        .filter(transfers::state.eq("asked"))
        .filter(transfers::to_institution_id.eq_any(reach.institutions.clone()))
        .select(transfers::elder_id);
    let clients = visits::table
        .inner_join(caregivers::table)
        .filter(caregivers::provider_id.eq_any(reach.providers.clone()))
        .filter(visits::window_ends_at.gt(since))
        .select(visits::elder_id);
    Box::new(
        elders::town_code
            .eq_any(reach.towns.clone())
            .or(elders::id.eq_any(residents))
            .or(elders::id.eq_any(held))
            .or(elders::id.eq_any(waiting))
            .or(elders::id.eq_any(asked))
            .or(elders::id.eq_any(clients)),
    )
}

pub fn get_elder(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    id: i64,
    now: Instant,
) -> Result<ElderRow> {
    let reach = scope.reach(permission)?;
    Ok(elders::table
        .filter(elders::id.eq(id))
        .filter(within(&reach, now))
        .select(ElderRow::as_select())
        .first(connection)?)
}

/// What an admission has to know of a person. For a caller who has reached the elder already.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = elders)]
pub struct PersonRow {
    pub id: i64,
    pub town_code: String,
    pub gender: Gender,
    pub categories: String,
    pub died_at: Option<Instant>,
    pub longitude: f64,
    pub latitude: f64,
}

pub(crate) fn get_person(connection: &mut AnyConnection, id: i64) -> Result<PersonRow> {
    Ok(elders::table.filter(elders::id.eq(id)).select(PersonRow::as_select()).first(connection)?)
}

pub(crate) fn set_died(connection: &mut AnyConnection, id: i64, at: Instant) -> Result<()> {
    diesel::update(elders::table.filter(elders::id.eq(id)))
        .set((elders::died_at.eq(at), elders::version.eq(elders::version + 1)))
        .execute(connection)?;
    Ok(())
}

/// Names of those elders among `ids` that the asker may see; empty for somebody who may see none.
pub fn visible_names(
    connection: &mut AnyConnection,
    scope: &Scope,
    ids: &[i64],
    now: Instant,
) -> Result<HashMap<i64, String>> {
    if !scope.may(Permission::SeeElders) {
        return Ok(HashMap::new());
    }
    let reach = scope.reach(Permission::SeeElders)?;
    let mut names = HashMap::new();
    for part in ids.chunks(IDS_MAX) {
        let found: Vec<(i64, String)> = elders::table
            .filter(elders::id.eq_any(part.to_vec()))
            .filter(within(&reach, now))
            .select((elders::id, elders::name))
            .load(connection)?;
        names.extend(found);
    }
    Ok(names)
}

/// Sealed addresses by elder. Only for [`super::reveal_addresses`].
pub(super) fn sealed_addresses(connection: &mut AnyConnection, ids: &[i64]) -> Result<Vec<(i64, Vec<u8>)>> {
    Ok(elders::table
        .filter(elders::id.eq_any(ids.to_vec()))
        .filter(elders::address_sealed.is_not_null())
        .select((elders::id, elders::address_sealed.assume_not_null()))
        .load(connection)?)
}

/// Only for [`super::phone_to_call`].
pub(super) fn sealed_phone(connection: &mut AnyConnection, id: i64) -> Result<Option<Vec<u8>>> {
    Ok(elders::table.filter(elders::id.eq(id)).select(elders::phone_sealed).first(connection)?)
}

/// Number and town of the elder with this blind index, within reach.
pub(super) fn find_by_index(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    index: &[u8],
    now: Instant,
) -> Result<Option<(i64, String)>> {
    let reach = scope.reach(permission)?;
    Ok(elders::table
        .filter(elders::identity_index.eq(index))
        .filter(within(&reach, now))
        .select((elders::id, elders::town_code))
        .first(connection)
        .optional()?)
}

/// The same in the whole city, for whoever has the person and the card in front of them: see [`super::find_by_identity`].
pub(super) fn find_anywhere_by_index(
    connection: &mut AnyConnection,
    index: &[u8],
) -> Result<Option<(i64, String)>> {
    let found =
        elders::table.filter(elders::identity_index.eq(index)).select((elders::id, elders::town_code));
    Ok(found.first(connection).optional()?)
}

/// Filters: q (name), town, home_visits, category, resident (in an institution now). Sorts: name, gender, age, town,
/// village, home_visits.
pub fn list_elders(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
    now: Instant,
) -> Result<Listed<ElderListed>> {
    let reach = scope.reach(Permission::SeeElders)?;
    let total = filtered(&reach, request, now).count().get_result(connection)?;
    let mut query = filtered(&reach, request, now);
    if let Some(after) = request.after_id {
        query = query.filter(elders::id.gt(after)).order(elders::id);
    } else {
        query = ordered(query, request).then_order_by(elders::id).offset(request.offset);
    }
    let rows: Vec<ElderRow> = query.limit(request.limit).select(ElderRow::as_select()).load(connection)?;
    Ok(Listed { rows: with_places(connection, rows, now)?, total })
}

/// Names of the places that rows refer to.
pub(super) fn with_places(
    connection: &mut AnyConnection,
    rows: Vec<ElderRow>,
    now: Instant,
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
    let listed = rows.into_iter().map(|elder| {
        let (town_zh, town_en) = town_names.get(&elder.town_code).cloned().unwrap_or_default();
        ElderListed {
            town_zh,
            town_en,
            village: village_names.get(&elder.village_code).cloned().unwrap_or_default(),
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

fn filtered<'a>(reach: &Reach, request: &ListRequest, now: Instant) -> elders::BoxedQuery<'a, Backend> {
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
        query = query.filter(has_category(category));
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
    query
}

/// Whether the list holds the category: `disabled` is part of the text `semi_disabled`, so commas bound it. An unknown
/// category matches nothing.
fn has_category(name: &str) -> Condition {
    use diesel::dsl::sql;
    if Category::parse(name).is_none() {
        return Box::new(sql::<Bool>("FALSE"));
    }
    let name = name.replace('_', "\\_");
    Box::new(
        elders::categories
            .like(name.clone())
            .escape('\\')
            .or(elders::categories.like(format!("{name},%")).escape('\\'))
            .or(elders::categories.like(format!("%,{name}")).escape('\\'))
            .or(elders::categories.like(format!("%,{name},%")).escape('\\')),
    )
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
