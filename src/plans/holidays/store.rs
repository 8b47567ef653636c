//! Days of the public schedule. They hold for the whole city: who may see plans sees all of them.

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;

use super::model::HolidayInput;
use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::schema::holidays;
use crate::db::{AnyConnection, Backend, is_unique};
use crate::error::{Error, Result};
use crate::listing::{ListRequest, Listed};
use crate::plans::model::{Holiday, HolidayKind, Holidays};
use crate::text::Text;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = holidays)]
pub struct HolidayRow {
    pub id: i64,
    pub day: NaiveDate,
    pub kind: HolidayKind,
    pub name_zh: String,
    pub name_en: String,
    pub source: String,
    pub confirmed: bool,
    pub version: i64,
    pub updated_at: Instant,
}

impl HolidayRow {
    pub fn input(&self) -> HolidayInput {
        HolidayInput {
            day: self.day,
            kind: self.kind,
            name_zh: self.name_zh.clone(),
            name_en: self.name_en.clone(),
            source: self.source.clone(),
            confirmed: self.confirmed,
        }
    }
}

/// The whole schedule as the engine knows it.
pub fn holidays(connection: &mut AnyConnection) -> Result<Holidays> {
    let rows: Vec<HolidayRow> = holidays::table.select(HolidayRow::as_select()).load(connection)?;
    Ok(Holidays::new(
        rows.into_iter()
            .map(|row| (row.day, Holiday { kind: row.kind, name_zh: row.name_zh, name_en: row.name_en })),
    ))
}

pub fn get_holiday(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    id: i64,
) -> Result<HolidayRow> {
    scope.reach(permission)?;
    Ok(holidays::table.filter(holidays::id.eq(id)).select(HolidayRow::as_select()).first(connection)?)
}

/// Filters: year, kind, confirmed. Sorts: day.
pub fn list_holidays(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
) -> Result<Listed<HolidayRow>> {
    scope.reach(Permission::SeePlans)?;
    let total = filtered(request)?.count().get_result(connection)?;
    let query = filtered(request)?;
    let query = match (request.after_id, request.sort_or("day")) {
        (Some(after), _) => query.filter(holidays::id.gt(after)).order(holidays::id),
        (None, (_, true)) => query.order(holidays::day.asc()).offset(request.offset),
        (None, (_, false)) => query.order(holidays::day.desc()).offset(request.offset),
    };
    let rows = query.limit(request.limit).select(HolidayRow::as_select()).load(connection)?;
    Ok(Listed { rows, total })
}

fn filtered<'a>(request: &ListRequest) -> Result<holidays::BoxedQuery<'a, Backend>> {
    let mut query = holidays::table.into_boxed();
    if let Some(year) = request.filter("year") {
        let first = year.parse().ok().and_then(|year| NaiveDate::from_ymd_opt(year, 1, 1));
        let first = first.ok_or_else(|| Error::field("year", Text::new("rule.year")))?;
        let last = first.with_month(12).and_then(|day| day.with_day(31)).unwrap_or(first);
        query = query.filter(holidays::day.between(first, last));
    }
    if let Some(kind) = request.filter("kind") {
        query = query.filter(holidays::kind.eq(kind.to_owned()));
    }
    if let Some(confirmed) = request.filter_flag("confirmed") {
        query = query.filter(holidays::confirmed.eq(confirmed));
    }
    Ok(query)
}

/// The years of which there is a day.
pub fn years(connection: &mut AnyConnection) -> Result<Vec<i32>> {
    let days: Vec<NaiveDate> = holidays::table.select(holidays::day).order(holidays::day).load(connection)?;
    let mut years: Vec<i32> = days.iter().map(Datelike::year).collect();
    years.dedup();
    Ok(years)
}

pub(super) fn insert_holiday(
    connection: &mut AnyConnection,
    input: &HolidayInput,
    now: Instant,
) -> Result<i64> {
    diesel::insert_into(holidays::table)
        .values((
            holidays::day.eq(input.day),
            holidays::kind.eq(input.kind),
            holidays::name_zh.eq(input.name_zh.trim()),
            holidays::name_en.eq(input.name_en.trim()),
            holidays::source.eq(input.source.trim()),
            holidays::confirmed.eq(input.confirmed),
            holidays::updated_at.eq(now),
        ))
        .returning(holidays::id)
        .get_result(connection)
        .map_err(day_taken)
}

pub(super) fn update_holiday(
    connection: &mut AnyConnection,
    (id, seen): (i64, i64),
    input: &HolidayInput,
    now: Instant,
) -> Result<bool> {
    let row = holidays::table.filter(holidays::id.eq(id)).filter(holidays::version.eq(seen));
    let changed = diesel::update(row)
        .set((
            holidays::day.eq(input.day),
            holidays::kind.eq(input.kind),
            holidays::name_zh.eq(input.name_zh.trim()),
            holidays::name_en.eq(input.name_en.trim()),
            holidays::source.eq(input.source.trim()),
            holidays::confirmed.eq(input.confirmed),
            holidays::version.eq(seen + 1),
            holidays::updated_at.eq(now),
        ))
        .execute(connection)
        .map_err(day_taken)?;
    Ok(changed == 1)
}

pub(super) fn delete_holiday(connection: &mut AnyConnection, id: i64, seen: i64) -> Result<bool> {
    let row = holidays::table.filter(holidays::id.eq(id)).filter(holidays::version.eq(seen));
    Ok(diesel::delete(row).execute(connection)? == 1)
}

fn day_taken(failure: diesel::result::Error) -> Error {
    if is_unique(&failure) {
        return Error::field("day", Text::new("rule.day_taken"));
    }
    failure.into()
}
