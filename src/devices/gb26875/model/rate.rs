use std::time::Duration;

/// How many frames a source may send: so many at once, and as many again each second.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    per_second: f64,
    left: f64,
    /// When `left` was counted, since any fixed moment.
    at: Duration,
}

impl Rate {
    pub fn new(per_second: u32, now: Duration) -> Rate {
        let per_second = f64::from(per_second.max(1));
        Rate { per_second, left: per_second, at: now }
    }

    /// Takes one frame, and tells how long it has to wait for its turn.
    pub fn take(&mut self, now: Duration) -> Duration {
        let elapsed_s = now.saturating_sub(self.at).as_secs_f64();
        self.at = self.at.max(now);
        self.left = (self.left + elapsed_s * self.per_second).min(self.per_second) - 1.0;
        Duration::from_secs_f64((-self.left / self.per_second).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_sends_so_many_at_once_and_waits_for_the_next() {
        let at = Duration::from_millis;
        let mut rate = Rate::new(10, at(0));
        for frame in 1..=10 {
            assert_eq!(rate.take(at(0)), Duration::ZERO, "frame {frame}");
        }
        assert_eq!(rate.take(at(0)), at(100), "the eleventh");
        // A second later everything is there again, and not more.
        assert_eq!(rate.take(at(10_000)), Duration::ZERO);
        for _ in 0..9 {
            assert_eq!(rate.take(at(10_000)), Duration::ZERO);
        }
        assert_eq!(rate.take(at(10_000)), at(100));
    }
}
