//! What is written of an elder.

use diesel::prelude::*;

use super::super::edit::ElderInput;
use super::super::model::{Category, Gender};
use super::super::personal::PersonalColumns;
use super::{ElderRow, within};
use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::schema::elders;
use crate::db::{AnyConnection, in_use, is_unique};
use crate::error::{Error, Result};
use crate::text::Text;

/// A new elder without sealed values: see [`set_sealed`].
pub fn insert_record(
    connection: &mut AnyConnection,
    town_code: &str,
    input: &ElderInput,
    now: Instant,
) -> Result<i64> {
    Ok(diesel::insert_into(elders::table)
        .values((
            elders::town_code.eq(town_code),
            elders::village_code.eq(&input.village_code),
            elders::name.eq(input.name.trim()),
            elders::gender.eq(input.gender),
            elders::born_on.eq(input.born_on),
            elders::categories.eq(Category::join(&input.categories)),
            elders::home_visits.eq(input.home_visits),
            elders::longitude.eq(input.longitude),
            elders::latitude.eq(input.latitude),
            elders::updated_at.eq(now),
        ))
        .returning(elders::id)
        .get_result(connection)?)
}

/// Writes the new values over version `seen`; false where that version is no longer the current one.
pub fn update_record(
    connection: &mut AnyConnection,
    id: i64,
    seen: i64,
    town_code: &str,
    input: &ElderInput,
    now: Instant,
) -> Result<bool> {
    let changed = diesel::update(elders::table.filter(elders::id.eq(id)).filter(elders::version.eq(seen)))
        .set((
            elders::town_code.eq(town_code),
            elders::village_code.eq(&input.village_code),
            elders::name.eq(input.name.trim()),
            elders::gender.eq(input.gender),
            elders::born_on.eq(input.born_on),
            elders::categories.eq(Category::join(&input.categories)),
            elders::home_visits.eq(input.home_visits),
            elders::longitude.eq(input.longitude),
            elders::latitude.eq(input.latitude),
            elders::version.eq(seen + 1),
            elders::updated_at.eq(now),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}

/// Deletes version `seen`; false where that version is no longer the current one. Refused while another record names it.
pub fn delete_record(connection: &mut AnyConnection, id: i64, seen: i64) -> Result<bool> {
    let target = elders::table.filter(elders::id.eq(id)).filter(elders::version.eq(seen));
    Ok(diesel::delete(target).execute(connection).map_err(in_use)? == 1)
}

/// Version and town of an elder of anywhere: for a caller who checks the reach by the town.
pub fn version_of(connection: &mut AnyConnection, id: i64) -> Result<Option<(i64, String)>> {
    let found = elders::table.filter(elders::id.eq(id)).select((elders::version, elders::town_code));
    Ok(found.first(connection).optional()?)
}

/// Name, gender and birth of an elder of anywhere: for a caller with the card at hand.
pub fn person_of(connection: &mut AnyConnection, id: i64) -> Result<(String, Gender, chrono::NaiveDate)> {
    let person =
        elders::table.filter(elders::id.eq(id)).select((elders::name, elders::gender, elders::born_on));
    Ok(person.first(connection)?)
}

/// The sealed columns as they are.
pub fn sealed_of(connection: &mut AnyConnection, id: i64) -> Result<PersonalColumns> {
    let columns = elders::table.filter(elders::id.eq(id)).select((
        elders::identity_sealed,
        elders::identity_index,
        elders::phone_sealed,
        elders::address_sealed,
    ));
    let (identity_sealed, identity_index, phone_sealed, address_sealed) = columns.first(connection)?;
    Ok(PersonalColumns { identity_sealed, identity_index, phone_sealed, address_sealed })
}

/// Writes the sealed columns: a seal names its row, so the row comes first.
pub fn set_sealed(connection: &mut AnyConnection, id: i64, columns: &PersonalColumns) -> Result<()> {
    diesel::update(elders::table.filter(elders::id.eq(id)))
        .set((
            elders::identity_sealed.eq(&columns.identity_sealed),
            elders::identity_index.eq(&columns.identity_index),
            elders::phone_sealed.eq(&columns.phone_sealed),
            elders::address_sealed.eq(&columns.address_sealed),
        ))
        .execute(connection)
        .map_err(|failure| {
            if is_unique(&failure) {
                return Error::field("identity", Text::new("rule.identity_on_file"));
            }
            failure.into()
        })?;
    Ok(())
}

/// Elders within reach of this name, and of this village, gender and birth where they are given; a few.
pub fn find_alike(
    connection: &mut AnyConnection,
    scope: &Scope,
    name: &str,
    (village, town): (Option<&str>, Option<&str>),
    gender: Option<Gender>,
    born_on: Option<chrono::NaiveDate>,
    now: Instant,
) -> Result<Vec<ElderRow>> {
    const ALIKE_MAX: i64 = 20;
    let reach = scope.reach(Permission::SeeElders)?;
    let mut query =
        elders::table.filter(within(&reach, now)).filter(elders::name.eq(name.to_owned())).into_boxed();
    if let Some(village) = village {
        query = query.filter(elders::village_code.eq(village.to_owned()));
    }
    if let Some(town) = town {
        query = query.filter(elders::town_code.eq(town.to_owned()));
    }
    if let Some(gender) = gender {
        query = query.filter(elders::gender.eq(gender));
    }
    if let Some(born_on) = born_on {
        query = query.filter(elders::born_on.eq(born_on));
    }
    Ok(query.order(elders::id).limit(ALIKE_MAX).select(ElderRow::as_select()).load(connection)?)
}
