use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::model::{InstitutionInput, InstitutionKind, InstitutionState};
use crate::access::{Permission, Reach, Scope};
use crate::clock::Instant;
use crate::db::schema::{beds, institutions, towns};
use crate::db::{AnyConnection, Backend, in_use, is_unique};
use crate::error::{Error, Result};
use crate::listing::{ListRequest, Listed};
use crate::text::Text;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = institutions)]
pub struct InstitutionRow {
    pub id: i64,
    pub town_code: String,
    pub village_code: Option<String>,
    pub name: String,
    pub kind: InstitutionKind,
    pub state: InstitutionState,
    pub operator: String,
    pub phone: String,
    pub micro_fire_station: bool,
    pub opened_on: Option<NaiveDate>,
    pub licence_starts_on: Option<NaiveDate>,
    pub licence_ends_on: Option<NaiveDate>,
    pub longitude: f64,
    pub latitude: f64,
    pub version: i64,
    pub updated_at: Instant,
}

/// A row of the list: the institution, its town's names, how many beds it has.
#[derive(Clone, Debug)]
pub struct InstitutionListed {
    pub institution: InstitutionRow,
    pub town_zh: String,
    pub town_en: String,
    pub beds: i64,
}

type Condition = Box<dyn BoxableExpression<institutions::table, Backend, SqlType = Bool>>;

/// The part of the table within reach.
pub(crate) fn within(reach: &Reach) -> Condition {
    if reach.city {
        return Box::new(crate::db::always());
    }
    Box::new(
        institutions::town_code
            .eq_any(reach.towns.clone())
            .or(institutions::id.eq_any(reach.institutions.clone())),
    )
}

impl InstitutionRow {
    /// The fields that an editor can set, for comparing versions.
    pub fn input(&self) -> InstitutionInput {
        InstitutionInput {
            town_code: self.town_code.clone(),
            village_code: self.village_code.clone(),
            name: self.name.clone(),
            kind: self.kind,
            state: self.state,
            operator: self.operator.clone(),
            phone: self.phone.clone(),
            micro_fire_station: self.micro_fire_station,
            opened_on: self.opened_on,
            licence_starts_on: self.licence_starts_on,
            licence_ends_on: self.licence_ends_on,
            longitude: self.longitude,
            latitude: self.latitude,
        }
    }
}

pub fn get_institution(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    id: i64,
) -> Result<InstitutionRow> {
    let reach = scope.reach(permission)?;
    Ok(institutions::table
        .filter(institutions::id.eq(id))
        .filter(within(&reach))
        .select(InstitutionRow::as_select())
        .first(connection)?)
}

/// The institution within reach that is called so, or has this number.
pub fn find_called(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    text: &str,
) -> Result<Option<InstitutionRow>> {
    let reach = scope.reach(permission)?;
    let called = institutions::name.eq(text).or(institutions::id.eq(text.parse().unwrap_or(-1)));
    let found = institutions::table.filter(within(&reach)).filter(called).select(InstitutionRow::as_select());
    Ok(found.first(connection).optional()?)
}

/// An institution of anywhere in the city: institutions are public, what happens in them is not.
pub(crate) fn find_institution(connection: &mut AnyConnection, id: i64) -> Result<Option<InstitutionRow>> {
    Ok(institutions::table
        .filter(institutions::id.eq(id))
        .select(InstitutionRow::as_select())
        .first(connection)
        .optional()?)
}

/// Rooms and beds of one kind in an institution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BedKindCount {
    pub kind: String,
    pub rooms: i64,
    pub beds: i64,
}

/// How many rooms and beds of each kind an institution has, for those who may see its beds.
pub fn beds_by_kind(connection: &mut AnyConnection, scope: &Scope, id: i64) -> Result<Vec<BedKindCount>> {
    get_institution(connection, scope, Permission::SeeBeds, id)?;
    let rows: Vec<(String, i64)> = beds::table
        .filter(beds::institution_id.eq(id))
        .filter(beds::closed_at.is_null())
        .order((beds::kind, beds::room_id))
        .select((beds::kind, beds::room_id))
        .load(connection)?;
    let mut counts: Vec<BedKindCount> = Vec::new();
    let mut last_room = None;
    for (kind, room) in rows {
        if counts.last().is_none_or(|count| count.kind != kind) {
            counts.push(BedKindCount { kind, rooms: 0, beds: 0 });
            last_room = None;
        }
        if let Some(count) = counts.last_mut() {
            count.beds += 1;
            count.rooms += i64::from(last_room != Some(room));
        }
        last_room = Some(room);
    }
    Ok(counts)
}

/// Filters: q (name or operator), town, kind, state, fire (true). Sorts: name, town, kind, state, operator, opened_on.
pub fn list_institutions(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
) -> Result<Listed<InstitutionListed>> {
    let reach = scope.reach(Permission::SeeRegistry)?;
    let total = filtered(&reach, request).count().get_result(connection)?;
    let mut query = filtered(&reach, request);
    if let Some(after) = request.after_id {
        query = query.filter(institutions::id.gt(after)).order(institutions::id);
    } else {
        query = ordered(query, request).then_order_by(institutions::id).offset(request.offset);
    }
    let rows: Vec<InstitutionRow> =
        query.limit(request.limit).select(InstitutionRow::as_select()).load(connection)?;
    let names: Vec<(String, String, String)> =
        towns::table.select((towns::code, towns::name_zh, towns::name_en)).load(connection)?;
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let counts: Vec<(i64, i64)> = beds::table
        .filter(beds::institution_id.eq_any(ids))
        .filter(beds::closed_at.is_null())
        .group_by(beds::institution_id)
        .select((beds::institution_id, diesel::dsl::count_star()))
        .load(connection)?;
    let rows = rows
        .into_iter()
        .map(|institution| {
            let town = names.iter().find(|(code, _, _)| *code == institution.town_code);
            InstitutionListed {
                town_zh: town.map(|town| town.1.clone()).unwrap_or_default(),
                town_en: town.map(|town| town.2.clone()).unwrap_or_default(),
                beds: counts.iter().find(|(id, _)| *id == institution.id).map_or(0, |(_, count)| *count),
                institution,
            }
        })
        .collect();
    Ok(Listed { rows, total })
}

