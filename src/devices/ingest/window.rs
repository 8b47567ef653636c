//! Which messages of one (device, boot, lane) were stored already.
//!
//! Invariant: an offer is [`Verdict::Fresh`] at most once for each number, and a window never forgets a number that it still
//! covers. Numbers it no longer covers are not guessed at: the caller looks them up.

use std::ops::Range;

/// Numbers below the highest one that are told apart, and the highest one itself.
pub const WINDOW_WIDTH: u64 = 64;

/// A high-water mark and one bit for each of the last [`WINDOW_WIDTH`] numbers. Stored as one row, changed in the transaction
/// that stores the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Window {
    highest: u64,
    /// Bit `n` is set when `highest - n` was stored; 0 while nothing was.
    seen: u64,
}

/// What to do with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Not stored yet; the window counts it as stored from now on.
    Fresh,
    /// Stored: acknowledge it again and do nothing.
    Duplicate,
    /// Before the window: only the log of stored messages knows.
    TooOld,
}

impl Window {
    /// A window read back from its row.
    pub const fn restore(highest: u64, seen: u64) -> Self {
        Self { highest, seen }
    }

    /// Highest stored number, if any.
    pub const fn highest(&self) -> Option<u64> {
        if self.seen == 0 { None } else { Some(self.highest) }
    }

    /// (`highest`, bits) for [`Window::restore`].
    pub const fn parts(&self) -> (u64, u64) {
        (self.highest, self.seen)
    }

    /// The numbers, as half-open ranges, that the window would leave behind unstored if `seq` were offered.
    pub fn left_behind(&self, seq: u64) -> Vec<Range<u64>> {
        let low_after = seq.saturating_sub(WINDOW_WIDTH - 1);
        let mut ranges: Vec<Range<u64>> = Vec::new();
        let (low_before, high_before) = match self.highest() {
            Some(highest) if seq <= highest => return ranges,
            Some(highest) => (highest.saturating_sub(WINDOW_WIDTH - 1), highest + 1),
            None => (0, 0),
        };
        for number in low_before..high_before.min(low_after) {
            if self.seen & (1 << (self.highest - number)) != 0 {
                continue;
            }
            match ranges.last_mut() {
                Some(last) if last.end == number => last.end = number + 1,
                _ => ranges.push(number..number + 1),
            }
        }
        if low_after > high_before {
            // The highest number before was stored, so this never joins the range above.
            ranges.push(high_before..low_after);
        }
        ranges
    }

    /// The highest number below which, itself included, nothing is missing inside the window; numbers before the window
    /// are not looked at.
    pub fn contiguous(&self) -> Option<u64> {
        let highest = self.highest()?;
        let low = highest.saturating_sub(WINDOW_WIDTH - 1);
        let missing = (low..=highest).find(|number| self.seen & (1 << (highest - number)) == 0);
        missing.map_or(Some(highest), |missing| missing.checked_sub(1))
    }

