//! Chance that is no chance: the same seed and subject always give the same values.

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

/// Thrown for one subject of one city. Subjects do not disturb each other: more elders do not move a bed.
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    pub fn new(seed: u64, subject: &str) -> Dice {
        Dice(ChaCha8Rng::from_seed(digest(seed, subject)))
    }

    /// `from <= value < to`.
    pub fn within(&mut self, from: i64, to: i64) -> i64 {
        self.0.random_range(from..to.max(from + 1))
    }

    /// `0.0 <= value < 1.0`.
    pub fn fraction(&mut self) -> f64 {
        self.0.random()
    }

    pub fn hits(&mut self, percent: i64) -> bool {
        self.within(0, 100) < percent
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let index = self.0.random_range(0..from.len());
        &from[index]
    }

    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        values.shuffle(&mut self.0);
    }
}

/// A value that belongs to `subject` for ever, for what must look random but be found again.
pub(super) fn digest(seed: u64, subject: &str) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(seed.to_be_bytes());
    hasher.update(subject.as_bytes());
    hasher.finalize().into()
}

/// 0 to 99 for one record, the same at every start.
pub(super) fn percentile(seed: u64, subject: &str, id: i64) -> i64 {
    let bytes = digest(seed, &format!("{subject}/{id}"));
    i64::from(u16::from_be_bytes([bytes[0], bytes[1]]) % 100)
}

/// Shares `total` out by `weights`: each gets its part rounded down, the largest remainders get one more.
pub(super) fn share_out(total: i64, weights: &[f64]) -> Vec<i64> {
    let sum: f64 = weights.iter().sum();
    let exact: Vec<f64> = weights.iter().map(|weight| total as f64 * weight / sum).collect();
    let mut parts: Vec<i64> = exact.iter().map(|part| part.floor() as i64).collect();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|a, b| {
        let rest = |index: usize| exact[index] - exact[index].floor();
        rest(*b).total_cmp(&rest(*a)).then(a.cmp(b))
    });
    let given: i64 = parts.iter().sum();
    for index in order.into_iter().take((total - given).max(0) as usize) {
        parts[index] += 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_subject_throw_the_same() {
        let throws = |seed, subject| {
            let mut dice = Dice::new(seed, subject);
            (0..20).map(|_| dice.within(0, 1000)).collect::<Vec<_>>()
        };
        assert_eq!(throws(1, "a"), throws(1, "a"));
        assert_ne!(throws(1, "a"), throws(2, "a"));
        assert_ne!(throws(1, "a"), throws(1, "b"));
    }

    #[test]
    fn shares_add_up_and_follow_the_weights() {
        assert_eq!(share_out(10, &[1.0, 1.0, 1.0]), [4, 3, 3]);
        assert_eq!(share_out(2_000, &[7_309.0, 21_926.0, 3_060.0]).iter().sum::<i64>(), 2_000);
        assert_eq!(share_out(0, &[1.0, 2.0]), [0, 0]);
    }
}
