use chrono::{NaiveDateTime, TimeDelta};

use crate::error::{Error, Result};
use crate::text::Text;

/// How far back an admission or a discharge can be written down later, in days.
pub const BACKDATE_DAYS_MAX: i64 = 366;
/// How far ahead an end or a return can be planned, in days.
pub const PLAN_DAYS_MAX: i64 = 366;
/// How long a bed can be kept for somebody, in days.
pub const HOLD_DAYS_MAX: i64 = 30;
/// Days of one booking of a day place.
pub const DAY_PLACE_DAYS_MAX: i64 = 92;
/// Letters of a note or a reason.
pub const NOTE_MAX: usize = 200;

/// What happened did so now or in the past, at most [`BACKDATE_DAYS_MAX`] days back.
pub fn check_start(field: &'static str, from: NaiveDateTime, now: NaiveDateTime) -> Result<()> {
    check_start_within(field, from, now, BACKDATE_DAYS_MAX)
}

/// The same with a limit of its own.
pub fn check_start_within(
    field: &'static str,
    from: NaiveDateTime,
    now: NaiveDateTime,
    days_max: i64,
) -> Result<()> {
    if from > now {
        return Err(Error::field(field, Text::new("rule.not_later_than_now")));
    }
    if now - from > TimeDelta::days(days_max) {
        return Err(Error::field(field, Text::new("rule.too_long_ago").with("days", days_max)));
    }
    Ok(())
}

/// A period ends after its start and not later than now.
pub fn check_end(
    field: &'static str,
    starts_at: NaiveDateTime,
    to: NaiveDateTime,
    now: NaiveDateTime,
) -> Result<()> {
    if to > now {
        return Err(Error::field(field, Text::new("rule.not_later_than_now")));
    }
    if to <= starts_at {
        return Err(Error::field(field, Text::new("rule.after_start")));
    }
    Ok(())
}

/// What is planned lies after `after`, and not further ahead of `now` than `days_max`.
pub fn check_planned(
    field: &'static str,
    after: NaiveDateTime,
    at: NaiveDateTime,
    now: NaiveDateTime,
    days_max: i64,
) -> Result<()> {
    if at <= after {
        return Err(Error::field(field, Text::new("rule.later")));
    }
    if at - now > TimeDelta::days(days_max) {
        return Err(Error::field(field, Text::new("rule.too_far_ahead").with("days", days_max)));
    }
    Ok(())
}

/// What is written down on a later day than it happened needs a reason. `today` is the start of the business day.
pub fn check_reason(at: NaiveDateTime, today: NaiveDateTime, reason: &str) -> Result<()> {
    check_note("reason", reason)?;
    if at < today && reason.trim().is_empty() {
        return Err(Error::field("reason", Text::new("rule.reason_of_backdating")));
    }
    Ok(())
}

/// A note within its length.
pub fn check_note(field: &'static str, note: &str) -> Result<()> {
    let mut checks = crate::input::Checks::default();
    checks.text(field, note, 0, NOTE_MAX);
    checks.finish()
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
        let check = |from| check_start("from_on", from, now);
        assert!(check(now).is_ok());
        assert!(check(now + TimeDelta::milliseconds(1)).is_err());
        assert!(check(now - TimeDelta::days(366)).is_ok());
        assert!(check(now - TimeDelta::days(366) - TimeDelta::milliseconds(1)).is_err());
    }

    #[test]
    fn yesterday_needs_a_reason_and_today_does_not() {
        let today = at(24 * 60);
        assert!(check_reason(today, today, "").is_ok());
        assert!(check_reason(today - TimeDelta::milliseconds(1), today, " ").is_err());
        assert!(check_reason(today - TimeDelta::days(3), today, "补录").is_ok());
        assert!(check_reason(today, today, &"长".repeat(NOTE_MAX + 1)).is_err());
    }

    proptest! {
        #[test]
        fn an_accepted_end_makes_a_stay_that_has_a_length_and_is_over(start in 0_i64..2_000, to in 0_i64..2_000, now in 0_i64..2_000) {
            let accepted = check_end("to_on", at(start), at(to), at(now)).is_ok();
            prop_assert_eq!(accepted, start < to && to <= now);
        }

        #[test]
        fn a_plan_lies_ahead_and_not_decades_ahead(after in 0_i64..2_000, ahead in -2_000_i64..2_000_000, days in 1_i64..400) {
            let accepted = check_planned("until_on", at(after), at(after + ahead), at(after), days).is_ok();
            prop_assert_eq!(accepted, ahead > 0 && ahead <= days * 24 * 60);
        }
    }
}
