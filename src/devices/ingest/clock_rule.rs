//! Which time a sample is given: the device's, or the server's.
//!
//! Invariant: the time used is never later than the receipt plus [`AHEAD_MAX`].

use chrono::{DateTime, TimeDelta};
use songhe_firmware_protocol::{Header, Lane};

use crate::clock::Instant;

/// A live message's synchronised clock is believed when it is this close to the time of receipt.
pub const SKEW_MAX: TimeDelta = TimeDelta::minutes(5);

/// No sample is later than this after its receipt.
pub const AHEAD_MAX: TimeDelta = TimeDelta::minutes(2);

/// A birth is not held up for longer than this: one that names a beginning so much later says how wrong the known one is by now, as
/// our clock was when it came, or as the device's monotonic clock is.
pub const BIRTH_LATE_MAX: TimeDelta = TimeDelta::hours(1);

/// A device's word on a time longer ago than this is not taken: ten years.
pub const AGE_MAX: TimeDelta = TimeDelta::days(3_653);

/// What is known of a boot: when, on the server's clock, the device's monotonic clock began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BirthAnchor {
    pub boot_id: u64,
    pub began_at: Instant,
}

/// Where the time used comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeSource {
    /// The device's synchronised wall clock.
    DeviceClock,
    /// The server's clock at the birth of this boot, and the device's monotonic clock since then.
    BirthClock,
    /// Nothing better than the time of receipt.
    Receipt,
}

/// The time of a message, and why it was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageTime {
    pub made_at: Instant,
    pub source: TimeSource,
}

impl MessageTime {
    /// In this order: the synchronised clock of a live message within [`SKEW_MAX`]; the birth of the same boot; the
    /// synchronised clock of a backfilled message, whose boot may be long over; the receipt.
    pub fn choose(header: &Header, received_at: Instant, birth: Option<&BirthAnchor>) -> Self {
        let latest_at = received_at + AHEAD_MAX;
        let earliest_at = received_at - AGE_MAX;
        let device_at = header.wall_ms.filter(|_| header.is_clock_synced()).and_then(instant);
        let live = header.lane == Lane::Live;
        let believed = device_at.filter(|at| live && (*at - received_at).abs() <= SKEW_MAX);
        let by_birth = || {
            let same_boot = birth.filter(|birth| birth.boot_id == header.boot_id);
            same_boot.and_then(|birth| birth.time_of(header)).filter(|at| *at >= earliest_at)
        };
        let kept = || device_at.filter(|at| !live && (earliest_at..=latest_at).contains(at));
        let (made_at, source) = believed
            .map(|at| (at, TimeSource::DeviceClock))
            .or_else(|| by_birth().map(|at| (at, TimeSource::BirthClock)))
            .or_else(|| kept().map(|at| (at, TimeSource::DeviceClock)))
            .unwrap_or((received_at, TimeSource::Receipt));
        Self { made_at: made_at.min(latest_at), source }
    }

    /// When the message's boot began, if a live synchronised clock says so.
    pub fn began_at(&self, header: &Header) -> Option<Instant> {
        let said = self.source == TimeSource::DeviceClock && header.lane == Lane::Live;
        let since = TimeDelta::try_milliseconds(i64::try_from(header.monotonic_ms).ok()?)?;
        (said && since <= AGE_MAX).then(|| self.made_at - since)
    }

    /// When a sample of this message was taken.
    pub fn of_sample(&self, age_ms: u32) -> Instant {
        self.made_at - TimeDelta::milliseconds(i64::from(age_ms))
    }
}

impl BirthAnchor {
    /// What a birth message says of its boot. A birth that came late says too late a beginning: the earliest that is known counts,
    /// unless it is earlier by more than [`BIRTH_LATE_MAX`].
    pub fn of(birth: &Header, received_at: Instant, known: Option<Instant>) -> Option<Self> {
        let since = TimeDelta::try_milliseconds(i64::try_from(birth.monotonic_ms).ok()?)?;
        let began_at = (since <= AGE_MAX).then(|| received_at - since);
        let known = known.filter(|known| began_at.is_none_or(|said| said - *known <= BIRTH_LATE_MAX));
        let began_at = known.into_iter().chain(began_at).min()?;
        Some(Self { boot_id: birth.boot_id, began_at })
    }

    fn time_of(&self, header: &Header) -> Option<Instant> {
        let since = TimeDelta::try_milliseconds(i64::try_from(header.monotonic_ms).ok()?)?;
        self.began_at.checked_add_signed(since)
    }
}

