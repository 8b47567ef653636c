//! Which numbers of a device are used up, and which devices were born.

use songhe_firmware_protocol::Header;

use super::Batch;
use crate::db::AnyConnection;
use crate::devices::ingest::message::Decoded;
use crate::devices::ingest::window::Verdict;
use crate::devices::store::{self, Stream};
use crate::error::Result;

impl Batch {
    pub(super) fn is_fresh(
        &mut self,
        connection: &mut AnyConnection,
        id: i64,
        decoded: &Decoded,
    ) -> Result<bool> {
        Ok(!decoded.is_numbered() || self.is_unused(connection, id, &decoded.header)?)
    }

    /// Whether nothing was stored under this number before; from now on something is.
    pub(super) fn is_unused(
        &mut self,
        connection: &mut AnyConnection,
        id: i64,
        header: &Header,
    ) -> Result<bool> {
        let lane = i16::from(header.lane.code());
        let stream = Stream { device_id: id, boot_id: header.boot_id as i64, lane };
        self.touched.insert(stream);
        let (window, changed) = self.windows.entry(stream).or_default();
        for range in window.left_behind(header.seq) {
            store::insert_gap(connection, stream, range.start as i64, range.end as i64)?;
            self.gaps_changed = true;
        }
        match window.offer(header.seq) {
            Verdict::Fresh => {
                *changed = true;
                Ok(true)
            }
            Verdict::Duplicate => Ok(false),
            Verdict::TooOld => {
                self.gaps_changed = true;
                store::take_from_gap(connection, stream, header.seq as i64)
            }
        }
    }

    pub(super) fn note_born(&mut self, device_id: i64) {
        let code = self.devices.get(&device_id).map(|device| device.code.clone());
        self.done.born.extend(code.map(|code| (code, device_id)));
    }
}
