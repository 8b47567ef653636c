//! The days of the log on PostgreSQL: each a partition of `readings` by the day (UTC) of receipt. SQLite keeps the log in one piece.

use chrono::{Days, NaiveDate};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamp};

use super::keep::PIECE_ROWS;
use super::spans::cursor;
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::error::Result;

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Numbered {
    #[diesel(sql_type = Nullable<BigInt>)]
    id: Option<i64>,
}

/// The days that have a partition, oldest first; none on SQLite.
pub fn days(connection: &mut AnyConnection) -> Result<Vec<NaiveDate>> {
    const NAMES: &str = "SELECT c.relname::text AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid \
        WHERE i.inhparent = 'readings'::regclass ORDER BY c.relname";
    let AnyConnection::Postgres(inner) = connection else { return Ok(Vec::new()) };
    let named: Vec<Named> = diesel::sql_query(NAMES).load(inner)?;
    Ok(named.iter().filter_map(|one| day_of(&one.name)).collect())
}

fn day_of(name: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(name.strip_prefix("readings_")?, "%Y%m%d").ok()
}

fn name_of(day: NaiveDate) -> String {
    day.format("readings_%Y%m%d").to_string()
}

/// Makes a day's partition where there is none; true where it was made. What the default partition holds of that day moves over: a
/// partition may not be added while the rows that belong to it lie elsewhere.
pub fn make_day(connection: &mut AnyConnection, day: NaiveDate) -> Result<bool> {
    if days(connection)?.contains(&day) {
        return Ok(false);
    }
    let AnyConnection::Postgres(inner) = connection else { return Ok(false) };
    let (name, next) = (name_of(day), day.checked_add_days(Days::new(1)).unwrap_or(day));
    inner.batch_execute(&format!(
        "CREATE TABLE {name} (LIKE readings INCLUDING DEFAULTS);
         WITH moved AS (DELETE FROM readings_default
             WHERE received_at >= '{day}'::timestamp AND received_at < '{next}'::timestamp RETURNING *)
         INSERT INTO {name} SELECT * FROM moved;
         ALTER TABLE readings ATTACH PARTITION {name} FOR VALUES FROM ('{day}') TO ('{next}')"
    ))?;
    Ok(true)
}

/// Drops a day whose readings are all summed up; false where some are not.
pub fn drop_day(connection: &mut AnyConnection, day: NaiveDate) -> Result<bool> {
    let upto = cursor(connection)?.upto;
    let AnyConnection::Postgres(inner) = connection else { return Ok(false) };
    let name = name_of(day);
    let newest: Numbered =
        diesel::sql_query(format!("SELECT max(id) AS id FROM {name}")).get_result(inner)?;
    if newest.id.is_some_and(|id| id > upto) {
        return Ok(false);
    }
    inner.batch_execute(&format!("DROP TABLE {name}"))?;
    Ok(true)
}

/// Whether the default partition holds readings that were received before an instant.
pub(super) fn has_dayless(connection: &mut AnyConnection, before: Instant) -> Result<bool> {
    const FIRST: &str = "SELECT (SELECT id FROM readings_default WHERE received_at < $1 LIMIT 1) AS id";
    let AnyConnection::Postgres(inner) = connection else { return Ok(false) };
    let first: Numbered = diesel::sql_query(FIRST).bind::<Timestamp, _>(before).get_result(inner)?;
    Ok(first.id.is_some())
}

/// Forgets readings of the default partition that were received before an instant and are summed up: a piece of them, gives how many.
pub fn forget_dayless(connection: &mut AnyConnection, before: Instant) -> Result<usize> {
    const FORGET: &str = "DELETE FROM readings_default WHERE ctid = ANY (ARRAY(SELECT ctid FROM readings_default \
        WHERE received_at < $1 AND id <= $2 LIMIT $3))";
    let upto = cursor(connection)?.upto;
    let AnyConnection::Postgres(inner) = connection else { return Ok(0) };
    Ok(diesel::sql_query(FORGET)
        .bind::<Timestamp, _>(before)
        .bind::<BigInt, _>(upto)
        .bind::<BigInt, _>(PIECE_ROWS)
        .execute(inner)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_is_named_after_its_day_and_the_default_after_none() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 3).unwrap();
        assert_eq!(name_of(day), "readings_20261103");
        assert_eq!(day_of("readings_20261103"), Some(day));
        assert_eq!(day_of("readings_default"), None);
    }
}