fn instant(wall_ms: u64) -> Option<Instant> {
    DateTime::from_timestamp_millis(i64::try_from(wall_ms).ok()?).map(|at| at.naive_utc())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RECEIVED_MS: i64 = 1_790_000_000_000;

    fn at(offset_s: i64) -> Instant {
        DateTime::from_timestamp_millis(RECEIVED_MS + offset_s * 1_000).unwrap().naive_utc()
    }

    fn header(lane: Lane, clock_offset_s: Option<i64>) -> Header {
        Header {
            boot_id: 1,
            lane,
            seq: 0,
            monotonic_ms: 100_000,
            wall_ms: clock_offset_s.map(|offset| u64::try_from(RECEIVED_MS + offset * 1_000).unwrap()),
            flags: if clock_offset_s.is_some() { Header::CLOCK_SYNCED } else { 0 },
        }
    }

    fn born(boot_id: u64, monotonic_ms: u64) -> BirthAnchor {
        // An anchor beyond all bounds is none.
        let birth = Header { monotonic_ms, boot_id, ..header(Lane::Live, None) };
        let beyond = BirthAnchor { boot_id, began_at: at(-60) - AGE_MAX };
        BirthAnchor::of(&birth, at(-60), None).unwrap_or(beyond)
    }

    fn chosen(header: &Header, birth: Option<BirthAnchor>) -> (Instant, TimeSource) {
        let time = MessageTime::choose(header, at(0), birth.as_ref());
        (time.made_at, time.source)
    }

    #[test]
    fn a_live_synchronised_clock_is_believed_up_to_five_minutes() {
        let birth = Some(born(1, 70_000));
        for offset_s in [-300, -1, 0, 119, 120] {
            let header = header(Lane::Live, Some(offset_s));
            assert_eq!(chosen(&header, birth), (at(offset_s), TimeSource::DeviceClock));
        }
        assert_eq!(
            chosen(&header(Lane::Live, Some(300)), birth),
            (at(120), TimeSource::DeviceClock),
            "capped"
        );
        for offset_s in [-301, 301, 86_400] {
            let header = header(Lane::Live, Some(offset_s));
            assert_eq!(chosen(&header, birth), (at(-30), TimeSource::BirthClock));
            assert_eq!(chosen(&header, None), (at(0), TimeSource::Receipt));
        }
    }

    #[test]
    fn a_clock_that_is_not_synchronised_is_not_believed() {
        let header = Header { flags: 0, ..header(Lane::Live, Some(-10)) };
        assert_eq!(chosen(&header, None), (at(0), TimeSource::Receipt));
        assert_eq!(chosen(&header, Some(born(1, 80_000))), (at(-40), TimeSource::BirthClock));
        assert_eq!(chosen(&header, Some(born(2, 80_000))), (at(0), TimeSource::Receipt), "another boot");
    }

    #[test]
    fn backfill_keeps_its_past() {
        let hour_ago = header(Lane::Backfill, Some(-3_600));
        assert_eq!(chosen(&hour_ago, None), (at(-3_600), TimeSource::DeviceClock));
        assert_eq!(chosen(&hour_ago, Some(born(2, 0))), (at(-3_600), TimeSource::DeviceClock));
        // Made 40 s before the birth message of the same boot.
        assert_eq!(chosen(&hour_ago, Some(born(1, 140_000))), (at(-100), TimeSource::BirthClock));
        assert_eq!(chosen(&header(Lane::Backfill, Some(121)), None), (at(0), TimeSource::Receipt), "future");
    }

    #[test]
    fn the_earliest_birth_of_a_boot_counts() {
        let birth = |monotonic_ms| Header { monotonic_ms, ..header(Lane::Live, None) };
        let began = |monotonic_ms, received_s, known| {
            BirthAnchor::of(&birth(monotonic_ms), at(received_s), known).map(|anchor| anchor.began_at)
        };
        assert_eq!(began(10_000, 0, None), Some(at(-10)));
        assert_eq!(began(10_000, 300, Some(at(-10))), Some(at(-10)), "delivered late");
        assert_eq!(began(10_000, 3_600, Some(at(-10))), Some(at(-10)), "delivered an hour late");
        assert_eq!(began(10_000, 3_601, Some(at(-10))), Some(at(3_591)), "the one that is known is wrong");
        assert_eq!(began(10_000, -2, Some(at(-10))), Some(at(-12)));
        assert_eq!(began(u64::MAX, 0, None), None);
        assert_eq!(began(i64::MAX as u64, 0, Some(at(-10))), Some(at(-10)));
    }

    #[test]
    fn a_synchronised_clock_says_when_the_boot_began() {
        let began = |header: &Header| MessageTime::choose(header, at(0), None).began_at(header);
        assert_eq!(began(&header(Lane::Live, Some(-7))), Some(at(-107)));
        assert_eq!(began(&header(Lane::Live, Some(-301))), None, "not believed");
        assert_eq!(began(&header(Lane::Backfill, Some(-7))), None, "of another time");
        assert_eq!(began(&Header { monotonic_ms: u64::MAX, ..header(Lane::Live, Some(0)) }), None);
    }

    #[test]
    fn a_sample_is_as_old_as_it_says() {
        let time = MessageTime::choose(&header(Lane::Live, Some(-1)), at(0), None);
        assert_eq!(time.of_sample(0), at(-1));
        assert_eq!(time.of_sample(29_000), at(-30));
    }

    proptest! {
        #[test]
        fn never_ahead_and_never_a_panic(
            boot_id in 0_u64..2, backfill: bool, monotonic_ms: u64, wall_ms: Option<u64>, flags: u16,
            anchor in any::<Option<u64>>(), age_ms: u32,
        ) {
            let lane = if backfill { Lane::Backfill } else { Lane::Live };
            let header = Header { boot_id, lane, seq: 0, monotonic_ms, wall_ms, flags };
            let time = MessageTime::choose(&header, at(0), anchor.map(|monotonic_ms| born(1, monotonic_ms)).as_ref());
            prop_assert!(time.made_at <= at(120));
            prop_assert!(time.made_at >= at(0) - AGE_MAX);
            prop_assert!(time.of_sample(age_ms) <= time.made_at);
        }
    }
}
