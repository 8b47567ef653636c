use chrono::NaiveDate;
use diesel::prelude::*;

use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::schema::{care_plans, elders, plan_items};
use crate::db::{AnyConnection, is_unique};
use crate::elders::store::{get_elder, within as elders_within};
use crate::error::{Error, Result};
use crate::listing::ListRequest;
use crate::plans::model::{HolidayRule, ItemInput, PlanInput, PlanState, Span};
use crate::text::Text;
use crate::visits::CaregiverRule;

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = care_plans)]
pub struct PlanRow {
    pub id: i64,
    pub elder_id: i64,
    pub state: PlanState,
    pub starts_on: NaiveDate,
    pub ends_on: Option<NaiveDate>,
    pub note: String,
    pub version: i64,
    pub updated_at: Instant,
}

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = plan_items)]
pub struct ItemRow {
    pub id: i64,
    pub plan_id: i64,
    pub service_code: String,
    pub rule: String,
    pub starts_on: NaiveDate,
    pub ends_on: Option<NaiveDate>,
    pub window_starts_min: i32,
    pub window_ends_min: i32,
    pub duration_min: Option<i32>,
    pub tolerance_days: i32,
    pub holiday_rule: HolidayRule,
    pub caregivers: i32,
    pub after_item_id: Option<i64>,
    pub lag_min_min: Option<i32>,
    pub lag_max_min: Option<i32>,
    pub caregiver_rule: CaregiverRule,
    pub preferred_caregiver_id: Option<i64>,
    pub note: String,
    pub removed: bool,
    pub version: i64,
}

impl PlanRow {
    pub fn span(&self) -> Span {
        Span { from: self.starts_on, to: self.ends_on }
    }

    pub fn input(&self) -> PlanInput {
        PlanInput { starts_on: self.starts_on, ends_on: self.ends_on, note: self.note.clone() }
    }
}

impl ItemRow {
    pub fn input(&self) -> ItemInput {
        ItemInput {
            service_code: self.service_code.clone(),
            rule: self.rule.clone(),
            starts_on: self.starts_on,
            ends_on: self.ends_on,
            window_starts_min: self.window_starts_min,
            window_ends_min: self.window_ends_min,
            duration_min: self.duration_min,
            tolerance_days: self.tolerance_days,
            holiday_rule: self.holiday_rule,
            caregivers: self.caregivers,
            after_item_id: self.after_item_id,
            lag_min_min: self.lag_min_min,
            lag_max_min: self.lag_max_min,
            caregiver_rule: self.caregiver_rule,
            preferred_caregiver_id: self.preferred_caregiver_id,
            note: self.note.clone(),
        }
    }
}

/// A plan whose elder is within reach.
pub fn get_plan(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    id: i64,
    now: Instant,
) -> Result<PlanRow> {
    let plan: PlanRow =
        care_plans::table.filter(care_plans::id.eq(id)).select(PlanRow::as_select()).first(connection)?;
    get_elder(connection, scope, permission, plan.elder_id, now)?;
    Ok(plan)
}

/// Numbers of the plans asked for, in order. Filters: elder, town, state.
pub fn list_plans(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
    now: Instant,
) -> Result<Vec<i64>> {
    let reach = scope.reach(Permission::SeePlans)?;
    let mut query =
        care_plans::table.filter(care_plans::id.gt(request.after_id.unwrap_or_default())).into_boxed();
    if !reach.city {
        let with_plans = elders::table
            .filter(elders_within(&reach, now))
            .filter(elders::id.eq_any(care_plans::table.select(care_plans::elder_id)));
        let ids: Vec<i64> = with_plans.select(elders::id).load(connection)?;
        query = query.filter(care_plans::elder_id.eq_any(ids));
    }
    if let Some(elder) = request.filter_id("elder") {
        query = query.filter(care_plans::elder_id.eq(elder));
    }
    if let Some(state) = request.filter("state") {
        query = query.filter(care_plans::state.eq(state.to_owned()));
    }
    if let Some(town) = request.filter("town") {
        let of = elders::table.filter(elders::town_code.eq(town.to_owned())).select(elders::id);
        query = query.filter(care_plans::elder_id.eq_any(of));
    }
    Ok(query.order(care_plans::id).limit(request.limit).select(care_plans::id).load(connection)?)
}

/// The plan of an elder that is not ended. For a caller who reaches the elder.
pub fn live_plan_of(connection: &mut AnyConnection, elder_id: i64) -> Result<Option<PlanRow>> {
    Ok(care_plans::table
        .filter(care_plans::elder_id.eq(elder_id))
        .filter(care_plans::state.ne(PlanState::Ended))
        .select(PlanRow::as_select())
        .first(connection)
        .optional()?)
}

/// The items of a plan within reach, without removed ones.
pub fn items_of(connection: &mut AnyConnection, plan_id: i64) -> Result<Vec<ItemRow>> {
    Ok(plan_items::table
        .filter(plan_items::plan_id.eq(plan_id))
        .filter(plan_items::removed.eq(false))
        .order(plan_items::id)
        .select(ItemRow::as_select())
        .load(connection)?)
}

/// An item, removed ones left out, whose plan is within reach.
pub fn get_item(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    id: i64,
    now: Instant,
) -> Result<ItemRow> {
    let item = get_known_item(connection, scope, permission, id, now)?;
    if item.removed { Err(Error::not_found()) } else { Ok(item) }
}

