//! The live stream: committed events of the asker's places, in order, resumable after any of them.

use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpRequest, Responder, web};
use actix_web_lab::sse;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;

use super::context::Visitor;
use super::routes::{Need, Route, get};
use crate::access::{Permission, Reach, Scope};
use crate::app::App;
use crate::bus::{Event, Stored, Topic, store};
use crate::error::Result;

const BEAT_EVERY: Duration = Duration::from_secs(2);
/// The session is looked at again this often even if nobody ended it: it may have run out.
const BEATS_PER_CHECK: u32 = 15;
const REPLAY_ROWS: i64 = 1_000;

pub fn routes() -> Vec<Route> {
    vec![get("/live", Need::SignedIn, || web::to(stream))]
}

#[derive(serde::Deserialize)]
struct After {
    after: Option<String>,
}

async fn stream(visitor: Visitor, request: HttpRequest, query: web::Query<After>) -> Result<impl Responder> {
    let admission = visitor.admission()?.clone();
    let last_id =
        request.headers().get("last-event-id").and_then(|value| value.to_str().ok().map(str::to_owned));
    let after = last_id.or(query.into_inner().after).and_then(|text| text.parse::<i64>().ok());
    let (sender, receiver) = mpsc::channel(64);
    let listener = Listener {
        app: visitor.app.clone(),
        reaches: reaches(&admission.scope),
        session_id: admission.session_id,
        scope: admission.scope,
        sender,
        last: 0,
    };
    actix_web::rt::spawn(listener.run(after));
    Ok(sse::Sse::from_infallible_receiver(receiver)
        .customize()
        .insert_header(("x-accel-buffering", "no"))
        .insert_header(("cache-control", "no-store")))
}

struct Listener {
    app: App,
    scope: Scope,
    reaches: Vec<(Topic, Reach)>,
    session_id: i64,
    sender: mpsc::Sender<sse::Event>,
    /// Number of the newest event sent or passed over.
    last: i64,
}

/// Why a stream ends.
enum End {
    /// The browser went away.
    Gone,
    /// The session ended.
    SignedOut,
}

impl Listener {
    async fn run(mut self, after: Option<i64>) {
        metrics::gauge!("songhe_live_streams").increment(1.0);
        if matches!(self.listen(after).await, End::SignedOut) {
            let _ = self.sender.send(event("gone", "{}", None)).await;
        }
        metrics::gauge!("songhe_live_streams").decrement(1.0);
    }

    async fn listen(&mut self, after: Option<i64>) -> End {
        let mut events = self.app.bus.subscribe();
        let (waiting, mut unstored) = self.app.bus.unstored();
        self.last = after.unwrap_or_else(|| self.app.bus.position());
        if let Err(end) = self.beat().await {
            return end;
        }
        if let Err(end) = self.replay().await {
            return end;
        }
        for event in waiting {
            if let Err(end) = self.tell_unstored(&event).await {
                return end;
            }
        }
        let mut beats = tokio::time::interval(BEAT_EVERY);
        beats.reset();
        let mut beats_left = BEATS_PER_CHECK;
        loop {
            let step = tokio::select! {
                received = events.recv() => match received {
                    Ok(stored) => self.tell(&stored).await,
                    // Too slow for the channel: what it lost is still in the outbox.
                    Err(RecvError::Lagged(_)) => self.replay().await,
                    Err(RecvError::Closed) => Err(End::Gone),
                },
                // One that was lost on the way is told to whoever opens a page; the channel closes with the one above.
                Ok(event) = unstored.recv() => self.tell_unstored(&event).await,
                _ = beats.tick() => {
                    beats_left -= 1;
                    if beats_left == 0 {
                        beats_left = BEATS_PER_CHECK;
                        if !self.session_holds().await {
                            return End::SignedOut;
                        }
                    }
                    self.beat().await
                }
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    /// Sends what the outbox holds after `last`. A gap that the outbox no longer holds tells the page to load anew.
    async fn replay(&mut self) -> Result<(), End> {
        loop {
            let last = self.last;
            let page = self
                .app
                .db
                .read(move |connection| {
                    Ok((store::ends(connection)?, store::after(connection, last, REPLAY_ROWS)?))
                })
                .await;
            let Ok(((oldest, newest), stored)) = page else { return Err(End::Gone) };
            if last > newest || (last > 0 && oldest > last + 1) {
                self.last = newest;
                return self.send(event("reload", "{}", Some(newest))).await;
            }
            let full = stored.len() as i64 == REPLAY_ROWS;
            for one in stored {
                self.tell(&Arc::new(one)).await?;
            }
            if !full {
                return Ok(());
            }
        }
    }

    async fn tell(&mut self, stored: &Arc<Stored>) -> Result<(), End> {
        if stored.id <= self.last {
            return Ok(());
        }
        self.last = stored.id;
        if stored.topic == Topic::Session {
            let own = stored.entity_id == self.session_id.to_string();
            return if own { Err(End::SignedOut) } else { Ok(()) };
        }
        let house = (stored.institution_id, stored.provider_id);
        if !self.is_visible(stored.topic, stored.town_code.as_deref(), house) {
            return Ok(());
        }
        self.send(event(stored.topic.name(), &stored.payload, Some(stored.id))).await
    }

    /// Without a number: a page that resumes goes on after the last event that is stored.
    async fn tell_unstored(&self, one: &Event) -> Result<(), End> {
        let house = (one.institution_id, one.provider_id);
        if !self.is_visible(one.topic, one.town_code.as_deref(), house) {
            return Ok(());
        }
        self.send(event(one.topic.name(), &one.payload.to_string(), None)).await
    }

    fn is_visible(
        &self,
        topic: Topic,
        town_code: Option<&str>,
        (institution, provider): (Option<i64>, Option<i64>),
    ) -> bool {
        let within = |reach: &Reach| {
            reach.covers(town_code, institution) || provider.is_some_and(|id| reach.has_provider(id))
        };
        self.reaches.iter().any(|(of, reach)| *of == topic && within(reach))
    }

    async fn beat(&self) -> Result<(), End> {
        let now = self.app.clock.now();
        let body = serde_json::json!({ "at": self.app.calendar.rfc3339(now) }).to_string();
        self.send(event("beat", &body, None)).await
    }

    async fn send(&self, event: sse::Event) -> Result<(), End> {
        self.sender.send(event).await.map_err(|_| End::Gone)
    }

    async fn session_holds(&self) -> bool {
        let (id, user) = (self.session_id, self.scope.user_id);
        let now = self.app.clock.now();
        let holds = self
            .app
            .db
            .read(move |connection| crate::access::store::session_is_open(connection, id, user, now))
            .await;
        // A database that does not answer is no reason to send people away.
        holds.unwrap_or(true)
    }
}

/// Which permission shows a topic's events.
fn reaches(scope: &Scope) -> Vec<(Topic, Reach)> {
    let needs = [
        (Topic::Visit, Permission::SeeVisits),
        (Topic::Assessment, Permission::SeeAssessments),
        (Topic::Stay, Permission::SeeBeds),
        (Topic::Reading, Permission::SeeDevices),
        (Topic::Alert, Permission::SeeAlerts),
        (Topic::Device, Permission::SeeDevices),
        (Topic::Registry, Permission::SeeRegistry),
    ];
    needs.into_iter().filter_map(|(topic, need)| Some((topic, scope.reach(need).ok()?))).collect()
}

fn event(name: &'static str, data: &str, id: Option<i64>) -> sse::Event {
    let mut data = sse::Data::new(data.to_owned()).event(name);
    if let Some(id) = id {
        data = data.id(id.to_string());
    }
    sse::Event::Data(data)
}
