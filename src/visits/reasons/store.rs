use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::FailReasonInput;
use crate::db::schema::{fail_reasons, visits};
use crate::db::{AnyConnection, is_unique};
use crate::error::{Error, Result};
use crate::text::Text;

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = fail_reasons)]
pub struct FailReasonRow {
    pub code: String,
    pub name_zh: String,
    pub name_en: String,
    /// Somebody tries again to reach somebody within so many minutes.
    pub contact_within_min: Option<i32>,
    /// Somebody sees to it that the elder is well within so many minutes.
    pub welfare_within_min: Option<i32>,
    pub may_make_up: bool,
    pub needs_note: bool,
    /// Whether a person chooses it; the others the program gives by itself.
    pub choosable: bool,
    pub place: i32,
    /// Nobody chooses it any more.
    pub closed: bool,
    pub version: i64,
}

impl FailReasonRow {
    /// Whether somebody can choose it now.
    pub fn is_offered(&self) -> bool {
        self.choosable && !self.closed
    }
}

/// All reasons, in their order; old visits name closed ones too.
pub fn fail_reasons(connection: &mut AnyConnection) -> Result<Vec<FailReasonRow>> {
    let all = fail_reasons::table
        .order((fail_reasons::place, fail_reasons::code))
        .select(FailReasonRow::as_select());
    Ok(all.load(connection)?)
}

/// Those that somebody can choose now.
pub fn offered_reasons(connection: &mut AnyConnection) -> Result<Vec<FailReasonRow>> {
    let mut all = fail_reasons(connection)?;
    all.retain(FailReasonRow::is_offered);
    Ok(all)
}

pub fn get_fail_reason(connection: &mut AnyConnection, code: &str) -> Result<FailReasonRow> {
    let one = fail_reasons::table.filter(fail_reasons::code.eq(code)).select(FailReasonRow::as_select());
    Ok(one.first(connection)?)
}

/// How many visits since a day were not done for each reason.
pub(super) fn uses_since(connection: &mut AnyConnection, day: NaiveDate) -> Result<Vec<(String, i64)>> {
    Ok(visits::table
        .filter(visits::service_on.ge(day))
        .filter(visits::fail_reason.is_not_null())
        .group_by(visits::fail_reason)
        .select((visits::fail_reason.assume_not_null(), diesel::dsl::count_star()))
        .load(connection)?)
}

/// Adds a reason behind all others.
pub(super) fn insert_reason(
    connection: &mut AnyConnection,
    code: &str,
    input: &FailReasonInput,
) -> Result<()> {
    let last: Option<i32> =
        fail_reasons::table.select(diesel::dsl::max(fail_reasons::place)).first(connection)?;
    diesel::insert_into(fail_reasons::table)
        .values((
            fail_reasons::code.eq(code),
            fail_reasons::name_zh.eq(input.name_zh.trim()),
            fail_reasons::name_en.eq(input.name_en.trim()),
            fail_reasons::contact_within_min.eq(input.contact_within_min),
            fail_reasons::welfare_within_min.eq(input.welfare_within_min),
            fail_reasons::may_make_up.eq(input.may_make_up),
            fail_reasons::needs_note.eq(input.needs_note),
            fail_reasons::choosable.eq(true),
            fail_reasons::closed.eq(input.closed),
            fail_reasons::place.eq(last.unwrap_or_default() + 1),
        ))
        .execute(connection)
        .map_err(|failure| {
            if is_unique(&failure) {
                return Error::field("code", Text::new("rule.code_taken").with("name", code));
            }
            failure.into()
        })?;
    Ok(())
}

/// Writes the new values over version `seen`; the order is set by [`put_in_order`].
pub(super) fn update_reason(
    connection: &mut AnyConnection,
    code: &str,
    seen: i64,
    input: &FailReasonInput,
) -> Result<bool> {
    let current =
        fail_reasons::table.filter(fail_reasons::code.eq(code)).filter(fail_reasons::version.eq(seen));
    let changed = diesel::update(current)
        .set((
            fail_reasons::name_zh.eq(input.name_zh.trim()),
            fail_reasons::name_en.eq(input.name_en.trim()),
            fail_reasons::contact_within_min.eq(input.contact_within_min),
            fail_reasons::welfare_within_min.eq(input.welfare_within_min),
            fail_reasons::may_make_up.eq(input.may_make_up),
            fail_reasons::needs_note.eq(input.needs_note),
            fail_reasons::closed.eq(input.closed),
            fail_reasons::version.eq(seen + 1),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}

/// Gives every reason its place in this order.
pub(super) fn put_in_order(connection: &mut AnyConnection, order: &[FailReasonRow]) -> Result<()> {
    for (index, reason) in order.iter().enumerate() {
        diesel::update(fail_reasons::table.filter(fail_reasons::code.eq(&reason.code)))
            .set(fail_reasons::place.eq(index as i32 + 1))
            .execute(connection)?;
    }
    Ok(())
}
