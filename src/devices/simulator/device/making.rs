//! What a device makes: births, word of its connection, readings and alarms.

use songhe_firmware_protocol::{Birth, Channel, EncodeError};

use super::{FIRMWARE_VERSION, HEARTBEAT_S, Model, SimulatedDevice};
use crate::devices::simulator::tally::Tally;
use crate::devices::simulator::{fire, station};

impl SimulatedDevice {
    pub(super) fn introduce(&mut self) {
        let credential = self.credential();
        let kind_code = credential.kind.code();
        let channels: &[Channel] = match self.model {
            Model::Station(_) => &station::CHANNELS,
            Model::Fire(_) => &fire::CHANNELS,
        };
        let codes: Vec<u16> = channels.iter().map(|channel| channel.code()).collect();
        let put = self.outbox.put_birth(self.moment(), |header, out| {
            Birth::encode(header, kind_code, FIRMWARE_VERSION, HEARTBEAT_S, &codes, out)
        });
        self.held(put);
        let put = self.outbox.put_online(self.connection, self.moment());
        self.held(put.map(|()| 0));
    }

    pub(super) fn measure(&mut self, connected: bool) {
        // The nominal period, not the clock: with the same seed the values are the same on a slower machine.
        let elapsed_s = 1.0 / self.settings.rate;
        let measured = match &mut self.model {
            Model::Station(station) => station.measure(elapsed_s, &mut self.values),
            Model::Fire(gateway) => gateway.measure(elapsed_s, &mut self.values),
        };
        let moment = self.moment();
        if let Some(event) = measured.event {
            let put = self.outbox.put_alarm(event.kind.code(), event.raised, event.cause, moment);
            Tally::add(&self.tally.alarms, u64::from(put.is_ok()));
            self.held(put.map(|()| 0));
        }
        let put = self.outbox.put_samples(&measured.samples, connected, moment);
        self.gave_up(*put.as_ref().unwrap_or(&0));
        self.held(put.map(|_| 0));
    }

    /// Counts messages that were given up, and those that say nothing in their places.
    pub(super) fn gave_up(&self, count: u64) {
        Tally::add(&self.tally.dropped, count);
        Tally::add(&self.tally.made, count);
    }

    /// Counts a message that was put into the outbox and those given up for it.
    fn held(&self, put: Result<u64, EncodeError>) {
        match put {
            Ok(given_up) => {
                Tally::add(&self.tally.made, 1);
                Tally::add(&self.tally.dropped, given_up);
            }
            Err(error) => tracing::error!(%error, "a simulated message could not be encoded"),
        }
    }
}
