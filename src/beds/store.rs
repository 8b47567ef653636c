mod stay_list;

use std::collections::HashMap;

use diesel::dsl::{InnerJoin, InnerJoinQuerySource, IntoBoxed};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::model::{BedKind, BedState};
use crate::access::{Permission, Reach, Scope};
use crate::clock::Instant;
use crate::db::schema::{beds, institutions, rooms, stays, towns};
use crate::db::{AnyConnection, Backend};
use crate::elders::store::visible_names;
use crate::error::Result;
use crate::listing::{ListRequest, Listed};

pub use stay_list::{list_stays, visible_elder};

/// Rows per statement where numbers are listed one by one.
const IDS_MAX: usize = 10_000;
/// Stays shown of one bed or elder.
const HISTORY_MAX: i64 = 100;

/// A bed with its room.
#[derive(Clone, Debug, Queryable)]
pub struct BedRow {
    pub id: i64,
    pub institution_id: i64,
    pub town_code: String,
    pub label: String,
    pub kind: BedKind,
    pub building: String,
    pub floor: i32,
    /// Room number.
    pub room: String,
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = stays)]
pub struct StayRow {
    pub id: i64,
    pub bed_id: i64,
    pub elder_id: i64,
    pub institution_id: i64,
    pub town_code: String,
    pub starts_at: Instant,
    pub ends_at: Option<Instant>,
    pub version: i64,
}

/// A bed as it stands at an instant.
#[derive(Clone, Debug)]
pub struct BedListed {
    pub bed: BedRow,
    pub institution: String,
    pub stay: Option<StayRow>,
    /// The resident's name, where the asker may see the elder.
    pub resident: Option<String>,
}

/// A stay with the names that the asker may see.
#[derive(Clone, Debug)]
pub struct StayListed {
    pub stay: StayRow,
    pub elder: Option<String>,
    pub institution: String,
    /// Room and bed label.
    pub place: String,
}

type Rooms = InnerJoinQuerySource<beds::table, rooms::table>;
type Condition = Box<dyn BoxableExpression<Rooms, Backend, SqlType = Bool>>;
type BedQuery<'a> = IntoBoxed<'a, InnerJoin<beds::table, rooms::table>, Backend>;

/// What is read of a bed, in the order of [`BedRow`].
const BED: (
    beds::id,
    beds::institution_id,
    beds::town_code,
    beds::label,
    beds::kind,
    rooms::building,
    rooms::floor,
    rooms::number,
) = (
    beds::id,
    beds::institution_id,
    beds::town_code,
    beds::label,
    beds::kind,
    rooms::building,
    rooms::floor,
    rooms::number,
);

fn within(reach: &Reach) -> Condition {
    use diesel::dsl::sql;
    if reach.city {
        return Box::new(sql::<Bool>("TRUE"));
    }
    Box::new(
        beds::town_code
            .eq_any(reach.towns.clone())
            .or(beds::institution_id.eq_any(reach.institutions.clone())),
    )
}

pub fn get_bed(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    id: i64,
) -> Result<BedRow> {
    let reach = scope.reach(permission)?;
    let bed = beds::table.inner_join(rooms::table).filter(beds::id.eq(id)).filter(within(&reach)).select(BED);
    Ok(bed.first(connection)?)
}

/// Filters: institution, town, kind, state at `now`. Sorts: institution, building, floor, room, label, kind.
pub fn list_beds(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
    now: Instant,
) -> Result<Listed<BedListed>> {
    let reach = scope.reach(Permission::SeeBeds)?;
    let total = filtered(&reach, request, now).count().get_result(connection)?;
    let mut query = filtered(&reach, request, now);
    if let Some(after) = request.after_id {
        query = query.filter(beds::id.gt(after)).order(beds::id);
    } else {
        query = ordered(query, request).offset(request.offset);
    }
    let rows: Vec<BedRow> = query.limit(request.limit).select(BED).load(connection)?;
    Ok(Listed { rows: with_stays(connection, scope, rows, now)?, total })
}

fn filtered<'a>(reach: &Reach, request: &ListRequest, now: Instant) -> BedQuery<'a> {
    let mut query = beds::table.inner_join(rooms::table).filter(within(reach)).into_boxed();
    if let Some(institution) = request.filter_id("institution") {
        query = query.filter(beds::institution_id.eq(institution));
    }
    if let Some(town) = request.filter("town") {
        query = query.filter(beds::town_code.eq(town.to_owned()));
    }
    if let Some(kind) = request.filter("kind") {
        query = query.filter(beds::kind.eq(kind.to_owned()));
    }
    let occupied = stays::table
        .filter(stays::starts_at.le(now))
        .filter(stays::ends_at.is_null().or(stays::ends_at.gt(now)))
        .select(stays::bed_id);
    match request.filter("state").map(BedState::parse) {
        Some(Some(BedState::Occupied)) => query.filter(beds::id.eq_any(occupied)),
        Some(Some(BedState::Free)) => query.filter(beds::id.ne_all(occupied)),
        Some(None) => query.filter(diesel::dsl::sql::<Bool>("FALSE")),
        None => query,
    }
}

