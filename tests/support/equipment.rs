//! Devices and what they reported, stored as ingest stores it, without a broker.

use diesel::prelude::*;
use songhe::alerts::AlertKind;
use songhe::alerts::store::{NewAlert, Told, insert_alert};
use songhe::db::schema::devices;
use songhe::db::write_rows;
use songhe::devices::store::{Latest, NewDevice, device_states, insert_device};
use songhe::devices::{DeviceKind, DevicePlace, PresenceState, hash_token};
use songhe_firmware_protocol::Channel;

use super::app::TestApp;
use super::seed::town_code;

/// Of every device that [`TestApp::add_device`] makes.
pub const TOKEN: &str = "a-token-for-these-tests";

impl TestApp {
    /// A device with [`TOKEN`] at a place of town 1, 2 or 3; gives the number. Its name is its code.
    pub fn add_device(&self, code: &str, kind: DeviceKind, town: usize, place: DevicePlace) -> i64 {
        let token_hash = hash_token(TOKEN.as_bytes());
        self.write(|tx| {
            let device = NewDevice {
                code,
                kind,
                name: code,
                town_code: town_code(town),
                place,
                token_hash: &token_hash,
                now: tx.now,
                actor: "seed",
            };
            insert_device(tx.connection, &device)
        })
    }

    /// As if the device had been found so at this moment.
    pub fn set_presence(&self, device_id: i64, presence: PresenceState) {
        self.write(|tx| {
            diesel::update(devices::table.find(device_id))
                .set((devices::presence.eq(presence), devices::presence_at.eq(tx.now)))
                .execute(tx.connection)?;
            Ok(())
        });
    }

    /// A device's value of this moment.
    pub fn report(&self, device_id: i64, channel: Channel, value: f64) {
        let channel = channel.code() as i16;
        self.write(|tx| write_rows(tx.connection, &[Latest { device_id, channel, value, at: tx.now }]));
    }

    /// An alert that a device raised at this moment; gives the number.
    pub fn add_alert(&self, device_id: i64, kind: AlertKind, channel: Channel, value: f64) -> i64 {
        self.write(|tx| {
            let device = device_states(tx.connection, &[device_id])?.remove(0);
            let alert = NewAlert {
                device_id,
                town_code: &device.town_code,
                institution_id: device.institution_id,
                kind,
                channel: channel.code() as i16,
                value,
                raised_at: tx.now,
                number: None,
                by_alarm: false,
                told: Told::Active,
            };
            insert_alert(tx.connection, &alert)
        })
    }
}
