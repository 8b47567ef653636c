//! The port of the gateway, and what runs behind it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::shared::Shared;
use super::{attend, connection, store};
use crate::app::App;
use crate::error::{Error, Result};

/// After a failed accept, as when the process has no descriptors left.
const PAUSE: Duration = Duration::from_millis(100);

/// A listening gateway.
pub struct Gateway {
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Gateway {
    /// Starts it where the configuration says so.
    pub async fn start(app: &App) -> Result<Option<Gateway>> {
        let Some(wanted) = app.config.fire.listen else { return Ok(None) };
        for (code, profile) in app.db.read(store::named_profiles).await? {
            if app.fire_profiles.get(&profile).is_none() {
                let known = app.fire_profiles.listed();
                return Err(Error::internal(format!(
                    "fire.profiles_file: the panel {code} names the profile {profile:?}, which is not there; there are {known}"
                )));
            }
        }
        let failed = |error: std::io::Error| {
            Error::internal(format!("fire.listen: cannot listen at {wanted}")).because(error)
        };
        let listener = TcpListener::bind(wanted).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        app.parts.tell("fire", json!({ "ready": true, "address": address.to_string(), "panels": 0 }));
        let shared = Arc::new(Shared::new(app.clone()));
        let (stop, stopped) = watch::channel(false);
        let tasks = vec![
            tokio::spawn(accept(listener, Arc::clone(&shared), stopped.clone())),
            tokio::spawn(attend::run(shared, stopped)),
        ];
        Ok(Some(Gateway { address, stop, tasks }))
    }

    /// Takes nothing new, finishes the frames under way, and ends.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            let _ = task.await;
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(shared.app.config.fire.connections_max as usize));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.wait_for(|stopped| *stopped) => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                    metrics::counter!("songhe_fire_connections_refused_total").increment(1);
                    tracing::warn!(%peer, "fire.connections_max is reached: a connection is closed");
                    continue;
                };
                let serving = serve(stream, peer, Arc::clone(&shared), stopped.clone());
                connections.spawn(async move {
                    serving.await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection to the fire gateway was not accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn serve(stream: TcpStream, peer: SocketAddr, shared: Arc<Shared>, stopped: watch::Receiver<bool>) {
    // Answers are small and waited for.
    let _ = stream.set_nodelay(true);
    connection::serve(stream, peer, &shared, stopped).await;
}