fn ordered<'a>(query: BedQuery<'a>, request: &ListRequest) -> BedQuery<'a> {
    let query = match request.sort_or("institution") {
        ("building", false) => query.order(rooms::building.asc()),
        ("building", true) => query.order(rooms::building.desc()),
        ("floor", false) => query.order(rooms::floor.asc()),
        ("floor", true) => query.order(rooms::floor.desc()),
        ("room", false) => query.order(rooms::number.asc()),
        ("room", true) => query.order(rooms::number.desc()),
        ("label", false) => query.order(beds::label.asc()),
        ("label", true) => query.order(beds::label.desc()),
        ("kind", false) => query.order(beds::kind.asc()),
        ("kind", true) => query.order(beds::kind.desc()),
        (_, true) => query.order(beds::institution_id.desc()),
        (_, false) => query.order(beds::institution_id.asc()),
    };
    query.then_order_by((
        beds::institution_id,
        rooms::building,
        rooms::floor,
        rooms::number,
        beds::label,
        beds::id,
    ))
}

/// The beds with who is in them at `now`.
pub fn with_stays(
    connection: &mut AnyConnection,
    scope: &Scope,
    rows: Vec<BedRow>,
    now: Instant,
) -> Result<Vec<BedListed>> {
    let mut stay_of: HashMap<i64, StayRow> = HashMap::new();
    let ids: Vec<i64> = rows.iter().map(|bed| bed.id).collect();
    for part in ids.chunks(IDS_MAX) {
        let found: Vec<StayRow> = stays::table
            .filter(stays::bed_id.eq_any(part.to_vec()))
            .filter(stays::starts_at.le(now))
            .filter(stays::ends_at.is_null().or(stays::ends_at.gt(now)))
            .select(StayRow::as_select())
            .load(connection)?;
        stay_of.extend(found.into_iter().map(|stay| (stay.bed_id, stay)));
    }
    let elder_ids: Vec<i64> = stay_of.values().map(|stay| stay.elder_id).collect();
    let names = visible_names(connection, scope, &elder_ids, now)?;
    let institutions = institution_names(connection)?;
    let listed = rows.into_iter().map(|bed| {
        let stay = stay_of.remove(&bed.id);
        BedListed {
            institution: institutions.get(&bed.institution_id).cloned().unwrap_or_default(),
            resident: stay.as_ref().and_then(|stay| names.get(&stay.elder_id).cloned()),
            stay,
            bed,
        }
    });
    Ok(listed.collect())
}

fn institution_names(connection: &mut AnyConnection) -> Result<HashMap<i64, String>> {
    let names: Vec<(i64, String)> =
        institutions::table.select((institutions::id, institutions::name)).load(connection)?;
    Ok(names.into_iter().collect())
}

/// Number and name of the institutions with beds within reach, by town.
pub fn institutions_with_beds(connection: &mut AnyConnection, scope: &Scope) -> Result<Vec<(i64, String)>> {
    let reach = scope.reach(Permission::SeeBeds)?;
    Ok(institutions::table
        .filter(crate::registry::institutions::store::within(&reach))
        .filter(institutions::id.eq_any(beds::table.select(beds::institution_id)))
        .order((institutions::town_code, institutions::id))
        .select((institutions::id, institutions::name))
        .load(connection)?)
}

/// Both names of a town.
pub fn town_name(connection: &mut AnyConnection, code: &str) -> Result<(String, String)> {
    Ok(towns::table
        .filter(towns::code.eq(code))
        .select((towns::name_zh, towns::name_en))
        .first(connection)?)
}

pub fn get_stay(
    connection: &mut AnyConnection,
    scope: &Scope,
    permission: Permission,
    id: i64,
) -> Result<StayRow> {
    let reach = scope.reach(permission)?;
    let within = within_stays(&reach);
    Ok(stays::table.filter(stays::id.eq(id)).filter(within).select(StayRow::as_select()).first(connection)?)
}

fn within_stays(reach: &Reach) -> Box<dyn BoxableExpression<stays::table, Backend, SqlType = Bool>> {
    use diesel::dsl::sql;
    if reach.city {
        return Box::new(sql::<Bool>("TRUE"));
    }
    Box::new(
        stays::town_code
            .eq_any(reach.towns.clone())
            .or(stays::institution_id.eq_any(reach.institutions.clone())),
    )
}

