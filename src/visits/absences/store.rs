use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::AbsenceKind;
use crate::access::{Permission, Reach, Scope};
use crate::clock::{Calendar, Instant};
use crate::db::schema::{caregiver_absences, caregivers, visits};
use crate::db::{AnyConnection, Backend};
use crate::error::{Error, Result};
use crate::listing::{ListRequest, Listed};
use crate::text::Text;
use crate::visits::model::VisitState;
use crate::visits::store::VisitRow;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = caregiver_absences)]
pub struct AbsenceRow {
    pub id: i64,
    pub caregiver_id: i64,
    pub kind: AbsenceKind,
    pub starts_at: Instant,
    pub ends_at: Instant,
    pub note: String,
    pub recorded_by: String,
    pub cancelled_at: Option<Instant>,
    pub version: i64,
}

#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = caregiver_absences)]
pub(super) struct NewAbsence {
    pub caregiver_id: i64,
    pub kind: AbsenceKind,
    pub starts_at: Instant,
    pub ends_at: Instant,
    pub note: String,
    pub recorded_by: String,
    pub recorded_at: Instant,
}

type Boxed<'a> = caregiver_absences::BoxedQuery<'a, Backend>;

/// An absence is where its caregiver is; one's own are within reach too.
fn reached<'a>(reach: &Reach) -> Boxed<'a> {
    let query = caregiver_absences::table.into_boxed();
    if reach.city {
        return query;
    }
    let people = caregivers::table
        .filter(
            caregivers::town_code
                .eq_any(reach.towns.clone())
                .or(caregivers::provider_id.eq_any(reach.providers.clone()))
                .or(caregivers::id.eq_any(reach.caregivers.clone())),
        )
        .select(caregivers::id);
    query.filter(caregiver_absences::caregiver_id.eq_any(people))
}

pub(super) fn insert(connection: &mut AnyConnection, row: &NewAbsence) -> Result<i64> {
    Ok(diesel::insert_into(caregiver_absences::table)
        .values(row.clone())
        .returning(caregiver_absences::id)
        .get_result(connection)?)
}

pub fn get(connection: &mut AnyConnection, scope: &Scope, id: i64) -> Result<AbsenceRow> {
    let reach = scope.reach(Permission::AssignVisits)?;
    let one = reached(&reach).filter(caregiver_absences::id.eq(id));
    Ok(one.select(AbsenceRow::as_select()).first(connection)?)
}

pub(super) fn cancel(
    connection: &mut AnyConnection,
    row: &AbsenceRow,
    (now, actor): (Instant, &str),
) -> Result<bool> {
    let same = caregiver_absences::table
        .filter(caregiver_absences::id.eq(row.id))
        .filter(caregiver_absences::version.eq(row.version))
        .filter(caregiver_absences::cancelled_at.is_null());
    let changed = diesel::update(same)
        .set((
            caregiver_absences::cancelled_at.eq(now),
            caregiver_absences::cancelled_by.eq(actor),
            caregiver_absences::version.eq(row.version + 1),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}

/// The absence that keeps a caregiver from something in `[from, to)`.
pub fn blocking(
    connection: &mut AnyConnection,
    caregiver_id: i64,
    (from, to): (Instant, Instant),
) -> Result<Option<AbsenceRow>> {
    Ok(caregiver_absences::table
        .filter(caregiver_absences::caregiver_id.eq(caregiver_id))
        .filter(caregiver_absences::cancelled_at.is_null())
        .filter(caregiver_absences::starts_at.lt(to))
        .filter(caregiver_absences::ends_at.gt(from))
        .order(caregiver_absences::starts_at)
        .select(AbsenceRow::as_select())
        .first(connection)
        .optional()?)
}

/// What a caregiver has to do in `[from, to)`; the caller has the caregiver within reach.
pub fn visits_between(
    connection: &mut AnyConnection,
    caregiver_id: i64,
    (from, to): (Instant, Instant),
) -> Result<Vec<VisitRow>> {
    Ok(visits::table
        .filter(visits::caregiver_id.eq(caregiver_id))
        .filter(visits::state.ne(VisitState::NotDone))
        .filter(visits::starts_at.lt(to))
        .filter(visits::ends_at.gt(from))
        .order(visits::starts_at)
        .select(VisitRow::as_select())
        .load(connection)?)
}

/// Filters: caregiver, kind, from (a day; today without one: what has ended before is left out). Without cancelled ones.
pub fn list(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
    (calendar, now): (Calendar, Instant),
) -> Result<Listed<(AbsenceRow, String)>> {
    let reach = scope.reach(Permission::SeeVisits)?;
    let day: NaiveDate = match request.filter("from") {
        Some(text) => text.parse().map_err(|_| Error::field("from", Text::new("rule.date")))?,
        None => calendar.day_of(now),
    };
    let since = calendar.bounds(day).0;
    let query = || {
        let mut query = reached(&reach)
            .filter(caregiver_absences::cancelled_at.is_null())
            .filter(caregiver_absences::ends_at.gt(since));
        if let Some(caregiver) = request.filter_id("caregiver") {
            query = query.filter(caregiver_absences::caregiver_id.eq(caregiver));
        }
        if let Some(kind) = request.filter("kind") {
            query = query.filter(caregiver_absences::kind.eq(kind.to_owned()));
        }
        query
    };
    let total = query().count().get_result(connection)?;
    let rows = if let Some(after) = request.after_id {
        query().filter(caregiver_absences::id.gt(after)).order(caregiver_absences::id)
    } else {
        let ordered = match request.sort_or("starts") {
            ("ends", false) => query().order(caregiver_absences::ends_at.asc()),
            ("ends", true) => query().order(caregiver_absences::ends_at.desc()),
            (_, true) => query().order(caregiver_absences::starts_at.desc()),
            (_, false) => query().order(caregiver_absences::starts_at.asc()),
        };
        ordered.then_order_by(caregiver_absences::id).offset(request.offset)
    };
    let rows: Vec<AbsenceRow> = rows.limit(request.limit).select(AbsenceRow::as_select()).load(connection)?;
    let ids: Vec<i64> = rows.iter().map(|row| row.caregiver_id).collect();
    let names = crate::visits::store::caregiver_names(connection, &ids)?;
    let named = rows.into_iter().map(|row| {
        let name = names.iter().find(|(id, _)| *id == row.caregiver_id).map(|(_, name)| name.clone());
        (row, name.unwrap_or_default())
    });
    Ok(Listed { rows: named.collect(), total })
}
