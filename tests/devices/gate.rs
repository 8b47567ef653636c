//! A gate that remembers what it was asked, and can be held or told to refuse.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use songhe::clock::{Clock, Instant};
use songhe::devices::broker::{
    Broker, BrokerSettings, Credentials, Device, Gate, Message, Presence, Refused,
};
use tokio::sync::watch;

pub const TOKEN: &str = "3f1c-a-token-of-this-test";

/// Takes what devices with codes `ST-{number}` and [`TOKEN`] send.
pub struct RecordingGate {
    mode: watch::Sender<Mode>,
    arrived: watch::Sender<usize>,
    taken: Mutex<Vec<Message>>,
    presence: watch::Sender<Vec<Presence>>,
    waiting_room: watch::Sender<WaitingRoom>,
}

/// Where devices that connect are kept waiting, and how many are there.
#[derive(Default)]
struct WaitingRoom {
    before: Option<Step>,
    waiting: usize,
}

/// A step of a device that connects.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is known to be who it says, and nobody has told the broker yet.
    Answer,
    /// It is let in, and its session is being made.
    Entry,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Commit at once.
    Open,
    /// Commit when released.
    Held,
    /// Refuse: the database is away.
    Refusing,
}

impl RecordingGate {
    pub fn new(mode: Mode) -> Arc<Self> {
        Arc::new(Self {
            mode: watch::Sender::new(mode),
            arrived: watch::Sender::new(0),
            taken: Mutex::default(),
            presence: watch::Sender::default(),
            waiting_room: watch::Sender::default(),
        })
    }

    /// Keeps devices waiting before this step until it is called again.
    pub fn keep_waiting(&self, before: Option<Step>) {
        self.waiting_room.send_modify(|room| room.before = before);
    }

    /// Returns when a device is kept waiting.
    pub async fn somebody_waits(&self) {
        let mut room = self.waiting_room.subscribe();
        within(room.wait_for(|room| room.waiting > 0)).await.unwrap();
    }

    async fn pass(&self, step: Step) {
        let mut room = self.waiting_room.subscribe();
        if room.borrow_and_update().before == Some(step) {
            self.waiting_room.send_modify(|room| room.waiting += 1);
            room.wait_for(|room| room.before != Some(step)).await.unwrap();
            self.waiting_room.send_modify(|room| room.waiting -= 1);
        }
    }

    pub fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// Returns when this many messages reached the gate, committed or not.
    pub async fn wait_for_arrivals(&self, count: usize) {
        let mut arrived = self.arrived.subscribe();
        within(arrived.wait_for(|arrived| *arrived >= count)).await.unwrap();
    }

    /// Messages that reached the gate so far.
    pub fn arrived(&self) -> usize {
        *self.arrived.borrow()
    }

    /// Returns all presence events once `done` holds for them.
    pub async fn presence_until(&self, done: impl FnMut(&Vec<Presence>) -> bool) -> Vec<Presence> {
        let mut presence = self.presence.subscribe();
        within(presence.wait_for(done)).await.unwrap().clone()
    }

    /// Device code, topic level and payload of what was committed.
    pub fn taken(&self) -> Vec<(String, &'static str, Vec<u8>)> {
        let taken = self.taken.lock().unwrap();
        taken.iter().map(|m| (m.device.code.to_string(), m.kind.level(), m.payload.to_vec())).collect()
    }

    pub fn last_received_at(&self) -> Option<Instant> {
        self.taken.lock().unwrap().last().map(|message| message.received_at)
    }
}

impl Gate for RecordingGate {
    async fn authenticate(&self, credentials: Credentials<'_>) -> Option<Device> {
        let id = credentials.username.strip_prefix("ST-")?.parse().ok()?;
        self.pass(Step::Answer).await;
        (credentials.password == TOKEN.as_bytes()).then(|| Device { id, code: credentials.username.into() })
    }

    async fn receive(&self, message: Message) -> Result<(), Refused> {
        self.arrived.send_modify(|arrived| *arrived += 1);
        let mut mode = self.mode.subscribe();
        let mode = *mode.wait_for(|mode| *mode != Mode::Held).await.unwrap();
        if mode == Mode::Refusing {
            return Err(Refused { reason: "the database is away".to_owned() });
        }
        self.taken.lock().unwrap().push(message);
        Ok(())
    }

    async fn presence(&self, event: Presence) {
        if matches!(event, Presence::Connected { .. }) {
            self.pass(Step::Entry).await;
        }
        self.presence.send_modify(|events| events.push(event));
    }
}

/// The time every message of these tests is received at.
pub fn noon() -> Instant {
    "2026-11-23T12:00:00".parse().unwrap()
}

pub fn settings(address: SocketAddr) -> BrokerSettings {
    BrokerSettings::new(address, Clock::manual(noon()).0)
}

/// A broker on a free port of the loopback interface.
pub async fn start(gate: &Arc<RecordingGate>) -> Broker {
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    Broker::start(Arc::clone(gate), settings(anywhere)).await.unwrap()
}

/// Fails the test instead of waiting for ever.
pub async fn within<F: Future>(work: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), work).await.expect("nothing happened for 20 s")
}

/// Tries again for a while. A device that connects in the very moment its last connection ends is told "server unavailable".
pub async fn eventually<T, F: Future<Output = Option<T>>>(attempt: impl Fn() -> F) -> T {
    within(async {
        loop {
            if let Some(outcome) = attempt().await {
                break outcome;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
}
