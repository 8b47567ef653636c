//! The outbox table.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamp};

use super::event::{Event, Stored, Topic};
use crate::clock::Instant;
use crate::db::schema::outbox;
use crate::db::{AnyConnection, Columns, Written, write_rows};
use crate::error::Result;
use crate::written;

struct NewRow {
    at: Instant,
    topic: &'static str,
    town_code: Option<String>,
    institution_id: Option<i64>,
    entity_id: String,
    payload: String,
    provider_id: Option<i64>,
}

written!(NewRow, "outbox", "", {
    at: Timestamp,
    topic: Text,
    town_code: Nullable<Text>,
    institution_id: Nullable<BigInt>,
    entity_id: Text,
    payload: Text,
    provider_id: Nullable<BigInt>,
});

impl NewRow {
    fn all(at: Instant, events: &[Event]) -> Vec<NewRow> {
        let row = |event: &Event| NewRow {
            at,
            topic: event.topic.name(),
            town_code: event.town_code.clone(),
            institution_id: event.institution_id,
            entity_id: event.entity_id.clone(),
            payload: event.payload.to_string(),
            provider_id: event.provider_id,
        };
        events.iter().map(row).collect()
    }
}

type Row = (i64, Instant, String, Option<String>, Option<i64>, String, String, Option<i64>);

/// Adds an event in the caller's transaction.
pub fn insert(connection: &mut AnyConnection, at: Instant, event: &Event) -> Result<()> {
    diesel::insert_into(outbox::table)
        .values((
            outbox::at.eq(at),
            outbox::topic.eq(event.topic.name()),
            outbox::town_code.eq(event.town_code.as_deref()),
            outbox::institution_id.eq(event.institution_id),
            outbox::entity_id.eq(&event.entity_id),
            outbox::payload.eq(event.payload.to_string()),
            outbox::provider_id.eq(event.provider_id),
        ))
        .execute(connection)?;
    Ok(())
}

/// Adds events in the caller's transaction, in their order.
pub fn insert_all(connection: &mut AnyConnection, at: Instant, events: &[Event]) -> Result<()> {
    write_rows(connection, &NewRow::all(at, events))
}

/// Any number of events, in their order, for a statement that does more.
pub fn columns(at: Instant, events: &[Event]) -> Columns {
    NewRow::columns(&NewRow::all(at, events))
}

/// At most `limit` events after number `after`, in order.
pub fn after(connection: &mut AnyConnection, after: i64, limit: i64) -> Result<Vec<Stored>> {
    let rows: Vec<Row> =
        outbox::table.filter(outbox::id.gt(after)).order(outbox::id).limit(limit).load(connection)?;
    Ok(rows.into_iter().filter_map(stored).collect())
}

/// Numbers of the oldest kept and the newest event; zeros while there is none.
pub fn ends(connection: &mut AnyConnection) -> Result<(i64, i64)> {
    let oldest: Option<i64> = outbox::table.select(diesel::dsl::min(outbox::id)).first(connection)?;
    let newest: Option<i64> = outbox::table.select(diesel::dsl::max(outbox::id)).first(connection)?;
    Ok((oldest.unwrap_or(0), newest.unwrap_or(0)))
}

/// Forgets readings before `before`, but never the newest event. A page that was away for longer shows the next reading.
pub fn trim_readings(connection: &mut AnyConnection, before: Instant) -> Result<usize> {
    let (_, newest) = ends(connection)?;
    let old = outbox::table.filter(outbox::at.lt(before)).filter(outbox::id.lt(newest));
    Ok(diesel::delete(old.filter(outbox::topic.eq(Topic::Reading.name()))).execute(connection)?)
}

/// Forgets events before `before`, but never the newest: its number must go on counting.
pub fn trim(connection: &mut AnyConnection, before: Instant) -> Result<usize> {
    let (_, newest) = ends(connection)?;
    Ok(diesel::delete(outbox::table.filter(outbox::at.lt(before)).filter(outbox::id.lt(newest)))
        .execute(connection)?)
}

fn stored(
    (id, at, topic, town_code, institution_id, entity_id, payload, provider_id): Row,
) -> Option<Stored> {
    let topic = Topic::parse(&topic)?;
    Some(Stored { id, at, topic, town_code, institution_id, provider_id, entity_id, payload })
}
