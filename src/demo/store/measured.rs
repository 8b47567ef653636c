//! What measurements look at.

use diesel::dsl::count_star;
use diesel::prelude::*;

use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::{visit_steps, visits};
use crate::error::Result;

/// The town and the elder with most visits.
pub struct Busiest {
    pub town: String,
    pub elder_id: i64,
}

pub fn busiest(connection: &mut AnyConnection) -> Result<Busiest> {
    let towns = visits::table.group_by(visits::town_code).select(visits::town_code);
    let elders = visits::table.group_by(visits::elder_id).select(visits::elder_id);
    Ok(Busiest {
        town: towns.order((count_star().desc(), visits::town_code)).first(connection)?,
        elder_id: elders.order((count_star().desc(), visits::elder_id)).first(connection)?,
    })
}

pub(in crate::demo) fn count_visits(connection: &mut AnyConnection) -> Result<i64> {
    Ok(visits::table.count().get_result(connection)?)
}

/// Visits that are on now or come today, with their caregivers; the latest first.
pub fn visits_to_make(
    connection: &mut AnyConnection,
    (now, day): (Instant, chrono::NaiveDate),
    count: usize,
) -> Result<Vec<(i64, i64)>> {
    Ok(visits::table
        .filter(visits::service_on.eq(day))
        .filter(visits::state.eq("assigned"))
        .filter(visits::ends_at.gt(now))
        .order(visits::starts_at.desc())
        .limit(count as i64)
        .select((visits::id, visits::caregiver_id.assume_not_null()))
        .load(connection)?)
}

/// Steps that phones have reported.
pub fn steps_on_record(connection: &mut AnyConnection) -> Result<i64> {
    Ok(visit_steps::table.count().get_result(connection)?)
}
