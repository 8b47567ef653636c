//! What this process counts of ingest: totals since it started, and the last minute second by second.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::{Instant, to_millis};
use crate::devices::broker::CounterSnapshot;

/// Seconds that are kept.
pub const HISTORY_S: i64 = 60;

/// Shared by the writer, which counts, and the page that shows. Cheap to clone.
#[derive(Clone, Default)]
pub struct Figures(Arc<Inner>);

#[derive(Default)]
struct Inner {
    messages: AtomicU64,
    rows: AtomicU64,
    duplicates: AtomicU64,
    unreadable: AtomicU64,
    refused: AtomicU64,
    commits: AtomicU64,
    queue: AtomicU64,
    minute: Mutex<VecDeque<Second>>,
    broker: Mutex<Option<CounterSnapshot>>,
}

/// What one commit did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    pub messages: u64,
    pub rows: u64,
    pub duplicates: u64,
    pub unreadable: u64,
    pub refused: u64,
    /// The longest time from measuring to receipt among its live messages.
    pub lag_ms_max: u64,
    pub took_ms: u64,
}

/// One second's sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Second {
    /// Since 1970.
    pub at_s: i64,
    pub messages: u64,
    pub rows: u64,
    pub commits: u64,
    pub lag_ms_max: u64,
    pub took_ms_max: u64,
}

/// What is known at an instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    pub messages: u64,
    pub rows: u64,
    pub duplicates: u64,
    pub unreadable: u64,
    pub refused: u64,
    pub commits: u64,
    /// Messages that wait for the writer.
    pub queue: u64,
    /// The seconds of the last minute in which something was committed, in order.
    pub minute: Vec<Second>,
    /// What the embedded broker counts; absent where there is none.
    pub broker: Option<CounterSnapshot>,
}

impl Figures {
    pub fn note_commit(&self, now: Instant, done: &Committed) {
        let Inner { messages, rows, duplicates, unreadable, refused, commits, .. } = &*self.0;
        for (counter, by) in [
            (messages, done.messages),
            (rows, done.rows),
            (duplicates, done.duplicates),
            (unreadable, done.unreadable),
            (refused, done.refused),
            (commits, 1),
        ] {
            counter.fetch_add(by, Ordering::Relaxed);
        }
        let at_s = to_millis(now).div_euclid(1_000);
        let mut minute = self.0.minute.lock().unwrap_or_else(PoisonError::into_inner);
        if minute.back().is_none_or(|last| last.at_s != at_s) {
            minute.push_back(Second { at_s, ..Second::default() });
        }
        if let Some(second) = minute.back_mut() {
            second.messages += done.messages;
            second.rows += done.rows;
            second.commits += 1;
            second.lag_ms_max = second.lag_ms_max.max(done.lag_ms_max);
            second.took_ms_max = second.took_ms_max.max(done.took_ms);
        }
        while minute.len() > HISTORY_S as usize {
            minute.pop_front();
        }
    }

    /// Messages that were told to come again, none of which is stored.
    pub fn note_refused(&self, count: u64) {
        self.0.refused.fetch_add(count, Ordering::Relaxed);
    }

    pub fn note_queue(&self, waiting: usize) {
        self.0.queue.store(waiting as u64, Ordering::Relaxed);
    }

    pub fn note_broker(&self, counters: CounterSnapshot) {
        *self.0.broker.lock().unwrap_or_else(PoisonError::into_inner) = Some(counters);
    }

    pub fn snapshot(&self, now: Instant) -> Snapshot {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let since_s = to_millis(now).div_euclid(1_000) - HISTORY_S;
        let minute = self.0.minute.lock().unwrap_or_else(PoisonError::into_inner);
        Snapshot {
            messages: read(&self.0.messages),
            rows: read(&self.0.rows),
            duplicates: read(&self.0.duplicates),
            unreadable: read(&self.0.unreadable),
            refused: read(&self.0.refused),
            commits: read(&self.0.commits),
            queue: read(&self.0.queue),
            minute: minute.iter().filter(|second| second.at_s > since_s).copied().collect(),
            broker: *self.0.broker.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }
}

impl Snapshot {
    /// Of the last minute, for each of its seconds.
    pub fn messages_per_s(&self) -> f64 {
        self.minute.iter().map(|second| second.messages).sum::<u64>() as f64 / HISTORY_S as f64
    }

    pub fn rows_per_s(&self) -> f64 {
        self.minute.iter().map(|second| second.rows).sum::<u64>() as f64 / HISTORY_S as f64
    }

    pub fn lag_ms_max(&self) -> u64 {
        self.minute.iter().map(|second| second.lag_ms_max).max().unwrap_or_default()
    }

    pub fn took_ms_max(&self) -> u64 {
        self.minute.iter().map(|second| second.took_ms_max).max().unwrap_or_default()
    }

    /// Messages of one commit, on average.
    pub fn messages_per_commit(&self) -> f64 {
        if self.commits == 0 { 0.0 } else { self.messages as f64 / self.commits as f64 }
    }

    /// Whether every message that the broker took was stored, refused or forbidden; what is under way is in none of the three.
    pub fn under_way(&self) -> Option<i64> {
        let counters = self.broker?;
        let answered = counters.committed + counters.refused + counters.forbidden;
        Some(i64::try_from(counters.publishes).ok()? - i64::try_from(answered).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn at(second: i64) -> Instant {
        crate::clock::from_millis(1_700_000_000_000) + TimeDelta::seconds(second)
    }

    #[test]
    fn the_last_minute_is_kept_by_the_second_and_the_rest_as_totals() {
        let figures = Figures::default();
        let done = Committed {
            messages: 6,
            rows: 12,
            duplicates: 1,
            lag_ms_max: 40,
            took_ms: 3,
            ..Committed::default()
        };
        for second in 0..100 {
            figures.note_commit(at(second), &done);
            figures.note_commit(at(second), &Committed { lag_ms_max: 90, ..done });
        }
        figures.note_refused(2);
        figures.note_queue(7);
        let told = figures.snapshot(at(99));
        assert_eq!((told.messages, told.rows, told.duplicates, told.commits), (1_200, 2_400, 200, 200));
        assert_eq!((told.refused, told.queue, told.minute.len()), (2, 7, 60));
        assert_eq!(told.minute[59].messages, 12);
        assert!((told.messages_per_s() - 12.0).abs() < 1e-9 && (told.rows_per_s() - 24.0).abs() < 1e-9);
        assert_eq!((told.lag_ms_max(), told.took_ms_max()), (90, 3));
        assert!((told.messages_per_commit() - 6.0).abs() < 1e-9);
        let later = figures.snapshot(at(130));
        assert_eq!((later.minute.len(), later.messages), (29, 1_200));
        assert!(figures.snapshot(at(500)).messages_per_s() < f64::EPSILON);
    }

    #[test]
    fn what_the_broker_took_and_answered_must_agree() {
        let figures = Figures::default();
        assert_eq!(figures.snapshot(at(0)).under_way(), None);
        let counters = CounterSnapshot {
            publishes: 10,
            committed: 7,
            refused: 2,
            forbidden: 1,
            connects_refused: 4,
            ..CounterSnapshot::default()
        };
        figures.note_broker(counters);
        assert_eq!(figures.snapshot(at(0)).under_way(), Some(0));
        figures.note_broker(CounterSnapshot { publishes: 9, ..counters });
        assert_eq!(figures.snapshot(at(0)).under_way(), Some(-1));
    }
}
