//! The outbox table.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamp};

use super::event::{Event, Stored, Topic};
use crate::clock::Instant;
use crate::db::schema::outbox;
use crate::db::{AnyConnection, Columns};
use crate::error::Result;
use crate::in_fixed_pieces;

#[derive(Insertable)]
#[diesel(table_name = outbox, treat_none_as_default_value = false)]
struct NewRow {
    at: Instant,
    topic: &'static str,
    town_code: Option<String>,
    institution_id: Option<i64>,
    entity_id: String,
    payload: String,
    provider_id: Option<i64>,
}

impl NewRow {
    fn new(at: Instant, event: &Event) -> NewRow {
        NewRow {
            at,
            topic: event.topic.name(),
            town_code: event.town_code.clone(),
            institution_id: event.institution_id,
            entity_id: event.entity_id.clone(),
            payload: event.payload.to_string(),
            provider_id: event.provider_id,
        }
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
    match connection {
        AnyConnection::Sqlite(inner) => {
            let rows: Vec<NewRow> = events.iter().map(|event| NewRow::new(at, event)).collect();
            in_fixed_pieces!(rows, part => diesel::insert_into(outbox::table).values(part).execute(inner)?);
        }
        AnyConnection::Postgres(inner) => drop(columns(at, events).execute(inner)?),
    }
    Ok(())
}

/// Any number of events, in their order.
pub fn columns(at: Instant, events: &[Event]) -> Columns {
    const INTO: &str =
        "INSERT INTO outbox (at, topic, town_code, institution_id, entity_id, payload, provider_id) ";
    Columns::insert(INTO, "")
        .with::<Timestamp, _>(events.iter().map(|_| at))
        .with::<Text, _>(events.iter().map(|event| event.topic.name()))
        .with::<Nullable<Text>, _>(events.iter().map(|event| event.town_code.clone()))
        .with::<Nullable<BigInt>, _>(events.iter().map(|event| event.institution_id))
        .with::<Text, _>(events.iter().map(|event| event.entity_id.clone()))
        .with::<Text, _>(events.iter().map(|event| event.payload.to_string()))
        .with::<Nullable<BigInt>, _>(events.iter().map(|event| event.provider_id))
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
