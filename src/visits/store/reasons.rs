//! Why a visit was not done, as the office has it; and figures of the rules that an office can change.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::db::AnyConnection;
use crate::db::schema::{dated_settings, fail_reasons};
use crate::error::Result;

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
    /// Whether a person chooses it.
    pub choosable: bool,
    pub place: i32,
}

/// All reasons, in their order.
pub fn fail_reasons(connection: &mut AnyConnection) -> Result<Vec<FailReasonRow>> {
    let all = fail_reasons::table.order(fail_reasons::place).select(FailReasonRow::as_select());
    Ok(all.load(connection)?)
}

pub fn get_fail_reason(connection: &mut AnyConnection, code: &str) -> Result<FailReasonRow> {
    let one = fail_reasons::table.filter(fail_reasons::code.eq(code)).select(FailReasonRow::as_select());
    Ok(one.first(connection)?)
}

/// The figures of these names that hold on a day, newest first.
pub fn settings_on(
    connection: &mut AnyConnection,
    names: &[&str],
    day: NaiveDate,
) -> Result<Vec<(String, i64)>> {
    Ok(dated_settings::table
        .filter(dated_settings::name.eq_any(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()))
        .filter(dated_settings::effective_on.le(day))
        .order(dated_settings::effective_on.desc())
        .select((dated_settings::name, dated_settings::value))
        .load(connection)?)
}
