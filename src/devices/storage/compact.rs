//! Summing up the log: a piece behind the cursor is read without holding anybody up, and added in one small write that moves the
//! cursor.
//!
//! The cursor follows the numbers of readings, that is their arrival, not their times: a reading that comes late counts in its own
//! hour all the same. It may go up to the newest number that a snapshot shows, because readings commit in the order of their numbers:
//! SQLite has one writer, and on PostgreSQL every write holds the lock of the audit table from before it draws its numbers until its
//! commit ([`crate::db`]), so that no smaller number can appear later. Whoever appends to `readings` must do it in such a write.

use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::watch;

use super::sums::Sums;
use crate::access::seal::random;
use crate::app::App;
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::devices::store::{self, SpanRow};
use crate::error::Result;

/// Rows that are read at once.
const READ_ROWS: i64 = 1_000;
/// A piece ends when it has so many rows or touches so many spans: adding them takes about two milliseconds, and so long waits a
/// commit of the writer behind it.
const PIECE_ROWS_MAX: usize = 5_000;
const PIECE_SPANS_MAX: usize = 250;
/// Of the time that a piece took, the rest after it: catching up leaves the machine to what arrives now.
const REST_SHARE: u32 = 2;
const REST_MAX: Duration = Duration::from_millis(500);
/// After this long without a word of its holder another program sums up.
const LEASE_S: i64 = 30;
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// A part of the log, summed up and not added yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// Where the cursor stood.
    pub from: i64,
    /// Where it stands once this is added.
    pub upto: i64,
    pub rows: usize,
    /// Nothing lay behind it.
    pub is_last: bool,
    pub spans: Vec<SpanRow>,
}

/// What one look at the log came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A piece was added, and there is more.
    Added,
    /// Everything is summed up.
    Finished,
    /// Another program does it.
    Held,
}

/// Sums up what lies behind the cursor, a bounded piece of it; none where there is nothing.
pub fn gather(connection: &mut AnyConnection) -> Result<Option<Piece>> {
    let from = store::cursor(connection)?.upto;
    let (mut sums, mut upto, mut rows, mut is_last) = (Sums::default(), from, 0, false);
    'reading: while rows < PIECE_ROWS_MAX {
        let logged = store::logged_after(connection, upto, READ_ROWS)?;
        for one in &logged {
            sums.add(one);
            (upto, rows) = (one.id, rows + 1);
            if sums.len() >= PIECE_SPANS_MAX {
                break 'reading;
            }
        }
        is_last = (logged.len() as i64) < READ_ROWS;
        if is_last {
            break;
        }
    }
    Ok((rows > 0).then(|| Piece { from, upto, rows, is_last, spans: sums.into_rows() }))
}

/// Adds a piece where the cursor still stands before it; false where somebody else was faster, and nothing is changed.
pub fn put(connection: &mut AnyConnection, piece: &Piece, (holder, now): (&str, Instant)) -> Result<bool> {
    let until = now + TimeDelta::seconds(LEASE_S);
    if !store::move_cursor(connection, (piece.from, piece.upto), (holder, until))? {
        return Ok(false);
    }
    store::add_spans(connection, &piece.spans)?;
    Ok(true)
}

/// One look at the log, and one piece.
pub async fn compact_once(app: &App, holder: &str) -> Result<Step> {
    let (name, now) = (holder.to_owned(), app.clock.now());
    let found = app
        .db
        .read(move |connection| {
            let cursor = store::cursor(connection)?;
            // It saves the work: that nothing is added twice is up to the cursor alone.
            let is_held = cursor.holder != name && cursor.leased_until.is_some_and(|until| until > now);
            if is_held { Ok(None) } else { gather(connection).map(Some) }
        })
        .await?;
    let Some(piece) = found else { return Ok(Step::Held) };
    let Some(piece) = piece else { return Ok(Step::Finished) };
    let (name, rows, is_last) = (holder.to_owned(), piece.rows, piece.is_last);
    let is_added = app.db.write(move |connection| put(connection, &piece, (&name, now))).await?;
    if !is_added {
        return Ok(Step::Held);
    }
    metrics::counter!("songhe_readings_summed_total").increment(rows as u64);
    Ok(if is_last { Step::Finished } else { Step::Added })
}

/// Follows the log until `stopped` turns true.
pub async fn keep_compacting(app: App, mut stopped: watch::Receiver<bool>) {
    let holder = random::<8>().map(hex::encode).unwrap_or_default();
    while !*stopped.borrow() {
        let started = std::time::Instant::now();
        let rest = match compact_once(&app, &holder).await {
            Ok(Step::Added) => (started.elapsed() * REST_SHARE).min(REST_MAX),
            // Readings of the same span that come meanwhile make one row and not one each.
            Ok(Step::Finished | Step::Held) => LOOK_EVERY,
            Err(error) => {
                tracing::warn!(error = %error.for_log(), "readings are not summed up for now");
                LOOK_EVERY
            }
        };
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            _ = stopped.changed() => {}
        }
    }
}
