//! Holds that expire while the program runs, and those that did while it did not.

use std::time::Duration;

use tokio::sync::watch;

use super::hold::expire_due;
use crate::app::App;

const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Writes down expired holds every few seconds until `stopped` turns true.
pub async fn keep_expiring(app: App, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        if let Err(error) = expire_due(&app).await {
            tracing::warn!(error = %error.for_log(), "expired holds are not written down for now");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = stopped.changed() => {}
        }
    }
}
