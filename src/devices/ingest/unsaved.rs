//! Calls for help and fire alarms that wait for a database: told to the open pages of this process before they are stored, and marked
//! so. A page must not be silent because a disk is full.
//!
//! It is a promise of nothing: the device keeps the message and repeats it until it is stored, and the stored alert takes the mark
//! away. Once for each message, however often it comes.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use songhe_firmware_protocol::AlarmKind;

use super::batch::{What, Work};
use super::clock_rule::MessageTime;
use super::message::Content;
use crate::alerts::AlertKind;
use crate::app::App;
use crate::bus::{Event, Topic};
use crate::devices::store::{self, DeviceState};
use crate::text::Lang;

/// Identities remembered at the most; beyond that an alarm may be told twice.
const TOLD_MAX: usize = 10_000;

/// (device, boot, seq)
type Identity = (i64, u64, u64);

#[derive(Clone)]
pub(super) struct Unsaved {
    app: App,
    told: Arc<Mutex<HashSet<Identity>>>,
}

/// An alarm that somebody must hear of now.
struct Urgent {
    identity: Identity,
    kind: AlertKind,
    at: crate::clock::Instant,
}

impl Unsaved {
    pub fn new(app: &App) -> Unsaved {
        Unsaved { app: app.clone(), told: Arc::default() }
    }

    /// Tells of the urgent alarms in a batch that is not committed.
    pub async fn tell(&self, work: &[Work]) {
        let fresh: Vec<Urgent> =
            work.iter().filter_map(urgent).filter(|one| self.is_new(one.identity)).collect();
        if fresh.is_empty() {
            return;
        }
        let ids: Vec<i64> = fresh.iter().map(|one| one.identity.0).collect();
        let read = self.app.db.read(move |connection| store::device_states(connection, &ids)).await;
        let devices = match read {
            Ok(devices) => devices,
            // Whose pages may show it is not known: the next try tells.
            Err(error) => {
                tracing::error!(error = %error.for_log(), "an alarm cannot be stored, nor its device looked up");
                let mut told = self.lock();
                for one in &fresh {
                    told.remove(&one.identity);
                }
                return;
            }
        };
        for one in &fresh {
            let device = devices.iter().find(|device| device.id == one.identity.0);
            if let Some(device) = device.filter(|device| device.disabled_at.is_none()) {
                tracing::error!(device = device.code, kind = one.kind.name(), "an alarm is not stored yet");
                self.app.bus.tell_unstored(self.event(one, device));
            }
        }
    }

    /// The batch is committed: what was told of its devices is in the database or was never true.
    pub fn settle(&self, work: &[Work]) {
        if self.lock().is_empty() {
            return;
        }
        for identity in work.iter().filter_map(urgent).map(|one| one.identity) {
            if self.lock().contains(&identity) {
                let payload = json!({ "device_id": identity.0, "durable": true });
                self.app.bus.forget_unstored(&identity.0.to_string(), &payload);
            }
        }
    }

    fn event(&self, one: &Urgent, device: &DeviceState) -> Event {
        let text = |lang: Lang| {
            let kind = lang.t(&format!("enums.alert_kind.{}", one.kind.name())).into_owned();
            let when = self.app.calendar.show_seconds(one.at);
            lang.fill("alert.not_stored", &[("kind", &kind), ("device", &device.code), ("when", &when)])
        };
        let texts: serde_json::Map<String, Value> = [Lang::Chinese, Lang::English]
            .iter()
            .map(|lang| (lang.code().to_owned(), Value::from(text(*lang))))
            .collect();
        let payload = json!({
            "device_id": device.id,
            "kind": one.kind,
            "durable": false,
            "at": self.app.calendar.rfc3339(one.at),
            "texts": texts,
        });
        Event::new(Topic::Alert, &device.town_code, device.id, payload).of_institution(device.institution_id)
    }

    fn is_new(&self, identity: Identity) -> bool {
        let mut told = self.lock();
        if told.len() >= TOLD_MAX {
            told.clear();
        }
        told.insert(identity)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<Identity>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn urgent(work: &Work) -> Option<Urgent> {
    let What::Message { decoded, .. } = &work.what else { return None };
    let Content::Alarm { kind_code, raised: true, .. } = decoded.content else { return None };
    let kind = AlertKind::of_alarm(AlarmKind::from_code(kind_code));
    let header = &decoded.header;
    let identity = (work.device_id, header.boot_id, header.seq);
    let at = MessageTime::choose(header, work.received_at, None).made_at;
    (kind.is_urgent() && decoded.is_live()).then_some(Urgent { identity, kind, at })
}
