//! A smart station: room climate, door, presence, a blood-pressure kiosk and a call button.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use songhe_firmware_protocol::{AlarmKind, Channel, Sample};

use super::device::{Event, Measured};
use super::noise::{Drift, happens, measured};

/// How long a call lasts until somebody answers it.
const CALL_S: f64 = 45.0;
const ARRIVALS_PER_HOUR: f64 = 6.0;
const LEAVINGS_PER_HOUR: f64 = 4.0;
const KIOSK_USES_PER_HOUR: f64 = 8.0;

pub(super) const CHANNELS: [Channel; 9] = [
    Channel::RoomTemperature,
    Channel::RoomHumidity,
    Channel::Door,
    Channel::Presence,
    Channel::Sos,
    Channel::BloodPressureSystolic,
    Channel::BloodPressureDiastolic,
    Channel::Pulse,
    Channel::OxygenSaturation,
];

#[derive(Debug)]
pub(super) struct Station {
    temperature: Drift,
    humidity: Drift,
    occupied: bool,
    sos_per_hour: f64,
    call_left_s: Option<f64>,
}

impl Station {
    pub fn new(sos_per_hour: f64, random: &mut ChaCha8Rng) -> Self {
        Self {
            temperature: Drift::new(Channel::RoomTemperature, random.random_range(20.0..26.0), 0.8, 1_800.0),
            humidity: Drift::new(Channel::RoomHumidity, random.random_range(50.0..75.0), 3.0, 3_600.0),
            occupied: random.random(),
            sos_per_hour,
            call_left_s: None,
        }
    }

    pub fn measure(&mut self, elapsed_s: f64, random: &mut ChaCha8Rng) -> Measured {
        let pace = if self.occupied { LEAVINGS_PER_HOUR } else { ARRIVALS_PER_HOUR };
        let passed = happens(pace, elapsed_s, random);
        self.occupied ^= passed;
        let event = self.call(elapsed_s, random);
        let mut samples = vec![
            self.temperature.sample(elapsed_s, 0.0, random),
            self.humidity.sample(elapsed_s, 0.0, random),
            Sample::new(Channel::Door, i32::from(passed)),
            Sample::new(Channel::Presence, i32::from(self.occupied)),
            Sample::new(Channel::Sos, i32::from(self.call_left_s.is_some())),
        ];
        if self.occupied && happens(KIOSK_USES_PER_HOUR, elapsed_s, random) {
            samples.extend(kiosk(random));
        }
        Measured { samples, event }
    }

    fn call(&mut self, elapsed_s: f64, random: &mut ChaCha8Rng) -> Option<Event> {
        let event = |raised: bool| Event {
            kind: AlarmKind::Sos,
            raised,
            cause: Sample::new(Channel::Sos, i32::from(raised)),
        };
        match self.call_left_s {
            None if happens(self.sos_per_hour, elapsed_s, random) => {
                self.call_left_s = Some(CALL_S);
                Some(event(true))
            }
            None => None,
            Some(left_s) if left_s > elapsed_s => {
                self.call_left_s = Some(left_s - elapsed_s);
                None
            }
            Some(_) => {
                self.call_left_s = None;
                Some(event(false))
            }
        }
    }
}

/// One person at the kiosk.
fn kiosk(random: &mut ChaCha8Rng) -> [Sample; 4] {
    let systolic = random.random_range(108.0..168.0);
    [
        measured(Channel::BloodPressureSystolic, systolic),
        measured(Channel::BloodPressureDiastolic, systolic * random.random_range(0.54..0.64)),
        measured(Channel::Pulse, random.random_range(58.0..96.0)),
        measured(Channel::OxygenSaturation, random.random_range(94.0..99.4)),
    ]
}
