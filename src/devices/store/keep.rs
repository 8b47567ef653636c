//! Forgetting what is older than the office keeps. Everything here goes in small pieces, so that no commit waits for it.

use diesel::dsl::{exists, select};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Timestamp};

use super::days::has_dayless;
use super::spans::cursor;
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::db::schema::{card_readings, fire_frames, quarantine, quarantine_floods, reading_spans, readings};
use crate::error::Result;

/// Rows of one piece.
pub const PIECE_ROWS: i64 = 1_000;

/// Instants before which things are forgotten.
#[derive(Clone, Copy, Debug)]
pub struct Before {
    pub readings: Instant,
    pub quarter_hours: Instant,
    pub hours: Instant,
    pub quarantine: Instant,
    pub fire_frames: Instant,
    /// When a device that floods was heard of last.
    pub floods: Instant,
}

/// What there is to do, so that nothing is written where there is nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Due {
    pub open_payloads: bool,
    pub floods: bool,
    pub quarter_hours: bool,
    pub hours: bool,
    pub quarantine: bool,
    /// Values with cards.
    pub cards: bool,
    pub fire_frames: bool,
    /// Readings that lie on no day of their own (PostgreSQL).
    pub dayless: bool,
}

pub fn due(connection: &mut AnyConnection, before: &Before) -> Result<Due> {
    let open = quarantine::table.filter(quarantine::payload_sealed.is_null());
    let old = quarantine::table.filter(quarantine::last_at.lt(before.quarantine));
    let floods = quarantine_floods::table.filter(quarantine_floods::last_at.lt(before.floods));
    let spans = |span_s: i32, before: Instant| {
        let of = reading_spans::table.filter(reading_spans::span_s.eq(span_s));
        of.filter(reading_spans::starts_at.lt(before))
    };
    Ok(Due {
        open_payloads: select(exists(open)).get_result(connection)?,
        floods: select(exists(floods)).get_result(connection)?,
        quarter_hours: select(exists(spans(900, before.quarter_hours))).get_result(connection)?,
        hours: select(exists(spans(3_600, before.hours))).get_result(connection)?,
        quarantine: select(exists(old)).get_result(connection)?,
        cards: !old_card_readings(connection, before.readings, 1)?.is_empty(),
        fire_frames: !old_fire_frames(connection, before.fire_frames, 1)?.is_empty(),
        dayless: has_dayless(connection, before.readings)?,
    })
}

/// The oldest readings of the log that may be forgotten, as the numbers of the first and the last one: received before `before`,
/// summed up, and not the newest of all, since its number must go on counting.
///
/// The log is in the order of arrival, and so nearly in that of receipt: a reading that waited before it was stored holds back those
/// behind it until it is old enough itself.
pub fn oldest_to_forget(connection: &mut AnyConnection, before: Instant) -> Result<Option<(i64, i64)>> {
    let upto = cursor(connection)?.upto;
    let oldest: Vec<(i64, Instant)> = readings::table
        .filter(readings::id.lt(upto))
        .order(readings::id)
        .limit(PIECE_ROWS)
        .select((readings::id, readings::received_at))
        .load(connection)?;
    let old = oldest.iter().take_while(|(_, received_at)| *received_at < before);
    let ids: Vec<i64> = old.map(|(id, _)| *id).collect();
    Ok(ids.first().copied().zip(ids.last().copied()))
}

/// Forgets readings by their numbers, both included.
pub fn forget_readings(connection: &mut AnyConnection, (first, last): (i64, i64)) -> Result<usize> {
    Ok(diesel::delete(readings::table.filter(readings::id.between(first, last))).execute(connection)?)
}

/// Forgets spans of a length that began before an instant: a piece of them, gives how many.
pub fn forget_spans(connection: &mut AnyConnection, span_s: i32, before: Instant) -> Result<usize> {
    const FORGET: &str = "DELETE FROM reading_spans WHERE (device_id, channel, span_s, starts_at) IN \
        (SELECT device_id, channel, span_s, starts_at FROM reading_spans WHERE span_s = $1 AND starts_at < $2 \
        ORDER BY starts_at LIMIT $3)";
    Ok(diesel::sql_query(FORGET)
        .bind::<Integer, _>(span_s)
        .bind::<Timestamp, _>(before)
        .bind::<BigInt, _>(PIECE_ROWS)
        .execute(connection)?)
}

/// Forgets what could not be read and has not come again since an instant: a piece of it, gives how much.
pub fn forget_quarantine(connection: &mut AnyConnection, before: Instant) -> Result<usize> {
    let old: Vec<i64> = quarantine::table
        .filter(quarantine::last_at.lt(before))
        .order(quarantine::last_at)
        .limit(PIECE_ROWS)
        .select(quarantine::id)
        .load(connection)?;
    Ok(diesel::delete(quarantine::table.filter(quarantine::id.eq_any(old))).execute(connection)?)
}

/// Forgets values that were received with cards before an instant: a piece of them, gives how many. Those of elders are in their
/// hours.
pub fn forget_card_readings(connection: &mut AnyConnection, before: Instant) -> Result<usize> {
    let old = old_card_readings(connection, before, PIECE_ROWS)?;
    Ok(diesel::delete(card_readings::table.filter(card_readings::id.eq_any(old))).execute(connection)?)
}

/// But not the last word on whose a card is: by it the next value finds its elder.
fn old_card_readings(connection: &mut AnyConnection, before: Instant, limit: i64) -> Result<Vec<i64>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    const OLD: &str = "SELECT one.id FROM card_readings AS one WHERE one.received_at < $1 \
        AND (one.elder_id IS NULL OR one.settled_at IS NULL OR EXISTS (SELECT 1 FROM card_readings AS later \
            WHERE later.card_index = one.card_index AND later.elder_id IS NOT NULL \
            AND (later.settled_at > one.settled_at OR later.settled_at = one.settled_at AND later.id > one.id))) \
        ORDER BY one.id LIMIT $2";
    let rows: Vec<Row> =
        diesel::sql_query(OLD).bind::<Timestamp, _>(before).bind::<BigInt, _>(limit).load(connection)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Forgets frames of fire panels that were received before an instant: a piece of them, gives how many.
pub fn forget_fire_frames(connection: &mut AnyConnection, before: Instant) -> Result<usize> {
    let old = old_fire_frames(connection, before, PIECE_ROWS)?;
    Ok(diesel::delete(fire_frames::table.filter(fire_frames::id.eq_any(old))).execute(connection)?)
}

/// But not the newest of all, since its number must go on counting.
fn old_fire_frames(connection: &mut AnyConnection, before: Instant, limit: i64) -> Result<Vec<i64>> {
    let newest: Option<i64> =
        fire_frames::table.select(diesel::dsl::max(fire_frames::id)).first(connection)?;
    Ok(fire_frames::table
        .filter(fire_frames::received_at.lt(before))
        .filter(fire_frames::id.lt(newest.unwrap_or_default()))
        .order(fire_frames::received_at)
        .limit(limit)
        .select(fire_frames::id)
        .load(connection)?)
}

/// Ends the floods of devices that have sent nothing unreadable since an instant; gives those that were flagged.
pub fn end_floods(connection: &mut AnyConnection, since: Instant) -> Result<Vec<i64>> {
    let over = || quarantine_floods::table.filter(quarantine_floods::last_at.lt(since));
    let flagged: Vec<i64> = over()
        .filter(quarantine_floods::flagged_at.is_not_null())
        .order(quarantine_floods::device_id)
        .select(quarantine_floods::device_id)
        .load(connection)?;
    diesel::delete(over()).execute(connection)?;
    Ok(flagged)
}
