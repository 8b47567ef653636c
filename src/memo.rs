//! Answers kept while nothing was committed, for pages that many people open at once.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;

use crate::clock::Instant;

/// Some answers change with the time alone, such as a stay that begins at noon.
const KEEP: TimeDelta = TimeDelta::seconds(5);
/// Keys are few: one for each reach and part of the city.
const ENTRIES_MAX: usize = 512;

/// One answer for each key. An answer holds for the bus position at which its reading began, and a few seconds.
#[derive(Clone, Default)]
pub struct Memo(Arc<Mutex<HashMap<String, Entry>>>);

struct Entry {
    position: i64,
    at: Instant,
    answer: Arc<dyn Any + Send + Sync>,
}

impl Memo {
    /// The answer of `key` if nothing was told since and it is young enough.
    pub fn find<T: Any + Send + Sync>(&self, key: &str, position: i64, now: Instant) -> Option<Arc<T>> {
        let entries = self.0.lock().ok()?;
        let entry = entries.get(key)?;
        let is_young = now - entry.at < KEEP && now >= entry.at;
        if entry.position != position || !is_young {
            return None;
        }
        Arc::clone(&entry.answer).downcast().ok()
    }

    /// Keeps an answer; `position` is the bus's before the reading began.
    pub fn keep<T: Any + Send + Sync>(&self, key: String, position: i64, now: Instant, answer: Arc<T>) {
        let Ok(mut entries) = self.0.lock() else { return };
        if entries.len() >= ENTRIES_MAX {
            entries.clear();
        }
        entries.insert(key, Entry { position, at: now, answer });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_holds_until_something_is_told_or_it_is_old() {
        let now: Instant = "2026-11-23T01:00:00".parse().unwrap();
        let memo = Memo::default();
        memo.keep("a".to_owned(), 7, now, Arc::new(1_i64));
        let find = |key, position, at| memo.find::<i64>(key, position, at).map(|answer| *answer);
        assert_eq!(find("a", 7, now), Some(1));
        assert_eq!(find("b", 7, now), None);
        assert_eq!(find("a", 8, now), None);
        assert_eq!(find("a", 7, now + KEEP), None);
        assert_eq!(memo.find::<String>("a", 7, now), None, "another kind of answer");
    }
}
