//! How fast a device may send: one that is faster is held back, its next message being read when it may be taken.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicI64, Ordering};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use songhe_firmware_protocol::limits::PACKET_BYTES_MAX;

use crate::clock::Clock;

/// A device that is held back again is told of once in this time.
const TELL_EVERY_MS: i64 = 60_000;

/// Of one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    pub messages_per_s: u32,
    pub bytes_per_s: u32,
}

impl Rates {
    /// As fast as the shipped settings say.
    pub const DEFAULT: Rates = Rates { messages_per_s: 500, bytes_per_s: 2_000_000 };
}

#[derive(Debug)]
pub(super) struct Pace {
    messages: DefaultDirectRateLimiter,
    bytes: DefaultDirectRateLimiter,
    told_at_ms: AtomicI64,
}

impl Pace {
    pub fn new(rates: Rates) -> Pace {
        let quota = |per_s: u32, burst: u32| {
            let per_s = NonZeroU32::new(per_s).unwrap_or(NonZeroU32::MIN);
            Quota::per_second(per_s).allow_burst(NonZeroU32::new(burst).unwrap_or(per_s))
        };
        Pace {
            messages: RateLimiter::direct(quota(rates.messages_per_s, rates.messages_per_s)),
            // The largest message must fit at once, whatever the rate.
            bytes: RateLimiter::direct(quota(rates.bytes_per_s, rates.bytes_per_s.max(PACKET_BYTES_MAX))),
            told_at_ms: AtomicI64::new(i64::MIN),
        }
    }

    /// Waits until a message of so many bytes may be taken; whether it had to wait.
    pub async fn wait(&self, bytes: usize) -> bool {
        let mut waited = false;
        if self.messages.check().is_err() {
            waited = true;
            self.messages.until_ready().await;
        }
        let bytes = u32::try_from(bytes).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
        if !matches!(self.bytes.check_n(bytes), Ok(Ok(()))) {
            waited = true;
            // A message that could never fit was refused by the broker before it came here.
            let _ = self.bytes.until_n_ready(bytes).await;
        }
        waited
    }

    /// Whether it is time to tell of the device again.
    pub fn is_news(&self, clock: &Clock) -> bool {
        let now_ms = clock.steady_ms();
        let told_at_ms = self.told_at_ms.load(Ordering::Relaxed);
        if told_at_ms != i64::MIN && now_ms - told_at_ms < TELL_EVERY_MS {
            return false;
        }
        self.told_at_ms.store(now_ms, Ordering::Relaxed);
        true
    }
}
