//! Appending to the log of readings, as fast as each database takes rows.
//!
//! There is no unique key to look up for each row: the windows and gaps that the caller moves in the same transaction know which
//! messages are stored. A statement is prepared once for each connection, since its text never changes.

use std::marker::PhantomData;

use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Double, Nullable, SmallInt, Text, Timestamp};
use diesel::sqlite::Sqlite;

use super::batch::NewReading;
use crate::clock::Instant;
use crate::db::{AnyConnection, Columns};
use crate::error::Result;
use crate::in_fixed_pieces;

/// A table of readings.
pub(super) trait Log: 'static {
    const INTO: &'static str;
}

/// The log itself.
struct Readings;

impl Log for Readings {
    const INTO: &'static str =
        "INSERT INTO readings (device_id, boot_id, lane, seq, channel, value, at, device_at, received_at) ";
}

pub fn append_readings(connection: &mut AnyConnection, rows: &[NewReading]) -> Result<()> {
    append::<Readings>(connection, rows)
}

pub(super) fn append<L: Log>(connection: &mut AnyConnection, rows: &[NewReading]) -> Result<()> {
    match connection {
        AnyConnection::Sqlite(inner) => {
            let rows: Vec<Written<'_>> = rows.iter().map(Written::new).collect();
            in_fixed_pieces!(rows, part => Rows::<L, _>(part, PhantomData).execute(inner)?);
        }
        AnyConnection::Postgres(inner) => {
            columns::<L>(rows).execute(inner)?;
        }
    }
    Ok(())
}

/// A row with its instants as SQLite keeps them.
struct Written<'a> {
    row: &'a NewReading,
    at: String,
    device_at: Option<String>,
    received_at: String,
}

impl<'a> Written<'a> {
    fn new(row: &'a NewReading) -> Self {
        let (at, received_at) = (text_of(row.at), text_of(row.received_at));
        Written { row, at, device_at: row.device_at.map(text_of), received_at }
    }
}

/// The text that diesel stores, without its reading of a format for every value.
fn text_of(at: Instant) -> String {
    at.to_string()
}

/// `N` rows in one statement: its text depends on nothing else.
struct Rows<'a, L, const N: usize>(&'a [Written<'a>; N], PhantomData<L>);

impl<L: Log, const N: usize> QueryId for Rows<'_, L, N> {
    type QueryId = Rows<'static, L, N>;

    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<L: Log, const N: usize> RunQueryDsl<SqliteConnection> for Rows<'_, L, N> {}

impl<L: Log, const N: usize> QueryFragment<Sqlite> for Rows<'_, L, N> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(L::INTO);
        for (index, Written { row, at, device_at, received_at }) in self.0.iter().enumerate() {
            out.push_sql(if index == 0 { "VALUES (" } else { "), (" });
            out.push_bind_param::<BigInt, _>(&row.device_id)?;
            out.push_sql(", ");
            out.push_bind_param::<BigInt, _>(&row.boot_id)?;
            out.push_sql(", ");
            out.push_bind_param::<SmallInt, _>(&row.lane)?;
            out.push_sql(", ");
            out.push_bind_param::<BigInt, _>(&row.seq)?;
            out.push_sql(", ");
            out.push_bind_param::<SmallInt, _>(&row.channel)?;
            out.push_sql(", ");
            out.push_bind_param::<Double, _>(&row.value)?;
            out.push_sql(", ");
            out.push_bind_param::<Text, _>(at)?;
            out.push_sql(", ");
            out.push_bind_param::<Nullable<Text>, _>(device_at)?;
            out.push_sql(", ");
            out.push_bind_param::<Text, _>(received_at)?;
        }
        out.push_sql(")");
        Ok(())
    }
}

/// Any number of rows for the log.
pub(super) fn reading_columns(rows: &[NewReading]) -> Columns {
    columns::<Readings>(rows)
}

fn columns<L: Log>(rows: &[NewReading]) -> Columns {
    Columns::insert(L::INTO, "")
        .with::<BigInt, _>(rows.iter().map(|row| row.device_id))
        .with::<BigInt, _>(rows.iter().map(|row| row.boot_id))
        .with::<SmallInt, _>(rows.iter().map(|row| row.lane))
        .with::<BigInt, _>(rows.iter().map(|row| row.seq))
        .with::<SmallInt, _>(rows.iter().map(|row| row.channel))
        .with::<Double, _>(rows.iter().map(|row| row.value))
        .with::<Timestamp, _>(rows.iter().map(|row| row.at))
        .with::<Nullable<Timestamp>, _>(rows.iter().map(|row| row.device_at))
        .with::<Timestamp, _>(rows.iter().map(|row| row.received_at))
}
