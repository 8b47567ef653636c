//! How fast the database takes rows at all, on this disk and with these settings: for comparison in a measurement. What ingest
//! reaches says little beside a disk of which nobody knows how long it takes to keep one row.

use std::time::{Duration, Instant as Moment};

use diesel::connection::SimpleConnection;

use super::append::{Log, append};
use super::batch::NewReading;
use crate::clock::Instant;
use crate::db::{AnyConnection, Db};
use crate::error::Result;

const ROWS_PER_COMMIT: u64 = 1_000;
const SINGLE_COMMITS: usize = 400;

/// A table of the shape of the log, without a key.
struct Bare;

impl Log for Bare {
    const INTO: &'static str =
        "INSERT INTO bench_rows (device_id, boot_id, lane, seq, channel, value, at, device_at, received_at) ";
}

/// What the database does when nothing else is asked of it.
pub struct AppendLimit {
    /// For all rows, a thousand in a transaction.
    pub taken: Duration,
    /// Of transactions with a single row each, in order of length.
    pub single: Vec<Duration>,
}

/// Appends rows as ingest does, and nothing else, into a table of their own, which is gone afterwards.
pub fn append_limit(db: &Db, rows: u64, at: Instant) -> Result<AppendLimit> {
    const DROP: &str = "DROP TABLE IF EXISTS bench_rows";
    let ddl = |text: &'static str| db.write_now(move |connection| Ok(connection.batch_execute(text)?));
    ddl(DROP)?;
    db.write_now(|connection| {
        let instant = if matches!(connection, AnyConnection::Sqlite(_)) { "TEXT" } else { "TIMESTAMP" };
        Ok(connection.batch_execute(&format!(
            "CREATE TABLE bench_rows (device_id BIGINT, boot_id BIGINT, lane SMALLINT, seq BIGINT, channel SMALLINT, \
             value DOUBLE PRECISION, at {instant}, device_at {instant}, received_at {instant})"
        ))?)
    })?;
    let limit = append_to_bare(db, rows, at);
    ddl(DROP)?;
    limit
}

fn append_to_bare(db: &Db, rows: u64, at: Instant) -> Result<AppendLimit> {
    let row = |seq: u64| NewReading {
        device_id: 1,
        boot_id: 1,
        lane: 0,
        seq: seq as i64,
        channel: 1,
        value: 0.5,
        at,
        device_at: Some(at),
        received_at: at,
    };
    let part: Vec<NewReading> = (0..ROWS_PER_COMMIT).map(row).collect();
    let commit = |rows: &[NewReading]| {
        let started = Moment::now();
        db.write_now(|connection| append::<Bare>(connection, rows))?;
        Ok(started.elapsed())
    };
    let many: Result<Vec<Duration>> = (0..rows.div_ceil(ROWS_PER_COMMIT)).map(|_| commit(&part)).collect();
    let single: Result<Vec<Duration>> = (0..SINGLE_COMMITS).map(|_| commit(&part[..1])).collect();
    let (taken, mut single) = (many?.into_iter().sum(), single?);
    single.sort_unstable();
    Ok(AppendLimit { taken, single })
}
