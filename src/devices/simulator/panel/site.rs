//! What stands around a panel: detectors that are quiet, in fire or broken, and a pipe with pressure.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::chance;
use crate::devices::gb26875::model::{
    Analog, ComponentState, Content, Part, Stamp, System, SystemState, Timed, text_bytes,
};
use crate::devices::simulator::noise::happens;

const SMOKE: u8 = 42;
const HEAT: u8 = 31;
const PRESSURE_SWITCH: u8 = 99;
const FIRE_SYSTEM: System = System { system_type: 1, address: 1 };
const SPRINKLERS: System = System { system_type: 12, address: 1 };
const ZONES: u16 = 3;
const PLACES: u16 = 8;
/// How long a fire or a fault lasts.
const LASTS_S: f64 = 5.0;

pub(super) struct Site {
    /// The detector that says something other than normal, its state, and for how long.
    troubled: Option<(u16, u16, u16, f64)>,
    fire_per_hour: f64,
}

/// What a round of looking gives.
pub(super) struct Round {
    pub content: Content,
    pub is_fire: bool,
}

const NORMAL: u16 = 1;
const FIRE: u16 = 0b11;
const FAULT: u16 = 0b101;

impl Site {
    pub fn new(fire_per_hour: f64) -> Site {
        Site { troubled: None, fire_per_hour }
    }

    pub fn look(&mut self, elapsed_s: f64, at: Stamp, random: &mut ChaCha8Rng) -> Round {
        let begins = happens(self.fire_per_hour, elapsed_s, random);
        match &mut self.troubled {
            Some((zone, place, _, for_s)) => {
                *for_s += elapsed_s;
                if *for_s >= LASTS_S {
                    let content = detector((*zone, *place), NORMAL, at);
                    self.troubled = None;
                    return Round { content, is_fire: false };
                }
            }
            None if begins || chance(random, 0.02) => {
                let state = if begins { FIRE } else { FAULT };
                let (zone, place) = (random.random_range(1..=ZONES), random.random_range(1..=PLACES));
                self.troubled = Some((zone, place, state, 0.0));
                return Round { content: detector((zone, place), state, at), is_fire: begins };
            }
            None => {}
        }
        Round { content: quiet(at, random), is_fire: false }
    }
}

/// What a panel says when nothing happens.
fn quiet(at: Stamp, random: &mut ChaCha8Rng) -> Content {
    if chance(random, 0.1) {
        return Content::SystemStates(vec![Timed {
            of: SystemState { system: FIRE_SYSTEM, state: NORMAL },
            at,
        }]);
    }
    let pressure = part(SPRINKLERS, PRESSURE_SWITCH, (1, 1));
    let heat = part(FIRE_SYSTEM, HEAT, (1, 9));
    let of = |part, analog_type, value| Timed { of: Analog { part, analog_type, value }, at };
    Content::Analogs(vec![
        of(pressure, 5, random.random_range(3_000..4_000)),
        of(heat, 3, random.random_range(180..290)),
    ])
}

fn part(system: System, component_type: u8, (zone, place): (u16, u16)) -> Part {
    let ([a, b], [c, d]) = (zone.to_le_bytes(), place.to_le_bytes());
    Part { system, component_type, address: [a, b, c, d] }
}

fn detector((zone, place): (u16, u16), state: u16, at: Stamp) -> Content {
    let text = text_bytes(&format!("{zone}层{place}号房"));
    let part = part(FIRE_SYSTEM, SMOKE, (zone, place));
    Content::ComponentStates(vec![Timed { of: ComponentState { part, state, text }, at }])
}
