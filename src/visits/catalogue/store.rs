//! Services and their prices. They hold for the whole city: who may see plans sees all of them.

use std::collections::HashMap;

use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;

use super::model::{PriceInput, ServiceCategory, ServiceInput};
use crate::access::{Permission, Scope};
use crate::db::schema::{service_items, service_prices, visits};
use crate::db::{AnyConnection, Backend, is_unique};
use crate::error::{Error, Result};
use crate::listing::{ListRequest, Listed};
use crate::registry::caregivers::Skill;
use crate::registry::codes;
use crate::text::Text;
use crate::visits::model::VisitState;

/// No visit is planned further ahead than this.
const DAYS_AHEAD: i64 = 10 * 366;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = service_items)]
pub struct ServiceRow {
    pub id: i64,
    pub code: String,
    pub name_zh: String,
    pub name_en: String,
    pub category: ServiceCategory,
    pub duration_min: i32,
    pub skill: Skill,
    pub caregivers: i32,
    /// Names of proofs joined with commas.
    pub proof: String,
    pub proof_share_percent: i32,
    pub retired: bool,
    pub confirmed: bool,
    pub version: i64,
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = service_prices)]
pub struct PriceRow {
    pub service_code: String,
    pub effective_on: NaiveDate,
    pub price_fen: i64,
    pub confirmed: bool,
}

impl ServiceRow {
    pub fn input(&self) -> ServiceInput {
        ServiceInput {
            code: self.code.clone(),
            name_zh: self.name_zh.clone(),
            name_en: self.name_en.clone(),
            category: self.category,
            duration_min: self.duration_min,
            skill: self.skill,
            caregivers: self.caregivers,
            proof: codes::split(&self.proof),
            proof_share_percent: self.proof_share_percent,
            retired: self.retired,
            confirmed: self.confirmed,
        }
    }
}

/// Prices of all services by day.
#[derive(Clone, Debug, Default)]
pub struct Prices(HashMap<String, Vec<(NaiveDate, i64)>>);

impl Prices {
    /// The price of a service on a day; none before its first one.
    pub fn on(&self, code: &str, day: NaiveDate) -> Option<i64> {
        let known = self.0.get(code)?;
        known.iter().rev().find(|(from, _)| *from <= day).map(|(_, price)| *price)
    }
}

pub fn get_service(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    id: i64,
) -> Result<ServiceRow> {
    scope.reach(permission)?;
    Ok(service_items::table
        .filter(service_items::id.eq(id))
        .select(ServiceRow::as_select())
        .first(connection)?)
}

/// The whole catalogue, group by group.
pub fn services(connection: &mut AnyConnection) -> Result<Vec<ServiceRow>> {
    Ok(service_items::table.order(service_items::id).select(ServiceRow::as_select()).load(connection)?)
}

/// Filters: q (name), category, retired, confirmed. Sorts: category, name, duration.
pub fn list_services(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
) -> Result<Listed<ServiceRow>> {
    scope.reach(Permission::SeePlans)?;
    let total = filtered(request).count().get_result(connection)?;
    let mut query = filtered(request);
    if let Some(after) = request.after_id {
        query = query.filter(service_items::id.gt(after)).order(service_items::id);
    } else {
        query = ordered(query, request).then_order_by(service_items::id).offset(request.offset);
    }
    let rows = query.limit(request.limit).select(ServiceRow::as_select()).load(connection)?;
    Ok(Listed { rows, total })
}

fn filtered<'a>(request: &ListRequest) -> service_items::BoxedQuery<'a, Backend> {
    let mut query = service_items::table.into_boxed();
    if let Some(pattern) = request.search_pattern() {
        let named = service_items::name_zh.like(pattern.clone()).escape('\\');
        query = query.filter(named.or(service_items::name_en.like(pattern).escape('\\')));
    }
    if let Some(category) = request.filter("category") {
        query = query.filter(service_items::category.eq(category.to_owned()));
    }
    if let Some(retired) = request.filter_flag("retired") {
        query = query.filter(service_items::retired.eq(retired));
    }
    if let Some(confirmed) = request.filter_flag("confirmed") {
        query = query.filter(service_items::confirmed.eq(confirmed));
    }
    query
}

fn ordered<'a>(
    query: service_items::BoxedQuery<'a, Backend>,
    request: &ListRequest,
) -> service_items::BoxedQuery<'a, Backend> {
    match request.sort_or("number") {
        ("name", false) => query.order(service_items::name_zh.asc()),
        ("name", true) => query.order(service_items::name_zh.desc()),
        ("category", false) => query.order(service_items::category.asc()),
        ("category", true) => query.order(service_items::category.desc()),
        ("duration", false) => query.order(service_items::duration_min.asc()),
        ("duration", true) => query.order(service_items::duration_min.desc()),
        (_, true) => query.order(service_items::id.desc()),
        (_, false) => query.order(service_items::id.asc()),
    }
}

/// The prices of a service, newest first.
pub fn prices_of(connection: &mut AnyConnection, code: &str) -> Result<Vec<PriceRow>> {
    Ok(service_prices::table
        .filter(service_prices::service_code.eq(code))
        .order(service_prices::effective_on.desc())
        .select(PriceRow::as_select())
        .load(connection)?)
}

