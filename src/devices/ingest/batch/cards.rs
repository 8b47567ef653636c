//! What somebody measured at a shared device with their card: theirs, wherever the device stands. Neither the device's values nor a
//! live event tell of it; a card that nobody has is kept for whoever knows whose it is.

use std::collections::HashMap;

use songhe_firmware_protocol::{CardNumber, Header, Sample};

use super::with_elder::add_to;
use super::{Batch, Work};
use crate::access::seal::{Cell, Keys};
use crate::db::AnyConnection;
use crate::devices::ingest::clock_rule::MessageTime;
use crate::devices::store::{self, Latest, NewCardReading};
use crate::elders::cards::{Held, holder_at, index_of_typed};
use crate::error::Result;

/// One value, and the card that it was measured with.
pub(super) struct CardSample {
    card: CardNumber,
    row: NewCardReading,
}

impl Batch {
    pub(super) fn take_card(
        &mut self,
        work: &Work,
        (header, card): (Header, CardNumber),
        samples: &[Sample],
        time: &MessageTime,
    ) {
        let row = |sample: &Sample| NewCardReading {
            device_id: work.device_id,
            boot_id: header.boot_id as i64,
            lane: i16::from(header.lane.code()),
            seq: header.seq as i64,
            channel: sample.channel_code as i16,
            value: sample
                .channel()
                .map_or_else(|| f64::from(sample.value_scaled), |known| known.value(sample.value_scaled)),
            at: time.of_sample(sample.age_ms),
            received_at: work.received_at,
            card_index: Vec::new(),
            elder_id: None,
        };
        self.cards.extend(samples.iter().map(|sample| CardSample { card, row: row(sample) }));
    }

    /// Gives what was measured with cards to whoever has them.
    pub(super) fn settle_cards(&mut self, connection: &mut AnyConnection, keys: &Keys) -> Result<()> {
        let samples = std::mem::take(&mut self.cards);
        let mut claimed: HashMap<Vec<u8>, Option<i64>> = HashMap::new();
        for CardSample { card, mut row } in samples {
            row.card_index = index_of_typed(keys, card.expose());
            row.elder_id = match holder_at(connection, &row.card_index, row.at)? {
                Held::By(elder) => Some(elder),
                Held::Ended => None,
                Held::Unknown => {
                    if let Some(known) = claimed.get(&row.card_index) {
                        *known
                    } else {
                        let known = store::claimed_by(connection, &row.card_index)?;
                        claimed.insert(row.card_index.clone(), known);
                        known
                    }
                }
            };
            self.done.rows += 1;
            let id = store::insert_card_reading(connection, &row)?;
            if let Some(elder) = row.elder_id {
                let NewCardReading { device_id, channel, value, at, .. } = row;
                let one = Latest { device_id, channel, value, at };
                add_to(&mut self.hours, self.calendar, elder, one);
            } else {
                let cell = Cell { table: "card_readings", row: id, column: "card" };
                store::set_card(connection, id, keys.seal(cell, card.expose())?)?;
            }
        }
        Ok(())
    }
}
