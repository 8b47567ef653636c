//! The database: SQLite or PostgreSQL behind one connection type.
//!
//! Invariants: a write is one transaction that either commits whole or changes nothing; it may run several times before it
//! commits, so its closure has no effect but on the database; writers commit in the order of their outbox and audit rows.
//! Writes that wait at the same time share a transaction, each behind a savepoint of its own (`queue.rs`).

mod columns;
mod connection;
mod failure;
mod migrate;
mod one_of;
mod queue;
mod rows;
pub mod schema;
pub mod store;
mod text_enum;

use std::sync::Arc;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::r2d2::{Pool, PooledConnection};
use tokio::sync::{Semaphore, SemaphorePermit};

pub use columns::{Columns, Together};
pub use connection::{AnyConnection, Kind, MultiBackend as Backend, Source};
pub use failure::{Blame, blame, in_use, is_unique, violates};
pub use migrate::{MigrationReport, newest_step};
pub use one_of::OneOf;
pub use rows::{Written, write_rows};

use crate::error::{Error, Result};
use connection::{BEGIN_SERIALIZABLE, Manager};
use queue::{Job, Queue, Shared};

/// How often a write is tried when another one got in its way.
const ATTEMPTS_MAX: u32 = 8;

/// Sizes and waits of the pools.
#[derive(Clone, Debug)]
pub struct Options {
    pub read_connections: u32,
    /// Connections that write; SQLite always has one.
    pub write_connections: u32,
    pub wait_max: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Options { read_connections: 4, write_connections: 4, wait_max: Duration::from_secs(5) }
    }
}

#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    source: Source,
    readers: Pool<Manager>,
    writers: Pool<Manager>,
    read_turns: Semaphore,
    queue: Queue,
    wait_max: Duration,
}

/// Runs an expression once per database, for the statements that diesel's multi connection cannot express.
#[macro_export]
macro_rules! on_backend {
    ($connection:expr, $inner:ident => $body:expr) => {
        match $connection {
            $crate::db::AnyConnection::Postgres($inner) => $body,
            $crate::db::AnyConnection::Sqlite($inner) => $body,
        }
    };
}

/// Runs an expression over all rows of a slice, in pieces of few sizes: a statement for a piece has one text for each size, so that
/// it is prepared once for each connection.
#[macro_export]
macro_rules! in_fixed_pieces {
    ($rows:expr, $part:ident => $body:expr) => {{
        let (large, rest) = $rows.as_chunks::<64>();
        for $part in large {
            $body;
        }
        let (small, rest) = rest.as_chunks::<8>();
        for $part in small {
            $body;
        }
        let (single, _) = rest.as_chunks::<1>();
        for $part in single {
            $body;
        }
    }};
}

/// A condition that holds for every row, bound as a value: a statement with a literal would be planned anew each time.
pub fn always() -> diesel::helper_types::AsExprOf<bool, diesel::sql_types::Bool> {
    diesel::IntoSql::into_sql::<diesel::sql_types::Bool>(true)
}

impl Db {
    /// Opens the database, brings its schema up to date, and refuses one that is newer than this binary.
    pub fn open(source: Source, options: &Options) -> Result<(Db, MigrationReport)> {
        let report = migrate::migrate(&source)?;
        Ok((Db::open_migrated(source, options)?, report))
    }

    /// Opens a database whose schema is known to be current.
    pub fn open_migrated(source: Source, options: &Options) -> Result<Db> {
        let write_connections = match source.kind() {
            Kind::Sqlite => 1,
            Kind::Postgres => options.write_connections.max(1),
        };
        let read_connections = options.read_connections.max(1);
        let pool = |size: u32, read_only: bool| {
            Pool::builder()
                .max_size(size)
                .min_idle(Some(1))
                .connection_timeout(options.wait_max)
                .build(Manager::new(source.clone(), read_only))
                .map_err(|error| Error::internal("cannot open the database").because(error))
        };
        Ok(Db(Arc::new(Inner {
            writers: pool(write_connections, false)?,
            readers: pool(read_connections, true)?,
            read_turns: Semaphore::new(read_connections as usize),
            queue: Queue::default(),
            wait_max: options.wait_max,
            source,
        })))
    }

    pub fn source(&self) -> &Source {
        &self.0.source
    }

    pub fn kind(&self) -> Kind {
        self.0.source.kind()
    }