/// An item whose plan is within reach, removed or not: visits still lead to it.
pub fn get_known_item(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    id: i64,
    now: Instant,
) -> Result<ItemRow> {
    let item: ItemRow =
        plan_items::table.filter(plan_items::id.eq(id)).select(ItemRow::as_select()).first(connection)?;
    get_plan(connection, scope, permission, item.plan_id, now)?;
    Ok(item)
}

pub(in crate::plans) fn insert_plan(
    connection: &mut AnyConnection,
    elder_id: i64,
    input: &PlanInput,
    now: Instant,
) -> Result<i64> {
    diesel::insert_into(care_plans::table)
        .values((
            care_plans::elder_id.eq(elder_id),
            care_plans::state.eq(PlanState::Draft),
            care_plans::starts_on.eq(input.starts_on),
            care_plans::ends_on.eq(input.ends_on),
            care_plans::note.eq(input.note.trim()),
            care_plans::updated_at.eq(now),
        ))
        .returning(care_plans::id)
        .get_result(connection)
        .map_err(|failure| {
            if is_unique(&failure) {
                return Error::taken(Text::new("plan.has_one")).because(failure);
            }
            failure.into()
        })
}

/// Writes over version `seen`; false where that version is no longer the current one.
pub(in crate::plans) fn update_plan(
    connection: &mut AnyConnection,
    (id, seen): (i64, i64),
    input: &PlanInput,
    now: Instant,
) -> Result<bool> {
    let row = care_plans::table.filter(care_plans::id.eq(id)).filter(care_plans::version.eq(seen));
    let changed = diesel::update(row)
        .set((
            care_plans::starts_on.eq(input.starts_on),
            care_plans::ends_on.eq(input.ends_on),
            care_plans::note.eq(input.note.trim()),
            care_plans::version.eq(seen + 1),
            care_plans::updated_at.eq(now),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}

/// Moves version `seen` of a plan on; false where that version is no longer the current one.
pub(in crate::plans) fn set_state(
    connection: &mut AnyConnection,
    (id, seen): (i64, i64),
    state: PlanState,
    ends_on: Option<NaiveDate>,
    now: Instant,
) -> Result<bool> {
    let row = care_plans::table.filter(care_plans::id.eq(id)).filter(care_plans::version.eq(seen));
    let changed = diesel::update(row)
        .set((
            care_plans::state.eq(state),
            care_plans::ends_on.eq(ends_on),
            care_plans::version.eq(seen + 1),
            care_plans::updated_at.eq(now),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}

/// Counts a change of the plan's items or pauses; gives the plan's new version.
pub(in crate::plans) fn touch(connection: &mut AnyConnection, id: i64, now: Instant) -> Result<i64> {
    Ok(diesel::update(care_plans::table.filter(care_plans::id.eq(id)))
        .set((care_plans::version.eq(care_plans::version + 1), care_plans::updated_at.eq(now)))
        .returning(care_plans::version)
        .get_result(connection)?)
}

pub(in crate::plans) fn insert_item(
    connection: &mut AnyConnection,
    plan_id: i64,
    input: &ItemInput,
) -> Result<i64> {
    Ok(diesel::insert_into(plan_items::table)
        .values((plan_items::plan_id.eq(plan_id), Values::of(input)))
        .returning(plan_items::id)
        .get_result(connection)?)
}

pub(in crate::plans) fn update_item(
    connection: &mut AnyConnection,
    (id, seen): (i64, i64),
    input: &ItemInput,
) -> Result<bool> {
    let row = plan_items::table.filter(plan_items::id.eq(id)).filter(plan_items::version.eq(seen));
    let changed =
        diesel::update(row).set((Values::of(input), plan_items::version.eq(seen + 1))).execute(connection)?;
    Ok(changed == 1)
}

pub(in crate::plans) fn remove_item(connection: &mut AnyConnection, id: i64, seen: i64) -> Result<bool> {
    let row = plan_items::table.filter(plan_items::id.eq(id)).filter(plan_items::version.eq(seen));
    let changed = diesel::update(row)
        .set((plan_items::removed.eq(true), plan_items::version.eq(seen + 1)))
        .execute(connection)?;
    Ok(changed == 1)
}

/// The columns that an office writes. None empties a column.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = plan_items, treat_none_as_null = true)]
struct Values<'a> {
    service_code: &'a str,
    rule: &'a str,
    starts_on: NaiveDate,
    ends_on: Option<NaiveDate>,
    window_starts_min: i32,
    window_ends_min: i32,
    duration_min: Option<i32>,
    tolerance_days: i32,
    holiday_rule: HolidayRule,
    caregivers: i32,
    after_item_id: Option<i64>,
    lag_min_min: Option<i32>,
    lag_max_min: Option<i32>,
    caregiver_rule: CaregiverRule,
    preferred_caregiver_id: Option<i64>,
    note: &'a str,
}

impl<'a> Values<'a> {
    fn of(input: &'a ItemInput) -> Values<'a> {
        Values {
            service_code: &input.service_code,
            rule: &input.rule,
            starts_on: input.starts_on,
            ends_on: input.ends_on,
            window_starts_min: input.window_starts_min,
            window_ends_min: input.window_ends_min,
            duration_min: input.duration_min,
            tolerance_days: input.tolerance_days,
            holiday_rule: input.holiday_rule,
            caregivers: input.caregivers,
            after_item_id: input.after_item_id,
            lag_min_min: input.lag_min_min,
            lag_max_min: input.lag_max_min,
            caregiver_rule: input.caregiver_rule,
            preferred_caregiver_id: input.preferred_caregiver_id,
            note: input.note.trim(),
        }
    }
}
