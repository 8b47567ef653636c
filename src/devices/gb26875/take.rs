//! One frame of a panel, taken into the database: the frame as it came, what its parts say, alerts, readings and events, in one
//! transaction. Only after it is the panel told that its frame is there.

mod over;
mod states;
mod values;

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::guard;
use super::model::{Content, Frame, PartKey, PartLevel, Profile, Stamp, is_repeated, tells_clock, time_used};
use super::store::{self, Identity, NewFrame, Sender};
use crate::app::Tx;
use crate::clock::Instant;
use crate::devices::ingest::batch::Batch;
use crate::error::Result;

/// A frame and who sent it.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub frame: Frame,
    pub raw: Vec<u8>,
    pub content: Content,
    pub sender: Sender,
    pub profile: Arc<Profile>,
    pub received_at: Instant,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    Stored,
    /// It was there.
    Duplicate,
    /// The device is refused by now.
    Disabled,
}

/// A frame under way into the database.
struct Taking<'a> {
    arrival: &'a Arrival,
    batch: Batch,
    frame_id: i64,
}

/// Takes a frame. The same frame again changes nothing but when the panel was last heard.
pub fn take(tx: &mut Tx<'_>, arrival: &Arrival) -> Result<Taken> {
    let device_id = arrival.sender.device_id;
    let mut batch = Batch::of_device(tx.connection, tx.calendar, device_id)?;
    if !batch.is_in_service(device_id) {
        return Ok(Taken::Disabled);
    }
    batch.present(tx.connection, (device_id, true), arrival.received_at)?;
    let said = arrival.frame.time.local().map(|local| tx.calendar.instant(local));
    if arrival.content == Content::Heartbeat {
        note_clock(tx, arrival, said)?;
        batch.finish(tx.connection, tx.now)?;
        return Ok(Taken::Stored);
    }
    let Some(frame_id) = keep(tx, arrival, said)? else {
        batch.finish(tx.connection, tx.now)?;
        return Ok(Taken::Duplicate);
    };
    note_clock(tx, arrival, said)?;
    let mut taking = Taking { arrival, batch, frame_id };
    taking.content(tx)?;
    taking.batch.finish(tx.connection, tx.now)?;
    Ok(Taken::Stored)
}

/// Keeps the frame's bytes; none where they are there.
fn keep(tx: &mut Tx<'_>, arrival: &Arrival, said: Option<Instant>) -> Result<Option<i64>> {
    let source = arrival.frame.source.to_string();
    let hash = Sha256::digest(&arrival.raw);
    let identity = Identity { source: &source, seq: arrival.frame.seq, hash: &hash };
    let round = match store::last_alike(tx.connection, &identity)? {
        Some((_, before)) if is_repeated(said, before, arrival.received_at) => return Ok(None),
        Some((round, _)) => round + 1,
        None => 0,
    };
    let frame = NewFrame {
        device_id: arrival.sender.device_id,
        source: &source,
        seq: i32::from(arrival.frame.seq),
        hash: &hash,
        round,
        command: i16::from(arrival.frame.command.code()),
        kind: arrival.content.kind().map(i16::from),
        raw: &arrival.raw,
        panel_at: said,
        received_at: arrival.received_at,
        is_test: is_test(arrival),
    };
    store::insert_frame(tx.connection, &frame).map(Some)
}

/// Something in it was tried out and did not happen.
fn is_test(arrival: &Arrival) -> bool {
    let profile = &arrival.profile;
    match &arrival.content {
        Content::SystemStates(all) => all.iter().any(|one| profile.system_bits(one.of.state).is_test()),
        Content::ComponentStates(all) => all.iter().any(|one| profile.part_bits(one.of.state).is_test()),
        Content::DeviceStates(all) => all.iter().any(|one| profile.device_bits(one.of).is_test()),
        _ => false,
    }
}

fn note_clock(tx: &mut Tx<'_>, arrival: &Arrival, said: Option<Instant>) -> Result<()> {
    let Some(said) = said else { return Ok(()) };
    let ahead_s = (said - arrival.received_at).num_seconds();
    let is_sign_of_life = arrival.content == Content::Heartbeat;
    if !tells_clock(ahead_s, arrival.sender.clock_ahead_s, is_sign_of_life) {
        return Ok(());
    }
    store::note_clock(tx.connection, arrival.sender.device_id, ahead_s, arrival.received_at)
}

impl Taking<'_> {
    fn content(&mut self, tx: &mut Tx<'_>) -> Result<()> {
        let arrival = self.arrival;
        match &arrival.content {
            Content::SystemStates(all) => {
                all.iter().try_for_each(|one| self.system_state(tx, one.of, one.at))?;
            }
            Content::ComponentStates(all) => {
                all.iter().try_for_each(|one| self.component_state(tx, &one.of, one.at))?;
            }
            Content::DeviceStates(all) => {
                all.iter().try_for_each(|one| self.device_state(tx, one.of, one.at))?;
            }
            Content::Operations(all) => {
                for one in all {
                    let key = system_key(one.of.system.system_type, one.of.system.address);
                    self.operation(tx, key, one.of.flags, one.at)?;
                }
            }
            Content::DeviceOperations(all) => {
                for one in all {
                    self.operation(tx, PartKey::DEVICE, one.of.flags, one.at)?;
                    if arrival.profile.is_guard_answer(one.of.flags) {
                        guard::answer(tx, arrival.sender.device_id)?;
                    }
                }
            }
            Content::Components(all) => {
                all.iter().try_for_each(|one| self.label(tx, one.part, &one.text))?;
            }
            Content::Analogs(all) => return self.values(tx, all),
            // Kept with the frame, and nothing follows from it.
            Content::Heartbeat
            | Content::Versions(_)
            | Content::SystemConfigs(_)
            | Content::SystemTimes(_)
            | Content::DeviceVersions(_)
            | Content::DeviceConfigs(_)
            | Content::DeviceTimes(_)
            | Content::Other { .. } => {}
        }
        self.batch.changed(arrival.sender.device_id);
        Ok(())
    }

    /// When something happened that the panel gives this time.
    fn time(&self, tx: &Tx<'_>, stamp: Stamp) -> Instant {
        let said = stamp.local().map(|local| tx.calendar.instant(local));
        time_used(said, self.arrival.received_at, self.arrival.sender.clock_ahead_s)
    }
}

fn system_key(system_type: u8, system_address: u8) -> PartKey {
    PartKey { level: PartLevel::System, system_type, system_address, ..PartKey::DEVICE }
}
