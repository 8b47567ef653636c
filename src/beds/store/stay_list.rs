use diesel::prelude::*;

use super::StayRow;
use super::stay_rows::within_stays;
use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::stays;
use crate::elders::store::visible_names;
use crate::error::Result;
use crate::listing::ListRequest;

/// Stays within reach in order of their numbers, each with its elder's number where the asker may see the elder.
/// Filters: institution, bed, town, current (goes on at `now`).
pub fn list_stays(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
    now: Instant,
) -> Result<Vec<(StayRow, Option<i64>)>> {
    let reach = scope.reach(Permission::SeeBeds)?;
    let mut query = stays::table.filter(within_stays(&reach)).into_boxed();
    if let Some(institution) = request.filter_id("institution") {
        query = query.filter(stays::institution_id.eq(institution));
    }
    if let Some(bed) = request.filter_id("bed") {
        query = query.filter(stays::bed_id.eq(bed));
    }
    if let Some(town) = request.filter("town") {
        query = query.filter(stays::town_code.eq(town.to_owned()));
    }
    query = match request.filter_flag("current") {
        Some(true) => {
            query.filter(stays::starts_at.le(now)).filter(stays::ends_at.is_null().or(stays::ends_at.gt(now)))
        }
        // A stay has no end or one after its start, so whatever does not go on now is over or yet to come.
        Some(false) => query.filter(stays::starts_at.gt(now).or(stays::ends_at.le(now).assume_not_null())),
        None => query,
    };
    let rows: Vec<StayRow> = query
        .filter(stays::id.gt(request.after_id.unwrap_or_default()))
        .order(stays::id)
        .limit(request.limit)
        .select(StayRow::as_select())
        .load(connection)?;
    let elders: Vec<i64> = rows.iter().map(|stay| stay.elder_id).collect();
    let names = visible_names(connection, scope, &elders, now)?;
    let seen = |stay: &StayRow| names.contains_key(&stay.elder_id).then_some(stay.elder_id);
    Ok(rows.into_iter().map(|stay| (seen(&stay), stay)).map(|(elder, stay)| (stay, elder)).collect())
}

/// The number of the elder whose stay it is, where the asker may see the elder.
pub fn visible_elder(
    connection: &mut AnyConnection,
    scope: &Scope,
    stay: &StayRow,
    now: Instant,
) -> Result<Option<i64>> {
    let names = visible_names(connection, scope, &[stay.elder_id], now)?;
    Ok(names.contains_key(&stay.elder_id).then_some(stay.elder_id))
}
