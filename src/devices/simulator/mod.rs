//! Devices that exist only as a program, behind real connections: for the demonstration and for load and fault tests.
//!
//! Invariants: a device keeps a message until it is acknowledged (by the broker, or behind another broker by the server), whatever
//! happens to the connection; the same seed
//! gives the same values and faults (boot ids are random all the same, as identities must never repeat).

mod credentials;
mod device;
mod exchange;
mod faults;
mod fire;
mod link;
pub mod load;
mod noise;
mod oracle;
mod outbox;
mod panel;
mod sent;
mod station;
mod tally;
mod wire;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

pub use credentials::{Credential, choose, read_credentials};
pub use faults::DeviceFaults;
pub use panel::{Faults, PanelReport, PanelSettings, simulate_panels};
pub use tally::Report;
pub use wire::Word;

use crate::clock::Clock;
use device::SimulatedDevice;
use oracle::Oracle;
use tally::Tally;

/// What is simulated.
#[derive(Debug, Clone)]
pub struct SimulatorSettings {
    pub broker: SocketAddr,
    pub credentials: Vec<Credential>,
    /// Readings messages per second and device.
    pub rate: f64,
    pub seed: u64,
    /// Calls for help per hour and station.
    pub sos_per_hour: f64,
    /// Smoke events per hour and fire gateway.
    pub smoke_per_hour: f64,
    /// Where acknowledged identities are written, one JSON object a line.
    pub oracle: Option<PathBuf>,
    pub faults: DeviceFaults,
    /// What a device takes for the word that a message is stored.
    pub word: Word,
    /// Backfill messages per second and device at the most.
    pub backfill_rate: f64,
    /// Share of devices, 0 to 1, whose wall clock nobody has set: they say no time.
    pub clockless: f64,
    /// Each device's wall clock is off by up to so many seconds either way, and holds itself for right.
    pub clock_skew_s: u32,
    /// The devices' wall clock.
    pub clock: Clock,
}

/// Highest rate of one device, messages per second.
pub const RATE_MAX: f64 = 1_000.0;

/// Backfill messages per second and device that the protocol allows.
pub const BACKFILL_RATE: f64 = 10.0;

/// How long devices may take to hand over what they hold when the simulation stops.
const DRAIN_WAIT_MAX: Duration = Duration::from_secs(3);

#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    #[error("{path}: {reason}")]
    Credentials { path: String, reason: String },
    #[error("the rate must be above 0 and at most {RATE_MAX} messages per second")]
    Rate,
    #[error("a fault's chance is a number from 0 to 1")]
    Faults,
    #[error("the share of devices without a clock is a number from 0 to 1")]
    Clockless,
    #[error("{0:?} is not the address of a panel: twelve hexadecimal digits")]
    PanelAddress(String),
    #[error("the credentials name {found} {kind}, not {wanted}")]
    TooFew { kind: &'static str, found: usize, wanted: usize },
    #[error("the oracle file cannot be written: {0}")]
    Oracle(#[source] std::io::Error),
}

/// Runs all devices until `stop` becomes true (or its sender is gone) and every device ended.
pub async fn simulate(
    settings: SimulatorSettings,
    stop: watch::Receiver<bool>,
) -> Result<Report, SimulatorError> {
    if !(settings.rate > 0.0 && settings.rate <= RATE_MAX) {
        return Err(SimulatorError::Rate);
    }
    if !settings.faults.are_chances() {
        return Err(SimulatorError::Faults);
    }
    if !(0.0..=1.0).contains(&settings.clockless) {
        return Err(SimulatorError::Clockless);
    }
    let oracle =
        settings.oracle.as_deref().map(Oracle::create).transpose().map_err(SimulatorError::Oracle)?;
    let oracle = Arc::new(oracle);
    let tally = Arc::new(Tally::default());
    let settings = Arc::new(settings);
    let mut devices = JoinSet::new();
    for index in 0..settings.credentials.len() {
        let device =
            SimulatedDevice::new(Arc::clone(&settings), index, Arc::clone(&tally), Arc::clone(&oracle));
        devices.spawn(device.run(stop.clone()));
    }
    while let Some(ended) = devices.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a simulated device failed");
        }
    }
    Ok(tally.report())
}
