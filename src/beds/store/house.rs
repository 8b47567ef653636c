//! Beds counted at an instant and over time. Nothing here is stored but what an institution confirmed.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Text, Timestamp};

use super::ClaimRow;
use crate::access::{Permission, Scope};
use crate::beds::model::{BedState, ClaimKind, Counts, Period};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::{bed_claims, bed_confirmations, beds, institutions, outages, stays};
use crate::error::Result;

/// Stays read for one trend at most.
pub const STAYS_LIMIT: i64 = 500_000;

/// Beds of one kind in one institution by state, with what the institution is.
#[derive(Clone, Debug)]
pub struct HouseCounts {
    pub institution_id: i64,
    pub institution: String,
    pub institution_kind: String,
    pub institution_state: String,
    pub licence_ends_on: Option<chrono::NaiveDate>,
    pub town_code: String,
    pub longitude: f64,
    pub latitude: f64,
    pub bed_kind: String,
    pub counts: Counts,
}

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = BigInt)]
    institution_id: i64,
    #[diesel(sql_type = Text)]
    institution: String,
    #[diesel(sql_type = Text)]
    institution_kind: String,
    #[diesel(sql_type = Text)]
    institution_state: String,
    #[diesel(sql_type = Nullable<Date>)]
    licence_ends_on: Option<chrono::NaiveDate>,
    #[diesel(sql_type = Text)]
    town_code: String,
    #[diesel(sql_type = diesel::sql_types::Double)]
    longitude: f64,
    #[diesel(sql_type = diesel::sql_types::Double)]
    latitude: f64,
    #[diesel(sql_type = Text)]
    bed_kind: String,
    #[diesel(sql_type = BigInt)]
    occupied: i64,
    #[diesel(sql_type = BigInt)]
    on_leave: i64,
    #[diesel(sql_type = BigInt)]
    reserved: i64,
    #[diesel(sql_type = BigInt)]
    out_of_service: i64,
    #[diesel(sql_type = BigInt)]
    beds: i64,
}

/// One statement, so that every count is of the same moment: a bed has at most one claim at an instant.
const COUNTS: &str = "WITH c AS MATERIALIZED (SELECT kind, source_id, bed_id FROM bed_claims \
    WHERE starts_at <= $1 AND (ends_at IS NULL OR ends_at > $2)), \
    l AS MATERIALIZED (SELECT stay_id FROM leaves WHERE starts_at <= $3 AND (ends_at IS NULL OR ends_at > $4)), \
    n AS (SELECT b.institution_id, b.kind AS bed_kind, count(*) AS beds, \
    count(CASE WHEN c.kind = 'stay' AND l.stay_id IS NULL THEN 1 END) AS occupied, \
    count(CASE WHEN c.kind = 'stay' AND l.stay_id IS NOT NULL THEN 1 END) AS on_leave, \
    count(CASE WHEN c.kind = 'hold' THEN 1 END) AS reserved, \
    count(CASE WHEN c.kind = 'outage' THEN 1 END) AS out_of_service \
    FROM beds AS b LEFT JOIN c ON c.bed_id = b.id LEFT JOIN l ON c.kind = 'stay' AND l.stay_id = c.source_id \
    WHERE b.closed_at IS NULL OR b.closed_at > $5 GROUP BY b.institution_id, b.kind) \
    SELECT n.institution_id, i.name AS institution, i.kind AS institution_kind, i.state AS institution_state, \
    i.licence_ends_on, i.town_code, i.longitude, i.latitude, n.bed_kind, n.beds, n.occupied, n.on_leave, n.reserved, \
    n.out_of_service FROM n JOIN institutions AS i ON i.id = n.institution_id \
    ORDER BY i.town_code, i.id, n.bed_kind";

/// Beds within reach by institution and kind as they stood or will stand at `at`.
pub fn counts_at(connection: &mut AnyConnection, scope: &Scope, at: Instant) -> Result<Vec<HouseCounts>> {
    let reach = scope.reach(Permission::SeeBeds)?;
    let rows: Vec<CountRow> = diesel::sql_query(COUNTS)
        .bind::<Timestamp, _>(at)
        .bind::<Timestamp, _>(at)
        .bind::<Timestamp, _>(at)
        .bind::<Timestamp, _>(at)
        .bind::<Timestamp, _>(at)
        .load(connection)?;
    let within = rows.into_iter().filter(|row| reach.covers(Some(&row.town_code), Some(row.institution_id)));
    Ok(within.map(house).collect())
}

fn house(row: CountRow) -> HouseCounts {
    let mut counts = Counts::default();
    counts.add(BedState::Occupied, row.occupied);
    counts.add(BedState::OnLeave, row.on_leave);
    counts.add(BedState::Reserved, row.reserved);
    counts.add(BedState::OutOfService, row.out_of_service);
    counts.add(BedState::Free, row.beds - counts.beds());
    HouseCounts {
        institution_id: row.institution_id,
        institution: row.institution,
        institution_kind: row.institution_kind,
        institution_state: row.institution_state,
        licence_ends_on: row.licence_ends_on,
        town_code: row.town_code,
        longitude: row.longitude,
        latitude: row.latitude,
        bed_kind: row.bed_kind,
        counts,
    }
}

