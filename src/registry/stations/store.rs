use diesel::prelude::*;
use diesel::sql_types::{Bool, Text as SqlText};

use super::model::StationInput;
use crate::access::{Permission, Reach, Scope};
use crate::clock::Instant;
use crate::db::schema::stations;
use crate::db::{AnyConnection, Backend, in_use, is_unique};
use crate::error::{Error, Result};
use crate::listing::{ListRequest, Listed};
use crate::registry::codes;
use crate::registry::store::{TownName, names_of_providers, names_of_towns, names_of_villages};
use crate::text::Text;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = stations)]
pub struct StationRow {
    pub id: i64,
    pub town_code: String,
    pub village_code: String,
    pub provider_id: Option<i64>,
    pub name: String,
    pub smart: bool,
    /// Codes, joined with commas.
    pub services: String,
    pub phone: String,
    pub longitude: f64,
    pub latitude: f64,
    pub version: i64,
    pub updated_at: Instant,
}

/// A station with the names of what it belongs to.
#[derive(Clone, Debug)]
pub struct StationListed {
    pub station: StationRow,
    pub town: TownName,
    pub village: String,
    pub provider: Option<String>,
}

type Condition = Box<dyn BoxableExpression<stations::table, Backend, SqlType = Bool>>;

/// The part of the table within reach.
pub(crate) fn within(reach: &Reach) -> Condition {
    if reach.city {
        return Box::new(crate::db::always());
    }
    Box::new(
        stations::town_code
            .eq_any(reach.towns.clone())
            .or(stations::provider_id.assume_not_null().eq_any(reach.providers.clone())),
    )
}

impl StationRow {
    /// The fields that an editor can set, for comparing versions.
    pub fn input(&self) -> StationInput {
        StationInput {
            village_code: self.village_code.clone(),
            provider_id: self.provider_id,
            name: self.name.clone(),
            smart: self.smart,
            services: codes::split(&self.services),
            phone: self.phone.clone(),
            longitude: self.longitude,
            latitude: self.latitude,
        }
    }
}

pub fn get_station(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    id: i64,
) -> Result<StationRow> {
    let reach = scope.reach(permission)?;
    Ok(stations::table
        .filter(stations::id.eq(id))
        .filter(within(&reach))
        .select(StationRow::as_select())
        .first(connection)?)
}

/// The station of a village that is called so, within reach.
pub fn find_called(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    (village, name): (&str, &str),
) -> Result<Option<StationRow>> {
    let reach = scope.reach(permission)?;
    let found = stations::table
        .filter(within(&reach))
        .filter(stations::village_code.eq(village))
        .filter(stations::name.eq(name))
        .select(StationRow::as_select());
    Ok(found.first(connection).optional()?)
}

/// The station with the names of what it belongs to.
pub fn get_named(connection: &mut AnyConnection, scope: &Scope, id: i64) -> Result<StationListed> {
    let station = get_station(connection, scope, Permission::SeeRegistry, id)?;
    named(connection, vec![station])?.pop().ok_or_else(Error::not_found)
}

/// Filters: q (name), town, village, provider, smart (true), service (a code). Sorts: town, name, village, smart.
pub fn list_stations(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
) -> Result<Listed<StationListed>> {
    let reach = scope.reach(Permission::SeeRegistry)?;
    let total = filtered(&reach, request).count().get_result(connection)?;
    let mut query = filtered(&reach, request);
    if let Some(after) = request.after_id {
        query = query.filter(stations::id.gt(after)).order(stations::id);
    } else {
        query = ordered(query, request).then_order_by(stations::id).offset(request.offset);
    }
    let rows: Vec<StationRow> =
        query.limit(request.limit).select(StationRow::as_select()).load(connection)?;
    Ok(Listed { rows: named(connection, rows)?, total })
}

fn named(connection: &mut AnyConnection, rows: Vec<StationRow>) -> Result<Vec<StationListed>> {
    let towns = names_of_towns(connection)?;
    let villages = names_of_villages(connection, rows.iter().map(|row| row.village_code.clone()))?;
    let providers = names_of_providers(connection, rows.iter().filter_map(|row| row.provider_id))?;
    let listed = |station: StationRow| StationListed {
        town: towns.get(&station.town_code).cloned().unwrap_or_default(),
        village: villages.get(&station.village_code).cloned().unwrap_or_default(),
        provider: station.provider_id.and_then(|id| providers.get(&id).cloned()),
        station,
    };
    Ok(rows.into_iter().map(listed).collect())
}

