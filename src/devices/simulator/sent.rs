//! What a broker took that only transports: kept until the server's own word names it.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use songhe_firmware_protocol::Lane;
use songhe_firmware_protocol::downlink::Ack;
use tokio::time::Instant;

use super::outbox::Held;

/// Without a word for so long a message is sent again.
const AGAIN_AFTER: Duration = Duration::from_secs(30);
/// Messages without a word at the most, well inside the server's duplicate window.
const SENT_MAX: usize = 32;

#[derive(Debug, Default)]
pub(super) struct Sent {
    held: VecDeque<(Held, Instant)>,
    /// The highest number of each boot and lane up to which everything is stored.
    stored: HashMap<(u64, Lane), u64>,
}

impl Sent {
    /// Takes note of the server's word; gives what it names.
    pub fn note(&mut self, ack: Ack) -> Vec<Held> {
        let upto = self.stored.entry((ack.boot_id, ack.lane)).or_insert(ack.seq);
        *upto = ack.seq.max(*upto);
        let mut named = Vec::new();
        for (held, at) in std::mem::take(&mut self.held) {
            if self.is_stored(&held) {
                named.push(held);
            } else {
                self.held.push_back((held, at));
            }
        }
        named
    }

    /// Whether the server's word named it already.
    pub fn is_stored(&self, held: &Held) -> bool {
        self.stored.get(&(held.boot_id, held.lane)).is_some_and(|upto| held.seq <= *upto)
    }

    /// Keeps a message that the broker took.
    pub fn keep(&mut self, held: Held) {
        self.held.push_back((held, Instant::now() + AGAIN_AFTER));
    }

    pub fn is_full(&self) -> bool {
        self.held.len() >= SENT_MAX
    }

    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// When the oldest is to be sent again.
    pub fn resend_at(&self) -> Option<Instant> {
        self.held.front().map(|(_, at)| *at)
    }

    /// What is to be sent again by now, the newest first.
    pub fn overdue(&mut self) -> Vec<Held> {
        let now = Instant::now();
        let due = self.held.iter().take_while(|(_, at)| *at <= now).count();
        let mut due: Vec<Held> = self.held.drain(..due).map(|(held, _)| held).collect();
        due.reverse();
        due
    }

    /// Everything, the newest first: the connection ended.
    pub fn all(&mut self) -> Vec<Held> {
        let mut all: Vec<Held> = self.held.drain(..).map(|(held, _)| held).collect();
        all.reverse();
        all
    }
}
