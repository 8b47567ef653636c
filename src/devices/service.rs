//! Starting and stopping everything that devices need, as the configuration says.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use songhe_firmware_protocol::Topic;
use tokio::sync::{Mutex, broadcast, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::broker::{Broker, BrokerSettings, Rates};
use super::external::{self, External};
use super::gate::DeviceGate;
use super::gb26875::Gateway;
use super::ingest::{Downlink, Figures, Health, Ingest, Writer};
use super::presence::{Watcher, keep_looking};
use super::store;
use super::tls::TlsFiles;
use crate::app::App;
use crate::bus::{Stored, Topic as EventTopic};
use crate::config::MqttMode;
use crate::db::Db;
use crate::error::{Error, Result};

const COUNT_EVERY: Duration = Duration::from_secs(5);

/// Broker or its client, the writer behind it, and the port of fire panels.
pub struct DeviceService {
    /// Where devices connect; absent when the broker is elsewhere or off.
    pub mqtt: Option<SocketAddr>,
    /// Where they connect by TLS.
    pub mqtt_tls: Option<SocketAddr>,
    transport: Option<Transport>,
    writer: Option<Writer>,
    fire: Option<Gateway>,
    /// Who looks for silent devices; absent where no device can be heard.
    watching: Option<Watching>,
}

struct Watching {
    watcher: Arc<Mutex<Watcher>>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

enum Transport {
    Embedded { stop: oneshot::Sender<()>, task: JoinHandle<()> },
    External(External),
}

impl DeviceService {
    pub async fn start(app: &App) -> Result<DeviceService> {
        let off = DeviceService {
            mqtt: None,
            mqtt_tls: None,
            transport: None,
            writer: None,
            fire: None,
            watching: None,
        };
        let (mut service, way_in) = match app.config.mqtt.mode {
            MqttMode::Off => (off, None),
            MqttMode::Embedded => embedded(app).await?,
            MqttMode::External => external(app)?,
        };
        service.fire = Gateway::start(app).await?;
        if way_in.is_some() || service.fire.is_some() {
            let watcher = Arc::new(Mutex::new(Watcher::start(app, way_in).await?));
            let (stop, stopped) = watch::channel(false);
            let task = tokio::spawn(keep_looking(Arc::clone(&watcher), stopped));
            service.watching = Some(Watching { watcher, stop, task });
        }
        Ok(service)
    }

    /// Looks for silent devices now; gives how many steps were taken. The timer does so by itself; for tests.
    pub async fn look_for_silence(&self) -> Result<usize> {
        match &self.watching {
            Some(watching) => watching.watcher.lock().await.look().await,
            None => Ok(0),
        }
    }

    /// Where fire panels connect; absent where that is off.
    pub fn fire(&self) -> Option<SocketAddr> {
        self.fire.as_ref().map(|gateway| gateway.address)
    }

    /// Lets devices finish what they send, commits it, and ends.
    pub async fn stop(self) {
        // While everybody is being sent away nobody is silent.
        if let Some(Watching { stop, task, watcher: _ }) = self.watching {
            stop.send_replace(true);
            let _ = task.await;
        }
        if let Some(fire) = self.fire {
            fire.stop().await;
        }
        match self.transport {
            Some(Transport::Embedded { stop, task }) => {
                let _ = stop.send(());
                let _ = task.await;
            }
            Some(Transport::External(external)) => external.stop().await,
            None => {}
        }
        if let Some(writer) = self.writer {
            writer.stop().await;
        }
    }
}

/// A service, and where its messages come in.
type Opened = (DeviceService, Option<(Health, Ingest)>);

async fn embedded(app: &App) -> Result<Opened> {
    let now = app.clock.now();
    let forgotten = app.db.write(move |connection| store::forget_connections(connection, now)).await?;
    if forgotten > 0 {
        tracing::info!(devices = forgotten, "connections of an earlier run are gone");
    }
    let health = Health::new(app.parts.clone(), "embedded");
    let (writer, ingest, to_devices) = Writer::start(app, &health);
    let gate = Arc::new(DeviceGate::new(app.db.clone(), app.clock.clone(), ingest.clone()));
    let broker = Broker::start(gate, broker_settings(app))
        .await
        .map_err(|error| Error::internal("the MQTT broker did not start").because(error))?;
    let (address, tls_address) = (broker.address(), broker.tls_address());
    health.at(tls_address.map_or(address.to_string(), |tls| format!("{address}, TLS {tls}")));
    let (stop, stopped) = oneshot::channel();
    let events = (app.bus.subscribe(), app.ingest.clone());
    let task = tokio::spawn(attend(broker, app.db.clone(), to_devices, events, stopped));
    let service = DeviceService {
        mqtt: Some(address),
        mqtt_tls: tls_address,
        transport: Some(Transport::Embedded { stop, task }),
        writer: Some(writer),
        fire: None,
        watching: None,
    };
    Ok((service, Some((health, ingest))))
}

fn broker_settings(app: &App) -> BrokerSettings {
    let mqtt = &app.config.mqtt;
    let mut settings = BrokerSettings::new(mqtt.listen, app.clock.clone());
    settings.rates = Rates { messages_per_s: mqtt.messages_per_s, bytes_per_s: mqtt.bytes_per_s };
    if let (Some(address), Some(certificate), Some(key)) =
        (mqtt.tls_listen, &mqtt.tls_certificate, &mqtt.tls_key)
    {
        let file = |path: &std::path::Path| app.config.data_dir.join(path);
        settings.tls = Some((address, TlsFiles { certificate: file(certificate), key: file(key) }));
    }
    settings
}

fn external(app: &App) -> Result<Opened> {
    let health = Health::new(app.parts.clone(), "external");
    let (writer, ingest, to_devices) = Writer::start(app, &health);
    let external = external::start(app, health.clone(), ingest.clone(), to_devices)?;
    let transport = Some(Transport::External(external));
    let service = DeviceService {
        mqtt: None,
        mqtt_tls: None,
        transport,
        writer: Some(writer),
        fire: None,
        watching: None,
    };
    Ok((service, Some((health, ingest))))
}

/// Carries messages to devices, ends the connections of revoked ones, counts, and stops the broker at last.
async fn attend(
    broker: Broker,
    db: Db,
    mut to_devices: mpsc::Receiver<Downlink>,
    (mut events, figures): (broadcast::Receiver<Arc<Stored>>, Figures),
    mut stopped: oneshot::Receiver<()>,
) {
    let mut counting = tokio::time::interval(COUNT_EVERY);
    let mut live = true;
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            Some(downlink) = to_devices.recv() => {
                if let Ok(topic) = Topic::new(&downlink.device, downlink.kind) {
                    broker.send(&topic, downlink.payload);
                }
            }
            event = events.recv(), if live => match event {
                // Nobody waits for its end: messages to others go on.
                Ok(stored) => if let Some(code) = revoked(&stored) {
                    drop(broker.drop_device(&code));
                },
                Err(broadcast::error::RecvError::Lagged(_)) => drop_revoked(&db, &broker).await,
                Err(broadcast::error::RecvError::Closed) => live = false,
            },
            _ = counting.tick() => count(&broker, &figures),
        }
    }
    broker.stop().await;
}

