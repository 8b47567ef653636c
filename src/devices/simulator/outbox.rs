//! What a device holds until it is acknowledged.

use std::collections::VecDeque;
use std::ops::Range;

use bytes::Bytes;
use songhe_firmware_protocol::limits::FRAME_BYTES_MAX;
use songhe_firmware_protocol::{Alarm, EncodeError, Header, Lane, Readings, Sample, State, TopicKind};

/// Live readings held before further ones go to the backfill lane, well inside the server's duplicate window.
const LIVE_MAX: usize = 32;

/// Backfill held; beyond it the oldest is given up.
const BACKFILL_MAX: usize = 20_000;

/// A message with its place in a lane.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub kind: TopicKind,
    /// The start of the device that made it.
    pub boot_id: u64,
    pub lane: Lane,
    pub seq: u64,
    pub payload: Bytes,
    alarm: Option<Alarm>,
}

impl Held {
    /// The same message, to be sent once more.
    pub fn again(mut self) -> Self {
        if let Some(alarm) = &mut self.alarm {
            alarm.attempt = alarm.attempt.saturating_add(1);
            // An alarm that was encoded once can be encoded again; if not, the first bytes still say it.
            if let Ok(payload) = encoded(|out| alarm.encode(out)) {
                self.payload = payload;
            }
        }
        self
    }
}

/// Clocks and flags for the next header.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub monotonic_ms: u64,
    /// Absent where nobody has set the clock.
    pub wall_ms: Option<u64>,
}

#[derive(Debug)]
pub(super) struct Outbox {
    boot_id: u64,
    next_live: u64,
    next_backfill: u64,
    urgent: VecDeque<Held>,
    live: VecDeque<Held>,
    backfill: VecDeque<Held>,
    /// Boots and numbers of backfill that was given up, the oldest first: an empty message goes in the place of each, as a gap
    /// would hold back the server's word on everything behind it.
    given_up: VecDeque<(u64, Range<u64>)>,
}

impl Outbox {
    pub fn new(boot_id: u64) -> Self {
        let (urgent, live, backfill) = (VecDeque::new(), VecDeque::new(), VecDeque::new());
        Self { boot_id, next_live: 0, next_backfill: 0, urgent, live, backfill, given_up: VecDeque::new() }
    }

    /// Starts anew: numbers begin at 0 under another name, and what is held goes out unchanged. A birth that nobody stored, or
    /// word of its connection, speaks of the start before and is given up. Gives the number of messages given up.
    pub fn restart(&mut self, boot_id: u64) -> u64 {
        let is_over = |held: &Held| matches!(held.kind, TopicKind::Birth | TopicKind::State);
        let (over, urgent): (VecDeque<_>, VecDeque<_>) =
            std::mem::take(&mut self.urgent).into_iter().partition(is_over);
        self.urgent = urgent;
        for held in over.iter().rev() {
            if let Some(place) = empty(held.boot_id, Lane::Live, held.seq) {
                self.live.push_front(place);
            }
        }
        (self.boot_id, self.next_live, self.next_backfill) = (boot_id, 0, 0);
        over.len() as u64
    }

    /// Lets the second message of the next lane go before the first, as a network may; false where there are no two.
    pub fn swap_next(&mut self) -> bool {
        let next = [&mut self.live, &mut self.backfill].into_iter().find(|lane| !lane.is_empty());
        let Some(lane) = next.filter(|lane| self.urgent.is_empty() && lane.len() > 1) else { return false };
        lane.swap(0, 1);
        true
    }

    pub fn len(&self) -> usize {
        let places: u64 = self.given_up.iter().map(|(_, numbers)| numbers.end - numbers.start).sum();
        self.urgent.len() + self.live.len() + self.backfill.len() + places as usize
    }

    /// Holds samples: live while connected and not held up, else backfill. Gives the number of messages given up for it.
    pub fn put_samples(
        &mut self,
        samples: &[Sample],
        connected: bool,
        moment: Moment,
    ) -> Result<u64, EncodeError> {
        let lane = if connected && self.live.len() < LIVE_MAX { Lane::Live } else { Lane::Backfill };
        let kind = if lane == Lane::Live { TopicKind::Up } else { TopicKind::Backfill };
        let header = self.header(lane, moment);
        let payload = encoded(|out| Readings::encode(&header, samples, out))?;
        let (boot_id, seq) = (self.boot_id, self.take_seq(lane));
        let held = Held { kind, boot_id, lane, seq, payload, alarm: None };
        if lane == Lane::Live {
            self.live.push_back(held);
            return Ok(0);
        }
        self.backfill.push_back(held);
        let excess = self.backfill.len().saturating_sub(BACKFILL_MAX);
        let given_up: Vec<Held> = self.backfill.drain(..excess).collect();
        for held in &given_up {
            self.give_up(held.boot_id, held.seq);
        }
        Ok(given_up.len() as u64)
    }

