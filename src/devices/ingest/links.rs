//! Beginnings and ends of connections that are not committed yet. A device repeats a message until it is stored; that it came or went
//! nobody repeats, so it is kept here, over a database that is away and a writer that failed.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::batch::{What, Work};

/// Of each device the newest beginning, and the end after it.
#[derive(Clone, Default)]
pub(super) struct Links(Arc<Mutex<BTreeMap<i64, Vec<Work>>>>);

impl Links {
    /// Keeps what a batch says of connections until it is committed. A new connection says more than everything before it.
    pub fn note(&self, work: &[Work]) {
        for one in work.iter().filter(|one| connection_of(one).is_some()) {
            let mut owed = self.lock();
            let kept = owed.entry(one.device_id).or_default();
            if matches!(one.what, What::Connected { .. }) {
                kept.clear();
            } else {
                kept.retain(|before| matches!(before.what, What::Connected { .. }));
            }
            kept.push(one.clone());
        }
    }

    /// What is owed, to be done before a batch: all of the batch's devices, and of others until it is so much.
    pub fn owed_before(&self, batch: &[Work], max: usize) -> Vec<Work> {
        let owed = self.lock();
        if owed.is_empty() {
            return Vec::new();
        }
        let named: HashSet<i64> = batch.iter().map(|one| one.device_id).collect();
        let mut found = Vec::new();
        for (id, kept) in owed.iter() {
            if named.contains(id) || found.len() < max {
                found.extend(kept.iter().cloned());
            }
        }
        found
    }

    /// It is committed, or can never be.
    pub fn settle(&self, work: &[Work]) {
        for one in work {
            let Some(connection) = connection_of(one) else { continue };
            let mut owed = self.lock();
            let Some(kept) = owed.get_mut(&one.device_id) else { continue };
            kept.retain(|before| connection_of(before) != Some(connection));
            if kept.is_empty() {
                owed.remove(&one.device_id);
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<i64, Vec<Work>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The number of the connection that began or ended, and whether it began.
fn connection_of(work: &Work) -> Option<(i64, bool)> {
    match work.what {
        What::Connected { connection } => Some((connection, true)),
        What::Disconnected { connection, .. } => Some((connection, false)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Instant;

    fn work(device_id: i64, what: What) -> Work {
        Work { device_id, received_at: Instant::default(), what }
    }

    fn came(device_id: i64, connection: i64) -> Work {
        work(device_id, What::Connected { connection })
    }

    fn went(device_id: i64, connection: i64) -> Work {
        work(device_id, What::Disconnected { connection, said: false })
    }

    fn owed(links: &Links, batch: &[Work], max: usize) -> Vec<(i64, (i64, bool))> {
        let owed = links.owed_before(batch, max);
        owed.iter().map(|one| (one.device_id, connection_of(one).unwrap())).collect()
    }

    #[test]
    fn the_newest_of_each_device_is_owed_until_it_is_committed() {
        let links = Links::default();
        links.note(&[went(1, 3), came(2, 4), work(1, What::Mark)]);
        assert_eq!(owed(&links, &[], 9), [(1, (3, false)), (2, (4, true))]);
        links.note(&[went(2, 4), came(1, 5)]);
        assert_eq!(owed(&links, &[], 9), [(1, (5, true)), (2, (4, true)), (2, (4, false))]);
        assert_eq!(owed(&links, &[], 1).len(), 1);
        assert_eq!(owed(&links, &[work(2, What::Mark)], 0), [(2, (4, true)), (2, (4, false))]);
        links.settle(&[came(1, 4), came(2, 4), went(2, 4)]);
        assert_eq!(owed(&links, &[], 9), [(1, (5, true))], "the connection before it is another one");
        links.settle(&[came(1, 5)]);
        assert!(links.is_empty());
    }
}