fn filtered<'a>(reach: &Reach, request: &ListRequest) -> institutions::BoxedQuery<'a, Backend> {
    let mut query = institutions::table.filter(within(reach)).into_boxed();
    if let Some(pattern) = request.search_pattern() {
        let operator = institutions::operator.like(pattern.clone()).escape('\\');
        query = query.filter(institutions::name.like(pattern).escape('\\').or(operator));
    }
    if let Some(town) = request.filter("town") {
        query = query.filter(institutions::town_code.eq(town.to_owned()));
    }
    if let Some(kind) = request.filter("kind") {
        query = query.filter(institutions::kind.eq(kind.to_owned()));
    }
    if let Some(state) = request.filter("state") {
        query = query.filter(institutions::state.eq(state.to_owned()));
    }
    if let Some(fire) = request.filter_flag("fire") {
        query = query.filter(institutions::micro_fire_station.eq(fire));
    }
    query
}

fn ordered<'a>(
    query: institutions::BoxedQuery<'a, Backend>,
    request: &ListRequest,
) -> institutions::BoxedQuery<'a, Backend> {
    match request.sort_or("town") {
        ("name", false) => query.order(institutions::name.asc()),
        ("name", true) => query.order(institutions::name.desc()),
        ("kind", false) => query.order(institutions::kind.asc()),
        ("kind", true) => query.order(institutions::kind.desc()),
        ("state", false) => query.order(institutions::state.asc()),
        ("state", true) => query.order(institutions::state.desc()),
        ("operator", false) => query.order(institutions::operator.asc()),
        ("operator", true) => query.order(institutions::operator.desc()),
        ("opened_on", false) => query.order(institutions::opened_on.asc()),
        ("opened_on", true) => query.order(institutions::opened_on.desc()),
        (_, true) => query.order(institutions::town_code.desc()),
        (_, false) => query.order(institutions::town_code.asc()),
    }
}

pub fn insert_institution(
    connection: &mut AnyConnection,
    input: &InstitutionInput,
    now: Instant,
) -> Result<i64> {
    diesel::insert_into(institutions::table)
        .values((
            institutions::town_code.eq(&input.town_code),
            institutions::village_code.eq(input.village_code.as_ref()),
            institutions::name.eq(input.name.trim()),
            institutions::kind.eq(input.kind),
            institutions::state.eq(input.state),
            institutions::operator.eq(input.operator.trim()),
            institutions::phone.eq(&input.phone),
            institutions::micro_fire_station.eq(input.micro_fire_station),
            institutions::opened_on.eq(input.opened_on),
            institutions::licence_starts_on.eq(input.licence_starts_on),
            institutions::licence_ends_on.eq(input.licence_ends_on),
            institutions::longitude.eq(input.longitude),
            institutions::latitude.eq(input.latitude),
            institutions::updated_at.eq(now),
        ))
        .returning(institutions::id)
        .get_result(connection)
        .map_err(|failure| name_taken(failure, &input.name))
}

/// Writes the new values over version `seen`; false where that version is no longer the current one.
pub fn update_institution(
    connection: &mut AnyConnection,
    id: i64,
    seen: i64,
    input: &InstitutionInput,
    now: Instant,
) -> Result<bool> {
    let changed = diesel::update(
        institutions::table.filter(institutions::id.eq(id)).filter(institutions::version.eq(seen)),
    )
    .set((
        institutions::town_code.eq(&input.town_code),
        institutions::village_code.eq(input.village_code.as_ref()),
        institutions::name.eq(input.name.trim()),
        institutions::kind.eq(input.kind),
        institutions::state.eq(input.state),
        institutions::operator.eq(input.operator.trim()),
        institutions::phone.eq(&input.phone),
        institutions::micro_fire_station.eq(input.micro_fire_station),
        institutions::opened_on.eq(input.opened_on),
        institutions::licence_starts_on.eq(input.licence_starts_on),
        institutions::licence_ends_on.eq(input.licence_ends_on),
        institutions::longitude.eq(input.longitude),
        institutions::latitude.eq(input.latitude),
        institutions::version.eq(seen + 1),
        institutions::updated_at.eq(now),
    ))
    .execute(connection)
    .map_err(|failure| name_taken(failure, &input.name))?;
    Ok(changed == 1)
}

/// Deletes version `seen`; false where that version is no longer the current one. Refused while another record names it.
pub fn delete_institution(connection: &mut AnyConnection, id: i64, seen: i64) -> Result<bool> {
    let target = institutions::table.filter(institutions::id.eq(id)).filter(institutions::version.eq(seen));
    Ok(diesel::delete(target).execute(connection).map_err(in_use)? == 1)
}

fn name_taken(failure: diesel::result::Error, name: &str) -> Error {
    if is_unique(&failure) {
        return Error::field("name", Text::new("rule.name_taken").with("name", name.trim()));
    }
    failure.into()
}
