//! Clients of home visits with their plans.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::PlanRow;
use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::schema::{care_plans, elders, plan_items, plan_pauses, towns};
use crate::db::{AnyConnection, Backend};
use crate::elders::store::{Category, categories_of, within as elders_within};
use crate::error::Result;
use crate::listing::{ListRequest, Listed};
use crate::plans::model::{PauseReason, PlanState};

/// Numbers listed in one statement.
const IDS_MAX: usize = 10_000;

/// A client of home visits.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = elders)]
pub struct ClientRow {
    pub id: i64,
    pub name: String,
    pub town_code: String,
}

/// A client with the plan that is not ended.
#[derive(Clone, Debug)]
pub struct ClientListed {
    pub client: ClientRow,
    pub town_zh: String,
    pub town_en: String,
    /// What entitles the elder today.
    pub categories: Vec<Category>,
    pub plan: Option<PlanRow>,
    pub items: i64,
    /// Why the plan is paused today.
    pub paused: Option<PauseReason>,
}

type Condition = Box<dyn BoxableExpression<elders::table, Backend, SqlType = Bool>>;

/// Filters: q (name), town, plan (without, draft, active, paused); `only` leaves the named elders. Sorts: name, town.
pub fn list_clients(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
    only: Option<&[i64]>,
    (now, today): (Instant, NaiveDate),
) -> Result<Listed<ClientListed>> {
    let reach = scope.reach(Permission::SeePlans)?;
    let query = || filtered(elders_within(&reach, now), request, only, today);
    let total = query().count().get_result(connection)?;
    let query = match (request.after_id, request.sort_or("town")) {
        (Some(after), _) => query().filter(elders::id.gt(after)).order(elders::id),
        (None, sort) => {
            let query = query().offset(request.offset);
            match sort {
                ("name", false) => query.order((elders::name.asc(), elders::id)),
                ("name", true) => query.order((elders::name.desc(), elders::id)),
                (_, true) => query.order((elders::town_code.desc(), elders::id)),
                (_, false) => query.order((elders::town_code.asc(), elders::id)),
            }
        }
    };
    let rows: Vec<ClientRow> = query.limit(request.limit).select(ClientRow::as_select()).load(connection)?;
    Ok(Listed { rows: with_plans(connection, rows, today)?, total })
}

fn filtered<'a>(
    within: Condition,
    request: &ListRequest,
    only: Option<&[i64]>,
    today: NaiveDate,
) -> elders::BoxedQuery<'a, Backend> {
    let live =
        || care_plans::table.filter(care_plans::state.ne(PlanState::Ended)).select(care_plans::elder_id);
    let mut query = elders::table
        .filter(within)
        .filter(elders::died_at.is_null())
        .filter(elders::home_visits.eq(true).or(elders::id.eq_any(live())))
        .into_boxed();
    if let Some(ids) = only {
        query = query.filter(elders::id.eq_any(ids.to_vec()));
    }
    if let Some(pattern) = request.search_pattern() {
        query = query.filter(elders::name.like(pattern).escape('\\'));
    }
    if let Some(town) = request.filter("town") {
        query = query.filter(elders::town_code.eq(town.to_owned()));
    }
    match request.filter("plan") {
        Some("without") => query = query.filter(elders::id.ne_all(live())),
        Some("paused") => query = query.filter(paused_on(today)),
        Some(state @ ("draft" | "active")) => {
            let of = care_plans::table.filter(care_plans::state.eq(state.to_owned()));
            query = query.filter(elders::id.eq_any(of.select(care_plans::elder_id)));
        }
        _ => {}
    }
    query
}

fn paused_on(today: NaiveDate) -> Condition {
    let paused = plan_pauses::table
        .inner_join(care_plans::table)
        .filter(care_plans::state.eq(PlanState::Active))
        .filter(plan_pauses::starts_on.le(today))
        .filter(plan_pauses::ends_on.is_null().or(plan_pauses::ends_on.ge(today)))
        .filter(care_plans::elder_id.is_not_null())
        .select(care_plans::elder_id);
    Box::new(elders::id.eq_any(paused))
}

