//! Starting and stopping everything that devices need, as the configuration says.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use songhe_firmware_protocol::Topic;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::broker::{Broker, BrokerSettings};
use super::external::{self, External};
use super::gate::DeviceGate;
use super::gb26875::Gateway;
use super::ingest::{Downlink, Figures, Health, Writer};
use super::store;
use crate::app::App;
use crate::bus::{Stored, Topic as EventTopic};
use crate::config::MqttMode;
use crate::error::{Error, Result};

const COUNT_EVERY: Duration = Duration::from_secs(5);

/// Broker or its client, the writer behind it, and the port of fire panels.
pub struct DeviceService {
    /// Where devices connect; absent when the broker is elsewhere or off.
    pub mqtt: Option<SocketAddr>,
    transport: Option<Transport>,
    writer: Option<Writer>,
    fire: Option<Gateway>,
}

enum Transport {
    Embedded { stop: oneshot::Sender<()>, task: JoinHandle<()> },
    External(External),
}

impl DeviceService {
    pub async fn start(app: &App) -> Result<DeviceService> {
        let mut service = match app.config.mqtt.mode {
            MqttMode::Off => DeviceService { mqtt: None, transport: None, writer: None, fire: None },
            MqttMode::Embedded => embedded(app).await?,
            MqttMode::External => external(app)?,
        };
        service.fire = Gateway::start(app).await?;
        Ok(service)
    }

    /// Where fire panels connect; absent where that is off.
    pub fn fire(&self) -> Option<SocketAddr> {
        self.fire.as_ref().map(|gateway| gateway.address)
    }

    /// Lets devices finish what they send, commits it, and ends.
    pub async fn stop(self) {
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

async fn embedded(app: &App) -> Result<DeviceService> {
    let now = app.clock.now();
    let forgotten = app.db.write(move |connection| store::forget_connections(connection, now)).await?;
    if forgotten > 0 {
        tracing::info!(devices = forgotten, "connections of an earlier run are gone");
    }
    let health = Health::new(app.parts.clone(), "embedded");
    let (writer, ingest, to_devices) = Writer::start(app, &health);
    let gate = Arc::new(DeviceGate::new(app.db.clone(), app.clock.clone(), ingest));
    let settings = BrokerSettings::new(app.config.mqtt.listen, app.clock.clone());
    let broker = Broker::start(gate, settings)
        .await
        .map_err(|error| Error::internal("the MQTT broker did not start").because(error))?;
    let address = broker.address();
    health.at(address.to_string());
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(attend(broker, to_devices, (app.bus.subscribe(), app.ingest.clone()), stopped));
    Ok(DeviceService {
        mqtt: Some(address),
        transport: Some(Transport::Embedded { stop, task }),
        writer: Some(writer),
        fire: None,
    })
}

fn external(app: &App) -> Result<DeviceService> {
    let health = Health::new(app.parts.clone(), "external");
    let (writer, ingest, to_devices) = Writer::start(app, &health);
    let external = external::start(app, health, ingest, to_devices)?;
    let transport = Some(Transport::External(external));
    Ok(DeviceService { mqtt: None, transport, writer: Some(writer), fire: None })
}

/// Carries messages to devices, ends the connections of revoked ones, counts, and stops the broker at last.
async fn attend(
    broker: Broker,
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
                Ok(stored) => if let Some(code) = revoked(&stored) {
                    broker.drop_device(&code).await;
                },
                // The writer refuses a disabled device's messages all the same.
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => live = false,
            },
            _ = counting.tick() => count(&broker, &figures),
        }
    }
    broker.stop().await;
}

/// The code of a device that was just disabled.
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
    metrics::counter!("songhe_broker_connects_refused_total").absolute(counters.connects_refused);
}
