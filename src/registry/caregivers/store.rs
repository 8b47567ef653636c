use diesel::prelude::*;
use diesel::sql_types::{Bool, Text as SqlText};

use super::model::{CaregiverInput, Gender, TravelMode};
use crate::access::{Permission, Reach, Scope};
use crate::clock::Instant;
use crate::db::schema::caregivers;
use crate::db::{AnyConnection, Backend, in_use};
use crate::error::{Error, Result};
use crate::listing::{ListRequest, Listed};
use crate::registry::codes;
use crate::registry::store::{TownName, names_of_providers, names_of_towns};

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = caregivers)]
pub struct CaregiverRow {
    pub id: i64,
    pub provider_id: i64,
    pub town_code: String,
    pub name: String,
    pub gender: Gender,
    pub phone_sealed: Option<Vec<u8>>,
    /// Codes, joined with commas; so are languages and shift days.
    pub skills: String,
    pub languages: String,
    pub shift_days: String,
    pub shift_starts_min: i32,
    pub shift_ends_min: i32,
    pub travel_mode: TravelMode,
    pub longitude: f64,
    pub latitude: f64,
    pub active: bool,
    pub version: i64,
    pub updated_at: Instant,
}

/// A caregiver with the names of town and provider.
#[derive(Clone, Debug)]
pub struct CaregiverListed {
    pub caregiver: CaregiverRow,
    pub town: TownName,
    pub provider: String,
}

type Condition = Box<dyn BoxableExpression<caregivers::table, Backend, SqlType = Bool>>;

/// The part of the table within reach.
pub(crate) fn within(reach: &Reach) -> Condition {
    if reach.city {
        return Box::new(crate::db::always());
    }
    Box::new(
        caregivers::town_code
            .eq_any(reach.towns.clone())
            .or(caregivers::provider_id.eq_any(reach.providers.clone()))
            .or(caregivers::id.eq_any(reach.caregivers.clone())),
    )
}

impl CaregiverRow {
    /// The fields that an editor can set, for comparing versions; the phone is left as it is.
    pub fn input(&self) -> CaregiverInput {
        CaregiverInput {
            name: self.name.clone(),
            gender: self.gender,
            provider_id: self.provider_id,
            town_code: self.town_code.clone(),
            phone: None,
            skills: codes::split(&self.skills),
            languages: codes::split(&self.languages),
            shift_days: codes::split(&self.shift_days),
            shift_starts_min: self.shift_starts_min,
            shift_ends_min: self.shift_ends_min,
            travel_mode: self.travel_mode,
            longitude: self.longitude,
            latitude: self.latitude,
            active: self.active,
        }
    }
}

pub fn get_caregiver(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    id: i64,
) -> Result<CaregiverRow> {
    let reach = scope.reach(permission)?;
    Ok(caregivers::table
        .filter(caregivers::id.eq(id))
        .filter(within(&reach))
        .select(CaregiverRow::as_select())
        .first(connection)?)
}

/// The caregivers of a provider that are called so, within reach; of one town where it is given. A few.
pub fn find_called(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    (provider, town, name): (i64, Option<&str>, &str),
) -> Result<Vec<CaregiverRow>> {
    const CALLED_MAX: i64 = 20;
    let reach = scope.reach(permission)?;
    let mut query = caregivers::table
        .filter(within(&reach))
        .filter(caregivers::provider_id.eq(provider))
        .filter(caregivers::name.eq(name))
        .into_boxed();
    if let Some(town) = town {
        query = query.filter(caregivers::town_code.eq(town));
    }
    Ok(query.order(caregivers::id).limit(CALLED_MAX).select(CaregiverRow::as_select()).load(connection)?)
}

/// The caregiver with the names of town and provider.
pub fn get_named(connection: &mut AnyConnection, scope: &Scope, id: i64) -> Result<CaregiverListed> {
    let caregiver = get_caregiver(connection, scope, Permission::SeeCaregivers, id)?;
    named(connection, vec![caregiver])?.pop().ok_or_else(Error::not_found)
}

/// The names of those caregivers among `ids` whom the asker may see; none for somebody who sees no caregivers.
pub fn names_of_caregivers(
    connection: &mut AnyConnection,
    scope: &Scope,
    ids: &[i64],
) -> Result<std::collections::HashMap<i64, String>> {
    if ids.is_empty() || !scope.may(Permission::SeeCaregivers) {
        return Ok(std::collections::HashMap::new());
    }
    let reach = scope.reach(Permission::SeeCaregivers)?;
    let rows: Vec<(i64, String)> = caregivers::table
        .filter(caregivers::id.eq_any(ids.to_vec()))
        .filter(within(&reach))
        .select((caregivers::id, caregivers::name))
        .load(connection)?;
    Ok(rows.into_iter().collect())
}

/// Filters: q (name), town, provider, skill and language (a code), active. Sorts: name, provider, town, active.
pub fn list_caregivers(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
) -> Result<Listed<CaregiverListed>> {
    let reach = scope.reach(Permission::SeeCaregivers)?;
    let total = filtered(&reach, request).count().get_result(connection)?;
    let mut query = filtered(&reach, request);
    if let Some(after) = request.after_id {
        query = query.filter(caregivers::id.gt(after)).order(caregivers::id);
    } else {
        query = ordered(query, request).then_order_by(caregivers::id).offset(request.offset);
    }
    let rows: Vec<CaregiverRow> =
        query.limit(request.limit).select(CaregiverRow::as_select()).load(connection)?;
    Ok(Listed { rows: named(connection, rows)?, total })
}

