//! What the simulation did.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug, Default)]
pub(super) struct Tally {
    pub made: AtomicU64,
    pub acknowledged: AtomicU64,
    pub refused: AtomicU64,
    pub alarms: AtomicU64,
    pub connects: AtomicU64,
    pub failures: AtomicU64,
    pub dropped: AtomicU64,
    pub kept: AtomicU64,
}

impl Tally {
    pub fn add(counter: &AtomicU64, by: u64) {
        counter.fetch_add(by, Ordering::Relaxed);
    }

    pub fn report(&self) -> Report {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Report {
            made: read(&self.made),
            acknowledged: read(&self.acknowledged),
            refused: read(&self.refused),
            alarms: read(&self.alarms),
            connects: read(&self.connects),
            failures: read(&self.failures),
            dropped: read(&self.dropped),
            kept: read(&self.kept),
        }
    }
}

/// Sums over all devices. `made = acknowledged + dropped + kept`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Messages made, each counted once however often it was sent.
    pub made: u64,
    pub acknowledged: u64,
    /// Negative acknowledgements; the message was sent again.
    pub refused: u64,
    /// Alarm messages among those made.
    pub alarms: u64,
    pub connects: u64,
    /// Connections that failed or broke.
    pub failures: u64,
    /// Oldest messages given up because a device's memory was full.
    pub dropped: u64,
    /// Not acknowledged when the simulation ended.
    pub kept: u64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "messages made {}, acknowledged {}, refused {}, dropped {}, kept {}; alarms {}; connects {}, failures {}",
            self.made,
            self.acknowledged,
            self.refused,
            self.dropped,
            self.kept,
            self.alarms,
            self.connects,
            self.failures
        )
    }
}
