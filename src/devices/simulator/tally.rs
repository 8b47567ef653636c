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
    pub repeated: AtomicU64,
    pub swapped: AtomicU64,
    pub restarts: AtomicU64,
    pub garbage: AtomicU64,
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
            repeated: read(&self.repeated),
            swapped: read(&self.swapped),
            restarts: read(&self.restarts),
            garbage: read(&self.garbage),
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
    /// Messages that were sent once more after they had been acknowledged.
    pub repeated: u64,
    /// Messages that went before the one made before them.
    pub swapped: u64,
    /// Devices that started anew with what they held.
    pub restarts: u64,
    /// Payloads that nobody can read.
    pub garbage: u64,
    /// Oldest messages given up because a device's memory was full.
    pub dropped: u64,
    /// Not acknowledged when the simulation ended.
    pub kept: u64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { made, acknowledged, refused, dropped, kept, alarms, connects, failures, .. } = self;
        write!(
            f,
            "messages made {made}, acknowledged {acknowledged}, refused {refused}, dropped {dropped}, kept {kept}; \
             alarms {alarms}; connects {connects}, failures {failures}"
        )?;
        let Report { repeated, swapped, restarts, garbage, .. } = self;
        if repeated + swapped + restarts + garbage > 0 {
            write!(
                f,
                "; sent again {repeated}, out of order {swapped}, starts anew {restarts}, unreadable {garbage}"
            )?;
        }
        Ok(())
    }
}