fn named(connection: &mut AnyConnection, rows: Vec<CaregiverRow>) -> Result<Vec<CaregiverListed>> {
    let towns = names_of_towns(connection)?;
    let providers = names_of_providers(connection, rows.iter().map(|row| row.provider_id))?;
    let listed = |caregiver: CaregiverRow| CaregiverListed {
        town: towns.get(&caregiver.town_code).cloned().unwrap_or_default(),
        provider: providers.get(&caregiver.provider_id).cloned().unwrap_or_default(),
        caregiver,
    };
    Ok(rows.into_iter().map(listed).collect())
}

fn filtered<'a>(reach: &Reach, request: &ListRequest) -> caregivers::BoxedQuery<'a, Backend> {
    let mut query = caregivers::table.filter(within(reach)).into_boxed();
    if let Some(pattern) = request.search_pattern() {
        query = query.filter(caregivers::name.like(pattern).escape('\\'));
    }
    if let Some(town) = request.filter("town") {
        query = query.filter(caregivers::town_code.eq(town.to_owned()));
    }
    if let Some(provider) = request.filter_id("provider") {
        query = query.filter(caregivers::provider_id.eq(provider));
    }
    if let Some(active) = request.filter_flag("active") {
        query = query.filter(caregivers::active.eq(active));
    }
    if let Some(skill) = request.filter("skill") {
        let framed = ",".into_sql::<SqlText>().concat(caregivers::skills).concat(",");
        query = query.filter(framed.like(codes::pattern(skill)).escape('\\'));
    }
    if let Some(language) = request.filter("language") {
        let framed = ",".into_sql::<SqlText>().concat(caregivers::languages).concat(",");
        query = query.filter(framed.like(codes::pattern(language)).escape('\\'));
    }
    query
}

fn ordered<'a>(
    query: caregivers::BoxedQuery<'a, Backend>,
    request: &ListRequest,
) -> caregivers::BoxedQuery<'a, Backend> {
    match request.sort_or("town") {
        ("name", false) => query.order(caregivers::name.asc()),
        ("name", true) => query.order(caregivers::name.desc()),
        ("provider", false) => query.order(caregivers::provider_id.asc()),
        ("provider", true) => query.order(caregivers::provider_id.desc()),
        ("active", false) => query.order(caregivers::active.desc()),
        ("active", true) => query.order(caregivers::active.asc()),
        (_, true) => query.order(caregivers::town_code.desc()),
        (_, false) => query.order(caregivers::town_code.asc()),
    }
}

/// A new caregiver without phone: see [`set_phone`].
pub fn insert_caregiver(connection: &mut AnyConnection, input: &CaregiverInput, now: Instant) -> Result<i64> {
    Ok(diesel::insert_into(caregivers::table)
        .values((
            caregivers::provider_id.eq(input.provider_id),
            caregivers::town_code.eq(&input.town_code),
            caregivers::name.eq(input.name.trim()),
            caregivers::gender.eq(input.gender),
            caregivers::skills.eq(codes::join(&input.skills)),
            caregivers::languages.eq(codes::join(&input.languages)),
            caregivers::shift_days.eq(codes::join(&input.shift_days)),
            caregivers::shift_starts_min.eq(input.shift_starts_min),
            caregivers::shift_ends_min.eq(input.shift_ends_min),
            caregivers::travel_mode.eq(input.travel_mode),
            caregivers::longitude.eq(input.longitude),
            caregivers::latitude.eq(input.latitude),
            caregivers::active.eq(input.active),
            caregivers::updated_at.eq(now),
        ))
        .returning(caregivers::id)
        .get_result(connection)?)
}

/// Puts the sealed number in its cell: the seal names the row, so the row comes first.
pub fn set_phone(connection: &mut AnyConnection, id: i64, sealed: Option<&[u8]>) -> Result<()> {
    diesel::update(caregivers::table.filter(caregivers::id.eq(id)))
        .set(caregivers::phone_sealed.eq(sealed))
        .execute(connection)?;
    Ok(())
}

/// Writes the new values over version `seen`; false where that version is no longer the current one.
pub fn update_caregiver(
    connection: &mut AnyConnection,
    id: i64,
    seen: i64,
    input: &CaregiverInput,
    now: Instant,
) -> Result<bool> {
    let target = caregivers::table.filter(caregivers::id.eq(id)).filter(caregivers::version.eq(seen));
    let changed = diesel::update(target)
        .set((
            caregivers::provider_id.eq(input.provider_id),
            caregivers::town_code.eq(&input.town_code),
            caregivers::name.eq(input.name.trim()),
            caregivers::gender.eq(input.gender),
            caregivers::skills.eq(codes::join(&input.skills)),
            caregivers::languages.eq(codes::join(&input.languages)),
            caregivers::shift_days.eq(codes::join(&input.shift_days)),
            caregivers::shift_starts_min.eq(input.shift_starts_min),
            caregivers::shift_ends_min.eq(input.shift_ends_min),
            caregivers::travel_mode.eq(input.travel_mode),
            caregivers::longitude.eq(input.longitude),
            caregivers::latitude.eq(input.latitude),
            caregivers::active.eq(input.active),
            caregivers::version.eq(seen + 1),
            caregivers::updated_at.eq(now),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}

/// Deletes version `seen`; false where that version is no longer the current one. Refused while another record names it.
pub fn delete_caregiver(connection: &mut AnyConnection, id: i64, seen: i64) -> Result<bool> {
    let target = caregivers::table.filter(caregivers::id.eq(id)).filter(caregivers::version.eq(seen));
    Ok(diesel::delete(target).execute(connection).map_err(in_use)? == 1)
}
