//! What is under way on one connection of a device.

use std::time::Duration;

use bytes::Bytes;
use songhe_firmware_protocol::TopicKind;
use tokio::time::Instant;

use super::outbox::Held;

const RETRY_MIN: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(30);

/// How a connection ended.
pub(super) enum End {
    Stopped,
    Broken { was_up: bool, restarts: bool },
}

/// What the next answer of the broker is for.
pub(super) enum InFlight {
    Message(Held),
    /// Sent once more than needed, or unreadable: its answer means nothing.
    Extra,
}

/// What is under way on one connection.
pub(super) struct Exchange {
    pub up: bool,
    pub in_flight: Option<InFlight>,
    /// Goes before the next message.
    pub extra: Option<(TopicKind, Bytes)>,
    /// When the connection is cut by a fault.
    pub cut_at: Option<Instant>,
    pub restarts: bool,
    /// When the message in flight is given up, or the refused one is sent again.
    pub wake_at: Option<Instant>,
    retry: Duration,
    /// When the next backfill may go.
    pub backfill_at: Instant,
    pub drain_until: Option<Instant>,
}

impl Exchange {
    pub fn new() -> Exchange {
        Exchange {
            up: false,
            in_flight: None,
            extra: None,
            cut_at: None,
            restarts: false,
            wake_at: None,
            retry: RETRY_MIN,
            backfill_at: Instant::now(),
            drain_until: None,
        }
    }

    pub fn broken(&self) -> End {
        End::Broken { was_up: self.up, restarts: self.restarts }
    }

    /// The next instant at which something is to be done without a word from the broker.
    pub fn next_wake(&self, resend_at: Option<Instant>, paces: bool) -> Option<Instant> {
        let waits = self.in_flight.is_some() || self.wake_at.is_some();
        let paced = (paces && self.up && !waits).then_some(self.backfill_at);
        [self.wake_at, self.drain_until, self.cut_at, resend_at, paced].into_iter().flatten().min()
    }

    /// Sends again later, each time later still.
    pub fn wait_longer(&mut self) {
        self.wake_at = Some(Instant::now() + self.retry);
        self.retry = (self.retry * 2).min(RETRY_MAX);
    }

    /// The next refusal is the first again.
    pub fn goes_well(&mut self) {
        self.retry = RETRY_MIN;
    }
}
