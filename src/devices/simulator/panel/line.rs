//! One simulated panel and its line.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::TimeDelta;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep, sleep_until, timeout};

use super::site::{Round, Site};
use super::{Counters, PanelSettings, chance, count};
use crate::devices::gb26875::model::{
    Address, Command, Content, DeviceOperation, Frame, Piece, Reader, Request, Stamp, Timed,
};
use crate::devices::simulator::DRAIN_WAIT_MAX;
use crate::devices::simulator::device::stopped;
use crate::devices::simulator::noise::generator;
use crate::devices::simulator::oracle::Oracle;

/// The standard's wait for an answer; then the frame is sent again.
const ANSWER_WAIT: Duration = Duration::from_secs(10);
/// After a refusal, as of a centre whose database is away.
const DENIED_WAIT: Duration = Duration::from_millis(500);
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(2);
const CONNECT_WAIT: Duration = Duration::from_secs(5);
/// A sign of life when nothing else was sent for so long.
const QUIET_MAX: Duration = Duration::from_secs(20);
/// Frames at once where they are glued.
const GLUED: usize = 4;
/// Between the parts of a frame that is split.
const SPLIT_PAUSE: Duration = Duration::from_millis(5);
/// The bit of an operation that answers a guard check.
const GUARD_ANSWER: u8 = 1 << 5;

/// A frame that is kept until it is confirmed.
#[derive(Clone)]
struct Held {
    seq: u16,
    bytes: Vec<u8>,
    is_heartbeat: bool,
}

/// A confirmed frame, as the oracle writes it.
#[derive(Serialize)]
struct Line<'a> {
    source: &'a str,
    seq: u16,
    hash: &'a str,
}

/// How a connection ended.
enum End {
    Stopped,
    Broken,
}

pub(super) struct SimulatedPanel {
    settings: Arc<PanelSettings>,
    oracle: Arc<Option<Oracle>>,
    counters: Arc<Counters>,
    source: Address,
    site: Site,
    values: ChaCha8Rng,
    faults: ChaCha8Rng,
    seq: u16,
    outbox: VecDeque<Held>,
    in_flight: Vec<Held>,
    clock_ahead: TimeDelta,
}

