//! What cannot be read: put aside, and the device flagged that sends too much of it.

use super::{Batch, What, Work};
use crate::access::seal::Keys;
use crate::db::AnyConnection;
use crate::devices::store::{PutAside, Unread, put_aside};
use crate::error::Result;

impl Batch {
    pub(super) fn put_aside(
        &mut self,
        connection: &mut AnyConnection,
        keys: &Keys,
        work: &Work,
    ) -> Result<()> {
        let What::Poison { topic, payload, error, .. } = &work.what else { return Ok(()) };
        if !self.is_in_service(work.device_id) {
            return Ok(());
        }
        let (device_id, at) = (work.device_id, work.received_at);
        let one = Unread { device_id, topic, payload, error, at };
        if put_aside(connection, keys, &one)? == PutAside::Flagged {
            tracing::warn!(device_id, "too many unreadable messages: they are only counted now");
            self.changed(device_id);
        }
        Ok(())
    }
}
