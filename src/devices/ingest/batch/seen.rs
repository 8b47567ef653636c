//! Who was heard, and when at last.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::{Batch, Work};
use crate::clock::Instant;

impl Batch {
    pub(super) fn hear(&mut self, work: &Work) {
        let seen = self.seen.entry(work.device_id).or_insert(work.received_at);
        *seen = work.received_at.max(*seen);
    }

    /// When devices were heard at last: those heard in the same second share its latest instant, so that it takes few statements.
    pub(super) fn last_seen(&self) -> Vec<(Instant, Vec<i64>)> {
        let mut by_second: BTreeMap<i64, (Instant, Vec<i64>)> = BTreeMap::new();
        for (id, at) in self.seen.iter().filter(|(id, at)| !self.is_known_of(**id, **at)) {
            let entry = by_second.entry(at.and_utc().timestamp()).or_insert((*at, Vec::new()));
            entry.0 = entry.0.max(*at);
            entry.1.push(*id);
        }
        by_second.into_values().collect()
    }

    /// A device that sends many times a second is written down as heard once a second.
    fn is_known_of(&self, id: i64, at: Instant) -> bool {
        let known = self.devices.get(&id).and_then(|device| device.last_seen_at);
        known.is_some_and(|known| known <= at && at - known < TimeDelta::seconds(1))
    }
}
