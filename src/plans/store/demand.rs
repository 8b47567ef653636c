//! What demand is made of: plans with all that decides about their visits, in a few statements for many plans.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use diesel::prelude::*;

use super::{ItemRow, PauseRow, PlanRow};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::{care_plans, elders, plan_items, plan_pauses, stays, visits};
use crate::error::Result;
use crate::plans::model::{Key, PlanState};

/// What matters of an elder.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = elders)]
pub(in crate::plans) struct Client {
    pub id: i64,
    pub town_code: String,
    pub home_visits: bool,
    pub died_at: Option<Instant>,
}

/// A plan with everything around it.
#[derive(Clone, Debug)]
pub(in crate::plans) struct Sources {
    pub plan: PlanRow,
    pub client: Client,
    pub items: Vec<ItemRow>,
    pub pauses: Vec<PauseRow>,
    /// When the elder lives in an institution.
    pub stays: Vec<(Instant, Option<Instant>)>,
}

/// Numbers of the active plans, in order.
pub(in crate::plans) fn active_plans(connection: &mut AnyConnection) -> Result<Vec<i64>> {
    let active = care_plans::table.filter(care_plans::state.eq(PlanState::Active));
    Ok(active.order(care_plans::id).select(care_plans::id).load(connection)?)
}

/// Active plans whose last day is over, with their versions.
pub(in crate::plans) fn over_plans(
    connection: &mut AnyConnection,
    today: NaiveDate,
) -> Result<Vec<(i64, i64, NaiveDate, String)>> {
    Ok(care_plans::table
        .inner_join(elders::table)
        .filter(care_plans::state.eq(PlanState::Active))
        .filter(care_plans::ends_on.lt(today))
        .order(care_plans::id)
        .select((
            care_plans::id,
            care_plans::version,
            care_plans::ends_on.assume_not_null(),
            elders::town_code,
        ))
        .load(connection)?)
}

/// The plans with these numbers, in order of their numbers. For a caller who reaches them.
pub(in crate::plans) fn sources(connection: &mut AnyConnection, ids: &[i64]) -> Result<Vec<Sources>> {
    let plans: Vec<(PlanRow, Client)> = care_plans::table
        .inner_join(elders::table)
        .filter(care_plans::id.eq_any(ids.to_vec()))
        .order(care_plans::id)
        .select((PlanRow::as_select(), Client::as_select()))
        .load(connection)?;
    let items: Vec<ItemRow> = plan_items::table
        .filter(plan_items::plan_id.eq_any(ids.to_vec()))
        .order(plan_items::id)
        .select(ItemRow::as_select())
        .load(connection)?;
    let pauses: Vec<PauseRow> = plan_pauses::table
        .filter(plan_pauses::plan_id.eq_any(ids.to_vec()))
        .order(plan_pauses::id)
        .select(PauseRow::as_select())
        .load(connection)?;
    let elder_ids: Vec<i64> = plans.iter().map(|(plan, _)| plan.elder_id).collect();
    let mut stays = stays_of(connection, &elder_ids)?;
    let mut items_by = by_plan(items, |item| item.plan_id);
    let mut pauses_by = by_plan(pauses, |pause| pause.plan_id);
    let whole = plans.into_iter().map(|(plan, client)| Sources {
        items: items_by.remove(&plan.id).unwrap_or_default(),
        pauses: pauses_by.remove(&plan.id).unwrap_or_default(),
        stays: stays.remove(&plan.elder_id).unwrap_or_default(),
        plan,
        client,
    });
    Ok(whole.collect())
}

fn by_plan<T>(rows: Vec<T>, plan_of: impl Fn(&T) -> i64) -> HashMap<i64, Vec<T>> {
    let mut found: HashMap<i64, Vec<T>> = HashMap::new();
    for row in rows {
        found.entry(plan_of(&row)).or_default().push(row);
    }
    found
}

type Stays = HashMap<i64, Vec<(Instant, Option<Instant>)>>;

/// Stays by elder. An ordered discharge counts as the end: whoever goes home is visited there.
fn stays_of(connection: &mut AnyConnection, elder_ids: &[i64]) -> Result<Stays> {
    let rows: Vec<(i64, Instant, Option<Instant>, Option<Instant>)> = stays::table
        .filter(stays::elder_id.eq_any(elder_ids.to_vec()))
        .select((stays::elder_id, stays::starts_at, stays::ends_at, stays::planned_ends_at))
        .load(connection)?;
    let mut found = Stays::new();
    for (elder, from, to, ordered) in rows {
        found.entry(elder).or_default().push((from, to.or(ordered)));
    }
    Ok(found)
}

/// Keys of the visits that follow from plans from a day of service on.
pub(in crate::plans) fn known_from(connection: &mut AnyConnection, from: NaiveDate) -> Result<BTreeSet<Key>> {
    let rows: Vec<(i64, NaiveDate, i32)> = visits::table
        .filter(visits::service_on.ge(from))
        .filter(visits::plan_item_id.is_not_null())
        .select((
            visits::plan_item_id.assume_not_null(),
            visits::occurrence_on.assume_not_null(),
            visits::occurrence_part,
        ))
        .load(connection)?;
    Ok(rows.into_iter().collect())
}
