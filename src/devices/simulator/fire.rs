//! The sensors of a micro fire station behind one gateway.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use songhe_firmware_protocol::{AlarmKind, Channel};

use super::device::{Event, Measured};
use super::noise::{Drift, happens};

/// How long the smoke of one event hangs in the room.
const SMOKE_S: f64 = 120.0;
/// What an event adds at its peak.
const SMOKE_PEAK_DB_PER_M: f64 = 1.2;
const HEAT_PEAK_C: f64 = 18.0;

pub(super) const CHANNELS: [Channel; 4] =
    [Channel::Smoke, Channel::Heat, Channel::WaterPressure, Channel::ResidualCurrent];

#[derive(Debug)]
pub(super) struct FireGateway {
    smoke: Drift,
    heat: Drift,
    water_pressure: Drift,
    residual_current: Drift,
    smoke_per_hour: f64,
    smoking_for_s: Option<f64>,
}

impl FireGateway {
    pub fn new(smoke_per_hour: f64, random: &mut ChaCha8Rng) -> Self {
        Self {
            smoke: Drift::new(Channel::Smoke, 0.03, 0.01, 300.0),
            heat: Drift::new(Channel::Heat, random.random_range(20.0..28.0), 1.0, 1_800.0),
            water_pressure: Drift::new(Channel::WaterPressure, random.random_range(0.28..0.42), 0.01, 900.0),
            residual_current: Drift::new(
                Channel::ResidualCurrent,
                random.random_range(20.0..120.0),
                6.0,
                600.0,
            ),
            smoke_per_hour,
            smoking_for_s: None,
        }
    }

    pub fn measure(&mut self, elapsed_s: f64, random: &mut ChaCha8Rng) -> Measured {
        let was_smoking = self.smoking_for_s.is_some();
        self.smoking_for_s = match self.smoking_for_s {
            None => happens(self.smoke_per_hour, elapsed_s, random).then_some(0.0),
            Some(for_s) => Some(for_s + elapsed_s).filter(|for_s| *for_s < SMOKE_S),
        };
        // The detector answers to the first smoke; from there it thickens and clears again.
        let strength = self
            .smoking_for_s
            .map_or(0.0, |for_s| 0.4 + 0.6 * (for_s / SMOKE_S * std::f64::consts::PI).sin());
        let smoke = self.smoke.sample(elapsed_s, strength * SMOKE_PEAK_DB_PER_M, random);
        let event = (was_smoking != self.smoking_for_s.is_some()).then_some(Event {
            kind: AlarmKind::Smoke,
            raised: !was_smoking,
            cause: smoke,
        });
        let samples = vec![
            smoke,
            self.heat.sample(elapsed_s, strength * HEAT_PEAK_C, random),
            self.water_pressure.sample(elapsed_s, 0.0, random),
            self.residual_current.sample(elapsed_s, 0.0, random),
        ];
        Measured { samples, event }
    }
}
