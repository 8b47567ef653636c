//! Writes that wait for each other share a transaction, and so one wait for the disk.
//!
//! Invariant: each stands behind a savepoint of its own, so that it is kept whole or changes nothing, as if it were alone, and is
//! answered after the commit. What does not work together is done one by one.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use tokio::sync::oneshot;

use super::AnyConnection;
use crate::error::{Error, Result};

/// After this long no further write joins a transaction: those in it wait for its commit.
const TOGETHER_MAX: Duration = Duration::from_millis(20);

/// The savepoint of the first write, set on the same way to the database as its transaction begins.
const FIRST: &str = "SAVEPOINT one_of_many";
/// That of another one: the one before it is let go on the same way, the last one by the commit.
const NEXT: &str = "RELEASE SAVEPOINT one_of_many; SAVEPOINT one_of_many";

/// A write that waits for its turn.
pub(super) trait Job: Send {
    /// Its turn has come; false where nobody waits for the answer any more.
    fn begin(&self) -> bool;
    /// Runs it, perhaps again, and keeps what it gives.
    fn run(&mut self, connection: &mut AnyConnection) -> Result<()>;
    /// Answers with what the last run gave, or with why it does not count.
    fn answer(self: Box<Self>, outcome: Result<()>);
}

/// The turn of one write, seen by who waits for it.
pub(super) struct Turn(Arc<AtomicBool>);

impl Turn {
    /// Whether the write was taken back; one whose turn has come cannot be.
    pub(super) fn withdraw(&self) -> bool {
        !self.0.swap(true, Ordering::SeqCst)
    }
}

struct Write<T, F> {
    work: F,
    gives: Option<T>,
    reply: oneshot::Sender<Result<T>>,
    is_taken: Arc<AtomicBool>,
}

/// A job of `work`, where its answer arrives, and its turn.
pub(super) fn job<T, F>(work: F) -> (Box<dyn Job>, oneshot::Receiver<Result<T>>, Turn)
where
    T: Send + 'static,
    F: FnMut(&mut AnyConnection) -> Result<T> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    let is_taken = Arc::new(AtomicBool::new(false));
    let turn = Turn(Arc::clone(&is_taken));
    (Box::new(Write { work, gives: None, reply, is_taken }), answer, turn)
}

impl<T: Send, F: FnMut(&mut AnyConnection) -> Result<T> + Send> Job for Write<T, F> {
    fn begin(&self) -> bool {
        !self.is_taken.swap(true, Ordering::SeqCst) && !self.reply.is_closed()
    }

    fn run(&mut self, connection: &mut AnyConnection) -> Result<()> {
        // A panic is this write's own: those beside it are done, and the connection is used again.
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.work)(connection)));
        self.gives = Some(outcome.unwrap_or_else(|_| Err(Error::internal("a database task panicked")))?);
        Ok(())
    }

    fn answer(mut self: Box<Self>, outcome: Result<()>) {
        let lost = || Error::internal("a write gave nothing");
        let answer = outcome.and_then(|()| self.gives.take().ok_or_else(lost));
        // Whoever asked may have gone.
        let _ = self.reply.send(answer);
    }
}

#[derive(Default)]
pub(super) struct Queue(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Box<dyn Job>>,
    /// Somebody works it off.
    is_worked: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a job last; true where nobody works yet, and the caller has to see to it.
    pub(super) fn push(&self, job: Box<dyn Job>) -> bool {
        let mut waiting = self.lock();
        waiting.jobs.push_back(job);
        !std::mem::replace(&mut waiting.is_worked, true)
    }

    /// The next job that somebody still waits for. None: there is none.
    fn take(&self) -> Option<Box<dyn Job>> {
        loop {
            let job = self.lock().jobs.pop_front()?;
            if job.begin() {
                return Some(job);
            }
        }
    }

    /// As [`Queue::take`]; none ends the work.
    pub(super) fn take_or_stop(&self) -> Option<Box<dyn Job>> {
        loop {
            let mut waiting = self.lock();
            let Some(job) = waiting.jobs.pop_front() else {
                waiting.is_worked = false;
                return None;
            };
            drop(waiting);
            if job.begin() {
                return Some(job);
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.lock().jobs.len()
    }

    /// Whoever worked has gone in the middle of it: the next who comes begins again.
    pub(super) fn forsake(&self) {
        self.lock().is_worked = false;
    }
}

/// How a shared transaction ended.
pub(super) enum Shared {
    /// It is committed; each job with its own outcome.
    Done(Vec<(Box<dyn Job>, Result<()>)>),
    /// Nothing of it is committed; each job may run alone.
    Undone(Vec<Box<dyn Job>>),
    /// Nobody knows, since the database was lost while it committed; and why.
    Unknown(Vec<Box<dyn Job>>, String),
}

/// Runs `first` and whatever waits behind it in one transaction.
pub(super) fn share(
    connection: &mut AnyConnection,
    begin: &[&str],
    first: Box<dyn Job>,
    queue: &Queue,
) -> Shared {
    let mut taken: Vec<(Box<dyn Job>, Result<()>)> = Vec::new();
    let jobs = |taken: Vec<(Box<dyn Job>, Result<()>)>| taken.into_iter().map(|(job, _)| job).collect();
    let mut next = Some(first);
    let started = Instant::now();
    let begin = [begin, &[FIRST]].concat().join("; ");
    let mut is_whole = connection.batch_execute(&begin).is_ok();
    while let Some(mut job) = next.take() {
        let outcome = if is_whole { behind(connection, &mut *job) } else { Err(Error::busy()) };
        // A clash concerns the transaction, and a savepoint that fails has none any more.
        is_whole =
            is_whole && outcome.as_ref().is_ok_and(|one| !matches!(one, Err(error) if error.try_again));
        taken.push((job, outcome.and_then(|one| one)));
        if is_whole && started.elapsed() < TOGETHER_MAX {
            next = queue.take();
        }
        if next.is_some() {
            is_whole = connection.batch_execute(NEXT).is_ok();
        }
    }
    let committed =
        if is_whole { connection.batch_execute("COMMIT").map_err(Error::from) } else { Err(Error::busy()) };
    let Err(error) = committed else { return Shared::Done(taken) };
    // Refused where the database has rolled back by itself.
    let _ = connection.batch_execute("ROLLBACK");
    if is_whole && !error.try_again {
        return Shared::Unknown(jobs(taken), error.for_log());
    }
    Shared::Undone(jobs(taken))
}

/// The inner result is the job's own; the outer one fails where the transaction cannot go on.
fn behind(connection: &mut AnyConnection, job: &mut dyn Job) -> Result<Result<()>> {
    let outcome = job.run(connection);
    if outcome.is_err() {
        connection.batch_execute("ROLLBACK TO SAVEPOINT one_of_many")?;
    }
    Ok(outcome)
}
