//! One group commit: everything that a batch of messages changes, in one transaction.
//!
//! Invariants: a message is stored exactly when its number is fresh, in the transaction that moves its window; only live
//! samples that are newer than the latest value change latest values and alerts. An alarm of the past is an alert that is over.

mod alerting;
mod aside;
mod cards;
mod events;
mod foreign;
mod numbers;
mod presence;
mod seen;
pub(in crate::devices) mod with_elder;

pub(in crate::devices) use self::alerting::By;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytes::Bytes;
use songhe_firmware_protocol::{Header, Lane, TopicKind};

use self::cards::CardSample;
use self::numbers::Offer;
use self::with_elder::{Hours, WithElders};
use super::clock_rule::{AHEAD_MAX, BirthAnchor, MessageTime};
use super::message::{Content, Decoded};
use super::window::Window;
use crate::access::seal::Keys;
use crate::alerts::store::{Active, Number};
use crate::bus::Event;
use crate::clock::{Calendar, Instant, from_millis};
use crate::db::AnyConnection;
use crate::devices::store::{self, Changes, DeviceState, Gaps, Known, Latest, LimitRow, NewReading, Stream};
use crate::error::Result;

/// One thing that a device sent or did.
#[derive(Clone, Debug)]
pub struct Work {
    pub device_id: i64,
    pub received_at: Instant,
    pub what: What,
}

#[derive(Clone, Debug)]
pub enum What {
    Message {
        decoded: Decoded,
        /// Last level of its topic, and its bytes, in case that it cannot be stored.
        topic: &'static str,
        payload: Bytes,
    },
    /// A payload that could not be read or stored.
    Poison {
        topic: &'static str,
        payload: Bytes,
        error: String,
        /// Where it is known, its number counts as stored: nothing better comes under it, and everything behind it would
        /// wait for ever for the word that it is stored.
        header: Option<Header>,
    },
    Connected {
        connection: i64,
    },
    Disconnected {
        connection: i64,
        /// The device said goodbye.
        said: bool,
    },
    /// A broker elsewhere says so: presence follows from what is heard.
    Heard {
        online: bool,
        connection: Option<i64>,
        /// Boot and number of a message that says that the device is gone. A will names a number that was used since.
        ends: Option<(u64, u64)>,
    },
    /// Nothing: whoever brings it learns that everything before it is committed.
    Mark,
}

impl Work {
    /// A received payload, read as far as that is possible without the database.
    pub fn read(device_id: i64, kind: TopicKind, payload: Bytes, received_at: Instant) -> Work {
        let topic = kind.level();
        let what = match Decoded::read(kind, &payload) {
            Ok(decoded) => What::Message { decoded, topic, payload },
            Err(error) => {
                let header = Decoded::header_of_unread(kind, &payload);
                What::Poison { topic, payload, error, header }
            }
        };
        Work { device_id, received_at, what }
    }

    /// Whether it is of the past and can wait.
    pub fn is_backfill(&self) -> bool {
        matches!(&self.what, What::Message { decoded, .. } if decoded.header.lane == Lane::Backfill)
    }

    /// Rows that it will make.
    pub fn sample_count(&self) -> usize {
        match &self.what {
            What::Message { decoded, .. } => decoded.sample_count(),
            _ => 0,
        }
    }
}

/// What a committed batch did.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// Places in the batch of messages that were not taken: their device is unknown or disabled.
    pub refused: BTreeSet<usize>,
    pub rows: u64,
    pub duplicates: u64,
    pub poisoned: u64,
    /// Of live messages, from when they were made to when they came.
    pub lag_ms_max: u64,
    /// What it knew of its devices.
    pub devices: HashMap<i64, DeviceState>,
    /// Everything of these streams up to the number, itself included, is stored.
    pub acknowledged: Vec<(String, Stream, u64)>,
    /// Code and number of devices whose births are stored, also from before: they want to know the time.
    pub born: Vec<(String, i64)>,
}

/// The batch's state: what the database held, and what the batch made of it.
pub(in crate::devices) struct Batch {
    calendar: Calendar,
    devices: HashMap<i64, DeviceState>,
    windows: BTreeMap<Stream, (Window, bool)>,
    /// When the monotonic clocks of boots began, by device and boot.
    boots: HashMap<(i64, i64), Instant>,
    /// What is missing before the windows of streams, and whether that is still so.
    gaps: HashMap<Stream, Gaps>,
    gaps_changed: bool,
    latest: HashMap<(i64, i16), (Latest, bool)>,
    alerts: HashMap<(i64, i16), Active>,
    /// What offices have set in place of the protocol's limits.
    limits: HashMap<(i64, i16), LimitRow>,
    readings: Vec<NewReading>,
    /// When devices stood with elders, and what they measured there.
    with_elders: WithElders,
    hours: Hours,
    /// What people measured with their cards.
    cards: Vec<CardSample>,
    seen: HashMap<i64, Instant>,
    touched: BTreeSet<Stream>,
    events: Vec<Event>,
    done: Done,
}