pub fn prices(connection: &mut AnyConnection) -> Result<Prices> {
    let rows: Vec<PriceRow> = service_prices::table
        .order(service_prices::effective_on)
        .select(PriceRow::as_select())
        .load(connection)?;
    let mut known: HashMap<String, Vec<(NaiveDate, i64)>> = HashMap::new();
    for row in rows {
        known.entry(row.service_code).or_default().push((row.effective_on, row.price_fen));
    }
    Ok(Prices(known))
}

/// The price of a service on a day.
pub fn price_on(connection: &mut AnyConnection, code: &str, day: NaiveDate) -> Result<Option<i64>> {
    Ok(service_prices::table
        .filter(service_prices::service_code.eq(code))
        .filter(service_prices::effective_on.le(day))
        .order(service_prices::effective_on.desc())
        .select(service_prices::price_fen)
        .first(connection)
        .optional()?)
}

pub(super) fn insert_service(connection: &mut AnyConnection, input: &ServiceInput) -> Result<i64> {
    let last: Option<i64> =
        service_items::table.select(diesel::dsl::max(service_items::id)).first(connection)?;
    let id = last.unwrap_or(0) + 1;
    diesel::insert_into(service_items::table)
        .values((
            service_items::id.eq(id),
            service_items::code.eq(&input.code),
            // Read by the release before prices by date only.
            service_items::price_fen.eq(0),
            values(input),
        ))
        .execute(connection)
        .map_err(|failure| {
            if is_unique(&failure) {
                return Error::field("code", Text::new("rule.code_taken").with("name", &input.code));
            }
            failure.into()
        })?;
    Ok(id)
}

pub(super) fn update_service(
    connection: &mut AnyConnection,
    id: i64,
    seen: i64,
    input: &ServiceInput,
) -> Result<bool> {
    let row = service_items::table.filter(service_items::id.eq(id)).filter(service_items::version.eq(seen));
    let changed =
        diesel::update(row).set((values(input), service_items::version.eq(seen + 1))).execute(connection)?;
    Ok(changed == 1)
}

type Values<'a> = (
    diesel::dsl::Eq<service_items::name_zh, &'a str>,
    diesel::dsl::Eq<service_items::name_en, &'a str>,
    diesel::dsl::Eq<service_items::category, ServiceCategory>,
    diesel::dsl::Eq<service_items::duration_min, i32>,
    diesel::dsl::Eq<service_items::skill, Skill>,
    diesel::dsl::Eq<service_items::caregivers, i32>,
    diesel::dsl::Eq<service_items::proof, String>,
    diesel::dsl::Eq<service_items::proof_share_percent, i32>,
    diesel::dsl::Eq<service_items::retired, bool>,
    diesel::dsl::Eq<service_items::confirmed, bool>,
);

fn values(input: &ServiceInput) -> Values<'_> {
    (
        service_items::name_zh.eq(input.name_zh.trim()),
        service_items::name_en.eq(input.name_en.trim()),
        service_items::category.eq(input.category),
        service_items::duration_min.eq(input.duration_min),
        service_items::skill.eq(input.skill),
        service_items::caregivers.eq(input.caregivers),
        service_items::proof.eq(codes::join(&input.proof)),
        service_items::proof_share_percent.eq(input.proof_share_percent),
        service_items::retired.eq(input.retired),
        service_items::confirmed.eq(input.confirmed),
    )
}

/// Bumps version `seen` of a service whose prices change; false where that version is no longer the current one.
pub(super) fn touch(connection: &mut AnyConnection, id: i64, seen: i64) -> Result<bool> {
    let row = service_items::table.filter(service_items::id.eq(id)).filter(service_items::version.eq(seen));
    Ok(diesel::update(row).set(service_items::version.eq(seen + 1)).execute(connection)? == 1)
}

/// Puts a price in the place of the one of the same day, where there is one.
pub(super) fn put_price(connection: &mut AnyConnection, code: &str, price: &PriceInput) -> Result<()> {
    let same = service_prices::table
        .filter(service_prices::service_code.eq(code))
        .filter(service_prices::effective_on.eq(price.effective_on));
    let known = diesel::update(same)
        .set((service_prices::price_fen.eq(price.price_fen), service_prices::confirmed.eq(price.confirmed)))
        .execute(connection)?;
    if known == 0 {
        diesel::insert_into(service_prices::table)
            .values((
                service_prices::service_code.eq(code),
                service_prices::effective_on.eq(price.effective_on),
                service_prices::price_fen.eq(price.price_fen),
                service_prices::confirmed.eq(price.confirmed),
            ))
            .execute(connection)?;
    }
    Ok(())
}

/// Gives the visits of `[from, to)` that are still to come the price of their day.
pub(super) fn reprice(
    connection: &mut AnyConnection,
    code: &str,
    (from, to): (NaiveDate, Option<NaiveDate>),
    price_fen: i64,
) -> Result<usize> {
    let to = to.unwrap_or_else(|| from + TimeDelta::days(DAYS_AHEAD));
    let to_come = visits::table
        .filter(visits::service_code.eq(code))
        .filter(visits::service_on.ge(from))
        .filter(visits::service_on.lt(to))
        .filter(visits::state.ne_all([VisitState::Arrived, VisitState::Done, VisitState::NotDone]));
    Ok(diesel::update(to_come).set(visits::price_fen.eq(price_fen)).execute(connection)?)
}