/// Of events that were missed nobody knows whom they were about.
async fn drop_revoked(db: &Db, broker: &Broker) {
    match db.read(store::codes_without_credential).await {
        Ok(codes) => codes.iter().for_each(|code| drop(broker.drop_device(code))),
        Err(error) => tracing::error!(error = %error.for_log(), "revoked devices could not be looked up"),
    }
}

/// The code of a device that was just disabled or whose credential was revoked.
fn revoked(stored: &Stored) -> Option<String> {
    if stored.topic != EventTopic::Device {
        return None;
    }
    let payload: serde_json::Value = serde_json::from_str(&stored.payload).ok()?;
    let disabled = payload["disabled"] == true;
    payload["code"].as_str().filter(|_| disabled).map(str::to_owned)
}

/// Publishes must equal the sum of the others while nothing is under way: else something was acknowledged unstored.
fn count(broker: &Broker, figures: &Figures) {
    let counters = broker.counters();
    figures.note_broker(counters);
    metrics::counter!("songhe_broker_publishes_total").absolute(counters.publishes);
    metrics::counter!("songhe_broker_committed_total").absolute(counters.committed);
    metrics::counter!("songhe_broker_refused_total").absolute(counters.refused);
    metrics::counter!("songhe_broker_forbidden_total").absolute(counters.forbidden);
    metrics::counter!("songhe_broker_held_back_total").absolute(counters.held_back);
    metrics::counter!("songhe_broker_connects_refused_total").absolute(counters.connects_refused);
}
