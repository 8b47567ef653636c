//! `songhe serve`: the program for a city's own data.

use std::path::Path;

use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::{Failure, log, say};
use crate::access;
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::devices::DeviceService;
use crate::error::{Error, Result};
use crate::start::{self, Tasks};
use crate::web;

/// Start the pages, the API and the MQTT broker on the configured database.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_help = "Examples:\n  songhe serve\n  songhe serve --data /var/lib/songhe --http 0.0.0.0:8080\n  \
    songhe serve --config config/cluster.toml"
)]
pub struct ServeArgs {}

/// Where the program is reached; written to `DIR/addresses.json` for scripts.
#[derive(Clone, Debug, Serialize)]
pub struct Addresses {
    pub http: String,
    /// Absent when the broker is off or external.
    pub mqtt: Option<String>,
    /// Absent where no port for TLS is set.
    pub mqtt_tls: Option<String>,
    /// Absent where no port for fire panels is set.
    pub fire: Option<String>,
}

/// What a companion of the server gets once everything listens.
pub struct Running {
    pub app: App,
    pub addresses: Addresses,
    pub stopped: watch::Receiver<bool>,
}

pub fn run(config: Config) -> Result<(), Failure> {
    log::start(&config)?;
    let app = start::open(config, Clock::system())?;
    let set_up = access::offer_set_up(&app)?;
    runtime()?.block_on(serve(app, |running| async move {
        if let Some(token) = set_up {
            let address = &running.addresses.http;
            say(&format!("Nobody can sign in yet. Open this link within a day to set up the first users:\n  http://{address}/setup/{token}"));
        }
        Ok(())
    }))
}

/// A runtime for everything beside the HTTP workers.
pub fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::Start(Error::internal("threads").because(error)))
}

/// Serves until SIGINT or SIGTERM. `also` runs once everything listens, before readiness is announced.
pub async fn serve<F, Fut>(app: App, also: F) -> Result<(), Failure>
where
    F: FnOnce(Running) -> Fut,
    Fut: Future<Output = Result<()>>,
{
    let tasks = Tasks::start(&app);
    let bound = web::bind(&app)?;
    let devices = DeviceService::start(&app).await?;
    let mqtt = devices.mqtt.map(|address| address.to_string());
    let mqtt_tls = devices.mqtt_tls.map(|address| address.to_string());
    let fire = devices.fire().map(|address| address.to_string());
    let addresses = Addresses { http: bound.address.to_string(), mqtt, mqtt_tls, fire };
    let handle = bound.server.handle();
    let serving = tokio::spawn(bound.server);
    write_addresses(&app.config.addresses_file(), &addresses)?;
    say(&format!("Songhe is ready: http://{}", addresses.http));
    if let Some(mqtt) = &addresses.mqtt {
        say(&format!("Devices connect to: mqtt://{mqtt}"));
    }
    if let Some(mqtt) = &addresses.mqtt_tls {
        say(&format!("Devices connect by TLS to: mqtts://{mqtt}"));
    }
    if let Some(fire) = &addresses.fire {
        say(&format!("Fire panels connect to: {fire}"));
    }
    also(Running { app: app.clone(), addresses, stopped: tasks.stopped() }).await?;
    until_told().await?;
    tracing::info!("stopping");
    // Devices first: what they sent is committed, and the bus still tells it.
    devices.stop().await;
    tasks.stop().await;
    handle.stop(true).await;
    let _ = serving.await;
    Ok(())
}

/// Replaces the file whole, so that a script never reads half of it.
fn write_addresses(path: &Path, addresses: &Addresses) -> Result<()> {
    let fault =
        |error: std::io::Error| Error::internal(format!("cannot write {}", path.display())).because(error);
    let text = serde_json::to_vec(addresses).map_err(|error| Error::internal("addresses").because(error))?;
    let fresh = path.with_extension("new");
    std::fs::write(&fresh, text).map_err(fault)?;
    std::fs::rename(&fresh, path).map_err(fault)
}

async fn until_told() -> Result<()> {
    let mut end =
        signal(SignalKind::terminate()).map_err(|error| Error::internal("signals").because(error))?;
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = end.recv() => {}
    }
    Ok(())
}
