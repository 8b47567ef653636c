//! What goes wrong between a device and its broker, by chance.

use std::time::Duration;

use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// How often each fault happens, from 0 to 1, at each sending.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DeviceFaults {
    /// A message goes once more after it was acknowledged.
    pub repeat: f64,
    /// A message goes before the one that was made before it.
    pub swap: f64,
    /// The connection is cut right after the message, before its answer or just behind it.
    pub cut: f64,
    /// The device starts anew: a new boot, what it held goes on unchanged.
    pub restart: f64,
    /// A payload that nobody can read goes first.
    pub garbage: f64,
}

/// Longest time from a message to the cut behind it: an answer over loopback takes about as long.
const CUT_WITHIN_S: f64 = 0.006;
const GARBAGE_BYTES_MAX: usize = 80;

impl DeviceFaults {
    /// Every fault as often, and a restart less: it costs a device its next seconds.
    pub fn each(chance: f64) -> DeviceFaults {
        DeviceFaults {
            repeat: chance,
            swap: chance,
            cut: chance,
            restart: chance / 10.0,
            garbage: chance / 10.0,
        }
    }

    pub(super) fn are_chances(&self) -> bool {
        let DeviceFaults { repeat, swap, cut, restart, garbage } = *self;
        [repeat, swap, cut, restart, garbage].iter().all(|chance| (0.0..=1.0).contains(chance))
    }
}

pub(super) fn happens_now(chance: f64, random: &mut ChaCha8Rng) -> bool {
    chance > 0.0 && random.random::<f64>() < chance
}

pub(super) fn cut_after(random: &mut ChaCha8Rng) -> Duration {
    Duration::from_secs_f64(random.random_range(0.0..CUT_WITHIN_S))
}

/// Bytes that are no message: the first says a version that there will not be.
pub(super) fn garbage(random: &mut ChaCha8Rng) -> Vec<u8> {
    let length = random.random_range(1..GARBAGE_BYTES_MAX);
    let mut bytes = vec![0xff; length];
    random.fill(&mut bytes[1..]);
    bytes
}