/// Does a batch's work in the caller's transaction.
pub fn apply(
    connection: &mut AnyConnection,
    keys: &Keys,
    (calendar, now): (Calendar, Instant),
    work: &[Work],
) -> Result<Done> {
    let ids: BTreeSet<i64> = work.iter().map(|one| one.device_id).collect();
    let boots: BTreeSet<i64> = work.iter().filter_map(boot_of).collect();
    let (ids, boots): (Vec<i64>, Vec<i64>) = (ids.into_iter().collect(), boots.into_iter().collect());
    let mut batch = Batch::load(connection, calendar, (&ids, &boots))?;
    for (place, one) in work.iter().enumerate() {
        batch.take((&mut *connection, keys), place, one)?;
        batch.put_aside(connection, keys, one)?;
    }
    batch.settle_cards(connection, keys)?;
    batch.write(connection, now)
}

impl Batch {
    fn load(
        connection: &mut AnyConnection,
        calendar: Calendar,
        (ids, boots): (&[i64], &[i64]),
    ) -> Result<Batch> {
        let known = Known::load(connection, ids, boots)?;
        let mut boots: HashMap<(i64, i64), Instant> = HashMap::new();
        for row in &known.windows {
            let Some(at) = row.booted_at else { continue };
            let began_at = boots.entry((row.device_id, row.boot_id)).or_insert(at);
            // Births are live messages: what they say last stands there.
            if row.lane == i16::from(Lane::Live.code()) {
                *began_at = at;
            }
        }
        let windows = known.windows.into_iter().map(|row| {
            let stream = Stream { device_id: row.device_id, boot_id: row.boot_id, lane: row.lane };
            let highest = row.next_seq.saturating_sub(1).max(0) as u64;
            (stream, (Window::restore(highest, row.window_bits as u64), false))
        });
        let latest = known.latest.into_iter().map(|one| ((one.device_id, one.channel), (one, false)));
        Ok(Batch {
            calendar,
            devices: known.devices.into_iter().map(|one| (one.id, one)).collect(),
            windows: windows.collect(),
            boots,
            gaps: known.gaps.into_iter().collect(),
            gaps_changed: false,
            latest: latest.collect(),
            alerts: known.alerts.into_iter().map(|one| ((one.device_id, one.channel), one)).collect(),
            limits: known.limits.into_iter().map(|one| ((one.device_id, one.channel), one)).collect(),
            readings: Vec::new(),
            with_elders: WithElders::new(known.with_elders),
            hours: Hours::new(),
            cards: Vec::new(),
            seen: HashMap::new(),
            touched: BTreeSet::new(),
            events: Vec::new(),
            done: Done::default(),
        })
    }

    fn take(
        &mut self,
        (connection, keys): (&mut AnyConnection, &Keys),
        place: usize,
        work: &Work,
    ) -> Result<()> {
        let known = self.devices.get(&work.device_id);
        let is_end = matches!(work.what, What::Disconnected { .. });
        let refused = known.is_none_or(|device| device.disabled_at.is_some() && !is_end);
        if refused && !matches!(work.what, What::Mark) {
            self.done.refused.insert(place);
            return Ok(());
        }
        match &work.what {
            What::Connected { connection: number } => {
                self.hear(work);
                self.connected(connection, work, *number)
            }
            What::Disconnected { connection: number, said } => {
                self.disconnected(connection, work, (*number, *said))
            }
            What::Heard { online, connection: number, ends } => {
                self.heard(connection, work, (*online, *number), *ends)
            }
            What::Mark => Ok(()),
            What::Poison { header, .. } => {
                self.hear(work);
                self.done.poisoned += 1;
                if let Some(header) = header {
                    self.offer_number(connection, work.device_id, header)?;
                }
                Ok(())
            }
            What::Message { decoded, topic, payload } => {
                match self.offer(connection, work.device_id, decoded)? {
                    Offer::Fresh => self.store(connection, work, decoded)?,
                    Offer::Duplicate => self.done.duplicates += 1,
                    Offer::Blurred => {
                        self.put_blurred((&mut *connection, keys), work, (topic, payload))?;
                        // Perhaps for the second time: nobody may miss a call for that.
                        let time = self.time_of(work, decoded);
                        self.take_alarm(connection, work, decoded, time)?;
                    }
                }
                if matches!(decoded.content, Content::Birth) {
                    self.note_born(work.device_id);
                }
                if decoded.is_numbered() {
                    self.hear(work);
                    self.arrived_over_connection(connection, work)?;
                }
                Ok(())
            }
        }
    }

