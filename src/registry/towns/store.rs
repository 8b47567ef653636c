use std::collections::{HashMap, HashSet};

use diesel::dsl::count_star;
use diesel::prelude::*;

use super::model::{TownFigures, TownKind, page_of};
use crate::access::{Permission, Reach, Scope};
use crate::db::AnyConnection;
use crate::db::schema::{beds, institutions, stations, towns, villages};
use crate::error::{Error, Result};
use crate::listing::{ListRequest, Listed};
use crate::registry::institutions::InstitutionState;
use crate::registry::villages::VillageKind;

#[derive(Queryable, Selectable)]
#[diesel(table_name = towns)]
struct TownRow {
    code: String,
    name_zh: String,
    name_en: String,
    kind: TownKind,
    longitude: f64,
    latitude: f64,
    area_km2: Option<f64>,
    elders_60plus_est: i64,
}

/// The towns within reach with their figures. Filters: q (name or code), kind. Sorts: code, name, kind, and each figure.
pub fn list_towns(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
) -> Result<Listed<TownFigures>> {
    let reach = scope.reach(Permission::SeeRegistry)?;
    let (rows, total) = page_of(figures(connection, &reach, None)?, request);
    Ok(Listed { rows, total })
}

pub fn get_town(connection: &mut AnyConnection, scope: &Scope, code: &str) -> Result<TownFigures> {
    let reach = scope.reach(Permission::SeeRegistry)?;
    figures(connection, &reach, Some(code))?.pop().ok_or_else(Error::not_found)
}

/// How many towns are within reach.
pub fn count_towns(connection: &mut AnyConnection, reach: &Reach) -> Result<i64> {
    let mut query = towns::table.into_boxed();
    if !reach.city {
        query = query.filter(towns::code.eq_any(reach.towns.clone()));
    }
    Ok(query.count().get_result(connection)?)
}

fn figures(connection: &mut AnyConnection, reach: &Reach, only: Option<&str>) -> Result<Vec<TownFigures>> {
    let mut query = towns::table.into_boxed();
    if !reach.city {
        query = query.filter(towns::code.eq_any(reach.towns.clone()));
    }
    if let Some(code) = only {
        query = query.filter(towns::code.eq(code.to_owned()));
    }
    let rows: Vec<TownRow> = query.order(towns::code).select(TownRow::as_select()).load(connection)?;
    let codes: Vec<String> = rows.iter().map(|row| row.code.clone()).collect();
    let (listed, covered) = villages_of(connection, &codes)?;
    let stations = counts(
        stations::table
            .filter(stations::town_code.eq_any(codes.clone()))
            .group_by(stations::town_code)
            .select((stations::town_code, count_star()))
            .load(connection)?,
    );
    let houses = counts(
        institutions::table
            .filter(institutions::town_code.eq_any(codes.clone()))
            .filter(institutions::state.eq(InstitutionState::Operating))
            .group_by(institutions::town_code)
            .select((institutions::town_code, count_star()))
            .load(connection)?,
    );
    let beds = counts(
        beds::table
            .inner_join(institutions::table)
            .filter(institutions::town_code.eq_any(codes))
            .filter(institutions::state.eq(InstitutionState::Operating))
            .filter(beds::closed_at.is_null())
            .group_by(institutions::town_code)
            .select((institutions::town_code, count_star()))
            .load(connection)?,
    );
    let of = |counts: &HashMap<String, i64>, code: &str| counts.get(code).copied().unwrap_or(0);
    Ok(rows
        .into_iter()
        .map(|row| TownFigures {
            villages: of(&listed, &row.code),
            villages_covered: of(&covered, &row.code),
            stations: of(&stations, &row.code),
            institutions: of(&houses, &row.code),
            beds: of(&beds, &row.code),
            code: row.code,
            name_zh: row.name_zh,
            name_en: row.name_en,
            kind: row.kind,
            longitude: row.longitude,
            latitude: row.latitude,
            area_km2: row.area_km2,
            elders_60plus: row.elders_60plus_est,
        })
        .collect())
}

/// Listed villages and communities by town, and those of them that have a station.
fn villages_of(
    connection: &mut AnyConnection,
    towns: &[String],
) -> Result<(HashMap<String, i64>, HashMap<String, i64>)> {
    let rows: Vec<(String, String)> = villages::table
        .filter(villages::town_code.eq_any(towns))
        .filter(villages::listed_2019.eq(true))
        .filter(villages::kind.ne(VillageKind::Other))
        .select((villages::code, villages::town_code))
        .load(connection)?;
    let with_station: HashSet<String> = stations::table
        .filter(stations::town_code.eq_any(towns))
        .select(stations::village_code)
        .distinct()
        .load(connection)?
        .into_iter()
        .collect();
    let (mut listed, mut covered) = (HashMap::new(), HashMap::new());
    for (code, town) in rows {
        if with_station.contains(&code) {
            *covered.entry(town.clone()).or_insert(0) += 1;
        }
        *listed.entry(town).or_insert(0) += 1;
    }
    Ok((listed, covered))
}

fn counts(rows: Vec<(String, i64)>) -> HashMap<String, i64> {
    rows.into_iter().collect()
}