impl SimulatedPanel {
    pub fn new(
        (settings, oracle, counters): (Arc<PanelSettings>, Arc<Option<Oracle>>, Arc<Counters>),
        address: Address,
    ) -> SimulatedPanel {
        let name = address.to_string();
        SimulatedPanel {
            values: generator(settings.seed, &name),
            faults: generator(!settings.seed, &name),
            site: Site::new(settings.fire_per_hour),
            source: address.reversed(),
            clock_ahead: TimeDelta::seconds(settings.clock_ahead_s),
            settings,
            oracle,
            counters,
            seq: 0,
            outbox: VecDeque::new(),
            in_flight: Vec::new(),
        }
    }

    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut ticks = interval(Duration::from_secs_f64(1.0 / self.settings.rate));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut pause = PAUSE_MIN;
        loop {
            match timeout(CONNECT_WAIT, TcpStream::connect(self.settings.gateway)).await {
                Ok(Ok(stream)) => {
                    count(&self.counters.connects);
                    pause = PAUSE_MIN;
                    if matches!(self.serve(stream, &mut ticks, &mut stop).await, End::Stopped) {
                        break;
                    }
                }
                _ => pause = (pause * 2).min(PAUSE_MAX),
            }
            count(&self.counters.failures);
            self.take_back();
            if self.wait(pause, &mut ticks, &mut stop).await {
                break;
            }
        }
        self.take_back();
        let kept = self.outbox.iter().filter(|held| !held.is_heartbeat).count();
        self.counters.kept.fetch_add(kept as u64, Ordering::Relaxed);
    }

    /// What has no answer is sent again over the next connection, in its order.
    fn take_back(&mut self) {
        for held in self.in_flight.drain(..).rev() {
            self.outbox.push_front(held);
        }
    }

    /// Goes on looking while there is no connection. `true` when the simulation stops.
    async fn wait(
        &mut self,
        pause: Duration,
        ticks: &mut Interval,
        stop: &mut watch::Receiver<bool>,
    ) -> bool {
        let until = Instant::now() + pause;
        loop {
            tokio::select! {
                _ = ticks.tick() => self.look(),
                () = stopped(stop) => return true,
                () = sleep_until(until) => return false,
            }
        }
    }

    /// Uses a connection until it breaks, or the simulation stops and everything held was handed over.
    async fn serve(
        &mut self,
        mut stream: TcpStream,
        ticks: &mut Interval,
        stop: &mut watch::Receiver<bool>,
    ) -> End {
        let _ = stream.set_nodelay(true);
        let (mut reader, mut bytes) = (Reader::default(), [0; 2_048]);
        let mut drain_until: Option<Instant> = None;
        let mut sent_at = Instant::now();
        let mut resume_at = sent_at;
        // A sign of life first: the centre learns who is there.
        self.hold_heartbeat();
        loop {
            let now = Instant::now();
            if self.in_flight.is_empty() && now >= resume_at && !self.outbox.is_empty() {
                if !self.send(&mut stream).await {
                    return End::Broken;
                }
                sent_at = Instant::now();
            }
            let is_empty = self.outbox.is_empty() && self.in_flight.is_empty();
            if drain_until.is_some_and(|until| is_empty || until <= now) {
                return End::Stopped;
            }
            let wait = if self.in_flight.is_empty() { QUIET_MAX } else { ANSWER_WAIT };
            let due_at = if resume_at > now { resume_at } else { sent_at + wait };
            tokio::select! {
                _ = ticks.tick(), if drain_until.is_none() => self.look(),
                () = stopped(stop), if drain_until.is_none() => {
                    drain_until = Some(Instant::now() + DRAIN_WAIT_MAX);
                }
                length = stream.read(&mut bytes) => match length {
                    Ok(length) if length > 0 => {
                        reader.push(&bytes[..length]);
                        while let Some(piece) = reader.next_piece() {
                            let Piece::Frame { frame, .. } = piece else { continue };
                            match self.hear(&frame) {
                                Heard::Nothing => {}
                                Heard::Denied => resume_at = Instant::now() + DENIED_WAIT,
                                Heard::Question(answer) => {
                                    if stream.write_all(&answer).await.is_err() {
                                        return End::Broken;
                                    }
                                }
                            }
                        }
                    }
                    _ => return End::Broken,
                },
                () = sleep_until(drain_until.map_or(due_at, |until| until.min(due_at))) => {
                    if drain_until.is_none() && !self.in_flight.is_empty() && resume_at <= now {
                        // No answer in time: the same frames again, over a new connection.
                        return End::Broken;
                    }
                    if drain_until.is_none() && is_empty {
                        self.hold_heartbeat();
                    }
                }
            }
        }
    }

    /// Sends the next frames with the faults of the line. `false` when the connection is over.
    async fn send(&mut self, stream: &mut TcpStream) -> bool {
        let faults = self.settings.faults;
        let frames = if chance(&mut self.faults, faults.glue) { GLUED } else { 1 };
        let mut bytes = Vec::new();
        for _ in 0..frames {
            let Some(held) = self.outbox.pop_front() else { break };
            if chance(&mut self.faults, faults.corrupt) {
                count(&self.counters.corrupted);
                let mut copy = held.bytes.clone();
                // Anywhere between beginning and end, the length aside: those are lost bytes, not wrong ones.
                let at = self.faults.random_range(26..copy.len() - 2);
                copy[at] ^= 1 << self.faults.random_range(0..8);
                bytes.extend(copy);
            }
            bytes.extend(&held.bytes);
            if chance(&mut self.faults, faults.repeat) {
                count(&self.counters.repeated);
                bytes.extend(&held.bytes);
            }
            self.in_flight.push(held);
        }
        let is_split = chance(&mut self.faults, faults.split);
        let part = if is_split { self.faults.random_range(1..=bytes.len()) } else { bytes.len() };
        for (index, part) in bytes.chunks(part.max(1)).enumerate() {
            if index > 0 {
                sleep(SPLIT_PAUSE).await;
            }
            if stream.write_all(part).await.is_err() {
                return false;
            }
        }
        !chance(&mut self.faults, faults.cut)
    }

    fn hear(&mut self, frame: &Frame) -> Heard {
        match frame.command {
            Command::Confirm => {
                if let Some(at) = self.in_flight.iter().position(|held| held.seq == frame.seq) {
                    let held = self.in_flight.remove(at);
                    self.confirmed(&held);
                }
                Heard::Nothing
            }
            Command::Deny => {
                count(&self.counters.denied);
                match self.in_flight.iter().position(|held| held.seq == frame.seq) {
                    Some(at) => {
                        let held = self.in_flight.remove(at);
                        self.outbox.push_front(held);
                        Heard::Denied
                    }
                    None => Heard::Nothing,
                }
            }
            Command::Control => self.question(frame),
            _ => Heard::Nothing,
        }
    }

    fn confirmed(&self, held: &Held) {
        if held.is_heartbeat {
            return;
        }
        count(&self.counters.confirmed);
        let Some(oracle) = &*self.oracle else { return };
        let (source, hash) = (self.source.to_string(), hex::encode(Sha256::digest(&held.bytes)));
        if let Err(error) = oracle.write_line(&Line { source: &source, seq: held.seq, hash: &hash }) {
            tracing::error!(%error, "a confirmed frame is missing in the oracle file");
        }
    }

    fn question(&mut self, frame: &Frame) -> Heard {
        match Request::decode(&frame.data) {
            Some(Request::SetClock(at)) => {
                count(&self.counters.clocks_set);
                if let Some(local) = at.local() {
                    self.clock_ahead = self.settings.calendar.instant(local) - self.settings.clock.now();
                }
                Heard::Question(frame.answer(Command::Confirm, self.now()).encode())
            }
            Some(Request::GuardCheck { .. }) => {
                count(&self.counters.guard_checks);
                if self.settings.answers_guard_checks {
                    let of = DeviceOperation { flags: GUARD_ANSWER, operator: 1 };
                    self.hold(&Content::DeviceOperations(vec![Timed { of, at: self.now() }]));
                }
                Heard::Question(frame.answer(Command::Confirm, self.now()).encode())
            }
            _ => Heard::Question(frame.answer(Command::Deny, self.now()).encode()),
        }
    }

    fn look(&mut self) {
        // The nominal period, not the clock: with the same seed the frames are the same on a slower machine.
        let (elapsed_s, at) = (1.0 / self.settings.rate, self.now());
        let Round { content, is_fire } = self.site.look(elapsed_s, at, &mut self.values);
        if is_fire {
            count(&self.counters.fires);
        }
        self.hold(&content);
    }

    fn hold(&mut self, content: &Content) {
        let is_heartbeat = *content == Content::Heartbeat;
        if !is_heartbeat {
            count(&self.counters.made);
        }
        let seq = self.seq;
        self.seq = seq.wrapping_add(1);
        let frame = Frame {
            seq,
            version: [1, 0],
            time: self.now(),
            source: self.source,
            destination: Address::default(),
            command: Command::Send,
            data: content.encode(),
        };
        self.outbox.push_back(Held { seq, bytes: frame.encode(), is_heartbeat });
    }

    fn hold_heartbeat(&mut self) {
        self.outbox.retain(|held| !held.is_heartbeat);
        self.hold(&Content::Heartbeat);
        // Ahead of what waits.
        self.outbox.rotate_right(1);
    }

    fn now(&self) -> Stamp {
        Stamp::new(self.settings.calendar.local(self.settings.clock.now() + self.clock_ahead))
    }
}

enum Heard {
    Nothing,
    /// To be sent again after a pause.
    Denied,
    /// The answer to a question of the centre.
    Question(Vec<u8>),
}