    fn store(&mut self, connection: &mut AnyConnection, work: &Work, decoded: &Decoded) -> Result<()> {
        let time = &self.time_of(work, decoded);
        if let (Content::Samples(samples), Some(card)) = (&decoded.content, decoded.card) {
            self.take_card(work, (decoded.header, card), samples, time);
            return Ok(());
        }
        let device_at = decoded.header.wall_ms.and_then(|ms| i64::try_from(ms).ok()).map(from_millis);
        let samples = match &decoded.content {
            Content::Samples(samples) => samples.as_slice(),
            Content::Alarm { cause, .. } => cause.as_slice(),
            Content::Birth | Content::State { .. } => &[],
        };
        let judged = !matches!(decoded.content, Content::Alarm { .. });
        let number = number_of(&decoded.header);
        for sample in samples {
            let channel = sample.channel_code as i16;
            let value = sample
                .channel()
                .map_or_else(|| f64::from(sample.value_scaled), |known| known.value(sample.value_scaled));
            let age = chrono::TimeDelta::milliseconds(i64::from(sample.age_ms));
            let at = time.of_sample(sample.age_ms);
            self.readings.push(NewReading {
                device_id: work.device_id,
                boot_id: decoded.header.boot_id as i64,
                lane: i16::from(decoded.header.lane.code()),
                seq: decoded.header.seq as i64,
                channel,
                value,
                at,
                device_at: device_at.and_then(|device_at| device_at.checked_sub_signed(age)),
                received_at: work.received_at,
            });
            let latest = Latest { device_id: work.device_id, channel, value, at };
            self.note_with_elder(latest);
            if decoded.is_live() && self.becomes_latest(latest, work.received_at) && judged {
                self.judge(connection, latest, Some(number))?;
            }
        }
        if let Some(born) = &decoded.born {
            store::note_birth(connection, work.device_id, &born.firmware, i32::from(born.heartbeat_s))?;
        }
        self.take_alarm(connection, work, decoded, *time)
    }

    fn take_alarm(
        &mut self,
        connection: &mut AnyConnection,
        work: &Work,
        decoded: &Decoded,
        time: MessageTime,
    ) -> Result<()> {
        let Content::Alarm { kind_code, raised, cause } = decoded.content else { return Ok(()) };
        let of = (work.device_id, !decoded.is_live());
        self.alarm(connection, of, (kind_code, raised, cause), (number_of(&decoded.header), time.made_at))
    }

    /// When a message was made. The birth of its boot may be in this very batch, and its birth may be this very message.
    fn time_of(&mut self, work: &Work, decoded: &Decoded) -> MessageTime {
        let (header, received_at) = (&decoded.header, work.received_at);
        let boot = (work.device_id, header.boot_id as i64);
        let known = self.boots.get(&boot).copied();
        let mut anchor = known.map(|began_at| BirthAnchor { boot_id: header.boot_id, began_at });
        if matches!(decoded.content, Content::Birth) {
            anchor = BirthAnchor::of(header, received_at, known);
            self.boots.extend(anchor.map(|anchor| (boot, anchor.began_at)));
        }
        let time = MessageTime::choose(header, received_at, anchor.as_ref());
        // A synchronised clock knows better than the birth, and may be lost later in the boot.
        let better = time.began_at(header).filter(|_| anchor.is_some());
        self.boots.extend(better.map(|began_at| (boot, began_at)));
        if decoded.is_live() {
            let lag_ms = (received_at - time.made_at).num_milliseconds();
            self.done.lag_ms_max = self.done.lag_ms_max.max(u64::try_from(lag_ms).unwrap_or_default());
        }
        time
    }

    /// A value that is newer than the latest one. One that lies in the future was taken before our clock was set back.
    fn becomes_latest(&mut self, new: Latest, received_at: Instant) -> bool {
        if self.is_of_another_place(new) {
            return false;
        }
        let known = self.latest.entry((new.device_id, new.channel));
        let known = known.or_insert((Latest { at: Instant::MIN, ..new }, false));
        let newer = known.0.at < new.at || known.0.at > received_at + AHEAD_MAX;
        if newer {
            *known = (new, true);
        }
        newer
    }

    fn write(mut self, connection: &mut AnyConnection, now: Instant) -> Result<Done> {
        self.done.rows += self.readings.len() as u64;
        let mut latest: Vec<Latest> =
            self.latest.values().filter(|(_, changed)| *changed).map(|(one, _)| *one).collect();
        latest.sort_by_key(|one| (one.device_id, one.channel));
        for one in &latest {
            self.events.extend(self.reading_event(one));
        }
        store::add_hours(connection, &self.hours_to_add())?;
        let changes = Changes {
            readings: &self.readings,
            windows: &self.moved_windows(),
            latest: &latest,
            seen: &self.last_seen(),
            events: (now, &self.events),
        };
        store::write_changes(connection, &changes)?;
        self.note_acknowledged(connection)?;
        self.done.devices = self.devices;
        Ok(self.done)
    }
}

fn number_of(header: &Header) -> Number {
    Number { boot_id: header.boot_id as i64, seq: header.seq as i64 }
}

fn boot_of(work: &Work) -> Option<i64> {
    match &work.what {
        What::Message { decoded, .. } => Some(decoded.header.boot_id as i64),
        What::Poison { header, .. } => header.map(|header| header.boot_id as i64),
        What::Heard { ends, .. } => ends.map(|(boot_id, _)| boot_id as i64),
        _ => None,
    }
}