    /// Reads, off the async threads. Waits at most `wait_max` for a connection.
    pub async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T> + Send + 'static,
    {
        let _turn = self.turn(&self.0.read_turns).await?;
        let db = self.clone();
        blocking(move || db.read_now(work)).await
    }

    /// Writes off the async threads, whole or not at all; see [`Db::write_now`]. Writes that wait at the same time are
    /// committed together.
    pub async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut AnyConnection) -> Result<T> + Send + 'static,
    {
        let (job, mut reply, turn) = queue::job(work);
        if self.0.queue.push(job) {
            let worker = Worker { db: self.clone(), is_done: false };
            // Not waited for: the answer comes by the job's own way.
            drop(tokio::task::spawn_blocking(move || worker.work_off()));
        }
        let answer = match tokio::time::timeout(self.0.wait_max, &mut reply).await {
            Ok(answer) => answer,
            Err(_) if turn.withdraw() => return Err(waited_in_vain()),
            // It has begun.
            Err(_) => reply.await,
        };
        answer.unwrap_or_else(|gone| Err(Error::internal(failure::UNANSWERED).because(gone)))
    }

    /// Writes whose turn has not come.
    pub fn waiting(&self) -> usize {
        self.0.queue.len()
    }

    /// Reads on this thread, in one snapshot.
    pub fn read_now<T>(&self, work: impl FnOnce(&mut AnyConnection) -> Result<T>) -> Result<T> {
        // It comes with its transaction begun.
        let mut connection = checked_out(&self.0.readers)?;
        let outcome = work(&mut connection);
        // As in a write: the reason of a failed read counts, not that of its end.
        let ended = connection.batch_execute("ROLLBACK");
        outcome.and_then(|value| ended.map(|()| value).map_err(Error::from))
    }

    /// Writes on this thread. The closure may run up to eight times; nothing of a failed run remains.
    ///
    /// SQLite: one writer, `BEGIN IMMEDIATE`. PostgreSQL: serialisable, and the audit table's lock is taken before the
    /// snapshot, so that audit and outbox rows commit in the order of their numbers.
    pub fn write_now<T>(&self, work: impl FnMut(&mut AnyConnection) -> Result<T>) -> Result<T> {
        let mut connection = checked_out(&self.0.writers)?;
        self.transact(&mut connection, Begin::of(self.kind()).first, work)
    }

    fn transact<T>(
        &self,
        connection: &mut AnyConnection,
        mut begin: &[&str],
        mut work: impl FnMut(&mut AnyConnection) -> Result<T>,
    ) -> Result<T> {
        let mut attempt = 1;
        loop {
            let outcome = attempt_once(connection, begin, &mut work);
            begin = Begin::of(self.kind()).again;
            match outcome {
                Err(error) if error.try_again && attempt < ATTEMPTS_MAX => {
                    metrics::counter!("songhe_db_retries_total").increment(1);
                    std::thread::sleep(Duration::from_millis(3 << attempt));
                    attempt += 1;
                }
                Err(error) if error.try_again => return Err(Error::busy().because(error)),
                done => return done,
            }
        }
    }

    async fn turn<'a>(&self, turns: &'a Semaphore) -> Result<SemaphorePermit<'a>> {
        match tokio::time::timeout(self.0.wait_max, turns.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(waited_in_vain()),
        }
    }

    fn alone(&self, connection: &mut AnyConnection, begin: &[&str], mut job: Box<dyn Job>) {
        let outcome = self.transact(connection, begin, |connection| job.run(connection));
        job.answer(outcome);
    }

    fn together(&self, connection: &mut AnyConnection, first: Box<dyn Job>) {
        let begin = Begin::of(self.kind());
        match queue::share(connection, begin.first, first, &self.0.queue) {
            Shared::Done(jobs) => jobs.into_iter().for_each(|(job, outcome)| job.answer(outcome)),
            Shared::Undone(jobs) => jobs.into_iter().for_each(|job| self.alone(connection, begin.again, job)),
            Shared::Unknown(jobs, why) => {
                for job in jobs {
                    job.answer(Err(Error::internal(format!("{}: {why}", failure::UNKNOWN_COMMIT))));
                }
            }
        }
    }
}

/// The statements that a write begins with.
struct Begin {
    /// On a connection that was just handed out.
    first: &'static [&'static str],
    /// When its transaction was rolled back.
    again: &'static [&'static str],
}

