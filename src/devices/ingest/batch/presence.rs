//! Who is there: one row a device, changed only by the writer, so that "gone" and "here again" cannot overtake each other.

use serde_json::json;

use super::{Batch, Work};
use crate::bus::Topic;
use crate::db::AnyConnection;
use crate::devices::model::PresenceState;
use crate::devices::store;
use crate::error::Result;

impl Batch {
    /// A newer connection than the one known.
    pub(super) fn connected(
        &mut self,
        connection: &mut AnyConnection,
        work: &Work,
        number: i64,
    ) -> Result<()> {
        match self.devices.get(&work.device_id) {
            Some(device) if device.connection_id < number => {
                self.be(connection, work, PresenceState::Online, number)
            }
            _ => Ok(()),
        }
    }

    /// The end of the connection that is known; that of an older one means nothing.
    pub(super) fn disconnected(
        &mut self,
        connection: &mut AnyConnection,
        work: &Work,
        number: i64,
    ) -> Result<()> {
        match self.devices.get(&work.device_id) {
            Some(device) if device.connection_id == number => {
                self.be(connection, work, PresenceState::Offline, number)
            }
            _ => Ok(()),
        }
    }

    /// A device behind another broker was heard, or its will was. The will of an older connection means nothing.
    pub(super) fn heard(
        &mut self,
        connection: &mut AnyConnection,
        work: &Work,
        online: bool,
        number: Option<i64>,
    ) -> Result<()> {
        let Some(device) = self.devices.get(&work.device_id) else { return Ok(()) };
        let (presence, known) = (device.presence, device.connection_id);
        let to = if online { PresenceState::Online } else { PresenceState::Offline };
        let given = number.unwrap_or(known);
        // An end never moves the number: after a new start the device counts from one again.
        let number = if online { given } else { known };
        if (presence == to && number == known) || (!online && given < known) {
            return Ok(());
        }
        self.be(connection, work, to, number)
    }

    fn be(
        &mut self,
        connection: &mut AnyConnection,
        work: &Work,
        presence: PresenceState,
        number: i64,
    ) -> Result<()> {
        store::set_presence(connection, work.device_id, presence, number, work.received_at)?;
        let mut changed = false;
        if let Some(device) = self.devices.get_mut(&work.device_id) {
            changed = device.presence != presence;
            device.presence = presence;
            device.connection_id = number;
        }
        if changed {
            let payload = json!({ "id": work.device_id, "presence": presence });
            self.events.extend(self.event(Topic::Device, work.device_id, work.device_id, payload));
        }
        Ok(())
    }
}
