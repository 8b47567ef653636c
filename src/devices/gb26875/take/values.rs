//! Analog values: kept with their part, and readings of the device where a channel fits.

use super::Taking;
use crate::app::Tx;
use crate::devices::gb26875::model::{Analog, Timed};
use crate::devices::gb26875::store;
use crate::devices::store::NewReading;
use crate::error::Result;

impl Taking<'_> {
    pub(super) fn values(&mut self, tx: &mut Tx<'_>, all: &[Timed<Analog>]) -> Result<()> {
        all.iter().try_for_each(|one| self.value(tx, one))
    }

    fn value(&mut self, tx: &mut Tx<'_>, one: &Timed<Analog>) -> Result<()> {
        let Timed { of, at: stamp } = one;
        let (device_id, at) = (self.arrival.sender.device_id, self.time(tx, *stamp));
        let key = self.component_key(of.part);
        let Some(part) = store::part(tx.connection, device_id, &key)? else { return Ok(()) };
        if part.analog_at.is_none_or(|known| known <= at) {
            store::set_analog(tx.connection, part.id, (of.analog_type, of.value), at)?;
        }
        let Some(feed) = self.arrival.profile.feed(of) else { return Ok(()) };
        let channel = feed.channel.code() as i16;
        // A channel has one series: two detectors in one would look like one that jumps.
        if !store::claim_channel(tx.connection, device_id, part.id, channel)? {
            return Ok(());
        }
        let reading = NewReading {
            device_id,
            boot_id: self.frame_id,
            lane: 0,
            seq: i64::from(self.arrival.frame.seq),
            channel,
            value: feed.value(of.value),
            at,
            device_at: stamp.local().map(|local| tx.calendar.instant(local)),
            received_at: self.arrival.received_at,
        };
        self.batch.reading(tx.connection, reading)
    }
}
