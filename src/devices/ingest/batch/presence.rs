//! Who is there: one row a device, changed from the state that was seen, so that "gone" and "here again" cannot overtake each
//! other.

use serde_json::json;

use super::{Batch, Work};
use crate::alerts::SILENCE;
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::devices::ingest::window::Window;
use crate::devices::model::PresenceState;
use crate::devices::presence::model::RETURNING_MESSAGES;
use crate::devices::store::{self, DeviceState, Stream};
use crate::error::{Error, Result};

impl Batch {
    /// A newer connection than the one known. One that was offline has to say something first.
    pub(super) fn connected(
        &mut self,
        connection: &mut AnyConnection,
        work: &Work,
        number: i64,
    ) -> Result<()> {
        match self.devices.get(&work.device_id) {
            Some(device) if device.connection_id < number => {
                let mut after = device.clone();
                (after.connection_id, after.connected_at) = (number, Some(work.received_at));
                if after.presence != PresenceState::Offline {
                    after.presence = PresenceState::Online;
                }
                self.be(connection, work, after)
            }
            _ => Ok(()),
        }
    }

    /// The end of the connection that is known; that of an older one means nothing. It counted as heard while it lived.
    pub(super) fn disconnected(
        &mut self,
        connection: &mut AnyConnection,
        work: &Work,
        (number, said): (i64, bool),
    ) -> Result<()> {
        match self.devices.get(&work.device_id) {
            Some(device) if device.connection_id == number => {
                let mut after = device.clone();
                after.connected_at = None;
                self.hear(work);
                self.leave(connection, work, after, said)
            }
            _ => Ok(()),
        }
    }

    /// A device behind another broker was heard, or its will was. The will of an older connection means nothing.
    pub(super) fn heard(
        &mut self,
        connection: &mut AnyConnection,
        work: &Work,
        (online, number): (bool, Option<i64>),
        ends: Option<(u64, u64)>,
    ) -> Result<()> {
        let Some(device) = self.devices.get(&work.device_id) else { return Ok(()) };
        let given = number.unwrap_or(device.connection_id);
        let mut after = device.clone();
        if online {
            self.hear(work);
            after.connection_id = given;
            return self.arrived(connection, work, after);
        }
        // An end never moves the number: after a new start the device counts from one again.
        if given < device.connection_id {
            return Ok(());
        }
        let said = ends.is_some_and(|(boot_id, seq)| self.is_next(work.device_id, boot_id, seq));
        self.leave(connection, work, after, said)
    }

    /// A message over a connection to this program. Behind another broker each message is told of by itself.
    pub(super) fn arrived_over_connection(
        &mut self,
        connection: &mut AnyConnection,
        work: &Work,
    ) -> Result<()> {
        match self.devices.get(&work.device_id) {
            Some(device) if device.connected_at.is_some() => {
                let after = device.clone();
                self.arrived(connection, work, after)
            }
            _ => Ok(()),
        }
    }

    /// Something was heard: once offline, a device has to be heard again before it is believed.
    fn arrived(&mut self, connection: &mut AnyConnection, work: &Work, mut after: DeviceState) -> Result<()> {
        if after.presence == PresenceState::Offline {
            after.returning_messages += 1;
            if after.returning_messages >= RETURNING_MESSAGES {
                after.presence = PresenceState::Online;
            }
        } else {
            after.presence = PresenceState::Online;
        }
        self.be(connection, work, after)
    }

    /// Gone: for certain where it said goodbye, or is out of service; else only time will tell.
    fn leave(
        &mut self,
        connection: &mut AnyConnection,
        work: &Work,
        mut after: DeviceState,
        said: bool,
    ) -> Result<()> {
        after.returning_messages = 0;
        if after.presence == PresenceState::Offline {
            return self.be(connection, work, after);
        }
        let certain = said || after.disabled_at.is_some();
        after.presence = if certain { PresenceState::Offline } else { PresenceState::Suspect };
        after.silence_owed = after.disabled_at.is_none();
        self.be(connection, work, after)
    }

    /// Whether a live message of this boot with this number would follow all that are known: a goodbye, and no will that was
    /// prepared before them.
    fn is_next(&self, device_id: i64, boot_id: u64, seq: u64) -> bool {
        let stream = Stream { device_id, boot_id: boot_id as i64, lane: 0 };
        let highest = self.windows.get(&stream).and_then(|(window, _)| Window::highest(window));
        highest.is_some_and(|highest| highest < seq)
    }

    fn be(&mut self, connection: &mut AnyConnection, work: &Work, mut after: DeviceState) -> Result<()> {
        let Some(before) = self.devices.get(&work.device_id) else { return Ok(()) };
        if after.presence == PresenceState::Online {
            (after.returning_messages, after.silence_owed) = (0, false);
        }
        if *before == after {
            return Ok(());
        }
        if !store::set_presence(connection, before, &after, work.received_at)? {
            // Another process was faster: the whole batch looks again.
            return Err(Error::busy());
        }
        let (was, presence) = (before.presence, after.presence);
        self.devices.insert(work.device_id, after);
        if was == presence {
            return Ok(());
        }
        if presence == PresenceState::Online {
            self.clear(connection, work.device_id, SILENCE, work.received_at)?;
        }
        let payload = json!({ "id": work.device_id, "presence": presence });
        self.events.extend(self.event(Topic::Device, work.device_id, work.device_id, payload));
        Ok(())
    }
}
