//! Sums of readings by the quarter hour and the hour, and how far the log is summed up.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Integer, Nullable, SmallInt, Timestamp};

use super::adding::adding;
use crate::clock::Instant;
use crate::db::schema::{reading_cursor, reading_spans, readings};
use crate::db::{AnyConnection, write_rows};
use crate::error::Result;
use crate::written;

/// Number of the cursor's one row.
const CURSOR: i64 = 1;

/// A quarter hour or an hour of one channel. A doubted value counts for nothing but `doubted` and the last one.
#[derive(Clone, Copy, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = reading_spans)]
pub struct SpanRow {
    pub device_id: i64,
    pub channel: i16,
    /// 900 or 3600.
    pub span_s: i32,
    pub starts_at: Instant,
    /// Values that can be true.
    pub readings: i64,
    pub doubted: i64,
    pub lowest: Option<f64>,
    pub highest: Option<f64>,
    /// Sum of the values that can be true.
    pub total: f64,
    pub last_value: f64,
    pub last_at: Instant,
}

written!(SpanRow, "reading_spans", adding!("reading_spans", "device_id, channel, span_s, starts_at"), {
    device_id: BigInt,
    channel: SmallInt,
    span_s: Integer,
    starts_at: Timestamp,
    readings: BigInt,
    doubted: BigInt,
    lowest: Nullable<Double>,
    highest: Nullable<Double>,
    total: Double,
    last_value: Double,
    last_at: Timestamp,
});

/// How far the log is summed up, and who does it.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = reading_cursor)]
pub struct Cursor {
    pub upto: i64,
    pub holder: String,
    pub leased_until: Option<Instant>,
}

/// A reading of the log, as far as sums need it.
#[derive(Clone, Copy, Debug, PartialEq, Queryable)]
pub struct Logged {
    pub id: i64,
    pub device_id: i64,
    pub channel: i16,
    pub value: f64,
    pub at: Instant,
}

pub fn cursor(connection: &mut AnyConnection) -> Result<Cursor> {
    Ok(reading_cursor::table.find(CURSOR).select(Cursor::as_select()).first(connection)?)
}

/// Moves the cursor where it still stands at `from`; false where somebody else moved it.
pub fn move_cursor(
    connection: &mut AnyConnection,
    (from, upto): (i64, i64),
    (holder, leased_until): (&str, Instant),
) -> Result<bool> {
    let stands = reading_cursor::table.find(CURSOR).filter(reading_cursor::upto.eq(from));
    let moved = diesel::update(stands)
        .set((
            reading_cursor::upto.eq(upto),
            reading_cursor::holder.eq(holder),
            reading_cursor::leased_until.eq(leased_until),
        ))
        .execute(connection)?;
    Ok(moved == 1)
}

/// The log behind a number, in order of arrival.
pub fn logged_after(connection: &mut AnyConnection, after: i64, limit: i64) -> Result<Vec<Logged>> {
    Ok(readings::table
        .filter(readings::id.gt(after))
        .order(readings::id)
        .limit(limit)
        .select((readings::id, readings::device_id, readings::channel, readings::value, readings::at))
        .load(connection)?)
}

/// Number of the newest reading; 0 while there is none.
pub fn newest_reading(connection: &mut AnyConnection) -> Result<i64> {
    let newest: Option<i64> = readings::table.select(diesel::dsl::max(readings::id)).first(connection)?;
    Ok(newest.unwrap_or(0))
}

/// Adds to the spans that are there already.
pub fn add_spans(connection: &mut AnyConnection, rows: &[SpanRow]) -> Result<()> {
    write_rows(connection, rows)
}

/// The spans of some devices within the caller's reach in `[from, to)`, by device, channel and time; of one channel where it is
/// named.
pub fn spans_of(
    connection: &mut AnyConnection,
    device_ids: &[i64],
    (span_s, channel): (i32, Option<i16>),
    (from, to): (Instant, Instant),
) -> Result<Vec<SpanRow>> {
    let mut query = reading_spans::table
        .filter(reading_spans::device_id.eq_any(device_ids.to_vec()))
        .filter(reading_spans::span_s.eq(span_s))
        .filter(reading_spans::starts_at.ge(from))
        .filter(reading_spans::starts_at.lt(to))
        .order((reading_spans::device_id, reading_spans::channel, reading_spans::starts_at))
        .select(SpanRow::as_select())
        .into_boxed();
    if let Some(channel) = channel {
        query = query.filter(reading_spans::channel.eq(channel));
    }
    Ok(query.load(connection)?)
}