/// Stays of a bed within reach, newest first.
pub fn stays_of_bed(
    connection: &mut AnyConnection,
    scope: &Scope,
    bed_id: i64,
    now: Instant,
) -> Result<Vec<StayListed>> {
    let reach = scope.reach(Permission::SeeBeds)?;
    let rows = stays::table
        .filter(stays::bed_id.eq(bed_id))
        .filter(within_stays(&reach))
        .order(stays::starts_at.desc())
        .limit(HISTORY_MAX)
        .select(StayRow::as_select())
        .load(connection)?;
    with_names(connection, scope, rows, now)
}

/// Stays of an elder within the asker's reach over beds, newest first; none for somebody who may see no beds.
pub fn stays_of_elder(
    connection: &mut AnyConnection,
    scope: &Scope,
    elder_id: i64,
    now: Instant,
) -> Result<Vec<StayListed>> {
    if !scope.may(Permission::SeeBeds) {
        return Ok(Vec::new());
    }
    let reach = scope.reach(Permission::SeeBeds)?;
    let rows = stays::table
        .filter(stays::elder_id.eq(elder_id))
        .filter(within_stays(&reach))
        .order(stays::starts_at.desc())
        .limit(HISTORY_MAX)
        .select(StayRow::as_select())
        .load(connection)?;
    with_names(connection, scope, rows, now)
}

fn with_names(
    connection: &mut AnyConnection,
    scope: &Scope,
    rows: Vec<StayRow>,
    now: Instant,
) -> Result<Vec<StayListed>> {
    let elder_ids: Vec<i64> = rows.iter().map(|stay| stay.elder_id).collect();
    let names = visible_names(connection, scope, &elder_ids, now)?;
    let institutions = institution_names(connection)?;
    let bed_ids: Vec<i64> = rows.iter().map(|stay| stay.bed_id).collect();
    let places: Vec<(i64, String, String)> = beds::table
        .inner_join(rooms::table)
        .filter(beds::id.eq_any(bed_ids))
        .select((beds::id, rooms::number, beds::label))
        .load(connection)?;
    let listed = rows.into_iter().map(|stay| StayListed {
        elder: names.get(&stay.elder_id).cloned(),
        institution: institutions.get(&stay.institution_id).cloned().unwrap_or_default(),
        place: places
            .iter()
            .find(|(id, _, _)| *id == stay.bed_id)
            .map(|(_, room, label)| format!("{room}-{label}"))
            .unwrap_or_default(),
        stay,
    });
    Ok(listed.collect())
}

/// The stay of this bed that keeps another one from going on from `from`.
pub(super) fn stay_in_bed_after(
    connection: &mut AnyConnection,
    bed_id: i64,
    from: Instant,
) -> Result<Option<StayRow>> {
    Ok(stays::table
        .filter(stays::bed_id.eq(bed_id))
        .filter(stays::ends_at.is_null().or(stays::ends_at.gt(from)))
        .order(stays::starts_at)
        .select(StayRow::as_select())
        .first(connection)
        .optional()?)
}

/// The stay of this elder that keeps another one from going on from `from`.
pub(super) fn stay_of_elder_after(
    connection: &mut AnyConnection,
    elder_id: i64,
    from: Instant,
) -> Result<Option<StayRow>> {
    Ok(stays::table
        .filter(stays::elder_id.eq(elder_id))
        .filter(stays::ends_at.is_null().or(stays::ends_at.gt(from)))
        .order(stays::starts_at)
        .select(StayRow::as_select())
        .first(connection)
        .optional()?)
}

/// Writes a stay that goes on; the database refuses it where bed or elder are taken.
pub(super) fn insert_stay(
    connection: &mut AnyConnection,
    bed: &BedRow,
    elder_id: i64,
    from: Instant,
) -> Result<i64> {
    Ok(diesel::insert_into(stays::table)
        .values((
            stays::bed_id.eq(bed.id),
            stays::elder_id.eq(elder_id),
            stays::institution_id.eq(bed.institution_id),
            stays::town_code.eq(&bed.town_code),
            stays::starts_at.eq(from),
        ))
        .returning(stays::id)
        .get_result(connection)?)
}

/// Ends version `seen` of a stay that goes on; false where that is no longer what is stored.
pub(super) fn end_stay(connection: &mut AnyConnection, id: i64, seen: i64, to: Instant) -> Result<bool> {
    let going_on = stays::table
        .filter(stays::id.eq(id))
        .filter(stays::version.eq(seen))
        .filter(stays::ends_at.is_null());
    let changed = diesel::update(going_on)
        .set((stays::ends_at.eq(to), stays::version.eq(seen + 1)))
        .execute(connection)?;
    Ok(changed == 1)
}
