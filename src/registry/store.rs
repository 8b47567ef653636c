//! Towns and villages as choices; shared by the lists of the registry.

use diesel::prelude::*;

use crate::access::{Permission, Scope};
use crate::db::AnyConnection;
use crate::db::schema::{towns, villages};
use crate::error::Result;

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

pub fn town_exists(connection: &mut AnyConnection, code: &str) -> Result<bool> {
    Ok(towns::table.filter(towns::code.eq(code)).count().get_result::<i64>(connection)? == 1)
}
