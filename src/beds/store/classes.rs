//! The classes of the waiting list: data of the office.

use diesel::prelude::*;

use crate::beds::model::{ClassInput, WaitingState};
use crate::db::schema::{waiting_classes, waiting_entries};
use crate::db::{AnyConnection, is_unique};
use crate::error::{Error, Result};
use crate::text::Text;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = waiting_classes)]
pub struct ClassRow {
    pub code: String,
    pub rank: i32,
    pub name_zh: String,
    pub name_en: String,
    pub confirmed: bool,
    pub retired: bool,
    pub version: i64,
}

/// A class with how many wait in it.
#[derive(Clone, Debug)]
pub struct ClassListed {
    pub class: ClassRow,
    pub waiting: i64,
}

/// The classes in use, the first in line first.
pub fn classes(connection: &mut AnyConnection) -> Result<Vec<ClassRow>> {
    let mut all = all_classes(connection)?;
    all.retain(|class| !class.retired);
    Ok(all)
}

/// The same with those that were retired, which old entries still name.
pub fn all_classes(connection: &mut AnyConnection) -> Result<Vec<ClassRow>> {
    Ok(waiting_classes::table
        .order((waiting_classes::rank, waiting_classes::code))
        .select(ClassRow::as_select())
        .load(connection)?)
}

pub fn classes_listed(connection: &mut AnyConnection) -> Result<Vec<ClassListed>> {
    let counts: Vec<(String, i64)> = waiting_entries::table
        .filter(waiting_entries::state.eq(WaitingState::Waiting))
        .group_by(waiting_entries::class_code)
        .select((waiting_entries::class_code, diesel::dsl::count_star()))
        .load(connection)?;
    let of = |code: &str| counts.iter().find(|(known, _)| known == code).map_or(0, |(_, count)| *count);
    let all = all_classes(connection)?.into_iter();
    Ok(all.map(|class| ClassListed { waiting: of(&class.code), class }).collect())
}

/// How many wait in a class.
pub(in crate::beds) fn waiting_in(connection: &mut AnyConnection, code: &str) -> Result<i64> {
    Ok(waiting_entries::table
        .filter(waiting_entries::class_code.eq(code))
        .filter(waiting_entries::state.eq(WaitingState::Waiting))
        .count()
        .get_result(connection)?)
}

/// Adds a class behind all others.
pub(in crate::beds) fn insert_class(
    connection: &mut AnyConnection,
    code: &str,
    input: &ClassInput,
) -> Result<()> {
    let last: Option<i32> =
        waiting_classes::table.select(diesel::dsl::max(waiting_classes::rank)).first(connection)?;
    diesel::insert_into(waiting_classes::table)
        .values((
            waiting_classes::code.eq(code),
            waiting_classes::rank.eq(last.unwrap_or_default() + RANK_STEP),
            waiting_classes::name_zh.eq(input.name_zh.trim()),
            waiting_classes::name_en.eq(input.name_en.trim()),
            waiting_classes::confirmed.eq(input.confirmed),
            waiting_classes::retired.eq(input.retired),
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
pub(in crate::beds) fn update_class(
    connection: &mut AnyConnection,
    code: &str,
    seen: i64,
    input: &ClassInput,
) -> Result<bool> {
    let current = waiting_classes::table
        .filter(waiting_classes::code.eq(code))
        .filter(waiting_classes::version.eq(seen));
    let changed = diesel::update(current)
        .set((
            waiting_classes::name_zh.eq(input.name_zh.trim()),
            waiting_classes::name_en.eq(input.name_en.trim()),
            waiting_classes::confirmed.eq(input.confirmed),
            waiting_classes::retired.eq(input.retired),
            waiting_classes::version.eq(seen + 1),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}

/// Between the ranks of two classes.
const RANK_STEP: i32 = 10;

/// Gives every class its rank in this order. Who jumped over a class stays in front of that class: the ranks of jumps follow.
pub(in crate::beds) fn put_in_order(connection: &mut AnyConnection, order: &[ClassRow]) -> Result<()> {
    // Below zero first, so that no two have the same rank on the way.
    for class in order {
        set_rank(connection, class.rank, -class.rank)?;
    }
    for (index, class) in order.iter().enumerate() {
        set_rank(connection, -class.rank, (index as i32 + 1) * RANK_STEP)?;
    }
    Ok(())
}

fn set_rank(connection: &mut AnyConnection, from: i32, to: i32) -> Result<()> {
    diesel::update(waiting_classes::table.filter(waiting_classes::rank.eq(from)))
        .set(waiting_classes::rank.eq(to))
        .execute(connection)?;
    diesel::update(waiting_entries::table.filter(waiting_entries::jump_rank.eq(from)))
        .set(waiting_entries::jump_rank.eq(to))
        .execute(connection)?;
    Ok(())
}
