//! What the broker asks of the rest of the program.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use songhe_firmware_protocol::TopicKind;

use crate::clock::Instant;

/// A device that proved who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Key of its row.
    pub id: i64,
    /// The name it carries in topics.
    pub code: Arc<str>,
}

/// What a connecting device claims.
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    pub client_id: &'a str,
    pub username: &'a str,
    pub password: &'a [u8],
}

/// A publish of an authenticated device on one of its own upward topics.
#[derive(Debug, Clone)]
pub struct Message {
    pub device: Device,
    pub kind: TopicKind,
    pub payload: Bytes,
    pub received_at: Instant,
}

/// A message that was not stored. The reason is for the log; the device is only told to try again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refused {
    pub reason: String,
}

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Departure {
    /// The device said goodbye.
    Said,
    /// The connection broke, or nothing was heard for one and a half times the keep-alive.
    Lost,
    /// The same device connected anew.
    Replaced,
    /// The server ended it: it is stopping, or the credential was revoked.
    Ended,
}

/// A change of a device's connection. Once a connection is told, nothing more is told of the device's earlier ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// `connection` grows with every connection of this process.
    Connected { device: Device, connection: u64 },
    Disconnected {
        device: Device,
        connection: u64,
        departure: Departure,
        /// How long nothing had been heard when it ended, where that is why it ended.
        silence: Duration,
    },
}

/// The program's side of the broker. Called on the broker's threads: block in none of these.
pub trait Gate: Send + Sync + 'static {
    /// Who this is, or `None`. Asked at every connect.
    fn authenticate(&self, credentials: Credentials<'_>) -> impl Future<Output = Option<Device>> + Send;

    /// Takes a message; `Ok` means committed. Dropped when it takes longer than the broker's limit: the message may then
    /// have been stored although the device was told otherwise, and comes again with the same identity.
    fn receive(&self, message: Message) -> impl Future<Output = Result<(), Refused>> + Send;

    fn presence(&self, event: Presence) -> impl Future<Output = ()> + Send;
}
