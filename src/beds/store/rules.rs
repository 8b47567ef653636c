//! The office's rules of admission.

use diesel::prelude::*;

use crate::beds::model::{RuleCode, RuleMode, Rules};
use crate::db::AnyConnection;
use crate::db::schema::admission_rules as rows;
use crate::error::Result;

/// The rules in force; one that is not in the table is as it was shipped.
pub fn admission_rules(connection: &mut AnyConnection) -> Result<Rules> {
    let mut rules = Rules::default();
    let stored: Vec<(RuleCode, RuleMode)> = rows::table.select((rows::code, rows::mode)).load(connection)?;
    for (code, mode) in stored {
        rules.set(code, mode);
    }
    Ok(rules)
}

pub(in crate::beds) fn set_rule(
    connection: &mut AnyConnection,
    code: RuleCode,
    mode: RuleMode,
) -> Result<()> {
    diesel::update(rows::table.filter(rows::code.eq(code))).set(rows::mode.eq(mode)).execute(connection)?;
    Ok(())
}
