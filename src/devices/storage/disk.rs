//! Watching the disk: while it is nearly full, what may wait is refused, so that what may not still finds room.
//!
//! It looks at the file system of the data folder. An SQLite file lies there; of a PostgreSQL server elsewhere it says nothing, and
//! that server's own monitoring has to.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use crate::app::App;
use crate::config::DiskLimits;
use crate::devices::ingest::Health;

const LOOK_EVERY: Duration = Duration::from_secs(5);
const SUBJECT: &str = "disk";
const MB: u64 = 1_000_000;

/// Bytes of a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    pub free: u64,
    pub total: u64,
}

impl Space {
    /// Of the file system that a folder lies on, as far as this program may fill it.
    pub fn of(folder: &Path) -> std::io::Result<Space> {
        let told = rustix::fs::statvfs(folder)?;
        let bytes = |blocks: u64| blocks.saturating_mul(told.f_frsize);
        Ok(Space { free: bytes(told.f_bavail), total: bytes(told.f_blocks) })
    }

    /// Whether less is free than either limit wants.
    pub fn is_low(&self, limits: &DiskLimits) -> bool {
        let wanted = self.total / 100 * u64::from(limits.free_min_percent);
        self.free < wanted.max(u64::from(limits.free_min_mb).saturating_mul(MB))
    }
}

/// What is known of the disk. Cheap to clone.
#[derive(Clone)]
pub struct Disk {
    limits: DiskLimits,
    is_low: Arc<AtomicBool>,
    health: Health,
}

impl Disk {
    /// Looks at the disk, and again every few seconds until `stopped` turns true.
    pub fn watch(app: &App, health: &Health, mut stopped: watch::Receiver<bool>) -> Disk {
        let limits = app.config.disk.clone();
        let disk = Disk { limits, is_low: Arc::default(), health: health.clone() };
        disk.look(app);
        let (watching, app) = (disk.clone(), app.clone());
        tokio::spawn(async move {
            while !*stopped.borrow() {
                tokio::select! {
                    () = tokio::time::sleep(LOOK_EVERY) => watching.look(&app),
                    _ = stopped.changed() => {}
                }
            }
        });
        disk
    }

    fn look(&self, app: &App) {
        match Space::of(&app.config.data_dir) {
            Ok(space) => self.note(space),
            Err(error) => tracing::warn!(%error, "how full the disk is cannot be told"),
        }
    }

    /// Takes note of how much is free.
    pub fn note(&self, space: Space) {
        metrics::gauge!("songhe_disk_free_bytes").set(space.free as f64);
        let (low, was_low) = (space.is_low(&self.limits), self.is_low.load(Ordering::SeqCst));
        self.is_low.store(low, Ordering::SeqCst);
        let free_mb = space.free / MB;
        if low && !was_low {
            tracing::error!(free_mb, "the disk is nearly full: what devices send later is refused");
            self.health.fails(SUBJECT, "nearly full: what devices send later is refused");
        } else if was_low && !low {
            tracing::info!(free_mb, "the disk has room again");
            self.health.works(SUBJECT);
        }
    }

    pub fn is_low(&self) -> bool {
        self.is_low.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_limit_makes_it_low() {
        let limits = DiskLimits { free_min_percent: 5, free_min_mb: 1_000 };
        let is_low = |free, total| Space { free: free * MB, total: total * MB }.is_low(&limits);
        assert!(!is_low(1_000, 20_000) && is_low(999, 20_000));
        assert!(is_low(4_999, 100_000) && !is_low(5_000, 100_000));
        let off = DiskLimits { free_min_percent: 0, free_min_mb: 0 };
        assert!(!Space { free: 0, total: 100 }.is_low(&off));
    }

    #[test]
    fn the_disk_of_a_folder_is_told_and_of_none_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let space = Space::of(folder.path()).unwrap();
        assert!(space.total > 0 && space.free <= space.total);
        assert!(Space::of(&folder.path().join("absent")).is_err());
    }
}
