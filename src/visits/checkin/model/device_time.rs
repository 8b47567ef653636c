//! When a step happened, by our clock, from what a phone says whose own clock may be wrong.

use chrono::{NaiveDateTime, TimeDelta};

use super::TimeBasis;

/// Older reports than this are not believed to be of the visit's day.
const AGE_MAX: TimeDelta = TimeDelta::days(3);
/// The two clocks of a phone may differ by this before one of them must have been set.
const JUMP_MIN: TimeDelta = TimeDelta::seconds(60);

/// What the phone says: its clock at the step and at sending, and the same by a clock that only runs forward, in
/// milliseconds since an instant that only the phone knows.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    pub device_at: NaiveDateTime,
    pub sent_at: NaiveDateTime,
    pub device_ms: Option<i64>,
    pub sent_ms: Option<i64>,
    /// When we received it.
    pub received_at: NaiveDateTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrected {
    pub happened_at: NaiveDateTime,
    pub basis: TimeBasis,
    /// How far the phone's clock is ahead of ours; a slow line makes it look behind.
    pub off_ms: i64,
    /// The phone's clock was set between the step and the sending.
    pub jumped: bool,
}

/// The step's instant: received minus the age of the report. The age is the forward clock's, or else the phone clock's own.
pub fn correct(told: Told) -> Corrected {
    let shown = told.sent_at - told.device_at;
    let counted = told.device_ms.zip(told.sent_ms);
    // A count that no clock can show is none.
    let counted = counted.and_then(|(from, to)| TimeDelta::try_milliseconds(to.saturating_sub(from)));
    let is_age = |age: &TimeDelta| (TimeDelta::zero()..=AGE_MAX).contains(age);
    let counted = counted.filter(is_age);
    let (age, basis) = match (counted, Some(shown).filter(is_age)) {
        (Some(age), _) => (age, TimeBasis::Monotonic),
        (None, Some(age)) => (age, TimeBasis::Offset),
        (None, None) => (TimeDelta::zero(), TimeBasis::Received),
    };
    let jumped = match counted {
        Some(counted) => (counted - shown).abs() > JUMP_MIN,
        None => basis == TimeBasis::Received,
    };
    Corrected {
        happened_at: told.received_at - age,
        basis,
        off_ms: (told.sent_at - told.received_at).num_milliseconds(),
        jumped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> NaiveDateTime {
        let nine: NaiveDateTime = "2026-11-23T01:00:00".parse().unwrap();
        nine + TimeDelta::seconds(seconds)
    }

    #[test]
    fn a_clock_that_was_set_meanwhile_is_found_and_does_not_matter() {
        let told = Told {
            device_at: at(0),
            sent_at: at(7_200),
            device_ms: Some(1_000),
            sent_ms: Some(601_000),
            received_at: at(600),
        };
        let found = correct(told);
        assert_eq!((found.happened_at, found.basis, found.jumped), (at(0), TimeBasis::Monotonic, true));
        let restarted = Told { device_ms: Some(900_000), sent_ms: Some(5), ..told };
        assert_eq!(correct(restarted).basis, TimeBasis::Offset, "another page has another count");
        let backwards = Told { sent_at: at(-10), device_ms: None, ..told };
        assert_eq!(correct(backwards).happened_at, at(600), "it is taken as received");
        assert!(correct(backwards).jumped);
    }

    proptest! {
        #[test]
        fn a_clock_that_is_only_wrong_is_put_right(off in -90_000_000_i64..90_000_000, age in 0_i64..200_000, monotonic in any::<bool>()) {
            let told = Told {
                device_at: at(off),
                sent_at: at(off + age),
                device_ms: monotonic.then_some(5),
                sent_ms: monotonic.then_some(5 + age * 1_000),
                received_at: at(age),
            };
            let found = correct(told);
            prop_assert_eq!(found.happened_at, at(0));
            prop_assert!(!found.jumped);
            prop_assert_eq!(found.off_ms, off * 1_000);
        }

        #[test]
        fn nothing_happens_after_it_was_received(a in any::<i32>(), b in any::<i32>(), c in any::<i64>(), d in any::<i64>()) {
            let told = Told {
                device_at: at(i64::from(a)), sent_at: at(i64::from(b)), device_ms: Some(c), sent_ms: Some(d), received_at: at(0),
            };
            let found = correct(told);
            prop_assert!(found.happened_at <= at(0) && found.happened_at >= at(0) - AGE_MAX);
        }
    }
}
