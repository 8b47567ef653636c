//! One simulated device: measures at its pace, holds what it measured, and hands it over when it can.

mod making;

use std::sync::Arc;
use std::time::Duration;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use songhe_firmware_protocol::{AlarmKind, DeviceKind, Lane, Sample, State, Topic, TopicKind};
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until, timeout};

use super::exchange::{End, Exchange, InFlight};
use super::faults::{cut_after, garbage, happens_now};
use super::fire::FireGateway;
use super::link::{Link, LinkEvent};
use super::noise::generator;
use super::oracle::Oracle;
use super::outbox::{Held, Moment, Outbox, encoded};
use super::sent::Sent;
use super::station::Station;
use super::tally::Tally;
use super::{Credential, DRAIN_WAIT_MAX, SimulatorSettings, Word};

/// Something that must be looked at began or is over.
#[derive(Debug)]
pub(super) struct Event {
    pub kind: AlarmKind,
    pub raised: bool,
    pub cause: Sample,
}

/// One round of measuring.
#[derive(Debug)]
pub(super) struct Measured {
    pub samples: Vec<Sample>,
    pub event: Option<Event>,
}

const FIRMWARE_VERSION: &str = concat!("sim-", env!("CARGO_PKG_VERSION"));
const HEARTBEAT_S: u16 = 30;
/// Devices that start together come one by one.
const FIRST_WAIT_MAX_S: f64 = 2.0;
const PAUSE_MIN: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(15);
/// A broker that is silent for so long is left for a new connection.
const ACK_WAIT_MAX: Duration = Duration::from_secs(30);

enum Model {
    Station(Station),
    Fire(FireGateway),
}

pub(super) struct SimulatedDevice {
    settings: Arc<SimulatorSettings>,
    index: usize,
    tally: Arc<Tally>,
    oracle: Arc<Option<Oracle>>,
    model: Model,
    values: ChaCha8Rng,
    waits: ChaCha8Rng,
    faults: ChaCha8Rng,
    /// How far its wall clock is off; absent where nobody has set it.
    skew_ms: Option<i64>,
    outbox: Outbox,
    sent: Sent,
    started: Instant,
    connection: u32,
}

impl SimulatedDevice {
    pub fn new(
        settings: Arc<SimulatorSettings>,
        index: usize,
        tally: Arc<Tally>,
        oracle: Arc<Option<Oracle>>,
    ) -> Self {
        let credential = &settings.credentials[index];
        let mut values = generator(settings.seed, &credential.device);
        let model = match credential.kind {
            DeviceKind::Fire => Model::Fire(FireGateway::new(settings.smoke_per_hour, &mut values)),
            _ => Model::Station(Station::new(settings.sos_per_hour, &mut values)),
        };
        // Waiting must not change the values, so it has a generator of its own.
        let waits = generator(!settings.seed, &credential.device);
        let mut faults = generator(settings.seed.rotate_left(32), &credential.device);
        let skew_max_ms = i64::from(settings.clock_skew_s) * 1_000;
        let skew_ms = faults.random_range(-skew_max_ms..=skew_max_ms);
        let is_clockless = (index as f64) < settings.clockless * settings.credentials.len() as f64;
        let outbox = Outbox::new(rand::random());
        Self {
            index,
            tally,
            oracle,
            model,
            values,
            waits,
            faults,
            skew_ms: (!is_clockless).then_some(skew_ms),
            outbox,
            sent: Sent::default(),
            started: Instant::now(),
            connection: 0,
            settings,
        }
    }

    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let period = Duration::from_secs_f64(1.0 / self.settings.rate);
        let first = self.waits.random_range(0.0..period.as_secs_f64().min(FIRST_WAIT_MAX_S));
        let first = Duration::from_secs_f64(first);
        let mut ticks = interval_at(Instant::now() + first, period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        if timeout(first, stopped(&mut stop)).await.is_ok() {
            return;
        }
        let mut pause = PAUSE_MIN;
        loop {
            let link = self.open();
            match self.serve(link, &mut ticks, &mut stop).await {
                End::Stopped => break,
                End::Broken { was_up, restarts } => {
                    Tally::add(&self.tally.failures, 1);
                    if restarts {
                        self.restart();
                    }
                    pause = if was_up { PAUSE_MIN } else { (pause * 2).min(PAUSE_MAX) };
                }
            }
            let jitter = self.waits.random_range(0.75..1.25);
            if self.keep_measuring(pause.mul_f64(jitter), &mut ticks, &mut stop).await {
                break;
            }
        }
        Tally::add(&self.tally.kept, self.outbox.len() as u64);
    }

