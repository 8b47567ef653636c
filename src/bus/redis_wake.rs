//! Replicas wake each other through a Redis channel. Nothing travels but the wake-up: events stay in the outbox, so a
//! Redis that is away costs promptness only.

use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::mpsc;

use super::publisher::Wake;
use crate::error::{Error, Result};

const CHANNEL: &str = "songhe:wake";
const RECONNECT_AFTER: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub(super) struct RedisWake {
    client: redis::Client,
    /// One place: wake-ups that come while one is being sent are the same wake-up.
    outgoing: mpsc::Sender<()>,
    incoming: std::sync::Arc<std::sync::Mutex<Option<mpsc::Receiver<()>>>>,
}

impl RedisWake {
    pub(super) fn new(url: &str) -> Result<Self> {
        let client =
            redis::Client::open(url).map_err(|error| Error::internal("bus.redis_url").because(error))?;
        let (outgoing, incoming) = mpsc::channel(1);
        Ok(RedisWake {
            client,
            outgoing,
            incoming: std::sync::Arc::new(std::sync::Mutex::new(Some(incoming))),
        })
    }

    pub(super) fn tell(&self) {
        let _ = self.outgoing.try_send(());
    }

    /// Sends and receives wake-ups for as long as the process lives, reconnecting when Redis went away.
    pub(super) async fn listen(self, wake: Wake) {
        let Some(mut outgoing) = self.incoming.lock().ok().and_then(|mut slot| slot.take()) else { return };
        loop {
            if let Err(error) = self.session(&wake, &mut outgoing).await {
                tracing::warn!(%error, "Redis is away; live events of other replicas come by polling");
            }
            tokio::time::sleep(RECONNECT_AFTER).await;
        }
    }

    async fn session(&self, wake: &Wake, outgoing: &mut mpsc::Receiver<()>) -> redis::RedisResult<()> {
        let mut sender = self.client.get_multiplexed_async_connection().await?;
        let mut receiver = self.client.get_async_pubsub().await?;
        receiver.subscribe(CHANNEL).await?;
        let mut messages = receiver.on_message();
        loop {
            tokio::select! {
                message = messages.next() => match message {
                    Some(_) => {
                        metrics::counter!("songhe_bus_redis_wakes_total").increment(1);
                        wake.now();
                    }
                    None => return Ok(()),
                },
                Some(()) = outgoing.recv() => {
                    redis::cmd("PUBLISH").arg(CHANNEL).arg(1).exec_async(&mut sender).await?;
                }
            }
        }
    }
}
