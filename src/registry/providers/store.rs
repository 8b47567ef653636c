use std::collections::HashMap;

use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::access::{Permission, Reach, Scope};
use crate::clock::Instant;
use crate::db::schema::{caregivers, providers, stations};
use crate::db::{AnyConnection, Backend};
use crate::error::{Error, Result};
use crate::listing::{ListRequest, Listed};
use crate::registry::caregivers::store as caregiver_store;
use crate::registry::stations::store as station_store;
use crate::registry::store::{TownName, names_of_towns};

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = providers)]
pub struct ProviderRow {
    pub id: i64,
    pub town_code: String,
    pub name: String,
    pub phone: String,
    pub version: i64,
    pub updated_at: Instant,
}

/// A provider, its town, and how many of its stations and active caregivers the asker may see.
#[derive(Clone, Debug)]
pub struct ProviderListed {
    pub provider: ProviderRow,
    pub town: TownName,
    pub stations: i64,
    /// None where the asker may not see caregivers at all.
    pub caregivers: Option<i64>,
}

type Condition = Box<dyn BoxableExpression<providers::table, Backend, SqlType = Bool>>;

/// Providers that sit within reach, or work there: run a station or employ somebody in one of its towns.
pub(crate) fn within(reach: &Reach) -> Condition {
    if reach.city {
        return Box::new(crate::db::always());
    }
    let running = stations::table
        .filter(stations::town_code.eq_any(reach.towns.clone()))
        .filter(stations::provider_id.is_not_null())
        .select(stations::provider_id.assume_not_null());
    let employing = caregivers::table
        .filter(caregivers::town_code.eq_any(reach.towns.clone()))
        .select(caregivers::provider_id);
    Box::new(
        providers::town_code
            .eq_any(reach.towns.clone())
            .or(providers::id.eq_any(reach.providers.clone()))
            .or(providers::id.eq_any(running))
            .or(providers::id.eq_any(employing)),
    )
}

pub fn get_provider(connection: &mut AnyConnection, scope: &Scope, id: i64) -> Result<ProviderListed> {
    let reach = scope.reach(Permission::SeeRegistry)?;
    let provider: ProviderRow = providers::table
        .filter(providers::id.eq(id))
        .filter(within(&reach))
        .select(ProviderRow::as_select())
        .first(connection)?;
    counted(connection, scope, vec![provider])?.pop().ok_or_else(Error::not_found)
}

/// Whether the asker may name this provider in a record.
pub fn may_choose(connection: &mut AnyConnection, scope: &Scope, id: i64) -> Result<bool> {
    let reach = scope.reach(Permission::SeeRegistry)?;
    let found: i64 = providers::table
        .filter(providers::id.eq(id))
        .filter(within(&reach))
        .count()
        .get_result(connection)?;
    Ok(found == 1)
}

/// The number of the provider within reach that is called so, or has this number.
pub fn provider_called(connection: &mut AnyConnection, scope: &Scope, text: &str) -> Result<Option<i64>> {
    let reach = scope.reach(Permission::SeeRegistry)?;
    let called = providers::name.eq(text).or(providers::id.eq(text.parse().unwrap_or(-1)));
    let found = providers::table.filter(within(&reach)).filter(called).select(providers::id);
    Ok(found.first(connection).optional()?)
}

/// Number and name of the providers that the asker may see, by name.
pub fn provider_choices(connection: &mut AnyConnection, scope: &Scope) -> Result<Vec<(i64, String)>> {
    let reach = scope.reach(Permission::SeeRegistry)?;
    Ok(providers::table
        .filter(within(&reach))
        .order(providers::name)
        .select((providers::id, providers::name))
        .load(connection)?)
}

/// Filters: q (name), town. Sorts: town, name.
pub fn list_providers(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
) -> Result<Listed<ProviderListed>> {
    let reach = scope.reach(Permission::SeeRegistry)?;
    let total = filtered(&reach, request).count().get_result(connection)?;
    let mut query = filtered(&reach, request);
    if let Some(after) = request.after_id {
        query = query.filter(providers::id.gt(after)).order(providers::id);
    } else {
        query = match request.sort_or("town") {
            ("name", false) => query.order(providers::name.asc()),
            ("name", true) => query.order(providers::name.desc()),
            (_, true) => query.order(providers::town_code.desc()),
            (_, false) => query.order(providers::town_code.asc()),
        };
        query = query.then_order_by(providers::id).offset(request.offset);
    }
    let rows: Vec<ProviderRow> =
        query.limit(request.limit).select(ProviderRow::as_select()).load(connection)?;
    Ok(Listed { rows: counted(connection, scope, rows)?, total })
}

fn filtered<'a>(reach: &Reach, request: &ListRequest) -> providers::BoxedQuery<'a, Backend> {
    let mut query = providers::table.filter(within(reach)).into_boxed();
    if let Some(pattern) = request.search_pattern() {
        query = query.filter(providers::name.like(pattern).escape('\\'));
    }
    if let Some(town) = request.filter("town") {
        query = query.filter(providers::town_code.eq(town.to_owned()));
    }
    query
}

fn counted(
    connection: &mut AnyConnection,
    scope: &Scope,
    rows: Vec<ProviderRow>,
) -> Result<Vec<ProviderListed>> {
    let towns = names_of_towns(connection)?;
    let reach = scope.reach(Permission::SeeRegistry)?;
    let by_provider: Vec<(Option<i64>, i64)> = stations::table
        .filter(station_store::within(&reach))
        .group_by(stations::provider_id)
        .select((stations::provider_id, count_star()))
        .load(connection)?;
    let of_stations: HashMap<i64, i64> =
        by_provider.into_iter().filter_map(|(id, count)| Some((id?, count))).collect();
    let of_caregivers = active_caregivers(connection, scope)?;
    let listed = |provider: ProviderRow| ProviderListed {
        town: towns.get(&provider.town_code).cloned().unwrap_or_default(),
        stations: of_stations.get(&provider.id).copied().unwrap_or(0),
        caregivers: of_caregivers.as_ref().map(|counts| counts.get(&provider.id).copied().unwrap_or(0)),
        provider,
    };
    Ok(rows.into_iter().map(listed).collect())
}

fn active_caregivers(connection: &mut AnyConnection, scope: &Scope) -> Result<Option<HashMap<i64, i64>>> {
    if !scope.may(Permission::SeeCaregivers) {
        return Ok(None);
    }
    let reach = scope.reach(Permission::SeeCaregivers)?;
    let rows: Vec<(i64, i64)> = caregivers::table
        .filter(caregiver_store::within(&reach))
        .filter(caregivers::active.eq(true))
        .group_by(caregivers::provider_id)
        .select((caregivers::provider_id, count_star()))
        .load(connection)?;
    Ok(Some(rows.into_iter().collect()))
}
