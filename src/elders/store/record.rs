//! Writing an elder's own row.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::{ElderRow, within};
use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::schema::elders;
use crate::db::{AnyConnection, in_use, is_unique};
use crate::elders::model::{CoordinateSource, Gender, Language};
use crate::elders::register::Checked;
use crate::error::{Error, Result};
use crate::registry::codes;
use crate::text::Text;

/// The plain columns that an editor sets.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = elders, treat_none_as_default_value = false, treat_none_as_null = true)]
struct Columns {
    town_code: String,
    village_code: String,
    name: String,
    gender: Gender,
    born_on: NaiveDate,
    home_visits: bool,
    longitude: f64,
    latitude: f64,
    coordinate_source: CoordinateSource,
    languages: String,
    gender_wish: Option<Gender>,
    gender_wish_hard: bool,
    language_wish: Option<Language>,
    language_wish_hard: bool,
    updated_at: Instant,
}

fn columns(checked: &Checked, now: Instant) -> Result<Columns> {
    let missing = |field| Error::field(field, Text::new("rule.missing"));
    let input = &checked.input;
    Ok(Columns {
        town_code: checked.town_code.clone(),
        village_code: input.village_code.clone(),
        name: input.name.clone(),
        gender: input.gender.ok_or_else(|| missing("gender"))?,
        born_on: input.born_on.ok_or_else(|| missing("born_on"))?,
        home_visits: input.home_visits,
        longitude: checked.longitude,
        latitude: checked.latitude,
        coordinate_source: checked.source,
        languages: codes::join(&input.languages),
        gender_wish: input.gender_wish,
        gender_wish_hard: input.gender_wish_hard,
        language_wish: input.language_wish,
        language_wish_hard: input.language_wish_hard,
        updated_at: now,
    })
}

/// The columns that hold personal data.
#[derive(Clone, Debug, Default, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = elders, treat_none_as_null = true)]
pub struct PersonalColumns {
    pub identity_sealed: Option<Vec<u8>>,
    pub identity_index: Option<Vec<u8>>,
    pub phone_sealed: Option<Vec<u8>>,
    pub address_sealed: Option<Vec<u8>>,
    pub door_note_sealed: Option<Vec<u8>>,
}

/// A new elder without what is sealed: see [`set_sealed`].
pub(in crate::elders) fn insert_elder(
    connection: &mut AnyConnection,
    checked: &Checked,
    now: Instant,
) -> Result<i64> {
    let columns = columns(checked, now)?;
    Ok(diesel::insert_into(elders::table)
        .values((elders::categories.eq(""), columns))
        .returning(elders::id)
        .get_result(connection)?)
}

/// Writes the plain values over version `seen`; false where that is no longer the current one.
pub(in crate::elders) fn update_elder(
    connection: &mut AnyConnection,
    (id, seen): (i64, i64),
    checked: &Checked,
    now: Instant,
) -> Result<bool> {
    let columns = columns(checked, now)?;
    let target = elders::table.filter(elders::id.eq(id)).filter(elders::version.eq(seen));
    Ok(diesel::update(target).set((columns, elders::version.eq(seen + 1))).execute(connection)? == 1)
}

/// Deletes version `seen`; false where that is no longer the current one. Refused while another record names it.
pub(in crate::elders) fn delete_elder(connection: &mut AnyConnection, id: i64, seen: i64) -> Result<bool> {
    let target = elders::table.filter(elders::id.eq(id)).filter(elders::version.eq(seen));
    Ok(diesel::delete(target).execute(connection).map_err(in_use)? == 1)
}

/// Version and town of an elder of anywhere: for a caller who checks the reach by the town.
pub(in crate::elders) fn version_of(
    connection: &mut AnyConnection,
    id: i64,
) -> Result<Option<(i64, String)>> {
    let found = elders::table.filter(elders::id.eq(id)).select((elders::version, elders::town_code));
    Ok(found.first(connection).optional()?)
}

/// Name, gender and birth of an elder of anywhere: for a caller with the card at hand.
pub(in crate::elders) fn person_of(
    connection: &mut AnyConnection,
    id: i64,
) -> Result<(String, Gender, NaiveDate)> {
    let person =
        elders::table.filter(elders::id.eq(id)).select((elders::name, elders::gender, elders::born_on));
    Ok(person.first(connection)?)
}

/// The sealed columns as they are.
pub(in crate::elders) fn sealed_of(connection: &mut AnyConnection, id: i64) -> Result<PersonalColumns> {
    let row: PersonalColumns =
        elders::table.filter(elders::id.eq(id)).select(PersonalColumns::as_select()).first(connection)?;
    Ok(row)
}

/// Puts sealed values into the row's cells: the seal names the row, so the row comes first.
pub(in crate::elders) fn set_sealed(
    connection: &mut AnyConnection,
    id: i64,
    sealed: &PersonalColumns,
) -> Result<()> {
    let target = elders::table.filter(elders::id.eq(id));
    match diesel::update(target).set(sealed).execute(connection) {
        Err(failure) if is_unique(&failure) => {
            Err(Error::field("identity", Text::new("elder.registered_elsewhere")).because(failure))
        }
        other => other.map(|_| ()).map_err(Error::from),
    }
}

/// Elders within reach of this name, and of this village, gender and birth where they are given; a few.
pub fn find_alike(
    connection: &mut AnyConnection,
    scope: &Scope,
    name: &str,
    (village, town): (Option<&str>, Option<&str>),
    gender: Option<Gender>,
    born_on: Option<NaiveDate>,
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
