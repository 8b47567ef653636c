//! Visits that follow from care plans: many rows a statement.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::dsl::{count_star, sum};
use diesel::prelude::*;

use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::{visit_events, visit_groups, visits};
use crate::error::Result;
use crate::on_backend;
use crate::visits::model::{CaregiverRule, GroupRelation, VisitEvent, VisitState};
use crate::visits::planned::Group;

/// SQLite binds 32,766 values a statement; more than this gains nothing.
const BINDS_MAX: usize = 16_000;
const VISIT_COLUMNS: usize = 14;
const EVENT_COLUMNS: usize = 11;
const GROUP_COLUMNS: usize = 5;
/// Numbers listed in one statement.
const IDS_MAX: usize = 10_000;

/// A visit that follows from a plan, before its first event.
#[derive(Clone, Debug, PartialEq, Eq, Insertable)]
#[diesel(table_name = visits, treat_none_as_default_value = false)]
pub struct PlannedRow {
    /// 0 until it has one.
    pub id: i64,
    pub elder_id: i64,
    pub town_code: String,
    pub service_code: String,
    pub service_on: NaiveDate,
    pub window_starts_at: Instant,
    pub window_ends_at: Instant,
    pub duration_min: i32,
    pub price_fen: Option<i64>,
    pub plan_item_id: Option<i64>,
    pub plan_item_version: Option<i64>,
    /// The day that the item's rule gives.
    pub occurrence_on: Option<NaiveDate>,
    /// 1, or 2 for the second of two who come at once.
    pub occurrence_part: i32,
    pub group_id: Option<i64>,
}

/// A visit that followed from a plan, as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = visits)]
pub struct Followed {
    pub id: i64,
    pub service_code: String,
    pub town_code: String,
    pub service_on: NaiveDate,
    pub window_starts_at: Instant,
    pub window_ends_at: Instant,
    pub duration_min: i32,
    pub caregiver_id: Option<i64>,
    pub starts_at: Option<Instant>,
    pub state: VisitState,
    pub version: i64,
    #[diesel(select_expression = visits::plan_item_id.assume_not_null())]
    pub plan_item_id: i64,
    #[diesel(select_expression = visits::plan_item_version.assume_not_null())]
    pub plan_item_version: i64,
    #[diesel(select_expression = visits::occurrence_on.assume_not_null())]
    pub occurrence_on: NaiveDate,
    pub occurrence_part: i32,
    pub group_id: Option<i64>,
}

#[derive(Insertable)]
#[diesel(table_name = visit_events, treat_none_as_default_value = false)]
struct NewEvent<'a> {
    visit_id: i64,
    seq: i64,
    prev_seq: Option<i64>,
    kind: VisitEvent,
    from_state: VisitState,
    to_state: VisitState,
    at: Instant,
    recorded_at: Instant,
    actor: &'a str,
    caregiver_id: Option<i64>,
    note: &'a str,
}

#[derive(Insertable)]
#[diesel(table_name = visit_groups, treat_none_as_default_value = false)]
struct NewGroup {
    id: i64,
    relation: GroupRelation,
    lag_min_min: i32,
    lag_max_min: i32,
    caregiver_rule: CaregiverRule,
}

/// What followed from these items since a day of their rules. For a caller who reaches their plans.
pub fn followed(connection: &mut AnyConnection, items: &[i64], since: NaiveDate) -> Result<Vec<Followed>> {
    let mut found = Vec::new();
    for part in items.chunks(IDS_MAX) {
        let part: Vec<Option<i64>> = part.iter().copied().map(Some).collect();
        let rows: Vec<Followed> = visits::table
            .filter(visits::plan_item_id.eq_any(part))
            .filter(visits::occurrence_on.ge(since))
            .select(Followed::as_select())
            .load(connection)?;
        found.extend(rows);
    }
    Ok(found)
}

/// Inserts visits with their first events, and gives each its number.
pub(in crate::visits) fn insert_planned(
    connection: &mut AnyConnection,
    rows: &mut [PlannedRow],
    (at, actor): (Instant, &str),
) -> Result<()> {
    let last: Option<i64> = visits::table.select(diesel::dsl::max(visits::id)).first(connection)?;
    for (row, id) in rows.iter_mut().zip(last.unwrap_or(0) + 1..) {
        row.id = id;
    }
    for chunk in rows.chunks(BINDS_MAX / VISIT_COLUMNS) {
        on_backend!(connection, inner => diesel::insert_into(visits::table).values(chunk).execute(inner))?;
    }
    let fresh: Vec<(i64, i64, &str)> = rows.iter().map(|row| (row.id, 0, "")).collect();
    write_planned(connection, &fresh, (at, actor))
}

