//! How fast the database takes rows at all, on this disk and with these settings: for comparison in a measurement.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Double, Text};

use crate::db::{AnyConnection, Db};
use crate::error::Result;
use crate::on_backend;

const ROWS_PER_COMMIT: u64 = 1_000;
const AT: &str = "2026-01-01 00:00:00.000";

/// One row of the size of a reading.
struct Plain {
    number: i64,
    value: f64,
    at: &'static str,
}

impl QueryId for Plain {
    type QueryId = Plain;

    const HAS_STATIC_QUERY_ID: bool = true;
}

macro_rules! plain_on {
    ($backend:ty, $connection:ty) => {
        impl RunQueryDsl<$connection> for Plain {}

        impl QueryFragment<$backend> for Plain {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, $backend>) -> QueryResult<()> {
                out.push_sql("INSERT INTO bench_rows (a, b, c, d, e, f, g, h, i) VALUES (");
                for _ in 0..5 {
                    out.push_bind_param::<BigInt, _>(&self.number)?;
                    out.push_sql(", ");
                }
                out.push_bind_param::<Double, _>(&self.value)?;
                for _ in 0..3 {
                    out.push_sql(", ");
                    out.push_bind_param::<Text, _>(self.at)?;
                }
                out.push_sql(")");
                Ok(())
            }
        }
    };
}

plain_on!(diesel::sqlite::Sqlite, SqliteConnection);
plain_on!(diesel::pg::Pg, PgConnection);

/// Inserts rows one by one with a prepared statement, a thousand in a transaction, into a table of their own without a key; gives how
/// long that took. The table is gone afterwards.
pub fn append_limit(db: &Db, rows: u64) -> Result<Duration> {
    const MAKE: &str = "CREATE TABLE bench_rows (a BIGINT, b BIGINT, c BIGINT, d BIGINT, e BIGINT, f DOUBLE PRECISION, g TEXT, h TEXT, \
        i TEXT)";
    const DROP: &str = "DROP TABLE IF EXISTS bench_rows";
    let ddl = |text: &'static str| db.write_now(move |connection| Ok(connection.batch_execute(text)?));
    ddl(DROP)?;
    ddl(MAKE)?;
    let started = Instant::now();
    let inserted = (0..rows.div_ceil(ROWS_PER_COMMIT)).try_for_each(|_| db.write_now(insert_part));
    let taken = started.elapsed();
    ddl(DROP)?;
    inserted.map(|()| taken)
}

fn insert_part(connection: &mut AnyConnection) -> Result<()> {
    for number in 0..ROWS_PER_COMMIT as i64 {
        let row = Plain { number, value: 0.5, at: AT };
        on_backend!(connection, inner => row.execute(inner)?);
    }
    Ok(())
}
