//! Days by which something is to be done.

use chrono::{Months, NaiveDate};

/// Longest row of days off that a calendar may hold, so that a wrong one ends the search.
const DAYS_OFF_MAX: u32 = 60;

/// The day that is `count` working days after `from`, which does not count itself.
pub fn working_days_after(from: NaiveDate, count: u32, is_working: impl Fn(NaiveDate) -> bool) -> NaiveDate {
    let (mut day, mut left, mut off) = (from, count, 0);
    while left > 0 && off <= DAYS_OFF_MAX {
        let Some(next) = day.succ_opt() else { break };
        day = next;
        if is_working(day) {
            (left, off) = (left - 1, 0);
        } else {
            off += 1;
        }
    }
    day
}

/// The same day some months on, or the month's last.
pub fn add_months(day: NaiveDate, months: u32) -> NaiveDate {
    day.checked_add_months(Months::new(months)).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use chrono::{Datelike, Weekday};

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn is_weekday(day: NaiveDate) -> bool {
        !matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
    }

    #[test]
    fn ten_working_days_pass_over_weekends_and_holidays() {
        assert_eq!(working_days_after(day("2026-11-23"), 10, is_weekday), day("2026-12-07"));
        assert_eq!(working_days_after(day("2026-11-28"), 1, is_weekday), day("2026-11-30"));
        assert_eq!(working_days_after(day("2026-11-23"), 0, is_weekday), day("2026-11-23"));
        let holidays = |on: NaiveDate| is_weekday(on) && on != day("2026-11-25");
        assert_eq!(working_days_after(day("2026-11-23"), 10, holidays), day("2026-12-08"));
    }

    #[test]
    fn a_calendar_without_working_days_ends_the_search() {
        assert!(working_days_after(day("2026-11-23"), 10, |_| false) > day("2026-11-23"));
    }

    #[test]
    fn months_end_on_their_last_day() {
        assert_eq!(add_months(day("2026-01-31"), 1), day("2026-02-28"));
        assert_eq!(add_months(day("2026-11-23"), 12), day("2027-11-23"));
    }
}