    fn give_up(&mut self, boot_id: u64, seq: u64) {
        match self.given_up.back_mut() {
            Some((boot, numbers)) if *boot == boot_id && numbers.end == seq => numbers.end += 1,
            _ => self.given_up.push_back((boot_id, seq..seq + 1)),
        }
    }

    /// Holds an alarm, before everything else but earlier alarms.
    pub fn put_alarm(
        &mut self,
        kind_code: u16,
        raised: bool,
        cause: Sample,
        moment: Moment,
    ) -> Result<(), EncodeError> {
        let header = self.header(Lane::Live, moment);
        let cause = Some((cause.channel_code, cause.value_scaled));
        let alarm = Alarm { header, kind_code, raised, cause, attempt: 0 };
        let payload = encoded(|out| alarm.encode(out))?;
        let seq = self.take_seq(Lane::Live);
        self.urgent.push_back(Held {
            kind: TopicKind::Alarm,
            boot_id: self.boot_id,
            lane: Lane::Live,
            seq,
            payload,
            alarm: Some(alarm),
        });
        Ok(())
    }

    /// Holds a birth message, to be sent first on a new connection. It takes the number of one that was not acknowledged yet:
    /// a gap would hold back the server's word on what is stored without one.
    pub fn put_birth(
        &mut self,
        moment: Moment,
        encode: impl FnOnce(&Header, &mut [u8]) -> Result<usize, EncodeError>,
    ) -> Result<u64, EncodeError> {
        let earlier = self.urgent.iter().position(|held| held.kind == TopicKind::Birth);
        let mut header = self.header(Lane::Live, moment);
        if let Some(held) = earlier.and_then(|at| self.urgent.get(at)) {
            header.seq = held.seq;
        }
        let payload = encoded(|out| encode(&header, out))?;
        let replaced = earlier.and_then(|at| self.urgent.remove(at));
        let seq = replaced.as_ref().map_or_else(|| self.take_seq(Lane::Live), |held| held.seq);
        self.urgent.push_front(Held {
            kind: TopicKind::Birth,
            boot_id: self.boot_id,
            lane: Lane::Live,
            seq,
            payload,
            alarm: None,
        });
        Ok(u64::from(replaced.is_some()))
    }

    /// Holds the word that a connection stands, behind its birth and before alarms.
    pub fn put_online(&mut self, connection: u32, moment: Moment) -> Result<(), EncodeError> {
        let header = self.header(Lane::Live, moment);
        let state = State { header, online: true, connection, answer: None };
        let payload = encoded(|out| state.encode(out))?;
        let (kind, seq) = (TopicKind::State, self.take_seq(Lane::Live));
        let held = Held { kind, boot_id: self.boot_id, lane: Lane::Live, seq, payload, alarm: None };
        let behind = self.urgent.iter().take_while(|held| held.alarm.is_none()).count();
        self.urgent.insert(behind, held);
        Ok(())
    }

    /// The next message to send, backfill only where it is its turn.
    pub fn take(&mut self, may_backfill: bool) -> Option<Held> {
        let live = self.urgent.pop_front().or_else(|| self.live.pop_front());
        if live.is_some() || !may_backfill {
            return live;
        }
        self.take_place().or_else(|| self.backfill.pop_front())
    }

    /// The empty message of the oldest number that was given up.
    fn take_place(&mut self) -> Option<Held> {
        let (boot_id, numbers) = self.given_up.front_mut()?;
        let held = numbers.next().and_then(|seq| empty(*boot_id, Lane::Backfill, seq));
        if numbers.is_empty() {
            self.given_up.pop_front();
        }
        held
    }

    /// Whether backfill waits for its turn.
    pub fn has_backfill(&self) -> bool {
        !self.backfill.is_empty() || !self.given_up.is_empty()
    }

    /// Puts a message that was not acknowledged back where it came from.
    pub fn put_back(&mut self, held: Held) {
        match held.kind {
            TopicKind::Up => self.live.push_front(held),
            TopicKind::Backfill => self.backfill.push_front(held),
            _ => self.urgent.push_front(held),
        }
    }

    /// A header with the number the next message of the lane will have.
    pub fn header(&self, lane: Lane, moment: Moment) -> Header {
        Header {
            boot_id: self.boot_id,
            lane,
            seq: if lane == Lane::Live { self.next_live } else { self.next_backfill },
            monotonic_ms: moment.monotonic_ms,
            wall_ms: moment.wall_ms,
            flags: if moment.wall_ms.is_some() { Header::CLOCK_SYNCED } else { 0 },
        }
    }

    fn take_seq(&mut self, lane: Lane) -> u64 {
        let next = if lane == Lane::Live { &mut self.next_live } else { &mut self.next_backfill };
        let seq = *next;
        *next += 1;
        seq
    }
}

