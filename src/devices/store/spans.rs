//! What was measured, by the quarter of an hour or by the hour: what charts are drawn of, without the readings themselves.

use diesel::prelude::*;

use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::reading_spans;
use crate::error::Result;

/// A span of one channel of a device. A doubted value counts for nothing but `doubted`.
#[derive(Clone, Copy, Debug, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = reading_spans, treat_none_as_default_value = false)]
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
