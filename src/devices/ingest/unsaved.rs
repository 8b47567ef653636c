//! Calls for help and fire alarms that wait for a database: told to the open pages of this process before they are stored, and marked
//! so. A page must not be silent because a disk is full, or because the database is away.
//!
//! It is a promise of nothing: the device keeps the message and repeats it until it is stored, and the stored alert takes the mark
//! away. Where it is not repeated here, as another replica may have stored it, the mark goes after a while. Once for each message,
//! however often it comes. The time runs from when the message was handed over, and where its device is
//! comes out of memory, since neither may wait for the database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant as Moment};

use serde_json::{Value, json};
use songhe_firmware_protocol::AlarmKind;

use super::batch::{What, Work};
use super::clock_rule::MessageTime;
use super::message::Content;
use crate::alerts::AlertKind;
use crate::app::App;
use crate::bus::{Audience, Event, Topic};
use crate::clock::Instant;
use crate::devices::store::{self, DeviceState};
use crate::text::Lang;

/// An urgent alarm that is not committed by then is told all the same.
const URGENT_AFTER: Duration = Duration::from_millis(500);
/// Of an alarm that does not come again.
const SHOWN_FOR: Duration = Duration::from_mins(30);
/// A message that is stored must not be told by whoever still watches it.
const WATCHED_FOR: Duration = Duration::from_secs(10);
/// Identities remembered at the most; beyond that an alarm may be told twice.
const KNOWN_MAX: usize = 10_000;

/// (device, boot, seq)
type Identity = (i64, u64, u64);

#[derive(Clone)]
pub(super) struct Unsaved {
    app: App,
    known: Arc<Mutex<Known>>,
}

#[derive(Default)]
struct Known {
    /// How far each came, and when that was last said.
    alarms: HashMap<Identity, (Stage, Moment)>,
    /// Where devices in service were when they were last heard.
    places: HashMap<i64, Place>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Told,
    /// Stored, or put aside, or refused for good.
    Over,
}

#[derive(Clone)]
struct Place {
    code: String,
    told: Audience,
}

/// An alarm that somebody must hear of now.
struct Urgent {
    identity: Identity,
    kind: AlertKind,
    at: Instant,
}

impl Unsaved {
    pub fn new(app: &App) -> Unsaved {
        Unsaved { app: app.clone(), known: Arc::default() }
    }

    /// A message is handed over: if it is an urgent alarm, it is told unless it is stored in time.
    pub fn watch(&self, work: &Work) {
        let Some(one) = urgent(work) else { return };
        if self.lock().has(&one.identity) {
            return;
        }
        let unsaved = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(URGENT_AFTER).await;
            unsaved.tell_one(&one).await;
        });
    }

    /// Takes away the mark of an alarm that did not come again for long.
    async fn expire(self, identity: Identity) {
        loop {
            let told_at = match self.lock().alarms.get(&identity) {
                Some((Stage::Told, at)) => *at,
                _ => return,
            };
            match SHOWN_FOR.checked_sub(told_at.elapsed()).filter(|rest| !rest.is_zero()) {
                Some(rest) => tokio::time::sleep(rest).await,
                None => return self.end(identity),
            }
        }
    }

    /// Tells of the urgent alarms in a batch that could not be committed.
    pub async fn tell(&self, work: &[Work]) {
        for one in work.iter().filter_map(urgent) {
            self.tell_one(&one).await;
        }
    }

    async fn tell_one(&self, one: &Urgent) {
        if self.lock().has(&one.identity) {
            return;
        }
        let Some(place) = self.place_of(one.identity.0).await else { return };
        // Under the lock: a commit in this moment must find it told, or it would stay so.
        let mut known = self.lock();
        if known.has(&one.identity) {
            return;
        }
        known.remember(one.identity, Stage::Told);
        tracing::error!(device = place.code, kind = one.kind.name(), "an alarm is not stored yet");
        self.app.bus.tell_unstored(self.event(one, &place));
        tokio::spawn(self.clone().expire(one.identity));
    }

    /// Without the database where that is possible. None: of a device that may send nothing, or nobody knows where it is.
    async fn place_of(&self, id: i64) -> Option<Place> {
        if let Some(place) = self.lock().places.get(&id) {
            return Some(place.clone());
        }
        let read = self.app.db.read(move |connection| store::device_states(connection, &[id])).await;
        match read {
            Ok(devices) => devices.into_iter().find_map(place),
            // The next try tells.
            Err(error) => {
                tracing::error!(error = %error.for_log(), "an alarm cannot be stored, nor its device looked up");
                None
            }
        }
    }

    /// What a committed batch knew of its devices.
    pub fn note_places(&self, devices: HashMap<i64, DeviceState>) {
        let mut known = self.lock();
        for (id, device) in devices {
            match place(device) {
                Some(place) => drop(known.places.insert(id, place)),
                None => drop(known.places.remove(&id)),
            }
        }
    }

    /// These are in the database, or will never be: nobody waits for them any more.
    pub fn settle(&self, work: &[Work]) {
        for identity in work.iter().filter_map(urgent).map(|one| one.identity) {
            self.end(identity);
        }
    }

    fn end(&self, identity: Identity) {
        let mut known = self.lock();
        if known.remember(identity, Stage::Over) == Some(Stage::Told) {
            let alarm = name_of(identity);
            let payload = json!({ "device_id": identity.0, "alarm": alarm, "durable": true });
            self.app.bus.forget_unstored(&alarm, &payload);
        }
    }

    fn event(&self, one: &Urgent, place: &Place) -> Event {
        let text = |lang: Lang| {
            let kind = lang.t(&format!("enums.alert_kind.{}", one.kind.name())).into_owned();
            let when = self.app.calendar.show_seconds(one.at);
            lang.fill("alert.not_stored", &[("kind", &kind), ("device", &place.code), ("when", &when)])
        };
        let texts: serde_json::Map<String, Value> = [Lang::Chinese, Lang::English]
            .iter()
            .map(|lang| (lang.code().to_owned(), Value::from(text(*lang))))
            .collect();
        let alarm = name_of(one.identity);
        let payload = json!({
            "device_id": one.identity.0,
            "alarm": alarm,
            "kind": one.kind,
            "durable": false,
            "at": self.app.calendar.rfc3339(one.at),
            "texts": texts,
        });
        Event::to(Topic::Alert, &place.told, alarm, payload)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Whether it was told or is over; one that was told has come again.
    fn has(&mut self, identity: &Identity) -> bool {
        let found = self.alarms.get_mut(identity);
        found.map(|(_, at)| *at = Moment::now()).is_some()
    }

    /// Gives what was known before.
    fn remember(&mut self, identity: Identity, stage: Stage) -> Option<Stage> {
        if self.alarms.len() >= KNOWN_MAX {
            // Those that pages still show must be taken away one day.
            self.alarms.retain(|_, (stage, at)| *stage == Stage::Told || at.elapsed() < WATCHED_FOR);
        }
        self.alarms.insert(identity, (stage, Moment::now())).map(|(before, _)| before)
    }
}

fn place(device: DeviceState) -> Option<Place> {
    let told = device.audience();
    device.disabled_at.is_none().then_some(Place { code: device.code, told })
}

/// Stands for one alarm on the pages.
fn name_of((device, boot, seq): Identity) -> String {
    format!("{device}-{boot}-{seq}")
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
