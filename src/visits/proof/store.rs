use std::collections::HashMap;

use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;

use super::model::{Assessment, Point, Strength};
use super::refresh::read;
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::{visit_proofs, visits};
use crate::elders::place_on;
use crate::error::Result;
use crate::visits::store::VisitRow;

/// Numbers listed in one statement.
const IDS_MAX: usize = 10_000;

/// What is found of a visit that the caller has within reach.
pub fn find(connection: &mut AnyConnection, visit_id: i64) -> Result<Option<Assessment>> {
    let stored: Option<(Strength, String)> = visit_proofs::table
        .filter(visit_proofs::visit_id.eq(visit_id))
        .select((visit_proofs::strength, visit_proofs::findings))
        .first(connection)
        .optional()?;
    stored.map(|(strength, findings)| read(strength, &findings)).transpose()
}

/// How well visits are proven that the caller has within reach; one without a proof yet is left out.
pub fn strengths(connection: &mut AnyConnection, visits: &[i64]) -> Result<HashMap<i64, Strength>> {
    let mut found = HashMap::new();
    for part in visits.chunks(IDS_MAX) {
        let rows: Vec<(i64, Strength)> = visit_proofs::table
            .filter(visit_proofs::visit_id.eq_any(part.to_vec()))
            .select((visit_proofs::visit_id, visit_proofs::strength))
            .load(connection)?;
        found.extend(rows);
    }
    Ok(found)
}

pub(super) fn put(
    connection: &mut AnyConnection,
    visit_id: i64,
    strength: Strength,
    findings: &str,
    now: Instant,
) -> Result<()> {
    let same = visit_proofs::table.filter(visit_proofs::visit_id.eq(visit_id));
    let values = (
        visit_proofs::strength.eq(strength),
        visit_proofs::findings.eq(findings),
        visit_proofs::computed_at.eq(now),
    );
    if diesel::update(same).set(values).execute(connection)? == 0 {
        diesel::insert_into(visit_proofs::table)
            .values((
                visit_proofs::visit_id.eq(visit_id),
                visit_proofs::strength.eq(strength),
                visit_proofs::findings.eq(findings),
                visit_proofs::computed_at.eq(now),
            ))
            .execute(connection)?;
    }
    Ok(())
}

/// Where an elder is visited on a day.
pub fn home_of(connection: &mut AnyConnection, elder_id: i64, day: NaiveDate) -> Result<Option<Point>> {
    let place = place_on(connection, &[elder_id], day)?.remove(&elder_id);
    Ok(place.map(|place| Point { longitude: place.longitude, latitude: place.latitude }))
}

/// The visits of the same caregiver that were arrived at just before this one and just after it, within a day.
pub(super) fn neighbours(
    connection: &mut AnyConnection,
    visit: &VisitRow,
) -> Result<(Option<VisitRow>, Option<VisitRow>)> {
    let Some((caregiver, arrived)) = visit.caregiver_id.zip(visit.arrived_at) else {
        return Ok((None, None));
    };
    // By planned times, which have an index; reality is within a day of them.
    let around: Vec<VisitRow> = visits::table
        .filter(visits::caregiver_id.eq(caregiver))
        .filter(visits::starts_at.ge(arrived - TimeDelta::days(1)))
        .filter(visits::starts_at.le(arrived + TimeDelta::days(1)))
        .filter(visits::arrived_at.is_not_null())
        .filter(visits::id.ne(visit.id))
        .select(VisitRow::as_select())
        .load(connection)?;
    let key = |row: &VisitRow| (row.arrived_at, row.id);
    let before = around.iter().filter(|row| key(row) < (Some(arrived), visit.id)).max_by_key(|row| key(row));
    let after = around.iter().filter(|row| key(row) > (Some(arrived), visit.id)).min_by_key(|row| key(row));
    Ok((before.cloned(), after.cloned()))
}
