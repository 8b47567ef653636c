use std::collections::HashMap;

use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::model::{COUNTED, VillageKind};
use crate::access::{Permission, Reach, Scope};
use crate::db::schema::{stations, villages};
use crate::db::{AnyConnection, Backend};
use crate::error::{Error, Result};
use crate::listing::{ListRequest, Listed};
use crate::registry::store::{TownName, names_of_towns};

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = villages)]
pub struct VillageRow {
    pub code: String,
    pub town_code: String,
    pub name_zh: String,
    pub kind: VillageKind,
    pub listed_2019: bool,
    /// Approximate, WGS-84.
    pub longitude: f64,
    pub latitude: f64,
}

/// A village, its town's name, how many stations it has.
#[derive(Clone, Debug)]
pub struct VillageListed {
    pub village: VillageRow,
    pub town: TownName,
    pub stations: i64,
}

type Condition = Box<dyn BoxableExpression<villages::table, Backend, SqlType = Bool>>;

/// The part of the table within reach.
pub(crate) fn within(reach: &Reach) -> Condition {
    if reach.city {
        return Box::new(crate::db::always());
    }
    Box::new(villages::town_code.eq_any(reach.towns.clone()))
}

pub fn get_village(connection: &mut AnyConnection, scope: &Scope, code: &str) -> Result<VillageListed> {
    let reach = scope.reach(Permission::SeeRegistry)?;
    let row = villages::table
        .filter(villages::code.eq(code))
        .filter(within(&reach))
        .select(VillageRow::as_select())
        .first(connection)?;
    counted(connection, vec![row])?.pop().ok_or_else(Error::not_found)
}

/// Filters: q (name or code), town, kind (or [`COUNTED`]), listed and station (true).
/// Sorts: code, name, town, kind.
pub fn list_villages(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
) -> Result<Listed<VillageListed>> {
    let reach = scope.reach(Permission::SeeRegistry)?;
    let total = filtered(&reach, request).count().get_result(connection)?;
    let query = filtered(&reach, request);
    let query = match request.sort_or("code") {
        ("name", false) => query.order(villages::name_zh.asc()),
        ("name", true) => query.order(villages::name_zh.desc()),
        ("town", false) => query.order(villages::town_code.asc()),
        ("town", true) => query.order(villages::town_code.desc()),
        ("kind", false) => query.order(villages::kind.asc()),
        ("kind", true) => query.order(villages::kind.desc()),
        (_, true) => query.order(villages::code.desc()),
        (_, false) => query.order(villages::code.asc()),
    };
    let rows: Vec<VillageRow> = query
        .then_order_by(villages::code)
        .offset(request.offset)
        .limit(request.limit)
        .select(VillageRow::as_select())
        .load(connection)?;
    Ok(Listed { rows: counted(connection, rows)?, total })
}

fn filtered<'a>(reach: &Reach, request: &ListRequest) -> villages::BoxedQuery<'a, Backend> {
    let mut query = villages::table.filter(within(reach)).into_boxed();
    if let Some(pattern) = request.search_pattern() {
        let code = villages::code.like(pattern.clone()).escape('\\');
        query = query.filter(villages::name_zh.like(pattern).escape('\\').or(code));
    }
    if let Some(town) = request.filter("town") {
        query = query.filter(villages::town_code.eq(town.to_owned()));
    }
    match request.filter("kind") {
        Some(COUNTED) => query = query.filter(villages::kind.ne(VillageKind::Other)),
        Some(kind) => query = query.filter(villages::kind.eq(kind.to_owned())),
        None => {}
    }
    if let Some(listed) = request.filter_flag("listed") {
        query = query.filter(villages::listed_2019.eq(listed));
    }
    let served = stations::table.select(stations::village_code);
    match request.filter_flag("station") {
        Some(true) => query.filter(villages::code.eq_any(served)),
        Some(false) => query.filter(villages::code.ne_all(served)),
        None => query,
    }
}

fn counted(connection: &mut AnyConnection, rows: Vec<VillageRow>) -> Result<Vec<VillageListed>> {
    let towns = names_of_towns(connection)?;
    let mut codes: Vec<String> = rows.iter().map(|row| row.town_code.clone()).collect();
    codes.sort_unstable();
    codes.dedup();
    let counts: HashMap<String, i64> = stations::table
        .filter(stations::town_code.eq_any(codes))
        .group_by(stations::village_code)
        .select((stations::village_code, count_star()))
        .load::<(String, i64)>(connection)?
        .into_iter()
        .collect();
    let listed = |village: VillageRow| VillageListed {
        town: towns.get(&village.town_code).cloned().unwrap_or_default(),
        stations: counts.get(&village.code).copied().unwrap_or(0),
        village,
    };
    Ok(rows.into_iter().map(listed).collect())
}
