use chrono::{NaiveDateTime, TimeDelta};

use crate::error::{Error, Result};
use crate::text::Text;

/// How far back an admission or a discharge can be written down later, in days.
pub const BACKDATE_DAYS_MAX: i64 = 366;

crate::text_enum! {
    pub enum BedKind {
        SelfCare = "self_care",
        Nursing = "nursing",
        Dementia = "dementia",
        Rehabilitation = "rehabilitation",
        DayPlace = "day_place",
    }
}

crate::text_enum! {
    /// What a bed is at an instant; follows from its stays.
    pub enum BedState {
        Free = "free",
        Occupied = "occupied",
    }
}

/// A stay begins now or in the past, at most [`BACKDATE_DAYS_MAX`] days back: a later one would be a reservation.
pub fn check_start(from: NaiveDateTime, now: NaiveDateTime) -> Result<()> {
    if from > now {
        return Err(Error::field("from_on", Text::new("rule.not_later_than_now")));
    }
    if now - from > TimeDelta::days(BACKDATE_DAYS_MAX) {
        return Err(Error::field("from_on", Text::new("rule.too_long_ago").with("days", BACKDATE_DAYS_MAX)));
    }
    Ok(())
}

/// A stay ends after its start and not later than now.
pub fn check_end(starts_at: NaiveDateTime, to: NaiveDateTime, now: NaiveDateTime) -> Result<()> {
    if to > now {
        return Err(Error::field("to_on", Text::new("rule.not_later_than_now")));
    }
    if to <= starts_at {
        return Err(Error::field("to_on", Text::new("rule.after_start")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(minutes: i64) -> NaiveDateTime {
        NaiveDateTime::default() + TimeDelta::minutes(minutes)
    }

    #[test]
    fn a_stay_begins_now_or_within_a_year_back() {
        let now = at(1_000_000);
        assert!(check_start(now, now).is_ok());
        assert!(check_start(now + TimeDelta::milliseconds(1), now).is_err());
        assert!(check_start(now - TimeDelta::days(366), now).is_ok());
        assert!(check_start(now - TimeDelta::days(366) - TimeDelta::milliseconds(1), now).is_err());
    }

    proptest! {
        #[test]
        fn an_accepted_end_makes_a_stay_that_has_a_length_and_is_over(start in 0_i64..2_000, to in 0_i64..2_000, now in 0_i64..2_000) {
            let accepted = check_end(at(start), at(to), at(now)).is_ok();
            prop_assert_eq!(accepted, start < to && to <= now);
        }
    }
}
