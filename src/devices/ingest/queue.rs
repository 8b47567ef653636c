//! The way into the writer, and the way back to devices.

use bytes::Bytes;
use songhe_firmware_protocol::TopicKind;
use tokio::sync::{mpsc, oneshot};

use super::batch::{What, Work};
use super::unsaved::Unsaved;
use crate::clock::Instant;
use crate::devices::broker::Refused;
use crate::devices::storage::Disk;

/// Messages that wait for the writer at most; whoever brings more waits.
pub(super) const QUEUE_MAX: usize = 20_000;

/// A message to a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Downlink {
    pub device: String,
    pub kind: TopicKind,
    pub payload: Bytes,
}

/// One piece of work and who waits for its commit.
pub(super) struct Envelope {
    pub work: Work,
    /// Absent where nobody waits.
    pub reply: Option<oneshot::Sender<Result<(), Refused>>>,
}

/// Brings work to the writer. Cheap to clone.
#[derive(Clone)]
pub struct Ingest {
    pub(super) sender: mpsc::Sender<Envelope>,
    pub(super) disk: Disk,
    pub(super) unsaved: Unsaved,
}

impl Ingest {
    /// The disk that is watched.
    pub fn disk(&self) -> &Disk {
        &self.disk
    }

    /// Whether it has to wait for room on the disk: while that is nearly full, what is not of now is refused.
    pub fn puts_off(&self, work: &Work) -> bool {
        let puts_off = self.disk.is_low() && work.is_backfill();
        if puts_off {
            metrics::counter!("songhe_ingest_refused_total").increment(1);
        }
        puts_off
    }

    /// Waits for a place in the queue, then for the commit. What [is put off](Self::puts_off) is refused.
    pub async fn submit(&self, work: Work) -> Result<(), Refused> {
        if self.puts_off(&work) {
            return Err(Refused { reason: "the disk is nearly full".to_owned() });
        }
        // Its time runs from here on: it may wait behind a batch that is stuck.
        self.unsaved.watch(&work);
        let (reply, answer) = oneshot::channel();
        let stopping = || Refused { reason: "ingest is stopping".to_owned() };
        self.sender.send(Envelope { work, reply: Some(reply) }).await.map_err(|_| stopping())?;
        answer.await.unwrap_or_else(|_| Err(Refused { reason: "the writer failed".to_owned() }))
    }

    /// Waits until everything that was brought before this is committed, or refused.
    pub async fn settle(&self) -> Result<(), Refused> {
        self.submit(Work { device_id: 0, received_at: Instant::default(), what: What::Mark }).await
    }

    /// Tells open pages of urgent alarms that must wait for what came before them. Each once, however often it is called.
    pub async fn tell(&self, waiting: &[Work]) {
        self.unsaved.tell(waiting).await;
    }

    /// Waits for a place in the queue only.
    pub async fn note(&self, work: Work) {
        if self.sender.send(Envelope { work, reply: None }).await.is_err() {
            tracing::debug!("ingest is stopping: something was not noted");
        }
    }
}
