//! What a device holds until it is acknowledged.

use std::collections::VecDeque;

use bytes::Bytes;
use songhe_firmware_protocol::limits::FRAME_BYTES_MAX;
use songhe_firmware_protocol::{Alarm, EncodeError, Header, Lane, Readings, Sample, TopicKind};

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
    pub wall_ms: u64,
}

#[derive(Debug)]
pub(super) struct Outbox {
    boot_id: u64,
    next_live: u64,
    next_backfill: u64,
    urgent: VecDeque<Held>,
    live: VecDeque<Held>,
    backfill: VecDeque<Held>,
}

impl Outbox {
    pub fn new(boot_id: u64) -> Self {
        let (urgent, live, backfill) = (VecDeque::new(), VecDeque::new(), VecDeque::new());
        Self { boot_id, next_live: 0, next_backfill: 0, urgent, live, backfill }
    }

    /// Starts anew: numbers begin at 0 under another name, and what is held goes out unchanged. A birth that nobody stored
    /// speaks of the start before and is given up. Gives the number of messages given up.
    pub fn restart(&mut self, boot_id: u64) -> u64 {
        let before = self.urgent.len();
        self.urgent.retain(|held| held.kind != TopicKind::Birth);
        (self.boot_id, self.next_live, self.next_backfill) = (boot_id, 0, 0);
        (before - self.urgent.len()) as u64
    }

    /// Lets the second message of the next lane go before the first, as a network may; false where there are no two.
    pub fn swap_next(&mut self) -> bool {
        let next = [&mut self.live, &mut self.backfill].into_iter().find(|lane| !lane.is_empty());
        let Some(lane) = next.filter(|lane| self.urgent.is_empty() && lane.len() > 1) else { return false };
        lane.swap(0, 1);
        true
    }

    pub fn len(&self) -> usize {
        self.urgent.len() + self.live.len() + self.backfill.len()
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
        let given_up = self.backfill.len().saturating_sub(BACKFILL_MAX);
        self.backfill.drain(..given_up);
        Ok(given_up as u64)
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

    /// The next message to send.
    pub fn take(&mut self) -> Option<Held> {
        self.urgent.pop_front().or_else(|| self.live.pop_front()).or_else(|| self.backfill.pop_front())
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
            wall_ms: Some(moment.wall_ms),
            flags: Header::CLOCK_SYNCED,
        }
    }

    fn take_seq(&mut self, lane: Lane) -> u64 {
        let next = if lane == Lane::Live { &mut self.next_live } else { &mut self.next_backfill };
        let seq = *next;
        *next += 1;
        seq
    }
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

    const MOMENT: Moment = Moment { monotonic_ms: 5, wall_ms: 6 };

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
        let sent: Vec<_> =
            std::iter::from_fn(|| outbox.take()).map(|held| (held.boot_id, held.seq)).collect();
        assert_eq!(sent, [(1, 2), (1, 1), (2, 0)]);
        assert!(!outbox.swap_next());
    }

    #[test]
    fn a_birth_that_was_not_stored_gives_its_number_to_the_next() {
        let mut outbox = Outbox::new(1);
        assert_eq!(introduce(&mut outbox), 0);
        outbox.put_samples(&[], true, MOMENT).unwrap();
        assert_eq!(introduce(&mut outbox), 1);
        let sent: Vec<_> = std::iter::from_fn(|| outbox.take()).collect();
        assert_eq!(sent.iter().map(|held| held.seq).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(Birth::decode(&sent[0].payload).unwrap().header.seq, 0);
        assert_eq!(introduce(&mut outbox), 0);
        assert_eq!(outbox.take().unwrap().seq, 2);
    }
}
