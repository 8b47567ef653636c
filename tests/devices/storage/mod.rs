//! Where readings are kept: appended, summed up once, forgotten when they are old, and what happens when there is no room.

mod append;
pub mod compact;
mod guard;
mod load;
mod quarantine;
mod retention;
mod steps;
mod unstored;

use chrono::TimeDelta;
use diesel::prelude::*;
use songhe::clock::Instant;
use songhe::db::schema::{reading_cursor, readings};
use songhe::devices::store::{self, NewReading};
use songhe_firmware_protocol::Channel;

use crate::support::app::TestApp;

/// A pulse of a device that does not exist, measured and received at the same time.
pub fn pulse(seq: i64, value: f64, at: Instant) -> NewReading {
    NewReading {
        device_id: 7,
        boot_id: 1,
        lane: 0,
        seq,
        channel: Channel::Pulse.code() as i16,
        value,
        at,
        device_at: None,
        received_at: at,
    }
}

pub fn append(test: &TestApp, rows: &[NewReading]) {
    test.write(|tx| store::append_readings(tx.connection, rows));
}

/// Numbers of messages in the log, in order of arrival.
pub fn seqs(test: &TestApp) -> Vec<i64> {
    test.read(|connection| Ok(readings::table.order(readings::id).select(readings::seq).load(connection)?))
}

/// Keeps every program from summing up until the clock has moved on half a minute.
pub fn hold_back(test: &TestApp) {
    test.write(|tx| {
        let until = tx.now + TimeDelta::seconds(30);
        let held = diesel::update(reading_cursor::table)
            .set((reading_cursor::holder.eq("somebody else"), reading_cursor::leased_until.eq(until)))
            .execute(tx.connection)?;
        assert_eq!(held, 1);
        Ok(())
    });
}
