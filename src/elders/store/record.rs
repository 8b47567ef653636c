//! Writing an elder's own row.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::clock::Instant;
use crate::db::schema::elders;
use crate::db::{AnyConnection, is_unique};
use crate::elders::model::{CoordinateSource, ElderInput, Gender, Language};
use crate::elders::personal::PersonalColumns;
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

/// A checked input's columns; its coordinates are WGS-84 by now.
fn columns(input: &ElderInput, town_code: &str, source: CoordinateSource, now: Instant) -> Result<Columns> {
    let missing = |field| Error::field(field, Text::new("rule.missing"));
    Ok(Columns {
        town_code: town_code.to_owned(),
        village_code: input.village_code.clone(),
        name: input.name.clone(),
        gender: input.gender.ok_or_else(|| missing("gender"))?,
        born_on: input.born_on.ok_or_else(|| missing("born_on"))?,
        home_visits: input.home_visits,
        longitude: input.longitude,
        latitude: input.latitude,
        coordinate_source: source,
        languages: codes::join(&input.languages),
        gender_wish: input.gender_wish,
        gender_wish_hard: input.gender_wish_hard,
        language_wish: input.language_wish,
        language_wish_hard: input.language_wish_hard,
        updated_at: now,
    })
}

/// A new elder without what is sealed: see [`set_sealed`].
pub(in crate::elders) fn insert_elder(
    connection: &mut AnyConnection,
    input: &ElderInput,
    (town_code, source): (&str, CoordinateSource),
    now: Instant,
) -> Result<i64> {
    let columns = columns(input, town_code, source, now)?;
    Ok(diesel::insert_into(elders::table)
        .values((elders::categories.eq(""), columns))
        .returning(elders::id)
        .get_result(connection)?)
}

/// Writes the plain values over version `seen`; false where that is no longer the current one.
pub(in crate::elders) fn update_elder(
    connection: &mut AnyConnection,
    (id, seen): (i64, i64),
    input: &ElderInput,
    (town_code, source): (&str, CoordinateSource),
    now: Instant,
) -> Result<bool> {
    let columns = columns(input, town_code, source, now)?;
    let target = elders::table.filter(elders::id.eq(id)).filter(elders::version.eq(seen));
    Ok(diesel::update(target).set((columns, elders::version.eq(seen + 1))).execute(connection)? == 1)
}

/// Puts sealed values into the row's cells: the seal names the row, so the row comes first.
pub(in crate::elders) fn set_sealed(
    connection: &mut AnyConnection,
    id: i64,
    sealed: &PersonalColumns,
    door_note: Option<Vec<u8>>,
) -> Result<()> {
    let done = diesel::update(elders::table.filter(elders::id.eq(id)))
        .set((
            elders::identity_sealed.eq(&sealed.identity_sealed),
            elders::identity_index.eq(&sealed.identity_index),
            elders::phone_sealed.eq(&sealed.phone_sealed),
            elders::address_sealed.eq(&sealed.address_sealed),
            elders::door_note_sealed.eq(door_note),
        ))
        .execute(connection);
    match done {
        Err(failure) if is_unique(&failure) => {
            Err(Error::field("identity", Text::new("elder.registered_elsewhere")).because(failure))
        }
        other => other.map(|_| ()).map_err(Error::from),
    }
}
