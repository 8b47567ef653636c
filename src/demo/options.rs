//! How large a city, and which.

use crate::error::{Error, Result};

/// The smallest and the largest part of the real city's counts.
const SCALE_MIN: f64 = 0.001;
const SCALE_MAX: f64 = 1_000.0;

/// The same options give the same city at the same instant.
#[derive(Clone, Debug, PartialEq)]
pub struct DemoOptions {
    pub seed: u64,
    /// 1 is the city of the bureau's report; towns and villages are the same at every scale.
    pub scale: f64,
}

impl Default for DemoOptions {
    fn default() -> Self {
        DemoOptions { seed: 1, scale: 1.0 }
    }
}

impl DemoOptions {
    pub(super) fn check(&self) -> Result<()> {
        if (SCALE_MIN..=SCALE_MAX).contains(&self.scale) {
            return Ok(());
        }
        Err(Error::internal(format!("--scale must be between {SCALE_MIN} and {SCALE_MAX}")))
    }

    /// How many of something that the city has `count` of; never fewer than one.
    pub(super) fn count(&self, count: i64) -> i64 {
        ((count as f64 * self.scale).round() as i64).max(1)
    }
}