    pub fn offer(&mut self, seq: u64) -> Verdict {
        if self.seen == 0 || seq > self.highest {
            let advance = if self.seen == 0 { WINDOW_WIDTH } else { seq - self.highest };
            self.seen = u32::try_from(advance).ok().and_then(|by| self.seen.checked_shl(by)).unwrap_or(0) | 1;
            self.highest = seq;
            return Verdict::Fresh;
        }
        let behind = self.highest - seq;
        if behind >= WINDOW_WIDTH {
            return Verdict::TooOld;
        }
        let bit = 1 << behind;
        if self.seen & bit != 0 {
            return Verdict::Duplicate;
        }
        self.seen |= bit;
        Verdict::Fresh
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Says what a plain set of everything offered would say.
    fn compare(offers: &[u64]) -> Result<(), TestCaseError> {
        let mut window = Window::default();
        let mut stored = BTreeSet::new();
        for &seq in offers {
            let before = window;
            let expected = match stored.last() {
                Some(&highest) if seq < highest && highest - seq >= WINDOW_WIDTH => Verdict::TooOld,
                _ if stored.contains(&seq) => Verdict::Duplicate,
                _ => Verdict::Fresh,
            };
            prop_assert_eq!(window.offer(seq), expected, "seq {} after {:?}", seq, before);
            if expected == Verdict::Fresh {
                stored.insert(seq);
            } else {
                prop_assert_eq!(window, before, "only a fresh message changes the window");
            }
            prop_assert_eq!(window.highest(), stored.last().copied());
            let (highest, seen) = window.parts();
            prop_assert_eq!(Window::restore(highest, seen), window);
        }
        Ok(())
    }

    /// A device's stream with repetitions, reordering and jumps.
    fn stream() -> impl Strategy<Value = Vec<u64>> {
        let step = prop_oneof![
            6 => -3_i64..4,
            3 => -70_i64..70,
            1 => -5_000_i64..5_000,
        ];
        (prop_oneof![Just(0_u64), any::<u64>()], vec(step, 0..300)).prop_map(|(start, steps)| {
            let walk = |at: &mut u64, step: i64| {
                *at = at.saturating_add_signed(step);
                Some(*at)
            };
            steps.into_iter().scan(start, walk).collect()
        })
    }

    proptest! {
        #[test]
        fn agrees_with_a_set(offers in stream()) {
            compare(&offers)?;
        }

        #[test]
        fn agrees_with_a_set_on_any_numbers(offers in vec(any::<u64>(), 0..50)) {
            compare(&offers)?;
        }
    }

    /// The window together with what it left behind says exactly what a plain set would say, for every number.
    fn compare_with_gaps(offers: &[u64]) -> Result<(), TestCaseError> {
        let (mut window, mut stored) = (Window::default(), BTreeSet::new());
        let mut gaps: Vec<Range<u64>> = Vec::new();
        for &seq in offers {
            gaps.extend(window.left_behind(seq));
            let fresh = match window.offer(seq) {
                Verdict::Fresh => true,
                Verdict::Duplicate => false,
                Verdict::TooOld => match gaps.iter().position(|gap| gap.contains(&seq)) {
                    Some(index) => {
                        let gap = gaps.swap_remove(index);
                        let halves = [gap.start..seq, seq + 1..gap.end];
                        gaps.extend(halves.into_iter().filter(|half| !half.is_empty()));
                        true
                    }
                    None => false,
                },
            };
            prop_assert_eq!(fresh, stored.insert(seq), "seq {}", seq);
            let first_gap = gaps.iter().map(|gap| gap.start).min();
            let contiguous = match first_gap {
                Some(first) => first.checked_sub(1),
                None => window.contiguous(),
            };
            let expected = stored.iter().zip(0..).take_while(|(stored, number)| *stored == number).count();
            prop_assert_eq!(contiguous, (expected as u64).checked_sub(1));
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn what_is_left_behind_keeps_old_numbers_exact(offers in stream()) {
            compare_with_gaps(&offers)?;
        }

        #[test]
        fn what_is_left_behind_keeps_old_numbers_exact_from_zero(offers in vec(0_u64..300, 0..300)) {
            compare_with_gaps(&offers)?;
        }
    }

    #[test]
    fn edges_of_the_window() {
        let mut window = Window::default();
        assert_eq!(window.highest(), None);
        assert_eq!(window.offer(100), Verdict::Fresh);
        assert_eq!(window.offer(100 - 63), Verdict::Fresh, "last number inside");
        assert_eq!(window.offer(100 - 64), Verdict::TooOld, "first number outside");
        assert_eq!(window.offer(101), Verdict::Fresh);
        assert_eq!(window.offer(100 - 63), Verdict::TooOld, "the window moved on");
        assert_eq!(window.offer(u64::MAX), Verdict::Fresh);
        assert_eq!(window.offer(u64::MAX), Verdict::Duplicate);
        assert_eq!(window.offer(u64::MAX - 1), Verdict::Fresh);
        assert_eq!(Window::default().offer(0), Verdict::Fresh);
    }
}