/// Adds the event of planning after the named version of each visit, with its note.
pub(in crate::visits) fn write_planned(
    connection: &mut AnyConnection,
    visits: &[(i64, i64, &str)],
    (at, actor): (Instant, &str),
) -> Result<()> {
    let step = (VisitEvent::Plan, VisitState::Unplanned, VisitState::Planned);
    insert_events(connection, visits, step, (at, actor))
}

/// Adds the event of withdrawing after the named version of each visit, with its note.
pub(in crate::visits) fn withdraw(
    connection: &mut AnyConnection,
    visits: &[(i64, i64, &str)],
    (at, actor): (Instant, &str),
) -> Result<()> {
    let step = (VisitEvent::Withdraw, VisitState::Planned, VisitState::Unplanned);
    insert_events(connection, visits, step, (at, actor))
}

fn insert_events(
    connection: &mut AnyConnection,
    visits: &[(i64, i64, &str)],
    (kind, from_state, to_state): (VisitEvent, VisitState, VisitState),
    (at, actor): (Instant, &str),
) -> Result<()> {
    for part in visits.chunks(BINDS_MAX / EVENT_COLUMNS) {
        let rows: Vec<NewEvent<'_>> = part
            .iter()
            .map(|(visit_id, seen, note)| NewEvent {
                visit_id: *visit_id,
                seq: seen + 1,
                prev_seq: (*seen > 0).then_some(*seen),
                kind,
                from_state,
                to_state,
                at,
                recorded_at: at,
                actor,
                caregiver_id: None,
                note,
            })
            .collect();
        on_backend!(connection, inner => diesel::insert_into(visit_events::table).values(&rows).execute(inner))?;
    }
    Ok(())
}

/// Gives a withdrawn visit what it is planned again with.
pub(in crate::visits) fn rewrite(connection: &mut AnyConnection, id: i64, row: &PlannedRow) -> Result<()> {
    let nowhere: Option<i32> = None;
    diesel::update(visits::table.filter(visits::id.eq(id)))
        .set((
            visits::town_code.eq(&row.town_code),
            visits::service_code.eq(&row.service_code),
            visits::service_on.eq(row.service_on),
            visits::window_starts_at.eq(row.window_starts_at),
            visits::window_ends_at.eq(row.window_ends_at),
            visits::duration_min.eq(row.duration_min),
            visits::price_fen.eq(row.price_fen),
            visits::plan_item_version.eq(row.plan_item_version),
            visits::group_id.eq(row.group_id),
            visits::group_place.eq(nowhere),
        ))
        .execute(connection)?;
    Ok(())
}

/// Makes groups and puts visits into them.
pub(in crate::visits) fn put_groups(connection: &mut AnyConnection, groups: &[Group]) -> Result<()> {
    let last: Option<i64> =
        visit_groups::table.select(diesel::dsl::max(visit_groups::id)).first(connection)?;
    let first = last.unwrap_or(0) + 1;
    for (index, part) in groups.chunks(BINDS_MAX / GROUP_COLUMNS).enumerate() {
        let first = first + (index * (BINDS_MAX / GROUP_COLUMNS)) as i64;
        let rows: Vec<NewGroup> = (first..)
            .zip(part)
            .map(|(id, group)| NewGroup {
                id,
                relation: group.relation,
                lag_min_min: group.lag_min_min,
                lag_max_min: group.lag_max_min,
                caregiver_rule: group.caregiver_rule,
            })
            .collect();
        on_backend!(connection, inner => diesel::insert_into(visit_groups::table).values(&rows).execute(inner))?;
    }
    for (id, group) in (first..).zip(groups) {
        for (place, visit_id) in (1..).zip(group.visits) {
            diesel::update(visits::table.filter(visits::id.eq(visit_id)))
                .set((visits::group_id.eq(id), visits::group_place.eq(place)))
                .execute(connection)?;
        }
    }
    Ok(())
}

type Totals = HashMap<i64, Vec<(VisitState, i64, i64)>>;

/// Visits and minutes of these elders' days `[from, to)` by state; those that were not done are left out. For a caller who
/// reaches the elders.
pub fn month_totals(
    connection: &mut AnyConnection,
    elders: &[i64],
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Totals> {
    let mut totals = Totals::new();
    for part in elders.chunks(IDS_MAX) {
        let rows: Vec<(i64, VisitState, i64, Option<i64>)> = visits::table
            .filter(visits::elder_id.eq_any(part.to_vec()))
            .filter(visits::service_on.ge(from))
            .filter(visits::service_on.lt(to))
            .filter(visits::state.ne_all([VisitState::Unplanned, VisitState::NotDone]))
            .group_by((visits::elder_id, visits::state))
            .select((visits::elder_id, visits::state, count_star(), sum(visits::duration_min)))
            .load(connection)?;
        for (elder, state, count, minutes) in rows {
            totals.entry(elder).or_default().push((state, count, minutes.unwrap_or_default()));
        }
    }
    Ok(totals)
}