/// A message that says nothing: it takes the place of one that was given up.
fn empty(boot_id: u64, lane: Lane, seq: u64) -> Option<Held> {
    let kind = if lane == Lane::Live { TopicKind::Up } else { TopicKind::Backfill };
    // Its clocks date nothing.
    let flags = Header::HISTORICAL;
    let header = Header { boot_id, lane, seq, monotonic_ms: 0, wall_ms: None, flags };
    let payload = encoded(|out| Readings::encode(&header, &[], out)).ok()?;
    Some(Held { kind, boot_id, lane, seq, payload, alarm: None })
}

/// Encodes into a buffer of the largest message's size.
pub(super) fn encoded(
    encode: impl FnOnce(&mut [u8]) -> Result<usize, EncodeError>,
) -> Result<Bytes, EncodeError> {
    let mut out = [0; FRAME_BYTES_MAX];
    let length = encode(&mut out)?;
    Ok(Bytes::copy_from_slice(&out[..length]))
}

#[cfg(test)]
mod tests {
    use songhe_firmware_protocol::Birth;

    use super::*;

    const MOMENT: Moment = Moment { monotonic_ms: 5, wall_ms: Some(6) };

    fn introduce(outbox: &mut Outbox) -> u64 {
        outbox.put_birth(MOMENT, |header, out| Birth::encode(header, 1, "1", 30, &[], out)).unwrap()
    }

    #[test]
    fn what_is_held_over_a_restart_keeps_its_name_and_a_birth_does_not() {
        let mut outbox = Outbox::new(1);
        introduce(&mut outbox);
        outbox.put_samples(&[], true, MOMENT).unwrap();
        outbox.put_samples(&[], true, MOMENT).unwrap();
        assert!(!outbox.swap_next(), "a birth goes first");
        assert_eq!(outbox.restart(2), 1);
        outbox.put_samples(&[], true, MOMENT).unwrap();
        assert!(outbox.swap_next());
        let sent: Vec<_> = std::iter::from_fn(|| outbox.take(true))
            .map(|held| (held.boot_id, held.kind, held.seq))
            .collect();
        let up = TopicKind::Up;
        assert_eq!(sent, [(1, up, 1), (1, up, 0), (1, up, 2), (2, up, 0)], "the birth's number is used up");
        assert!(!outbox.swap_next());
    }

    #[test]
    fn an_empty_message_takes_the_place_of_backfill_that_was_given_up() {
        let mut outbox = Outbox::new(1);
        let sample = [Sample::new(songhe_firmware_protocol::Channel::Pulse, 70)];
        let put = |outbox: &mut Outbox| outbox.put_samples(&sample, false, MOMENT).unwrap();
        let given_up: u64 = (0..BACKFILL_MAX + 3).map(|_| put(&mut outbox)).sum();
        assert_eq!((given_up, outbox.len()), (3, BACKFILL_MAX + 3));
        assert!(outbox.take(false).is_none(), "backfill waits for its turn");
        let lengths: Vec<(u64, usize)> = std::iter::from_fn(|| outbox.take(true))
            .take(5)
            .map(|held| (held.seq, Readings::decode(&held.payload).unwrap().len()))
            .collect();
        assert_eq!(lengths, [(0, 0), (1, 0), (2, 0), (3, 1), (4, 1)]);
        assert_eq!(outbox.len(), BACKFILL_MAX - 2);
    }

    #[test]
    fn a_connection_says_so_behind_its_birth_and_before_alarms() {
        let mut outbox = Outbox::new(1);
        let cause = Sample::new(songhe_firmware_protocol::Channel::Sos, 1);
        outbox.put_alarm(1, true, cause, MOMENT).unwrap();
        introduce(&mut outbox);
        outbox.put_online(1, MOMENT).unwrap();
        let kinds: Vec<_> = std::iter::from_fn(|| outbox.take(true)).map(|held| held.kind).collect();
        assert_eq!(kinds, [TopicKind::Birth, TopicKind::State, TopicKind::Alarm]);
    }

    #[test]
    fn a_birth_that_was_not_stored_gives_its_number_to_the_next() {
        let mut outbox = Outbox::new(1);
        assert_eq!(introduce(&mut outbox), 0);
        outbox.put_samples(&[], true, MOMENT).unwrap();
        assert_eq!(introduce(&mut outbox), 1);
        let sent: Vec<_> = std::iter::from_fn(|| outbox.take(true)).collect();
        assert_eq!(sent.iter().map(|held| held.seq).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(Birth::decode(&sent[0].payload).unwrap().header.seq, 0);
        assert_eq!(introduce(&mut outbox), 0);
        assert_eq!(outbox.take(true).unwrap().seq, 2);
    }
}
