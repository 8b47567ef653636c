//! Fire panels that exist only as a program: GB/T 26875.3 over real TCP connections, with the faults of real lines.
//!
//! Invariants: a panel keeps a frame until the centre confirmed its number, whatever happens to the connection, and sends it
//! again to the byte; the same seed gives the same frames.

mod line;
mod site;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::oracle::Oracle;
use super::{RATE_MAX, SimulatorError};
use crate::clock::{Calendar, Clock};
use crate::devices::gb26875::model::Address;
use line::SimulatedPanel;

/// How often each fault of a line happens, from 0 to 1, at each sending.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Faults {
    /// The bytes go in several parts, with pauses.
    pub split: f64,
    /// Several frames go at once.
    pub glue: f64,
    /// A frame goes twice.
    pub repeat: f64,
    /// A copy with a wrong bit goes before the frame.
    pub corrupt: f64,
    /// The connection is cut right after the frame, before its answer.
    pub cut: f64,
}

impl Faults {
    /// Every fault as often.
    pub fn each(chance: f64) -> Faults {
        Faults { split: chance, glue: chance, repeat: chance, corrupt: chance, cut: chance }
    }
}

/// What is simulated.
#[derive(Clone, Debug)]
pub struct PanelSettings {
    pub gateway: SocketAddr,
    /// As they are printed on the labels; sent from the last byte on.
    pub panels: Vec<Address>,
    /// Frames a second and panel.
    pub rate: f64,
    pub seed: u64,
    /// Detectors that report a fire, an hour and panel.
    pub fire_per_hour: f64,
    pub faults: Faults,
    /// Whether somebody is there to answer guard checks.
    pub answers_guard_checks: bool,
    /// Seconds by which the panels' clocks are ahead when they start.
    pub clock_ahead_s: i64,
    /// Where confirmed frames are written, one JSON object a line.
    pub oracle: Option<PathBuf>,
    pub clock: Clock,
    pub calendar: Calendar,
}

#[derive(Debug, Default)]
struct Counters {
    made: AtomicU64,
    confirmed: AtomicU64,
    denied: AtomicU64,
    repeated: AtomicU64,
    corrupted: AtomicU64,
    connects: AtomicU64,
    failures: AtomicU64,
    fires: AtomicU64,
    clocks_set: AtomicU64,
    guard_checks: AtomicU64,
    kept: AtomicU64,
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Sums over all panels. `made = confirmed + kept`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PanelReport {
    /// Frames made, each counted once however often it was sent; signs of life are not counted.
    pub made: u64,
    pub confirmed: u64,
    /// Refusals; the frame was sent again.
    pub denied: u64,
    /// Frames that were sent once more than needed.
    pub repeated: u64,
    /// Copies with a wrong bit.
    pub corrupted: u64,
    pub connects: u64,
    /// Connections that failed or broke.
    pub failures: u64,
    /// Fires among the frames made.
    pub fires: u64,
    pub clocks_set: u64,
    pub guard_checks: u64,
    /// Not confirmed when the simulation ended.
    pub kept: u64,
}

impl fmt::Display for PanelReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PanelReport { made, confirmed, denied, kept, fires, .. } = self;
        write!(
            f,
            "frames made {made}, confirmed {confirmed}, denied {denied}, kept {kept}; fires {fires}; "
        )?;
        let PanelReport { repeated, corrupted, connects, failures, clocks_set, guard_checks, .. } = self;
        write!(
            f,
            "sent twice {repeated}, with a wrong bit {corrupted}; connects {connects}, failures {failures}; \
             clocks set {clocks_set}, guard checks {guard_checks}"
        )
    }
}

/// Runs all panels until `stop` becomes true (or its sender is gone) and every panel ended.
pub async fn simulate_panels(
    settings: PanelSettings,
    stop: watch::Receiver<bool>,
) -> Result<PanelReport, SimulatorError> {
    if !(settings.rate > 0.0 && settings.rate <= RATE_MAX) {
        return Err(SimulatorError::Rate);
    }
    let Faults { split, glue, repeat, corrupt, cut } = settings.faults;
    if [split, glue, repeat, corrupt, cut].iter().any(|chance| !(0.0..=1.0).contains(chance)) {
        return Err(SimulatorError::Faults);
    }
    let oracle =
        settings.oracle.as_deref().map(Oracle::create).transpose().map_err(SimulatorError::Oracle)?;
    let (settings, oracle, counters) = (Arc::new(settings), Arc::new(oracle), Arc::new(Counters::default()));
    let mut panels = JoinSet::new();
    for address in &settings.panels {
        let shared = (Arc::clone(&settings), Arc::clone(&oracle), Arc::clone(&counters));
        panels.spawn(SimulatedPanel::new(shared, *address).run(stop.clone()));
    }
    while let Some(ended) = panels.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a simulated panel failed");
        }
    }
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    Ok(PanelReport {
        made: read(&counters.made),
        confirmed: read(&counters.confirmed),
        denied: read(&counters.denied),
        repeated: read(&counters.repeated),
        corrupted: read(&counters.corrupted),
        connects: read(&counters.connects),
        failures: read(&counters.failures),
        fires: read(&counters.fires),
        clocks_set: read(&counters.clocks_set),
        guard_checks: read(&counters.guard_checks),
        kept: read(&counters.kept),
    })
}

fn chance(random: &mut ChaCha8Rng, of: f64) -> bool {
    random.random::<f64>() < of
}
