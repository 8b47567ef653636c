//! Entitlements. They hold for the whole city: who may see plans sees all of them.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::schema::entitlement_rules;
use crate::db::{AnyConnection, Backend, is_unique};
use crate::error::{Error, Result};
use crate::listing::{ListRequest, Listed};
use crate::plans::model::{AbilityLevel, EntitlementInput, EntitlementUnit, Rule};
use crate::text::Text;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = entitlement_rules)]
pub struct RuleRow {
    pub id: i64,
    pub category: String,
    pub level: Option<AbilityLevel>,
    pub unit: EntitlementUnit,
    pub amount: i32,
    pub effective_on: NaiveDate,
    pub confirmed: bool,
    pub version: i64,
    pub updated_at: Instant,
}

impl RuleRow {
    pub fn input(&self) -> EntitlementInput {
        EntitlementInput {
            category: self.category.clone(),
            level: self.level,
            unit: self.unit,
            amount: self.amount,
            effective_on: self.effective_on,
            confirmed: self.confirmed,
        }
    }
}

/// All rules as the model knows them.
pub fn rules(connection: &mut AnyConnection) -> Result<Vec<Rule>> {
    let rows: Vec<RuleRow> = entitlement_rules::table.select(RuleRow::as_select()).load(connection)?;
    let rule = |row: RuleRow| Rule {
        category: row.category,
        level: row.level,
        unit: row.unit,
        amount: i64::from(row.amount),
        effective_on: row.effective_on,
        confirmed: row.confirmed,
    };
    Ok(rows.into_iter().map(rule).collect())
}

pub fn get_rule(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    id: i64,
) -> Result<RuleRow> {
    scope.reach(permission)?;
    let row = entitlement_rules::table.filter(entitlement_rules::id.eq(id));
    Ok(row.select(RuleRow::as_select()).first(connection)?)
}

/// Filters: category, confirmed. In order of category, level and day.
pub fn list_rules(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
) -> Result<Listed<RuleRow>> {
    scope.reach(Permission::SeePlans)?;
    let total = filtered(request).count().get_result(connection)?;
    let query = match request.after_id {
        Some(after) => filtered(request).filter(entitlement_rules::id.gt(after)).order(entitlement_rules::id),
        None => filtered(request)
            .order(entitlement_rules::category)
            .then_order_by(entitlement_rules::level)
            .then_order_by(entitlement_rules::effective_on.desc())
            .offset(request.offset),
    };
    let rows = query.limit(request.limit).select(RuleRow::as_select()).load(connection)?;
    Ok(Listed { rows, total })
}

fn filtered<'a>(request: &ListRequest) -> entitlement_rules::BoxedQuery<'a, Backend> {
    let mut query = entitlement_rules::table.into_boxed();
    if let Some(category) = request.filter("category") {
        query = query.filter(entitlement_rules::category.eq(category.to_owned()));
    }
    if let Some(confirmed) = request.filter_flag("confirmed") {
        query = query.filter(entitlement_rules::confirmed.eq(confirmed));
    }
    query
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = entitlement_rules, treat_none_as_null = true)]
struct Values {
    category: String,
    level: Option<AbilityLevel>,
    unit: EntitlementUnit,
    amount: i32,
    effective_on: NaiveDate,
    confirmed: bool,
    updated_at: Instant,
}

impl Values {
    fn of(input: &EntitlementInput, now: Instant) -> Values {
        Values {
            category: input.category.clone(),
            level: input.level,
            unit: input.unit,
            amount: input.amount,
            effective_on: input.effective_on,
            confirmed: input.confirmed,
            updated_at: now,
        }
    }
}

pub(super) fn insert_rule(
    connection: &mut AnyConnection,
    input: &EntitlementInput,
    now: Instant,
) -> Result<i64> {
    diesel::insert_into(entitlement_rules::table)
        .values(Values::of(input, now))
        .returning(entitlement_rules::id)
        .get_result(connection)
        .map_err(same_rule)
}

pub(super) fn update_rule(
    connection: &mut AnyConnection,
    (id, seen): (i64, i64),
    input: &EntitlementInput,
    now: Instant,
) -> Result<bool> {
    let row = entitlement_rules::table
        .filter(entitlement_rules::id.eq(id))
        .filter(entitlement_rules::version.eq(seen));
    let changed = diesel::update(row)
        .set((Values::of(input, now), entitlement_rules::version.eq(seen + 1)))
        .execute(connection)
        .map_err(same_rule)?;
    Ok(changed == 1)
}

fn same_rule(failure: diesel::result::Error) -> Error {
    if is_unique(&failure) {
        return Error::field("effective_on", Text::new("rule.entitlement_taken"));
    }
    failure.into()
}
