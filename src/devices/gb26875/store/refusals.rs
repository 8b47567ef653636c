//! Frames that were refused, counted by sender and reason.

use diesel::prelude::*;

use crate::access::{Permission, Scope};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::fire_refusals;
use crate::devices::gb26875::model::RefusalReason;
use crate::error::Result;
use crate::listing::{ListRequest, Listed};

/// Senders that are remembered with their refusals; of others only the count goes on.
const REFUSALS_MAX: i64 = 1_000;
/// What is kept of a refused frame.
const REFUSED_BYTES_MAX: usize = 1_100;

/// A frame that was refused, with its sender.
#[derive(Clone, Debug)]
pub struct Refusal<'a> {
    pub source: &'a str,
    pub reason: RefusalReason,
    pub sent_from: &'a str,
    pub fault: &'a str,
    pub raw: &'a [u8],
    pub at: Instant,
}

/// Counts a refusal; the first frame of each sender and reason is kept.
pub fn note_refusal(connection: &mut AnyConnection, refusal: &Refusal<'_>) -> Result<()> {
    let known = fire_refusals::table
        .filter(fire_refusals::source.eq(refusal.source))
        .filter(fire_refusals::reason.eq(refusal.reason));
    let counted = diesel::update(known)
        .set((
            fire_refusals::last_at.eq(refusal.at),
            fire_refusals::sent_from.eq(refusal.sent_from),
            fire_refusals::occurrences.eq(fire_refusals::occurrences + 1),
        ))
        .execute(connection)?;
    let rows: i64 = fire_refusals::table.count().get_result(connection)?;
    if counted > 0 || rows >= REFUSALS_MAX {
        return Ok(());
    }
    diesel::insert_into(fire_refusals::table)
        .values((
            fire_refusals::source.eq(refusal.source),
            fire_refusals::reason.eq(refusal.reason),
            fire_refusals::first_at.eq(refusal.at),
            fire_refusals::last_at.eq(refusal.at),
            fire_refusals::occurrences.eq(1),
            fire_refusals::sent_from.eq(refusal.sent_from),
            fire_refusals::fault.eq(refusal.fault),
            fire_refusals::raw.eq(&refusal.raw[..refusal.raw.len().min(REFUSED_BYTES_MAX)]),
        ))
        .execute(connection)?;
    Ok(())
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = fire_refusals)]
pub struct RefusalRow {
    pub source: String,
    pub reason: RefusalReason,
    pub first_at: Instant,
    pub last_at: Instant,
    pub occurrences: i64,
    pub sent_from: String,
    /// A name and its numbers, see `model::Fault`; of rows from before them words.
    pub fault: String,
    pub raw: Vec<u8>,
}

/// Filters: reason, source. The latest first. A sender that nobody knows is of no town: whoever reaches the whole city sees them,
/// others see none.
pub fn list_refusals(
    connection: &mut AnyConnection,
    scope: &Scope,
    request: &ListRequest,
) -> Result<Listed<RefusalRow>> {
    if !scope.reach(Permission::SeeDevices)?.city {
        return Ok(Listed { rows: Vec::new(), total: 0 });
    }
    let filtered = || {
        let mut query = fire_refusals::table.into_boxed();
        if let Some(reason) = request.filter("reason") {
            query = query.filter(fire_refusals::reason.eq(reason.to_owned()));
        }
        if let Some(source) = request.filter("source") {
            query = query.filter(fire_refusals::source.eq(source.trim().to_lowercase()));
        }
        query
    };
    let total = filtered().count().get_result(connection)?;
    let rows = filtered()
        .order((fire_refusals::last_at.desc(), fire_refusals::source.asc(), fire_refusals::reason.asc()))
        .offset(request.offset)
        .limit(request.limit)
        .select(RefusalRow::as_select())
        .load(connection)?;
    Ok(Listed { rows, total })
}
