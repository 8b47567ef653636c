//! What the broker counts.

use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub publishes: AtomicU64,
    pub committed: AtomicU64,
    pub refused: AtomicU64,
    pub forbidden: AtomicU64,
    pub connects_refused: AtomicU64,
    pub held_back: AtomicU64,
}

/// Counts since the broker started. When no message is under way, `publishes` equals `committed + refused + forbidden`:
/// anything else means that messages were acknowledged without the gate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CounterSnapshot {
    /// Messages taken from connections, whatever became of them.
    pub publishes: u64,
    /// The gate stored them; these and no others are acknowledged.
    pub committed: u64,
    /// The gate refused them or took too long.
    pub refused: u64,
    /// Foreign or unknown topic, or QoS 2.
    pub forbidden: u64,
    /// Connections with a wrong credential or a foreign will.
    pub connects_refused: u64,
    /// Messages that waited because their device was too fast.
    pub held_back: u64,
}

impl Counters {
    pub fn snapshot(&self) -> CounterSnapshot {
        let read = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
        CounterSnapshot {
            publishes: read(&self.publishes),
            committed: read(&self.committed),
            refused: read(&self.refused),
            forbidden: read(&self.forbidden),
            connects_refused: read(&self.connects_refused),
            held_back: read(&self.held_back),
        }
    }
}

/// One more.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::SeqCst);
}
