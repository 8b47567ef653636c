//! Appending to the log of readings, as fast as each database takes rows.
//!
//! There is no unique key to look up for each row: the windows and gaps that the caller moves in the same transaction know which
//! messages are stored. A statement is prepared once for each connection, since its text never changes.

use std::marker::PhantomData;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Double, Nullable, SmallInt, Text, Timestamp};
use diesel::sqlite::Sqlite;

use super::batch::NewReading;
use crate::clock::Instant;
use crate::db::AnyConnection;
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

/// Rows of one statement on PostgreSQL: it takes them as columns, so that this bounds only its memory.
const COLUMN_ROWS_MAX: usize = 5_000;

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
            for part in rows.chunks(COLUMN_ROWS_MAX) {
                Columns::<L>::new(part).execute(inner)?;
            }
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

/// Any number of rows by their columns: PostgreSQL reads nine arrays faster than nine values a row.
struct Columns<L> {
    log: PhantomData<L>,
    device_id: Vec<i64>,
    boot_id: Vec<i64>,
    lane: Vec<i16>,
    seq: Vec<i64>,
    channel: Vec<i16>,
    value: Vec<f64>,
    at: Vec<Instant>,
    device_at: Vec<Option<Instant>>,
    received_at: Vec<Instant>,
}

impl<L> Columns<L> {
    fn new(rows: &[NewReading]) -> Columns<L> {
        let mut columns = Columns {
            log: PhantomData,
            device_id: Vec::new(),
            boot_id: Vec::new(),
            lane: Vec::new(),
            seq: Vec::new(),
            channel: Vec::new(),
            value: Vec::new(),
            at: Vec::new(),
            device_at: Vec::new(),
            received_at: Vec::new(),
        };
        for row in rows {
            columns.device_id.push(row.device_id);
            columns.boot_id.push(row.boot_id);
            columns.lane.push(row.lane);
            columns.seq.push(row.seq);
            columns.channel.push(row.channel);
            columns.value.push(row.value);
            columns.at.push(row.at);
            columns.device_at.push(row.device_at);
            columns.received_at.push(row.received_at);
        }
        columns
    }
}

impl<L: Log> QueryId for Columns<L> {
    type QueryId = Columns<L>;

    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<L: Log> RunQueryDsl<PgConnection> for Columns<L> {}

impl<L: Log> QueryFragment<Pg> for Columns<L> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(L::INTO);
        out.push_sql("SELECT * FROM unnest(");
        out.push_bind_param::<Array<BigInt>, _>(&self.device_id)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.boot_id)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<SmallInt>, _>(&self.lane)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.seq)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<SmallInt>, _>(&self.channel)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Double>, _>(&self.value)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Timestamp>, _>(&self.at)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Timestamp>>, _>(&self.device_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Timestamp>, _>(&self.received_at)?;
        out.push_sql(")");
        Ok(())
    }
}