impl Begin {
    fn of(kind: Kind) -> Begin {
        const LOCK: &str = "LOCK TABLE audit_log IN SHARE ROW EXCLUSIVE MODE";
        match kind {
            Kind::Sqlite => Begin { first: &["BEGIN IMMEDIATE"], again: &["BEGIN IMMEDIATE"] },
            // It is handed out with its transaction begun.
            Kind::Postgres => Begin { first: &[LOCK], again: &[BEGIN_SERIALIZABLE, LOCK] },
        }
    }
}

/// Works the queue off; while there is one, no other does.
struct Worker {
    db: Db,
    is_done: bool,
}

impl Worker {
    fn work_off(mut self) {
        let inner = &self.db.0;
        while let Some(job) = inner.queue.take_or_stop() {
            match checked_out(&inner.writers) {
                Err(error) => job.answer(Err(error)),
                Ok(mut connection) if inner.queue.len() == 0 => {
                    self.db.alone(&mut connection, Begin::of(self.db.kind()).first, job);
                }
                Ok(mut connection) => self.db.together(&mut connection, job),
            }
        }
        // Another one may be at work already.
        self.is_done = true;
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Never begun, since its runtime ended, or broken off.
        if !self.is_done {
            self.db.0.queue.forsake();
        }
    }
}

fn waited_in_vain() -> Error {
    Error::busy().context("no database connection became free in time")
}

/// Runs a part of a write that may fail alone: what it did is taken back, and the write goes on. A clash of timing is none of
/// its own: the caller passes it on, so that the write as a whole is tried again.
pub fn part<T>(
    connection: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T>,
) -> Result<T> {
    connection.batch_execute("SAVEPOINT part")?;
    let outcome = work(connection);
    connection.batch_execute(if outcome.is_ok() {
        "RELEASE SAVEPOINT part"
    } else {
        "ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part"
    })?;
    outcome
}

/// Runs a part of a write for its outcome only: all that it did is taken back.
pub fn rehearse<T>(
    connection: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T>,
) -> Result<T> {
    connection.batch_execute("SAVEPOINT rehearsal")?;
    let outcome = work(connection);
    connection.batch_execute("ROLLBACK TO SAVEPOINT rehearsal; RELEASE SAVEPOINT rehearsal")?;
    outcome
}

fn attempt_once<T>(
    connection: &mut AnyConnection,
    begin: &[&str],
    work: &mut impl FnMut(&mut AnyConnection) -> Result<T>,
) -> Result<T> {
    // BEGIN may have succeeded when the lock behind it did not.
    let begun = connection.batch_execute(&begin.join("; "));
    let outcome = begun.map_err(Error::from).and_then(|()| work(connection));
    let outcome =
        outcome.and_then(|value| connection.batch_execute("COMMIT").map(|()| value).map_err(Error::from));
    if outcome.is_err() {
        // Refused where the database has rolled back by itself (SQLite, disk full): the reason above is what counts.
        let _ = connection.batch_execute("ROLLBACK");
    }
    outcome
}

fn checked_out(pool: &Pool<Manager>) -> Result<PooledConnection<Manager>> {
    pool.get().map_err(|error| Error::busy().context("database connection").because(error))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) => Err(Error::internal("a database task panicked").because(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Text;

    fn opened() -> (tempfile::TempDir, PooledConnection<Manager>) {
        let folder = tempfile::tempdir().unwrap();
        let source = Source::Sqlite(folder.path().join("songhe.db"));
        let (db, _) = Db::open(source, &Options::default()).unwrap();
        (folder, checked_out(&db.0.writers).unwrap())
    }

    #[test]
    fn a_begin_that_fails_half_way_leaves_no_transaction_open() {
        let (_folder, mut connection) = opened();
        // As on PostgreSQL, where the lock behind BEGIN may time out.
        let half = attempt_once(&mut connection, &["BEGIN", "SELECT * FROM nowhere"], &mut |_| Ok(()));
        assert!(half.is_err());
        attempt_once(&mut connection, &["BEGIN IMMEDIATE"], &mut |_| Ok(())).unwrap();
    }

    #[test]
    fn the_reason_of_a_failure_outlives_a_transaction_that_is_gone_already() {
        let (_folder, mut connection) = opened();
        // As after a full disk, when SQLite has rolled back by itself.
        let lost = attempt_once(&mut connection, &["BEGIN IMMEDIATE"], &mut |connection| -> Result<()> {
            connection.batch_execute("ROLLBACK")?;
            Err(Error::taken(Text::new("error.bed_taken")))
        });
        assert_eq!(lost.unwrap_err().code, crate::error::Code::Taken);
    }
}