/// Periods of stays within reach that touch `[from, to)`: what a trend is made of.
pub fn lived_in_between(
    connection: &mut AnyConnection,
    scope: &Scope,
    institution: Option<i64>,
    from: Instant,
    to: Instant,
) -> Result<Vec<Period>> {
    let reach = scope.reach(Permission::SeeBeds)?;
    let mut query = stays::table
        .filter(super::stay_rows::within_stays(&reach))
        .filter(stays::starts_at.lt(to))
        .filter(stays::ends_at.is_null().or(stays::ends_at.gt(from)))
        .into_boxed();
    if let Some(institution) = institution {
        query = query.filter(stays::institution_id.eq(institution));
    }
    Ok(query.limit(STAYS_LIMIT).select((stays::starts_at, stays::ends_at)).load(connection)?)
}

/// The number of beds of operating institutions within reach, and every period that fills one of them after `from`. A stay
/// whose discharge is ordered ends when that is planned, an outage when its end is expected.
pub fn claims_within(
    connection: &mut AnyConnection,
    scope: &Scope,
    institution: Option<i64>,
    from: Instant,
) -> Result<(i64, Vec<Period>)> {
    let reach = scope.reach(Permission::SeeBeds)?;
    let is_asked = |town: &str, house: i64| {
        reach.covers(Some(town), Some(house)) && institution.is_none_or(|asked| asked == house)
    };
    let houses: Vec<(i64, String, i64)> = beds::table
        .inner_join(institutions::table)
        .filter(institutions::state.eq("operating"))
        .filter(beds::closed_at.is_null().or(beds::closed_at.gt(from)))
        .group_by((beds::institution_id, beds::town_code))
        .select((beds::institution_id, beds::town_code, diesel::dsl::count_star()))
        .load(connection)?;
    let count =
        houses.iter().filter(|(house, town, _)| is_asked(town, *house)).map(|(_, _, beds)| beds).sum();
    let rows: Vec<(ClaimRow, i64, String)> = bed_claims::table
        .inner_join(beds::table.on(beds::id.eq(bed_claims::bed_id)))
        .inner_join(institutions::table.on(institutions::id.eq(beds::institution_id)))
        .filter(institutions::state.eq("operating"))
        .filter(bed_claims::ends_at.is_null().or(bed_claims::ends_at.gt(from)))
        .select((ClaimRow::as_select(), beds::institution_id, beds::town_code))
        .load(connection)?;
    let planned: HashMap<i64, Instant> = stays::table
        .filter(stays::ends_at.is_null())
        .filter(stays::planned_ends_at.is_not_null())
        .select((stays::id, stays::planned_ends_at.assume_not_null()))
        .load(connection)?
        .into_iter()
        .collect();
    let due: HashMap<i64, Instant> = outages::table
        .filter(outages::ends_at.is_null())
        .filter(outages::due_at.is_not_null())
        .select((outages::id, outages::due_at.assume_not_null()))
        .load(connection)?
        .into_iter()
        .collect();
    let asked = rows.into_iter().filter(|(_, house, town)| is_asked(town, *house));
    let expected = asked.map(|(claim, _, _)| {
        let ends_at = claim.ends_at.or_else(|| match claim.kind {
            ClaimKind::Stay => planned.get(&claim.source_id).copied(),
            ClaimKind::Outage => due.get(&claim.source_id).copied(),
            ClaimKind::Hold => None,
        });
        // What should be over and is not may end any moment: it is expected to be there still, and to end next.
        (claim.starts_at, ends_at.map(|at| at.max(from + chrono::TimeDelta::milliseconds(1))))
    });
    Ok((count, expected.collect()))
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = bed_confirmations)]
pub struct ConfirmationRow {
    pub id: i64,
    pub institution_id: i64,
    pub at: Instant,
    pub actor: String,
    pub beds: i64,
}

/// The latest confirmation of each institution.
pub fn latest_confirmations(connection: &mut AnyConnection) -> Result<HashMap<i64, ConfirmationRow>> {
    let latest = bed_confirmations::table
        .group_by(bed_confirmations::institution_id)
        .select(diesel::dsl::max(bed_confirmations::id).assume_not_null());
    let ids: Vec<i64> = latest.load(connection)?;
    let rows: Vec<ConfirmationRow> = bed_confirmations::table
        .filter(bed_confirmations::id.eq_any(ids))
        .select(ConfirmationRow::as_select())
        .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.institution_id, row)).collect())
}

pub fn insert_confirmation(
    connection: &mut AnyConnection,
    institution_id: i64,
    town_code: &str,
    actor: &str,
    counts: &Counts,
    at: Instant,
) -> Result<i64> {
    Ok(diesel::insert_into(bed_confirmations::table)
        .values((
            bed_confirmations::institution_id.eq(institution_id),
            bed_confirmations::town_code.eq(town_code),
            bed_confirmations::at.eq(at),
            bed_confirmations::actor.eq(actor),
            bed_confirmations::beds.eq(counts.beds()),
            bed_confirmations::occupied.eq(counts.occupied),
            bed_confirmations::on_leave.eq(counts.on_leave),
            bed_confirmations::reserved.eq(counts.reserved),
            bed_confirmations::out_of_service.eq(counts.out_of_service),
            bed_confirmations::free.eq(counts.free),
        ))
        .returning(bed_confirmations::id)
        .get_result(connection)?)
}
