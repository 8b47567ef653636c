//! Towns, villages and providers as names and choices; shared by the lists of the registry.

pub mod counts;

use std::collections::HashMap;

use diesel::prelude::*;

use crate::access::{Permission, Scope};
use crate::db::AnyConnection;
use crate::db::schema::{providers, towns, villages};
use crate::error::Result;

/// Keys of one look-up: below the number of values that SQLite takes in a statement.
const KEYS_MAX: usize = 10_000;

/// A name in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TownName {
    pub zh: String,
    pub en: String,
}

/// Code, Chinese name, English name of the towns that the scope reaches with `permission`; all of them for a reach that
/// is not by town.
pub fn town_names(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
) -> Result<Vec<(String, String, String)>> {
    let reach = scope.reach(permission)?;
    let all: Vec<(String, String, String)> = towns::table
        .order(towns::code)
        .select((towns::code, towns::name_zh, towns::name_en))
        .load(connection)?;
    if reach.city || reach.towns.is_empty() {
        return Ok(all);
    }
    Ok(all.into_iter().filter(|(code, _, _)| reach.has_town(code)).collect())
}

/// The names of all towns by code.
pub fn names_of_towns(connection: &mut AnyConnection) -> Result<HashMap<String, TownName>> {
    let rows: Vec<(String, String, String)> =
        towns::table.select((towns::code, towns::name_zh, towns::name_en)).load(connection)?;
    Ok(rows.into_iter().map(|(code, zh, en)| (code, TownName { zh, en })).collect())
}

/// The names of these villages by code.
pub fn names_of_villages(
    connection: &mut AnyConnection,
    codes: impl Iterator<Item = String>,
) -> Result<HashMap<String, String>> {
    let mut names = HashMap::new();
    for chunk in distinct(codes).chunks(KEYS_MAX) {
        let rows: Vec<(String, String)> = villages::table
            .filter(villages::code.eq_any(chunk))
            .select((villages::code, villages::name_zh))
            .load(connection)?;
        names.extend(rows);
    }
    Ok(names)
}

/// The names of these providers by number.
pub fn names_of_providers(
    connection: &mut AnyConnection,
    ids: impl Iterator<Item = i64>,
) -> Result<HashMap<i64, String>> {
    let mut names = HashMap::new();
    for chunk in distinct(ids).chunks(KEYS_MAX) {
        let rows: Vec<(i64, String)> = providers::table
            .filter(providers::id.eq_any(chunk))
            .select((providers::id, providers::name))
            .load(connection)?;
        names.extend(rows);
    }
    Ok(names)
}

fn distinct<T: Ord>(keys: impl Iterator<Item = T>) -> Vec<T> {
    let mut keys: Vec<T> = keys.collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Code, town code and name of the villages in the towns that [`town_names`] gives.
pub fn village_choices(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
) -> Result<Vec<(String, String, String)>> {
    let towns = town_names(connection, scope, permission)?;
    Ok(villages::table
        .filter(villages::town_code.eq_any(towns.into_iter().map(|(code, _, _)| code)))
        .order(villages::code)
        .select((villages::code, villages::town_code, villages::name_zh))
        .load(connection)?)
}

/// Code and name of a town's villages.
pub fn village_names(connection: &mut AnyConnection, town_code: &str) -> Result<Vec<(String, String)>> {
    Ok(villages::table
        .filter(villages::town_code.eq(town_code))
        .order(villages::code)
        .select((villages::code, villages::name_zh))
        .load(connection)?)
}

/// The town of a village; none for an unknown code.
pub fn town_of_village(connection: &mut AnyConnection, village_code: &str) -> Result<Option<String>> {
    let found =
        villages::table.filter(villages::code.eq(village_code)).select(villages::town_code).first(connection);
    Ok(found.optional()?)
}

/// Where a village lies.
#[derive(Clone, Debug, Default, PartialEq, Queryable)]
pub struct VillagePlace {
    pub town_code: String,
    pub longitude: f64,
    pub latitude: f64,
}

pub fn place_of_village(connection: &mut AnyConnection, village_code: &str) -> Result<Option<VillagePlace>> {
    let found = villages::table
        .filter(villages::code.eq(village_code))
        .select((villages::town_code, villages::longitude, villages::latitude))
        .first(connection);
    Ok(found.optional()?)
}

/// The code of the town that is called so in either language, or has this code.
pub fn town_called(connection: &mut AnyConnection, text: &str) -> Result<Option<String>> {
    let called = towns::name_zh.eq(text).or(towns::name_en.eq(text)).or(towns::code.eq(text));
    Ok(towns::table.filter(called).select(towns::code).first(connection).optional()?)
}

/// A village as a list names it, with its place.
#[derive(Clone, Debug, PartialEq, Queryable)]
pub struct VillageCalled {
    pub code: String,
    pub town_code: String,
    pub longitude: f64,
    pub latitude: f64,
}

/// Villages that are called so or have this code: of one town, or of all.
pub fn villages_called(
    connection: &mut AnyConnection,
    town_code: Option<&str>,
    text: &str,
) -> Result<Vec<VillageCalled>> {
    let mut query =
        villages::table.filter(villages::name_zh.eq(text).or(villages::code.eq(text))).into_boxed();
    if let Some(town) = town_code {
        query = query.filter(villages::town_code.eq(town));
    }
    let columns = (villages::code, villages::town_code, villages::longitude, villages::latitude);
    Ok(query.order(villages::code).select(columns).load(connection)?)
}

pub fn town_exists(connection: &mut AnyConnection, code: &str) -> Result<bool> {
    Ok(towns::table.filter(towns::code.eq(code)).count().get_result::<i64>(connection)? == 1)
}