    /// Power was away: the boot is a new one, and the clock that never steps begins anew.
    fn restart(&mut self) {
        Tally::add(&self.tally.restarts, 1);
        let given_up = self.outbox.restart(rand::random());
        self.gave_up(given_up);
        (self.started, self.connection) = (Instant::now(), 0);
    }

    fn credential(&self) -> &Credential {
        &self.settings.credentials[self.index]
    }

    fn topic(&self, kind: TopicKind) -> String {
        // Ids were checked when the credentials were read; a wrong one is refused by the broker.
        Topic::new(&self.credential().device, kind).map(|topic| topic.to_string()).unwrap_or_default()
    }

    fn moment(&self) -> Moment {
        let now_ms = self.settings.clock.now().and_utc().timestamp_millis();
        let wall_ms = self.skew_ms.map(|skew_ms| u64::try_from(now_ms + skew_ms).unwrap_or(0));
        let monotonic_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Moment { monotonic_ms, wall_ms }
    }

    fn open(&mut self) -> Link {
        self.connection += 1;
        let header = self.outbox.header(Lane::Live, self.moment());
        let will = State { header, online: false, connection: self.connection, answer: None };
        let will = encoded(|out| will.encode(out)).unwrap_or_default();
        let listens_to = (self.settings.word == Word::Server).then(|| self.topic(TopicKind::Ack));
        let credential = self.credential();
        Link::open(
            self.settings.broker,
            (&credential.device, &credential.token),
            (self.topic(TopicKind::State), will),
            listens_to,
        )
    }

    /// Uses a connection until it breaks, or until the simulation stops and everything held was handed over.
    async fn serve(&mut self, mut link: Link, ticks: &mut Interval, stop: &mut watch::Receiver<bool>) -> End {
        let mut exchange = Exchange::new();
        let end = loop {
            let drained = !self.send_next(&link, &mut exchange).await && self.sent.is_empty();
            let now = Instant::now();
            if exchange.drain_until.is_some_and(|until| drained || !exchange.up || until <= now) {
                break End::Stopped;
            }
            let draining = exchange.drain_until.is_some();
            let paces = self.outbox.has_backfill() && !self.sent.is_full();
            let wake_at = exchange.next_wake(self.sent.resend_at(), paces);
            tokio::select! {
                _ = ticks.tick(), if !draining => self.measure(exchange.up),
                event = link.next() => if !self.hear(event, &mut exchange) {
                    break exchange.broken();
                },
                () = stopped(stop), if !draining => exchange.drain_until = Some(Instant::now() + DRAIN_WAIT_MAX),
                () = sleep_until(wake_at.unwrap_or(now)), if wake_at.is_some() => {
                    if exchange.cut_at.is_some_and(|at| at <= Instant::now()) {
                        break exchange.broken();
                    }
                    for held in self.sent.overdue() {
                        self.put_back(held);
                    }
                    if exchange.wake_at.is_some_and(|at| at <= Instant::now()) {
                        if exchange.in_flight.is_some() {
                            break exchange.broken();
                        }
                        exchange.wake_at = None;
                    }
                },
            }
        };
        if let Some(InFlight::Message(held)) = exchange.in_flight {
            self.put_back(held);
        }
        for held in self.sent.all() {
            self.put_back(held);
        }
        if matches!(end, End::Stopped) && exchange.up {
            link.close().await;
        }
        end
    }