fn filtered<'a>(reach: &Reach, request: &ListRequest) -> stations::BoxedQuery<'a, Backend> {
    let mut query = stations::table.filter(within(reach)).into_boxed();
    if let Some(pattern) = request.search_pattern() {
        query = query.filter(stations::name.like(pattern).escape('\\'));
    }
    if let Some(town) = request.filter("town") {
        query = query.filter(stations::town_code.eq(town.to_owned()));
    }
    if let Some(village) = request.filter("village") {
        query = query.filter(stations::village_code.eq(village.to_owned()));
    }
    if let Some(provider) = request.filter_id("provider") {
        query = query.filter(stations::provider_id.eq(provider));
    }
    if let Some(smart) = request.filter_flag("smart") {
        query = query.filter(stations::smart.eq(smart));
    }
    if let Some(service) = request.filter("service") {
        let framed = ",".into_sql::<SqlText>().concat(stations::services).concat(",");
        query = query.filter(framed.like(codes::pattern(service)).escape('\\'));
    }
    query
}

fn ordered<'a>(
    query: stations::BoxedQuery<'a, Backend>,
    request: &ListRequest,
) -> stations::BoxedQuery<'a, Backend> {
    match request.sort_or("town") {
        ("name", false) => query.order(stations::name.asc()),
        ("name", true) => query.order(stations::name.desc()),
        ("village", false) => query.order(stations::village_code.asc()),
        ("village", true) => query.order(stations::village_code.desc()),
        ("smart", false) => query.order(stations::smart.asc()),
        ("smart", true) => query.order(stations::smart.desc()),
        (_, true) => query.order(stations::town_code.desc()),
        (_, false) => query.order(stations::town_code.asc()),
    }
}

pub fn insert_station(
    connection: &mut AnyConnection,
    town_code: &str,
    input: &StationInput,
    now: Instant,
) -> Result<i64> {
    diesel::insert_into(stations::table)
        .values((
            stations::town_code.eq(town_code),
            stations::village_code.eq(&input.village_code),
            stations::provider_id.eq(input.provider_id),
            stations::name.eq(input.name.trim()),
            stations::smart.eq(input.smart),
            stations::services.eq(codes::join(&input.services)),
            stations::phone.eq(&input.phone),
            stations::longitude.eq(input.longitude),
            stations::latitude.eq(input.latitude),
            stations::updated_at.eq(now),
        ))
        .returning(stations::id)
        .get_result(connection)
        .map_err(|failure| name_taken(failure, &input.name))
}

/// Writes the new values over version `seen`; false where that version is no longer the current one.
pub fn update_station(
    connection: &mut AnyConnection,
    id: i64,
    seen: i64,
    town_code: &str,
    input: &StationInput,
    now: Instant,
) -> Result<bool> {
    let changed =
        diesel::update(stations::table.filter(stations::id.eq(id)).filter(stations::version.eq(seen)))
            .set((
                stations::town_code.eq(town_code),
                stations::village_code.eq(&input.village_code),
                stations::provider_id.eq(input.provider_id),
                stations::name.eq(input.name.trim()),
                stations::smart.eq(input.smart),
                stations::services.eq(codes::join(&input.services)),
                stations::phone.eq(&input.phone),
                stations::longitude.eq(input.longitude),
                stations::latitude.eq(input.latitude),
                stations::version.eq(seen + 1),
                stations::updated_at.eq(now),
            ))
            .execute(connection)
            .map_err(|failure| name_taken(failure, &input.name))?;
    Ok(changed == 1)
}

/// Deletes version `seen`; false where that version is no longer the current one. Refused while another record names it.
pub fn delete_station(connection: &mut AnyConnection, id: i64, seen: i64) -> Result<bool> {
    let target = stations::table.filter(stations::id.eq(id)).filter(stations::version.eq(seen));
    Ok(diesel::delete(target).execute(connection).map_err(in_use)? == 1)
}

fn name_taken(failure: diesel::result::Error, name: &str) -> Error {
    if is_unique(&failure) {
        return Error::field("name", Text::new("rule.name_taken_in_village").with("name", name.trim()));
    }
    failure.into()
}
