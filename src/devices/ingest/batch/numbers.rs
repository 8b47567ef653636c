//! Which messages are new, by their numbers, how far everything is stored, and which devices were born.

use std::collections::BTreeSet;

use bytes::Bytes;
use songhe_firmware_protocol::Header;

use super::{Batch, Work};
use crate::access::seal::Keys;
use crate::db::AnyConnection;
use crate::devices::ingest::message::Decoded;
use crate::devices::ingest::window::{Verdict, Window};
use crate::devices::store::{self, GAPS_MAX, Gaps, PutAside, Stream, Taken, Unread, WindowRow, put_aside};
use crate::error::Result;

/// Why a message of a blurred number is put aside.
const BLURRED: &str = crate::devices::ingest::message::refusal::BLURRED;

/// What a number says of its message.
pub(super) enum Offer {
    Fresh,
    Duplicate,
    /// It lies where single numbers are no longer told apart.
    Blurred,
}

impl Batch {
    pub(super) fn offer(
        &mut self,
        connection: &mut AnyConnection,
        id: i64,
        decoded: &Decoded,
    ) -> Result<Offer> {
        if decoded.is_numbered() {
            self.offer_number(connection, id, &decoded.header)
        } else {
            Ok(Offer::Fresh)
        }
    }

    /// Whether something was stored under a number before; from now on something is.
    pub(super) fn offer_number(
        &mut self,
        connection: &mut AnyConnection,
        id: i64,
        header: &Header,
    ) -> Result<Offer> {
        let lane = i16::from(header.lane.code());
        let stream = Stream { device_id: id, boot_id: header.boot_id as i64, lane };
        self.touched.insert(stream);
        let (window, changed) = self.windows.entry(stream).or_default();
        for range in window.left_behind(header.seq) {
            store::insert_gap(connection, stream, range.start as i64, range.end as i64)?;
            self.gaps_changed = true;
            let gaps = self.gaps.entry(stream).or_default();
            gaps.count += 1;
            keep_few(connection, stream, gaps)?;
        }
        match window.offer(header.seq) {
            Verdict::Fresh => {
                *changed = true;
                Ok(Offer::Fresh)
            }
            Verdict::Duplicate => Ok(Offer::Duplicate),
            Verdict::TooOld => {
                let (taken, more) = store::take_from_gap(connection, stream, header.seq as i64)?;
                self.gaps_changed |= matches!(taken, Taken::Missing);
                let gaps = self.gaps.entry(stream).or_default();
                gaps.count += more;
                keep_few(connection, stream, gaps)?;
                Ok(match taken {
                    Taken::Missing => Offer::Fresh,
                    Taken::Stored => Offer::Duplicate,
                    Taken::Blurred => Offer::Blurred,
                })
            }
        }
    }

    /// Kept where what cannot be read is: neither lost nor stored twice, and whoever sends much of it is flagged.
    pub(super) fn put_blurred(
        &mut self,
        (connection, keys): (&mut AnyConnection, &Keys),
        work: &Work,
        (topic, payload): (&'static str, &Bytes),
    ) -> Result<()> {
        let (device_id, at) = (work.device_id, work.received_at);
        let one = Unread { device_id, topic, payload, error: BLURRED, at };
        if put_aside(connection, keys, &one)? == PutAside::Flagged {
            self.changed(device_id);
        }
        self.done.poisoned += 1;
        Ok(())
    }

    pub(super) fn note_born(&mut self, device_id: i64) {
        let code = self.devices.get(&device_id).map(|device| device.code.clone());
        self.done.born.extend(code.map(|code| (code, device_id)));
    }

    pub(super) fn moved_windows(&self) -> Vec<WindowRow> {
        let moved = self.windows.iter().filter(|(_, (_, changed))| *changed);
        let row = |(stream, (window, _)): (&Stream, &(Window, bool))| {
            let (highest, bits) = window.parts();
            let booted_at = self.boots.get(&(stream.device_id, stream.boot_id));
            WindowRow {
                device_id: stream.device_id,
                boot_id: stream.boot_id,
                lane: stream.lane,
                next_seq: (highest as i64).saturating_add(1),
                window_bits: bits as i64,
                booted_at: booted_at.copied(),
            }
        };
        moved.map(row).collect()
    }

    /// How far each stream of the batch is stored without a gap; duplicates count too, as their device missed the answer.
    pub(super) fn note_acknowledged(&mut self, connection: &mut AnyConnection) -> Result<()> {
        if self.gaps_changed {
            let ids: BTreeSet<i64> = self.touched.iter().map(|stream| stream.device_id).collect();
            let boots: BTreeSet<i64> = self.touched.iter().map(|stream| stream.boot_id).collect();
            let (ids, boots): (Vec<i64>, Vec<i64>) = (ids.into_iter().collect(), boots.into_iter().collect());
            self.gaps = store::gaps(connection, &ids, &boots)?.into_iter().collect();
        }
        for stream in &self.touched {
            let Some((window, _)) = self.windows.get(stream) else { continue };
            let upto = match self.gaps.get(stream).and_then(|gaps| gaps.first) {
                Some(first) => (first as u64).checked_sub(1),
                None => window.contiguous(),
            };
            let device = self.devices.get(&stream.device_id);
            if let (Some(upto), Some(device)) = (upto, device) {
                self.done.acknowledged.push((device.code.clone(), *stream, upto));
            }
        }
        Ok(())
    }
}

/// Where there are more gaps than there may be, the oldest become one.
fn keep_few(connection: &mut AnyConnection, stream: Stream, gaps: &mut Gaps) -> Result<()> {
    let fewer = gaps.count - GAPS_MAX;
    if fewer > 0 {
        store::blur_oldest_gaps(connection, stream, fewer)?;
        gaps.count -= fewer;
    }
    Ok(())
}
