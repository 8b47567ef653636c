//! What the connections of a gateway have in common: limits, and which panel is behind which connection.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::mpsc;

use super::model::{Address, Frame, Profile, Rate};
use super::store::{self, Refusal, Sender};
use super::unstored::{Fire, Unstored};
use crate::app::App;
use crate::error::Result;

/// Something to be sent to a panel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question {
    pub device_id: i64,
    pub guard_id: i64,
    pub minutes: i16,
}

/// Who sends, and how to read it.
type Known = (Sender, Arc<Profile>);

pub(super) struct Shared {
    pub app: App,
    pub unstored: Unstored,
    began: Instant,
    connections: AtomicU64,
    links: Mutex<HashMap<i64, Link>>,
    rates: Mutex<HashMap<i64, Rate>>,
    /// Panels as they were found last: their fires are known while no database answers.
    known: Mutex<HashMap<Address, Known>>,
}

/// The connection that a panel was last heard over.
struct Link {
    connection: u64,
    questions: mpsc::Sender<Question>,
}

impl Shared {
    pub fn new(app: App) -> Shared {
        Shared {
            unstored: Unstored::new(&app),
            app,
            began: Instant::now(),
            connections: AtomicU64::new(0),
            links: Mutex::default(),
            rates: Mutex::default(),
            known: Mutex::default(),
        }
    }

    pub fn next_connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed)
    }

    /// The panel of a source address, by the order in which its dialect sends it.
    pub async fn sender(&self, source: Address) -> Result<Option<Known>> {
        let addresses = [source.to_string(), source.reversed().to_string()];
        let found = self.app.db.read(move |connection| store::find_senders(connection, &addresses)).await?;
        let fits = found.into_iter().filter_map(|sender| {
            let profile = self.profile(sender.profile.as_deref())?;
            (profile.printed(source).to_string() == sender.address).then_some((sender, profile))
        });
        let found = fits.into_iter().next();
        match &found {
            Some(known) => lock(&self.known).insert(source, known.clone()),
            None => lock(&self.known).remove(&source),
        };
        Ok(found)
    }

    /// A fire in a frame, as far as it can be told without the database.
    pub fn fire_in(&self, frame: &Frame, raw: &[u8]) -> Option<Fire> {
        let (sender, profile) = lock(&self.known).get(&frame.source).cloned()?;
        Fire::in_frame(&self.app, (frame, raw), (&sender, &profile))
    }

    fn profile(&self, name: Option<&str>) -> Option<Arc<Profile>> {
        let name = name.unwrap_or(&self.app.config.fire.profile);
        self.app.fire_profiles.get(name).cloned()
    }

    /// Waits until the panel may send another frame. It is held back, and never refused: it may be telling of a fire.
    pub async fn turn(&self, device_id: i64) {
        let now = self.began.elapsed();
        let per_second = self.app.config.fire.frames_per_s;
        let wait = {
            let mut rates = lock(&self.rates);
            rates.entry(device_id).or_insert_with(|| Rate::new(per_second, now)).take(now)
        };
        if wait > Duration::ZERO {
            metrics::counter!("songhe_fire_frames_held_back_total").increment(1);
            tokio::time::sleep(wait).await;
        }
    }

    /// The panel is behind this connection from now on.
    pub fn link(&self, device_id: i64, connection: u64, questions: &mpsc::Sender<Question>) {
        {
            let mut links = lock(&self.links);
            if links.get(&device_id).is_some_and(|link| link.connection == connection) {
                return;
            }
            links.insert(device_id, Link { connection, questions: questions.clone() });
        }
        self.tell();
    }

    /// Takes the panels of a connection that ended; gives those that have not come back over another one.
    pub fn unlink(&self, connection: u64) -> Vec<i64> {
        let gone: Vec<i64> = {
            let mut links = lock(&self.links);
            let gone = links.iter().filter(|(_, link)| link.connection == connection).map(|(id, _)| *id);
            let gone: Vec<i64> = gone.collect();
            for id in &gone {
                links.remove(id);
            }
            gone
        };
        self.tell();
        gone
    }

    /// Hands a question to the panel's connection, where it is behind one of this process.
    pub fn ask(&self, question: Question) {
        if let Some(link) = lock(&self.links).get(&question.device_id) {
            // A full queue is tried again at the next look.
            let _ = link.questions.try_send(question);
        }
    }

    /// Notes a refusal where people see it; the frame stays refused if that fails.
    pub async fn refuse(&self, refusal: Refusal<'_>) {
        metrics::counter!("songhe_fire_frames_refused_total", "reason" => refusal.reason.name()).increment(1);
        let (source, sent_from) = (refusal.source.to_owned(), refusal.sent_from.to_owned());
        let (fault, raw) = (refusal.fault.to_owned(), refusal.raw.to_vec());
        let (reason, at) = (refusal.reason, refusal.at);
        let noted = self.app.db.write(move |connection| {
            let refusal =
                Refusal { source: &source, reason, sent_from: &sent_from, fault: &fault, raw: &raw, at };
            store::note_refusal(connection, &refusal)
        });
        if let Err(error) = noted.await {
            tracing::warn!(error = %error.for_log(), "a refused frame was not noted");
        }
    }

    /// Says in the health answer how many panels are there.
    fn tell(&self) {
        let panels = lock(&self.links).len();
        metrics::gauge!("songhe_fire_panels").set(panels as f64);
        let address = self.app.parts.report("fire")["address"].clone();
        self.app.parts.tell("fire", json!({ "ready": true, "address": address, "panels": panels }));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
