//! Fires that wait for a database: told to the open pages of this process before they are stored, and marked so, as calls for help are.
//!
//! Told once, however often the panel repeats its frame; the stored frame takes the mark away. A panel that does not repeat it gets
//! no such end: the mark goes after a while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::model::{Analog, Command, Content, Frame, Profile, Stamp, Timed, time_used, urgent_in};
use super::store::Sender;
use crate::alerts::AlertKind;
use crate::alerts::rules::{Judgement, rule_of};
use crate::app::App;
use crate::bus::{Event, Topic};
use crate::devices::model::is_plausible;
use crate::error::Result;
use crate::text::Lang;

/// A fire that is not stored by then is told all the same.
const TOLD_AFTER: Duration = Duration::from_millis(500);
/// Of a fire that the panel does not repeat.
const SHOWN_FOR: Duration = Duration::from_mins(30);
/// Fires remembered at the most; beyond that one may be told twice.
const KNOWN_MAX: usize = 10_000;

/// (device, hash of the frame)
type Identity = (i64, [u8; 32]);

type Known = HashMap<Identity, (Stage, Instant)>;

/// A fire in a frame that is not stored yet.
#[derive(Clone, Debug)]
pub(super) struct Fire {
    identity: Identity,
    sender: Sender,
    kind: AlertKind,
    at: crate::clock::Instant,
}

impl Fire {
    /// What a panel's frame says that nobody may miss; none where there is nothing, and none in a trial.
    pub fn in_frame(
        app: &App,
        (frame, raw): (&Frame, &[u8]),
        (sender, profile): (&Sender, &Arc<Profile>),
    ) -> Option<Fire> {
        if sender.disabled_at.is_some() || !matches!(frame.command, Command::Send | Command::Answer) {
            return None;
        }
        let content = Content::decode(&frame.data).ok()?;
        let (kind, stamp) = urgent_in(&content, profile).or_else(|| beyond_limit(&content, profile))?;
        let said = stamp.local().map(|local| app.calendar.instant(local));
        Some(Fire {
            identity: (sender.device_id, Sha256::digest(raw).into()),
            sender: sender.clone(),
            kind,
            at: time_used(said, app.clock.now(), sender.clock_ahead_s),
        })
    }
}

pub(super) struct Unstored {
    app: App,
    /// How far each came, and when that was last said.
    known: Mutex<Known>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Told,
    /// Another connection may still be waiting with the same frame: it must not tell again.
    Stored,
}

impl Unstored {
    pub fn new(app: &App) -> Unstored {
        Unstored { app: app.clone(), known: Mutex::default() }
    }

    /// Waits for the database; a fire is told if that takes long or fails.
    pub async fn watch<T>(&self, fire: Option<&Fire>, work: impl Future<Output = Result<T>>) -> Result<T> {
        let Some(fire) = fire else { return work.await };
        let mut work = std::pin::pin!(work);
        let outcome = if let Ok(outcome) = tokio::time::timeout(TOLD_AFTER, &mut work).await {
            outcome
        } else {
            self.tell(fire);
            work.await
        };
        if outcome.is_err() {
            self.tell(fire);
        }
        outcome
    }

    fn tell(&self, fire: &Fire) {
        let mut known = self.lock();
        if known.get(&fire.identity).is_some_and(|(stage, _)| *stage == Stage::Stored) {
            return;
        }
        if remember(&mut known, fire.identity, Stage::Told).is_none() {
            tracing::error!(device = fire.sender.code, kind = fire.kind.name(), "a fire is not stored yet");
            self.app.bus.tell_unstored(self.event(fire));
        }
    }

    /// The frame is stored.
    pub fn settle(&self, fire: &Fire) {
        let mut known = self.lock();
        if remember(&mut known, fire.identity, Stage::Stored) == Some(Stage::Told) {
            self.forget(fire.identity);
        }
    }

    /// Takes away the marks of fires that were not repeated for long.
    pub fn expire(&self) {
        self.lock().retain(|identity, (stage, at)| {
            let lasts = at.elapsed() < SHOWN_FOR;
            if !lasts && *stage == Stage::Told {
                self.forget(*identity);
            }
            lasts
        });
    }

    fn forget(&self, identity: Identity) {
        let alarm = name_of(identity);
        let payload = json!({ "device_id": identity.0, "alarm": alarm, "durable": true });
        self.app.bus.forget_unstored(&alarm, &payload);
    }

    fn event(&self, fire: &Fire) -> Event {
        let sender = &fire.sender;
        let when = self.app.calendar.show_seconds(fire.at);
        let text = |lang: Lang| {
            let kind = lang.t(&format!("enums.alert_kind.{}", fire.kind.name())).into_owned();
            lang.fill("alert.not_stored", &[("kind", &kind), ("device", &sender.code), ("when", &when)])
        };
        let texts: serde_json::Map<String, Value> = [Lang::Chinese, Lang::English]
            .iter()
            .map(|lang| (lang.code().to_owned(), Value::from(text(*lang))))
            .collect();
        let alarm = name_of(fire.identity);
        let payload = json!({
            "device_id": sender.device_id,
            "alarm": alarm,
            "kind": fire.kind,
            "durable": false,
            "at": self.app.calendar.rfc3339(fire.at),
            "texts": texts,
        });
        Event::to(Topic::Alert, &sender.audience(), alarm, payload)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives how far it had come.
fn remember(known: &mut Known, identity: Identity, stage: Stage) -> Option<Stage> {
    if known.len() >= KNOWN_MAX {
        // What pages still show must be taken away one day.
        known.retain(|_, (stage, _)| *stage == Stage::Told);
    }
    known.insert(identity, (stage, Instant::now())).map(|(before, _)| before)
}

/// A value that is gas or heat by the protocol's own limits: those of an office stand in the database.
fn beyond_limit(content: &Content, profile: &Profile) -> Option<(AlertKind, Stamp)> {
    let Content::Analogs(all) = content else { return None };
    let urgent = |one: &Timed<Analog>| {
        let feed = profile.feed(&one.of)?;
        let (value, rule) = (feed.value(one.of.value), rule_of(feed.channel)?);
        let is_raised =
            is_plausible(feed.channel.code() as i16, value) && rule.judge(value) == Judgement::Raise;
        (is_raised && rule.kind.is_urgent()).then_some((rule.kind, one.at))
    };
    all.iter().filter_map(urgent).min_by_key(|(kind, _)| *kind)
}

/// Stands for one fire on the pages.
fn name_of((device, hash): Identity) -> String {
    format!("{device}-{}", hex::encode(&hash[..8]))
}