    /// Sends the next message if nothing is in flight. `false` when there is nothing left to wait for.
    async fn send_next(&mut self, link: &Link, exchange: &mut Exchange) -> bool {
        if !exchange.up || exchange.in_flight.is_some() || exchange.wake_at.is_some() || self.sent.is_full() {
            return true;
        }
        exchange.wake_at = Some(Instant::now() + ACK_WAIT_MAX);
        let faults = self.settings.faults;
        if exchange.extra.is_none() && happens_now(faults.garbage, &mut self.faults) {
            Tally::add(&self.tally.garbage, 1);
            exchange.extra = Some((TopicKind::Up, garbage(&mut self.faults).into()));
        }
        // A failed send shows as the end of the connection.
        if let Some((kind, payload)) = exchange.extra.take() {
            let _ = link.publish(self.topic(kind), payload).await;
            exchange.in_flight = Some(InFlight::Extra);
            return true;
        }
        if happens_now(faults.swap, &mut self.faults) && self.outbox.swap_next() {
            Tally::add(&self.tally.swapped, 1);
        }
        let Some(held) = self.take(exchange) else {
            exchange.wake_at = None;
            return self.outbox.has_backfill();
        };
        let _ = link.publish(self.topic(held.kind), held.payload.clone()).await;
        exchange.in_flight = Some(InFlight::Message(held));
        exchange.restarts = happens_now(faults.restart, &mut self.faults);
        if exchange.restarts || happens_now(faults.cut, &mut self.faults) {
            exchange.cut_at = Some(Instant::now() + cut_after(&mut self.faults));
        }
        true
    }

    /// The next message to send that the server has not named meanwhile.
    fn take(&mut self, exchange: &mut Exchange) -> Option<Held> {
        loop {
            let now = Instant::now();
            let held = self.outbox.take(exchange.backfill_at <= now)?;
            if held.lane == Lane::Backfill {
                exchange.backfill_at = now + Duration::from_secs_f64(1.0 / self.settings.backfill_rate);
            }
            if !self.sent.is_stored(&held) {
                return Some(held);
            }
            self.acknowledged(&held);
        }
    }

    /// Holds a message that has to be sent again, unless the server has named it.
    fn put_back(&mut self, held: Held) {
        if self.sent.is_stored(&held) {
            self.acknowledged(&held);
        } else {
            self.outbox.put_back(held.again());
        }
    }

    /// Reacts to the broker. `false` when the connection is over.
    fn hear(&mut self, event: LinkEvent, exchange: &mut Exchange) -> bool {
        match event {
            LinkEvent::Up => {
                exchange.up = true;
                Tally::add(&self.tally.connects, 1);
                self.introduce();
            }
            LinkEvent::Acknowledged => {
                if let Some(InFlight::Message(held)) = exchange.in_flight.take() {
                    exchange.goes_well();
                    if happens_now(self.settings.faults.repeat, &mut self.faults) {
                        Tally::add(&self.tally.repeated, 1);
                        exchange.extra = Some((held.kind, held.payload.clone()));
                    }
                    if self.settings.word == Word::Broker || self.sent.is_stored(&held) {
                        self.acknowledged(&held);
                    } else {
                        self.sent.keep(held);
                    }
                }
                exchange.wake_at = None;
            }
            LinkEvent::Refused => {
                if let Some(InFlight::Message(held)) = exchange.in_flight.take() {
                    Tally::add(&self.tally.refused, 1);
                    self.put_back(held);
                }
                exchange.wait_longer();
            }
            LinkEvent::Stored(ack) => {
                for held in self.sent.note(ack) {
                    self.acknowledged(&held);
                }
            }
            LinkEvent::Down => return false,
        }
        true
    }

    fn acknowledged(&self, held: &Held) {
        Tally::add(&self.tally.acknowledged, 1);
        if let Some(oracle) = &*self.oracle {
            let device = &self.credential().device;
            if let Err(error) = oracle.write(device, held.kind, &held.payload) {
                tracing::error!(%error, device, "an acknowledged message is missing in the oracle file");
            }
        }
    }

    /// Goes on measuring while there is no connection. `true` when the simulation stops.
    async fn keep_measuring(
        &mut self,
        wait: Duration,
        ticks: &mut Interval,
        stop: &mut watch::Receiver<bool>,
    ) -> bool {
        let until = Instant::now() + wait;
        loop {
            tokio::select! {
                _ = ticks.tick() => self.measure(false),
                () = stopped(stop) => return true,
                () = sleep_until(until) => return false,
            }
        }
    }
}

/// Returns when the simulation is to stop, or nobody is left who could say so.
pub(super) async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}