fn with_plans(
    connection: &mut AnyConnection,
    rows: Vec<ClientRow>,
    today: NaiveDate,
) -> Result<Vec<ClientListed>> {
    let names: Vec<(String, String, String)> =
        towns::table.select((towns::code, towns::name_zh, towns::name_en)).load(connection)?;
    let names: HashMap<String, (String, String)> =
        names.into_iter().map(|(code, chinese, english)| (code, (chinese, english))).collect();
    let mut plans: HashMap<i64, PlanRow> = HashMap::new();
    let mut items: HashMap<i64, i64> = HashMap::new();
    let mut paused: HashMap<i64, PauseReason> = HashMap::new();
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut held = categories_of(connection, &ids, today)?;
    for part in ids.chunks(IDS_MAX) {
        let found: Vec<PlanRow> = care_plans::table
            .filter(care_plans::elder_id.eq_any(part.to_vec()))
            .filter(care_plans::state.ne(PlanState::Ended))
            .select(PlanRow::as_select())
            .load(connection)?;
        let plan_ids: Vec<i64> = found.iter().map(|plan| plan.id).collect();
        plans.extend(found.into_iter().map(|plan| (plan.elder_id, plan)));
        let counts: Vec<(i64, i64)> = plan_items::table
            .filter(plan_items::plan_id.eq_any(plan_ids.clone()))
            .filter(plan_items::removed.eq(false))
            .group_by(plan_items::plan_id)
            .select((plan_items::plan_id, diesel::dsl::count_star()))
            .load(connection)?;
        items.extend(counts);
        let pauses: Vec<(i64, PauseReason)> = plan_pauses::table
            .filter(plan_pauses::plan_id.eq_any(plan_ids))
            .filter(plan_pauses::starts_on.le(today))
            .filter(plan_pauses::ends_on.is_null().or(plan_pauses::ends_on.ge(today)))
            .select((plan_pauses::plan_id, plan_pauses::reason))
            .load(connection)?;
        paused.extend(pauses);
    }
    let listed = rows.into_iter().map(|client| {
        let (town_zh, town_en) = names.get(&client.town_code).cloned().unwrap_or_default();
        let plan = plans.remove(&client.id);
        let number = plan.as_ref().map(|plan| plan.id).unwrap_or_default();
        ClientListed {
            items: items.get(&number).copied().unwrap_or_default(),
            paused: paused.get(&number).copied(),
            categories: held.remove(&client.id).unwrap_or_default(),
            town_zh,
            town_en,
            plan,
            client,
        }
    });
    Ok(listed.collect())
}

/// A client as the balance needs it. For a caller who reaches the elder.
pub fn client_row(connection: &mut AnyConnection, id: i64) -> Result<ClientRow> {
    Ok(elders::table.filter(elders::id.eq(id)).select(ClientRow::as_select()).first(connection)?)
}

/// Every client within reach.
pub fn all_clients(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
    (now, today): (Instant, NaiveDate),
) -> Result<Vec<ClientRow>> {
    let reach = scope.reach(Permission::SeePlans)?;
    let query = filtered(elders_within(&reach, now), request, None, today);
    Ok(query.order(elders::id).select(ClientRow::as_select()).load(connection)?)
}

/// Numbers of these elders' plans in a state, in order.
pub(in crate::plans) fn live_plans(
    connection: &mut AnyConnection,
    elder_ids: &[i64],
    state: PlanState,
) -> Result<Vec<i64>> {
    let mut found = Vec::new();
    for part in elder_ids.chunks(IDS_MAX) {
        let of: Vec<i64> = care_plans::table
            .filter(care_plans::elder_id.eq_any(part.to_vec()))
            .filter(care_plans::state.eq(state))
            .order(care_plans::id)
            .select(care_plans::id)
            .load(connection)?;
        found.extend(of);
    }
    Ok(found)
}
