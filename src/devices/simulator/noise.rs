//! Values that wander as measured ones do.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use songhe_firmware_protocol::{Channel, Sample};

/// A generator of its own for each device, so that one device's values do not depend on how many others there are.
pub(super) fn generator(seed: u64, device: &str) -> ChaCha8Rng {
    // FNV-1a: the same on every platform and release, which the standard hasher does not promise.
    let hash = device.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    ChaCha8Rng::seed_from_u64(seed ^ hash)
}

/// A value that wanders around its mean.
#[derive(Debug, Clone)]
pub(super) struct Drift {
    channel: Channel,
    mean: f64,
    /// Typical distance from the mean.
    spread: f64,
    /// How long a disturbance lasts, seconds.
    memory_s: f64,
    offset: f64,
}

impl Drift {
    pub fn new(channel: Channel, mean: f64, spread: f64, memory_s: f64) -> Self {
        Self { channel, mean, spread, memory_s, offset: 0.0 }
    }

    /// Moves on by `elapsed_s` and measures, with `added` on top.
    pub fn sample(&mut self, elapsed_s: f64, added: f64, random: &mut ChaCha8Rng) -> Sample {
        let forgotten = 1.0 - (-elapsed_s / self.memory_s).exp();
        // Three uniform numbers make a bell of variance 1.
        let bell: f64 = (0..3).map(|_| random.random_range(-1.0..1.0)).sum();
        self.offset += -self.offset * forgotten + bell * self.spread * (2.0 * forgotten).min(1.0).sqrt();
        measured(self.channel, self.mean + self.offset + added)
    }
}

/// A sample of a value, kept within what its sensor can say.
pub(super) fn measured(channel: Channel, value: f64) -> Sample {
    let (low, high) = channel.facts().plausible_scaled;
    Sample::new(channel, channel.scaled(value).clamp(low, high))
}

/// Whether something that happens `per_hour` times an hour happens within `elapsed_s`.
pub(super) fn happens(per_hour: f64, elapsed_s: f64, random: &mut ChaCha8Rng) -> bool {
    let expected = per_hour.max(0.0) * elapsed_s / 3_600.0;
    random.random::<f64>() < 1.0 - (-expected).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drift_stays_near_its_mean_at_any_pace() {
        for elapsed_s in [0.01, 1.0, 60.0] {
            let mut random = generator(1, "ST-1");
            let mut drift = Drift::new(Channel::RoomTemperature, 22.0, 1.5, 600.0);
            let values: Vec<f64> = (0..5_000)
                .map(|_| {
                    Channel::RoomTemperature.value(drift.sample(elapsed_s, 0.0, &mut random).value_scaled)
                })
                .collect();
            assert!(values.iter().all(|value| (12.0..32.0).contains(value)), "{elapsed_s}");
            assert!(values.iter().any(|value| (value - 22.0).abs() > 0.05), "it moves");
        }
    }

    #[test]
    fn events_happen_as_often_as_asked() {
        let mut random = generator(2, "ST-1");
        let count = (0..36_000).filter(|_| happens(60.0, 1.0, &mut random)).count();
        assert!((500..700).contains(&count), "{count} of about 600 in ten hours");
        assert!(!happens(0.0, 1e9, &mut random));
    }
}
