//! What ingest says of itself in the health answer.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;

use crate::app::Parts;

/// Shared by everything that moves messages.
#[derive(Clone)]
pub struct Health(Arc<Inner>);

struct Inner {
    parts: Parts,
    mode: &'static str,
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    address: Option<String>,
    /// By subject; empty means ready.
    troubles: std::collections::BTreeMap<&'static str, String>,
    /// Messages may have been missed since somebody last asked.
    is_broken: bool,
}

/// While one of these does not work, messages of devices may not arrive.
const WAYS_IN: [&str; 3] = ["broker", "database", "writer"];

impl Health {
    pub fn new(parts: Parts, mode: &'static str) -> Health {
        Health(Arc::new(Inner { parts, mode, told: Mutex::default() }))
    }

    /// Where devices reach us, or where we reach their broker.
    pub fn at(&self, address: String) {
        self.change(|told| told.address = Some(address));
    }

    /// `subject` does not work, for this reason.
    pub fn fails(&self, subject: &'static str, reason: &str) {
        self.change(|told| drop(told.troubles.insert(subject, reason.to_owned())));
    }

    /// `subject` works.
    pub fn works(&self, subject: &'static str) {
        let known = self.lock().troubles.contains_key(subject);
        if known {
            self.change(|told| {
                told.troubles.remove(subject);
                told.is_broken |= WAYS_IN.contains(&subject);
            });
        }
    }

    /// Whether one of these does not work.
    pub fn is_failing(&self, subjects: &[&str]) -> bool {
        let told = self.lock();
        subjects.iter().any(|subject| told.troubles.contains_key(subject))
    }

    /// Messages may have been missed until now.
    pub fn note_break(&self) {
        self.lock().is_broken = true;
    }

    /// Whether messages may have been missed since this was last asked, or are being missed.
    pub fn take_break(&self) -> bool {
        let mut told = self.lock();
        std::mem::take(&mut told.is_broken) || WAYS_IN.iter().any(|way| told.troubles.contains_key(way))
    }

    fn change(&self, change: impl FnOnce(&mut Told)) {
        let mut told = self.lock();
        change(&mut told);
        let reasons: Vec<String> =
            told.troubles.iter().map(|(subject, reason)| format!("{subject}: {reason}")).collect();
        let mut state = json!({ "ready": reasons.is_empty(), "mode": self.0.mode, "address": told.address });
        if !reasons.is_empty() {
            state["reason"] = reasons.join("; ").into();
            state["failing"] = told.troubles.keys().copied().collect::<Vec<_>>().into();
        }
        self.0.parts.tell("devices", state);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Told> {
        self.0.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trouble_must_end_before_it_is_ready_again() {
        let parts = Parts::default();
        let health = Health::new(parts.clone(), "embedded");
        health.at("127.0.0.1:1883".into());
        assert_eq!(parts.report("devices")["ready"], true);
        health.fails("writer", "panicked");
        health.fails("database", "away");
        health.works("database");
        assert_eq!(parts.report("devices")["ready"], false);
        assert_eq!(parts.report("devices")["reason"], "writer: panicked");
        health.works("writer");
        assert_eq!(parts.report("devices")["ready"], true);
        assert_eq!(parts.report("devices")["address"], "127.0.0.1:1883");
    }

    #[test]
    fn a_break_lasts_while_a_way_in_does_not_work_and_is_told_once_afterwards() {
        let health = Health::new(Parts::default(), "embedded");
        assert!(!health.take_break());
        health.fails("disk", "nearly full");
        assert!(!health.take_break(), "readings arrive all the same");
        health.fails("database", "away");
        assert!(health.take_break() && health.take_break());
        health.works("database");
        assert!(health.take_break() && !health.take_break());
        health.note_break();
        assert!(health.take_break() && !health.take_break());
    }
}
