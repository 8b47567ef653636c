//! Load of many devices at once, measured as devices see it: from handing a message over to the word that it is stored.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use songhe_firmware_protocol::{
    Alarm, AlarmKind, Channel, EncodeError, Header, Lane, Readings, Sample, TopicKind,
};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::MissedTickBehavior;

use super::outbox::encoded;
use super::wire::Wire;
pub use super::wire::{Login, WireError, Word};
use crate::access::seal::random;
use crate::clock::{Clock, to_millis};

/// Between two samples of a message.
const SAMPLE_AGE_MS: u32 = 100;
const PING_EVERY: Duration = Duration::from_secs(25);
/// Connections that are opened at the same time.
const OPENING_MAX: usize = 64;

#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error(transparent)]
    Wire(#[from] WireError),
    #[error("a message cannot be made: {0}")]
    Encode(#[from] EncodeError),
    #[error("no random numbers")]
    Random,
    #[error("a device of the load failed: {0}")]
    Task(#[from] tokio::task::JoinError),
}

/// Where devices connect, and what they take for the word that a message is stored.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub address: SocketAddr,
    pub word: Word,
}

/// A device under load.
struct LoadDevice {
    wire: Wire,
    boot_id: u64,
    next_seq: u64,
    clock: Clock,
    started: Instant,
}

impl LoadDevice {
    async fn connect(target: Target, login: &Login) -> Result<LoadDevice, LoadError> {
        let wire = Wire::connect(target.address, login, target.word).await?;
        let boot_id = random::<8>().map(u64::from_be_bytes).map_err(|_| LoadError::Random)?;
        Ok(LoadDevice { wire, boot_id, next_seq: 0, clock: Clock::system(), started: Instant::now() })
    }

    fn header(&self) -> Header {
        Header {
            boot_id: self.boot_id,
            lane: Lane::Live,
            seq: self.next_seq,
            monotonic_ms: self.started.elapsed().as_millis() as u64,
            wall_ms: u64::try_from(to_millis(self.clock.now())).ok(),
            flags: Header::CLOCK_SYNCED,
        }
    }

    /// Readings of a channel that is judged by limits, all of them within.
    async fn readings(&mut self, samples: usize) -> Result<(), LoadError> {
        let sample = |index: usize| Sample {
            channel_code: Channel::RoomTemperature.code(),
            value_scaled: 200 + ((self.next_seq as usize * 7 + index * 3) % 60) as i32,
            age_ms: (samples - 1 - index) as u32 * SAMPLE_AGE_MS,
        };
        let samples: Vec<Sample> = (0..samples).map(sample).collect();
        let header = self.header();
        let payload = encoded(|out| Readings::encode(&header, &samples, out))?;
        self.wire.publish(TopicKind::Up, self.next_seq, &payload).await?;
        self.next_seq += 1;
        Ok(())
    }

    async fn call(&mut self, raised: bool) -> Result<(), LoadError> {
        let header = self.header();
        let alarm = Alarm { header, kind_code: AlarmKind::Sos.code(), raised, cause: None, attempt: 0 };
        let payload = encoded(|out| alarm.encode(out))?;
        self.wire.publish(TopicKind::Alarm, self.next_seq, &payload).await?;
        self.next_seq += 1;
        Ok(())
    }
}

/// Rows that were stored when a mark was passed, and how long after the beginning.
pub type Mark = (u64, Duration);

/// Sends readings as fast as they are stored, all devices at once, until so many rows are; gives when each mark was passed.
pub async fn flood(
    target: Target,
    logins: &[Login],
    (rows, samples, mark): (u64, usize, u64),
) -> Result<Vec<Mark>, LoadError> {
    let devices = open(target, logins).await?;
    let stored = Arc::new(AtomicU64::new(0));
    let marks: Arc<Mutex<Vec<Mark>>> = Arc::default();
    let started = Instant::now();
    let mut running: JoinSet<Result<(), LoadError>> = JoinSet::new();
    for mut device in devices {
        let (stored, marks) = (Arc::clone(&stored), Arc::clone(&marks));
        running.spawn(async move {
            while stored.load(Ordering::Relaxed) < rows {
                device.readings(samples).await?;
                let before = stored.fetch_add(samples as u64, Ordering::Relaxed);
                let now = before + samples as u64;
                if before / mark < now / mark {
                    marks.lock().unwrap_or_else(PoisonError::into_inner).push((now, started.elapsed()));
                }
            }
            Ok(())
        });
    }
    while let Some(ended) = running.join_next().await {
        ended??;
    }
    let mut marks = std::mem::take(&mut *marks.lock().unwrap_or_else(PoisonError::into_inner));
    marks.sort_unstable();
    Ok(marks)
}

/// Sends messages at a fixed rate over all devices. Each is timed from when it is handed over; one that waits behind a slow one, from
/// when it was due, so that the slow one counts for all that it holds up.
pub async fn steady(
    target: Target,
    logins: &[Login],
    (rate, seconds, samples): (u32, u32, usize),
) -> Result<Vec<Duration>, LoadError> {
    let devices = open(target, logins).await?;
    let each = Duration::from_secs(1) * devices.len() as u32 / rate;
    let mut running: JoinSet<Result<Vec<Duration>, LoadError>> = JoinSet::new();
    let count = devices.len() as u32;
    for (index, mut device) in devices.into_iter().enumerate() {
        let first = tokio::time::Instant::now() + each * index as u32 / count;
        running.spawn(async move {
            let mut tick = tokio::time::interval_at(first, each);
            tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
            let (mut taken, mut free) = (Vec::new(), Instant::now());
            for _ in 0..rate * seconds / count {
                let due = tick.tick().await.into_std();
                // The timer itself is up to two milliseconds late.
                let begun = if free > due { due } else { Instant::now() };
                device.readings(samples).await?;
                taken.push(begun.elapsed());
                free = Instant::now();
            }
            Ok(taken)
        });
    }
    let mut all = Vec::new();
    while let Some(ended) = running.join_next().await {
        all.extend(ended??);
    }
    Ok(all)
}

/// Connections that only stay.
pub struct Idle {
    count: usize,
    task: JoinHandle<()>,
}

impl Idle {
    pub async fn open(target: Target, logins: &[Login]) -> Result<Idle, LoadError> {
        let devices = open(target, logins).await?;
        Ok(Idle { count: devices.len(), task: tokio::spawn(keep(devices)) })
    }

    pub fn len(&self) -> usize {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Says just enough for connections to live on.
async fn keep(mut devices: Vec<LoadDevice>) {
    loop {
        tokio::time::sleep(PING_EVERY).await;
        for device in &mut devices {
            // One whose connection broke is no longer there.
            let _ = device.wire.ping().await;
        }
    }
}

/// A device that calls for help.
pub struct Caller(LoadDevice);

impl Caller {
    pub async fn open(target: Target, login: &Login) -> Result<Caller, LoadError> {
        LoadDevice::connect(target, login).await.map(Caller)
    }

    /// Calls, or takes the call back; back when that is stored.
    pub async fn call(&mut self, raised: bool) -> Result<(), LoadError> {
        self.0.call(raised).await
    }
}

async fn open(target: Target, logins: &[Login]) -> Result<Vec<LoadDevice>, LoadError> {
    let mut devices = Vec::with_capacity(logins.len());
    for part in logins.chunks(OPENING_MAX) {
        let opening = part.iter().map(|login| LoadDevice::connect(target, login));
        devices.extend(futures_util::future::try_join_all(opening).await?);
    }
    Ok(devices)
}
