//! The program behind the embedded broker: who may connect, and where messages go.

use chrono::TimeDelta;

use crate::clock::Clock;
use crate::db::Db;
use crate::devices::broker::{Credentials, Departure, Device, Gate, Message, Presence, Refused};
use crate::devices::ingest::{Ingest, What, Work};
use crate::devices::provision::hash_token;
use crate::devices::store::{self, Credential};

/// Asks the database at every connect, so that a revoked credential is refused at once.
pub struct DeviceGate {
    db: Db,
    clock: Clock,
    ingest: Ingest,
}

impl DeviceGate {
    pub fn new(db: Db, clock: Clock, ingest: Ingest) -> DeviceGate {
        DeviceGate { db, clock, ingest }
    }
}

impl Gate for DeviceGate {
    async fn authenticate(&self, credentials: Credentials<'_>) -> Option<Device> {
        let code = credentials.username.to_owned();
        let given = hash_token(credentials.password);
        let found = {
            let code = code.clone();
            self.db.read(move |connection| store::credential_of(connection, &code)).await
        };
        match found {
            Ok(Some(known)) => self.admit(known, &given).await.map(|id| Device { id, code: code.into() }),
            Ok(None) => None,
            Err(error) => {
                tracing::error!(error = %error.for_log(), "a device's credential could not be looked up");
                None
            }
        }
    }

    async fn receive(&self, message: Message) -> Result<(), Refused> {
        let Message { device, kind, payload, received_at } = message;
        self.ingest.submit(Work::read(device.id, kind, payload, received_at)).await
    }

    async fn presence(&self, event: Presence) {
        let number = |connection: u64| i64::try_from(connection).unwrap_or(i64::MAX);
        let now = self.clock.now();
        let (device, received_at, what) = match event {
            Presence::Connected { device, connection } => {
                (device, now, What::Connected { connection: number(connection) })
            }
            Presence::Disconnected { device, connection, departure, silence } => {
                tracing::debug!(device = &*device.code, ?departure, "device gone");
                let said = departure == Departure::Said;
                // It was heard for the last time that long ago.
                let heard_at = now - TimeDelta::milliseconds(silence.as_millis() as i64);
                (device, heard_at, What::Disconnected { connection: number(connection), said })
            }
        };
        self.ingest.note(Work { device_id: device.id, received_at, what }).await;
    }
}

impl DeviceGate {
    /// The device of a credential that counts. The first use of a new one ends the one before.
    async fn admit(&self, known: Credential, given: &[u8]) -> Option<i64> {
        let id = known.id;
        if !known.token_hash.is_empty() && is_equal(&known.token_hash, given) {
            if known.former_hash.is_some() {
                let used = known.token_hash;
                let ended = self.db.write(move |connection| store::drop_former(connection, id, &used)).await;
                if let Err(error) = ended {
                    // It ends by itself, a day after the exchange.
                    tracing::warn!(error = %error.for_log(), device_id = id, "a former credential still counts");
                }
            }
            return Some(id);
        }
        let former = known.former_hash.zip(known.former_until);
        let (hash, until) = former?;
        (self.clock.now() < until && is_equal(&hash, given)).then_some(id)
    }
}

/// Takes the same time wherever the first difference is.
fn is_equal(stored: &[u8], given: &[u8]) -> bool {
    stored.len() == given.len()
        && stored.iter().zip(given).fold(0, |differences, (one, other)| differences | (one ^ other)) == 0
}

#[cfg(test)]
mod tests {
    use super::is_equal;

    #[test]
    fn hashes_are_equal_only_whole() {
        assert!(is_equal(&[1, 2, 3], &[1, 2, 3]));
        for other in [&[1, 2][..], &[1, 2, 4], &[0, 2, 3], &[]] {
            assert!(!is_equal(&[1, 2, 3], other), "{other:?}");
        }
    }
}
