//! A device that speaks another protocol: the same readings, latest values, alerts, presence and events, in the caller's
//! transaction. Whether a message is new is the caller's to know.

use serde_json::json;

use super::alerting::By;
use super::{Batch, What, Work};
use crate::alerts::AlertKind;
use crate::alerts::store as alerts;
use crate::bus::Topic;
use crate::clock::{Calendar, Instant};
use crate::db::AnyConnection;
use crate::devices::store::{Latest, NewReading};
use crate::error::Result;

impl Batch {
    pub(in crate::devices) fn of_device(
        connection: &mut AnyConnection,
        calendar: Calendar,
        device_id: i64,
    ) -> Result<Batch> {
        Batch::load(connection, calendar, (&[device_id], &[]))
    }

    /// Known, and not disabled.
    pub(in crate::devices) fn is_in_service(&self, device_id: i64) -> bool {
        self.devices.get(&device_id).is_some_and(|device| device.disabled_at.is_none())
    }

    /// A value; a new latest one is judged.
    pub(in crate::devices) fn reading(
        &mut self,
        connection: &mut AnyConnection,
        reading: NewReading,
    ) -> Result<()> {
        let NewReading { device_id, channel, value, at, received_at, .. } = reading;
        let latest = Latest { device_id, channel, value, at };
        self.readings.push(reading);
        if self.becomes_latest(latest, received_at) { self.judge(connection, latest, None) } else { Ok(()) }
    }

    /// The device was heard, or is gone.
    pub(in crate::devices) fn present(
        &mut self,
        connection: &mut AnyConnection,
        (device_id, online): (i64, bool),
        at: Instant,
    ) -> Result<()> {
        let what = What::Heard { online, connection: None, ends: None };
        let work = Work { device_id, received_at: at, what };
        if online {
            self.hear(&work);
        }
        self.heard(connection, &work, (online, None), None)
    }

    /// Raises an alert where none so grave is active on its channel; says where exactly.
    pub(in crate::devices) fn alert(
        &mut self,
        connection: &mut AnyConnection,
        (kind, by): (AlertKind, By),
        cause: Latest,
        detail: &str,
    ) -> Result<()> {
        match self.raise(connection, (kind, by), cause)? {
            Some(id) => alerts::set_detail(connection, id, detail).map(drop),
            None => Ok(()),
        }
    }

    /// What is said of a channel's alert has changed.
    pub(in crate::devices) fn say(
        &mut self,
        connection: &mut AnyConnection,
        (device_id, channel): (i64, i16),
        detail: &str,
    ) -> Result<()> {
        let Some(active) = self.alerts.get(&(device_id, channel)).copied() else { return Ok(()) };
        if alerts::set_detail(connection, active.id, detail)? {
            self.tell(active.id, active.kind, device_id);
        }
        Ok(())
    }

    /// The cause of a channel's alert is gone, where it was raised by then: what is told late ends nothing that came after it.
    pub(in crate::devices) fn over_before(
        &mut self,
        connection: &mut AnyConnection,
        (device_id, channel): (i64, i16),
        at: Instant,
    ) -> Result<()> {
        match self.alerts.get(&(device_id, channel)) {
            Some(active) if alerts::raised_at(connection, active.id)? <= at => {
                self.clear(connection, device_id, channel, at)
            }
            _ => Ok(()),
        }
    }

    /// Pages that show the device fetch it again.
    pub(in crate::devices) fn changed(&mut self, device_id: i64) {
        let event = self.event(Topic::Device, device_id, device_id, json!({ "id": device_id }));
        self.events.extend(event);
    }

    pub(in crate::devices) fn finish(self, connection: &mut AnyConnection, now: Instant) -> Result<()> {
        self.write(connection, now).map(drop)
    }
}
