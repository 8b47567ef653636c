//! Why public money pays for an elder, from when to when. What is held is asked for a day and stored nowhere.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::IDS_MAX;
use crate::db::schema::{elder_eligibility, elders, eligibility_categories};
use crate::db::{AnyConnection, Backend};
use crate::error::Result;

/// A category as the office keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = eligibility_categories)]
pub struct Category {
    pub code: String,
    pub name_zh: String,
    pub name_en: String,
    /// The bureau has said that it counts.
    pub confirmed: bool,
    /// Offered no more; who holds it keeps it.
    pub retired: bool,
    /// The ability that it speaks of, which counts where no assessment is in force.
    pub ability: Option<String>,
}

impl Category {
    /// The one with this code among all.
    pub fn find<'a>(all: &'a [Category], code: &str) -> Option<&'a Category> {
        all.iter().find(|category| category.code == code)
    }
}

/// All categories in their order.
pub fn categories(connection: &mut AnyConnection) -> Result<Vec<Category>> {
    Ok(eligibility_categories::table
        .order((eligibility_categories::rank, eligibility_categories::code))
        .select(Category::as_select())
        .load(connection)?)
}

type Condition = Box<dyn BoxableExpression<elder_eligibility::table, Backend, SqlType = Bool>>;

/// Held on some day of `[from, to)`.
fn held_in(from: NaiveDate, to: NaiveDate) -> Condition {
    let begun = elder_eligibility::from_on.is_null().or(elder_eligibility::from_on.lt(to).assume_not_null());
    let lasts = elder_eligibility::to_on.is_null().or(elder_eligibility::to_on.gt(from).assume_not_null());
    Box::new(begun.and(lasts))
}

/// What elders hold on a day, in the categories' order; elders who hold nothing are left out.
pub fn categories_of(
    connection: &mut AnyConnection,
    elder_ids: &[i64],
    day: NaiveDate,
) -> Result<HashMap<i64, Vec<Category>>> {
    categories_within(connection, elder_ids, (day, day.succ_opt().unwrap_or(day)))
}

/// What elders hold on some day of `[from, to)`, in the same way.
pub fn categories_within(
    connection: &mut AnyConnection,
    elder_ids: &[i64],
    (from, to): (NaiveDate, NaiveDate),
) -> Result<HashMap<i64, Vec<Category>>> {
    let all = categories(connection)?;
    let mut codes: HashMap<i64, Vec<String>> = HashMap::new();
    for part in elder_ids.chunks(IDS_MAX) {
        let found: Vec<(i64, String)> = elder_eligibility::table
            .filter(elder_eligibility::elder_id.eq_any(part.to_vec()))
            .filter(held_in(from, to))
            .select((elder_eligibility::elder_id, elder_eligibility::category_code))
            .load(connection)?;
        for (elder, code) in found {
            codes.entry(elder).or_default().push(code);
        }
    }
    let named = |held: Vec<String>| all.iter().filter(|one| held.contains(&one.code)).cloned().collect();
    Ok(codes.into_iter().map(|(elder, held)| (elder, named(held))).collect())
}

/// Whether an elder holds a category on a day.
pub(super) fn holds(code: &str, day: NaiveDate) -> super::Condition {
    // diesel takes no boxed condition into a subquery.
    let begun = elder_eligibility::from_on.is_null().or(elder_eligibility::from_on.le(day).assume_not_null());
    let lasts = elder_eligibility::to_on.is_null().or(elder_eligibility::to_on.gt(day).assume_not_null());
    let holders = elder_eligibility::table
        .filter(elder_eligibility::category_code.eq(code.to_owned()))
        .filter(begun)
        .filter(lasts)
        .select(elder_eligibility::elder_id);
    Box::new(elders::id.eq_any(holders))
}
