//! What the program holds while it runs, and the frame of every business transaction.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use crate::access::audit::{self, Entry};
use crate::access::seal::Keys;
use crate::access::{Passwords, Scope};
use crate::assessments::Practice;
use crate::bus::{Bus, Event, store as outbox};
use crate::clock::{Calendar, Clock, Instant};
use crate::config::Config;
use crate::db::{AnyConnection, Db};
use crate::devices::gb26875::Profiles;
use crate::devices::ingest::Figures;
use crate::dispatch::Planner;
use crate::error::{Code, Error, Result};
use crate::memo::Memo;

/// The running program. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub config: Arc<Config>,
    pub db: Db,
    pub clock: Clock,
    pub calendar: Calendar,
    pub keys: Arc<Keys>,
    pub passwords: Passwords,
    pub bus: Bus,
    pub metrics: metrics_exporter_prometheus::PrometheusHandle,
    pub parts: Parts,
    /// What this process counts of the devices' messages.
    pub ingest: Figures,
    pub memo: Memo,
    pub assessing: Arc<Practice>,
    /// Dialects of fire panels.
    pub fire_profiles: Arc<Profiles>,
    /// Searches for plans of days.
    pub planner: Planner,
}

/// What running parts (broker, ingest) say of themselves for the health answer.
#[derive(Clone, Default)]
pub struct Parts(Arc<Mutex<BTreeMap<&'static str, serde_json::Value>>>);

impl Parts {
    pub fn tell(&self, part: &'static str, state: serde_json::Value) {
        if let Ok(mut parts) = self.0.lock() {
            parts.insert(part, state);
        }
    }

    /// The part's last word; null where there is no such part.
    pub fn report(&self, part: &str) -> serde_json::Value {
        self.0.lock().ok().and_then(|parts| parts.get(part).cloned()).unwrap_or_default()
    }
}

/// A business transaction: rows, audit and events commit together or not at all.
pub struct Tx<'a> {
    pub connection: &'a mut AnyConnection,
    /// The instant of the transaction, the same for all its rows.
    pub now: Instant,
    pub scope: &'a Scope,
    pub keys: &'a Keys,
    pub calendar: Calendar,
}

impl App {
    /// Runs `work` in one transaction for `scope`, then wakes the live listeners. It may run more than once; see
    /// [`Db::write_now`].
    pub async fn write<T, F>(&self, scope: &Scope, mut work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let scope = scope.clone();
        let (keys, now, calendar) = (Arc::clone(&self.keys), self.clock.now(), self.calendar);
        let outcome = self
            .db
            .write(move |connection| work(&mut Tx { connection, now, scope: &scope, keys: &keys, calendar }))
            .await;
        self.bus.wake();
        outcome
    }

    /// The same on this thread, for the command line and tests.
    pub fn write_now<T>(&self, scope: &Scope, mut work: impl FnMut(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        let (now, calendar) = (self.clock.now(), self.calendar);
        let outcome = self
            .db
            .write_now(|connection| work(&mut Tx { connection, now, scope, keys: &self.keys, calendar }));
        self.bus.wake();
        outcome
    }

    /// Where the head of the audit chain is kept outside the database.
    pub fn anchor_file(&self) -> PathBuf {
        self.config.data_dir.join("audit-anchor.json")
    }
}

impl Tx<'_> {
    /// Runs a part of this transaction that may fail alone; see [`crate::db::part`].
    pub fn part<T>(&mut self, work: impl FnOnce(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        let Tx { now, scope, keys, calendar, .. } = *self;
        crate::db::part(self.connection, |connection| {
            work(&mut Tx { connection, now, scope, keys, calendar })
        })
    }

    /// Does the same to several records, by number and version seen, each in a part of its own: gives which were refused and why.
    /// What is nobody's fault, such as a clash with another transaction, ends the whole.
    pub fn each(
        &mut self,
        records: &[(i64, i64)],
        mut work: impl FnMut(&mut Tx<'_>, i64, i64) -> Result<()>,
    ) -> Result<Vec<(i64, Option<Error>)>> {
        let mut outcomes = Vec::with_capacity(records.len());
        for (id, seen) in records {
            match self.part(|tx| work(tx, *id, *seen)) {
                Ok(()) => outcomes.push((*id, None)),
                Err(error) if error.is_clash() || matches!(error.code, Code::Internal | Code::Busy) => {
                    return Err(error);
                }
                Err(error) => outcomes.push((*id, Some(error))),
            }
        }
        Ok(outcomes)
    }

    /// Runs a part of this transaction for its outcome only; see [`crate::db::rehearse`].
    pub fn rehearse<T>(&mut self, work: impl FnOnce(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        let Tx { now, scope, keys, calendar, .. } = *self;
        crate::db::rehearse(self.connection, |connection| {
            work(&mut Tx { connection, now, scope, keys, calendar })
        })
    }

    /// Adds an audit row to this transaction.
    pub fn audit(&mut self, entry: &Entry<'_>) -> Result<()> {
        audit::record(self.connection, self.keys, self.scope, self.now, entry)
    }

    /// Adds an event to this transaction.
    pub fn publish(&mut self, event: &Event) -> Result<()> {
        outbox::insert(self.connection, self.now, event)
    }
}
