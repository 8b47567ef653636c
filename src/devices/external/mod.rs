//! A broker elsewhere (MQTT 5): it only transports. A message is acknowledged to it after the commit, and to the device by
//! its `ack` topic, so that neither the broker's memory nor its queue must be trusted.
//!
//! The broker vouches for who publishes on a device's topics: `config/mosquitto/acl` says how. Messages come through a
//! shared subscription, each to one replica; acknowledgements to devices leave on a connection of their own, because a full
//! outgoing window would hold back those to the broker.

mod address;
mod bridge;
mod downlink;
mod lines;
mod uplink;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use self::address::Address;
use crate::access::seal::{Keys, random};
use crate::app::App;
use crate::devices::ingest::{Downlink, Health, Ingest};
use crate::devices::tls;
use crate::error::{Error, Result};

const GROUP_DIGITS: usize = 32;

/// Running connections to a broker.
pub struct External {
    stop: watch::Sender<bool>,
    tasks: [JoinHandle<()>; 2],
    /// Held for as long as the connections.
    _bridge: Option<bridge::Bridge>,
}

impl External {
    /// Takes nothing new, lets what was taken be committed and acknowledged, and disconnects.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            let _ = task.await;
        }
    }
}

pub fn start(
    app: &App,
    health: Health,
    ingest: Ingest,
    to_devices: mpsc::Receiver<Downlink>,
) -> Result<External> {
    let url = app.config.mqtt.external_url.as_ref().map_or("", |url| url.expose());
    let address = Address::parse(url)
        .ok_or_else(|| Error::internal("mqtt.external_url is not mqtt[s]://[USER:PASSWORD@]HOST[:PORT]"))?;
    let name = replica_name(app)?;
    health.at(format!("{}:{}", address.host, address.port));
    let bridge = if address.tls {
        let ca = app.config.mqtt.external_ca.as_ref().map(|file| app.config.data_dir.join(file));
        let config =
            tls::client(ca.as_deref()).map_err(|error| Error::internal("mqtt.external_ca").because(error))?;
        Some(bridge::start(&address.host, address.port, config)?)
    } else {
        None
    };
    let through = bridge.as_ref().map(|bridge| bridge.address);
    let (stop, stopped) = watch::channel(false);
    let uplink = uplink::Uplink {
        db: app.db.clone(),
        clock: app.clock.clone(),
        health,
        ingest,
        options: address.options(&format!("songhe-up-{name}"), through),
        group: group(&app.keys),
    };
    let options = address.options(&format!("songhe-down-{name}"), through);
    let sending = downlink::run(options, to_devices, stopped.clone());
    let tasks = [tokio::spawn(uplink.run(stopped)), tokio::spawn(sending)];
    Ok(External { stop, tasks, _bridge: bridge })
}

/// The same for all replicas, and known to nobody else: brokers let everybody join a group whose name they know, and then choose
/// a device for messages that it may not read, which are lost.
fn group(keys: &Keys) -> String {
    let digest = hex::encode(keys.index("mqtt_group", "songhe"));
    format!("songhe-{}", digest.get(..GROUP_DIGITS).unwrap_or(&digest))
}

/// A name that stays the same over restarts: the broker keeps a session's messages for whoever comes back under it.
fn replica_name(app: &App) -> Result<String> {
    let path = app.config.data_dir.join("replica-name");
    if let Ok(name) = std::fs::read_to_string(&path) {
        let name = name.trim();
        if !name.is_empty() && name.len() <= 16 && name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Ok(name.to_owned());
        }
    }
    let name = hex::encode(random::<6>()?);
    std::fs::write(&path, &name)
        .map_err(|error| Error::internal(format!("cannot write {}", path.display())).because(error))?;
    Ok(name)
}
