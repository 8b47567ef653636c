//! What fills a bed, and what it is at an instant.

use std::collections::HashMap;

use diesel::prelude::*;

use super::IDS_MAX;
use crate::beds::model::{BedState, ClaimKind};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::{bed_claims, leaves};
use crate::error::Result;

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = bed_claims)]
pub struct ClaimRow {
    pub kind: ClaimKind,
    pub source_id: i64,
    pub bed_id: i64,
    pub starts_at: Instant,
    pub ends_at: Option<Instant>,
}

/// What fills a bed at an instant, and the leave of a stay that goes on then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    pub claim: ClaimRow,
    pub leave_id: Option<i64>,
}

impl Filled {
    pub fn state(&self) -> BedState {
        match (self.claim.kind, self.leave_id) {
            (ClaimKind::Stay, None) => BedState::Occupied,
            (ClaimKind::Stay, Some(_)) => BedState::OnLeave,
            (ClaimKind::Hold, _) => BedState::Reserved,
            (ClaimKind::Outage, _) => BedState::OutOfService,
        }
    }
}

/// The first period of the bed that overlaps `[from, to)`, apart from those named.
pub(in crate::beds) fn blocking_claim(
    connection: &mut AnyConnection,
    bed_id: i64,
    from: Instant,
    to: Option<Instant>,
    except: &[(ClaimKind, i64)],
) -> Result<Option<ClaimRow>> {
    let mut query = bed_claims::table
        .filter(bed_claims::bed_id.eq(bed_id))
        .filter(bed_claims::ends_at.is_null().or(bed_claims::ends_at.gt(from)))
        .into_boxed();
    if let Some(to) = to {
        query = query.filter(bed_claims::starts_at.lt(to));
    }
    let rows: Vec<ClaimRow> =
        query.order(bed_claims::starts_at).select(ClaimRow::as_select()).load(connection)?;
    Ok(rows.into_iter().find(|row| !except.contains(&(row.kind, row.source_id))))
}

/// What fills each of these beds at `at`; a bed that is free is absent.
pub fn filled_at(
    connection: &mut AnyConnection,
    bed_ids: &[i64],
    at: Instant,
) -> Result<HashMap<i64, Filled>> {
    let mut found = HashMap::new();
    for part in bed_ids.chunks(IDS_MAX) {
        let rows: Vec<(ClaimRow, Option<i64>)> = bed_claims::table
            .left_join(
                leaves::table.on(bed_claims::kind
                    .eq(ClaimKind::Stay)
                    .and(leaves::stay_id.eq(bed_claims::source_id))
                    .and(leaves::starts_at.le(at))
                    .and(leaves::ends_at.is_null().or(leaves::ends_at.gt(at)))),
            )
            .filter(bed_claims::bed_id.eq_any(part.to_vec()))
            .filter(bed_claims::starts_at.le(at))
            .filter(bed_claims::ends_at.is_null().or(bed_claims::ends_at.gt(at)))
            .select((ClaimRow::as_select(), leaves::id.nullable()))
            .load(connection)?;
        found.extend(rows.into_iter().map(|(claim, leave_id)| (claim.bed_id, Filled { claim, leave_id })));
    }
    Ok(found)
}

/// Every period of these beds that touches `[from, to)`, in order of bed and start.
pub fn claims_between(
    connection: &mut AnyConnection,
    bed_ids: &[i64],
    from: Instant,
    to: Instant,
) -> Result<Vec<ClaimRow>> {
    let mut found = Vec::new();
    for part in bed_ids.chunks(IDS_MAX) {
        let rows: Vec<ClaimRow> = bed_claims::table
            .filter(bed_claims::bed_id.eq_any(part.to_vec()))
            .filter(bed_claims::starts_at.lt(to))
            .filter(bed_claims::ends_at.is_null().or(bed_claims::ends_at.gt(from)))
            .order((bed_claims::bed_id, bed_claims::starts_at))
            .select(ClaimRow::as_select())
            .load(connection)?;
        found.extend(rows);
    }
    Ok(found)
}
