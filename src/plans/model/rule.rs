//! How often: the part of RFC 5545's RRULE that an office needs, read with the `rrule` crate and kept to what a person can check.

use std::str::FromStr;

use chrono::{Datelike, Days, Months, NaiveDate, TimeDelta, TimeZone, Weekday};
use rrule::{Frequency, NWeekday, RRule, Tz, Unvalidated};

use crate::text::Text;

/// Letters of a rule.
const RULE_MAX: usize = 120;
/// Visits of a rule that ends after a number of them.
const COUNT_MAX: u32 = 1_000;
const DAYS_MAX: u16 = 366;
const WEEKS_MAX: u16 = 52;
const MONTHS_MAX: u16 = 24;

/// On which days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    Daily,
    /// On these days of the week, in order.
    Weekly(Vec<Weekday>),
    /// On these days of the month, in order; -1 is the last day. A month without the day is passed over.
    MonthDays(Vec<i8>),
    /// On the n-th such weekday of the month; -1 is the last one.
    MonthWeekday(i8, Weekday),
}

/// When it is over, besides the end of the item and of its plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    Never,
    /// After this many days of the rule.
    Count(u32),
    /// The last day on which it can happen.
    Day(NaiveDate),
}

/// A recurrence that starts at a day which whoever asks knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recurrence {
    pub pattern: Pattern,
    /// Every so many days, weeks or months.
    pub interval: u16,
    pub until: Until,
}

impl Recurrence {
    /// Reads a rule such as `FREQ=WEEKLY;INTERVAL=3;BYDAY=MO`. What it leaves open is that of the first day.
    pub fn parse(text: &str, starts_on: NaiveDate) -> Result<Recurrence, Text> {
        let unreadable = || Text::new("rule.recurrence");
        if text.len() > RULE_MAX || !text.is_ascii() {
            return Err(unreadable());
        }
        let text = text.trim().trim_start_matches("RRULE:").to_ascii_uppercase();
        let (rest, last_day) = without_until(&text)?;
        let rule = RRule::<Unvalidated>::from_str(&rest).map_err(|_| unreadable())?;
        if rule.get_count().is_some() && last_day.is_some() {
            return Err(unreadable());
        }
        if last_day.is_some_and(|day| day < starts_on) {
            return Err(Text::new("rule.recurrence_ends"));
        }
        let start = starts_on.and_hms_opt(0, 0, 0).unwrap_or_default();
        rule.clone().validate(Tz::UTC.from_utc_datetime(&start)).map_err(|_| unreadable())?;
        let recurrence = Recurrence {
            pattern: pattern(&rule, starts_on)?,
            interval: rule.get_interval(),
            until: match (rule.get_count(), last_day) {
                (Some(count), _) => Until::Count(count),
                (None, Some(day)) => Until::Day(day),
                (None, None) => Until::Never,
            },
        };
        recurrence.check()?;
        Ok(recurrence)
    }

    /// The bounds of what a person can check.
    pub fn check(&self) -> Result<(), Text> {
        let max = match self.pattern {
            Pattern::Daily => DAYS_MAX,
            Pattern::Weekly(_) => WEEKS_MAX,
            Pattern::MonthDays(_) | Pattern::MonthWeekday(..) => MONTHS_MAX,
        };
        if !(1..=max).contains(&self.interval) {
            return Err(Text::new("rule.recurrence_interval").with("max", max));
        }
        if matches!(self.until, Until::Count(count) if !(1..=COUNT_MAX).contains(&count)) {
            return Err(Text::new("rule.recurrence_count").with("max", COUNT_MAX));
        }
        let is_whole = match &self.pattern {
            Pattern::Daily => true,
            Pattern::Weekly(days) => !days.is_empty(),
            Pattern::MonthDays(days) => {
                !days.is_empty() && days.iter().all(|day| *day == -1 || (1..=31).contains(day))
            }
            Pattern::MonthWeekday(nth, _) => *nth == -1 || (1..=5).contains(nth),
        };
        if is_whole { Ok(()) } else { Err(Text::new("rule.recurrence_days")) }
    }

    /// The rule as it is stored and sent.
    pub fn to_rule(&self) -> String {
        let (frequency, by) = match &self.pattern {
            Pattern::Daily => ("DAILY", String::new()),
            Pattern::Weekly(days) => {
                let names: Vec<&str> = days.iter().map(|day| short(*day)).collect();
                ("WEEKLY", format!(";BYDAY={}", names.join(",")))
            }
            Pattern::MonthDays(days) => {
                let numbers: Vec<String> = days.iter().map(ToString::to_string).collect();
                ("MONTHLY", format!(";BYMONTHDAY={}", numbers.join(",")))
            }
            Pattern::MonthWeekday(nth, day) => ("MONTHLY", format!(";BYDAY={nth}{}", short(*day))),
        };
        let interval =
            if self.interval == 1 { String::new() } else { format!(";INTERVAL={}", self.interval) };
        let until = match self.until {
            Until::Never => String::new(),
            Until::Count(count) => format!(";COUNT={count}"),
            Until::Day(day) => format!(";UNTIL={}", day.format("%Y%m%d")),
        };
        format!("FREQ={frequency}{interval}{by}{until}")
    }

    /// The days of the rule in `[from, to)`, in order. The rule starts at `starts_on`, which is one of its days only if it fits.
    pub fn days(&self, starts_on: NaiveDate, from: NaiveDate, to: NaiveDate) -> Vec<NaiveDate> {
        let mut left = match self.until {
            Until::Count(count) => Some(count),
            Until::Never | Until::Day(_) => None,
        };
        let last = match self.until {
            Until::Day(day) => day,
            Until::Never | Until::Count(_) => NaiveDate::MAX,
        };
        // A rule that counts is walked from its first day.
        let mut period = if left.is_some() { 0 } else { self.period_of(starts_on, from) };
        let mut found = Vec::new();
        while let Some(first) = self.first_of(starts_on, period).filter(|first| *first < to) {
            for day in self.in_period(first) {
                if day < starts_on {
                    continue;
                }
                if day >= to || day > last || left == Some(0) {
                    return found;
                }
                left = left.map(|left| left - 1);
                if day >= from {
                    found.push(day);
                }
            }
            period += 1;
        }
        found
    }

    /// Number of the latest period that begins on `day` or before; 0 is the one of the first day.
    fn period_of(&self, starts_on: NaiveDate, day: NaiveDate) -> u32 {
        let interval = i64::from(self.interval.max(1));
        let passed = match self.pattern {
            Pattern::Daily => (day - starts_on).num_days() / interval,
            Pattern::Weekly(_) => (day - monday(starts_on)).num_days().div_euclid(7) / interval,
            Pattern::MonthDays(_) | Pattern::MonthWeekday(..) => {
                (months_of(day) - months_of(starts_on)) / interval
            }
        };
        u32::try_from(passed).unwrap_or(0)
    }

    /// The day at which a period begins; none where the calendar ends.
    fn first_of(&self, starts_on: NaiveDate, period: u32) -> Option<NaiveDate> {
        let steps = period.checked_mul(u32::from(self.interval.max(1)))?;
        match self.pattern {
            Pattern::Daily => starts_on.checked_add_days(Days::new(u64::from(steps))),
            Pattern::Weekly(_) => monday(starts_on).checked_add_days(Days::new(7 * u64::from(steps))),
            Pattern::MonthDays(_) | Pattern::MonthWeekday(..) => {
                starts_on.with_day(1)?.checked_add_months(Months::new(steps))
            }
        }
    }

    /// The rule's days in the period that begins at `first`, in order.
    fn in_period(&self, first: NaiveDate) -> Vec<NaiveDate> {
        match &self.pattern {
            Pattern::Daily => vec![first],
            Pattern::Weekly(days) => days
                .iter()
                .map(|day| first + TimeDelta::days(i64::from(day.num_days_from_monday())))
                .collect(),
            Pattern::MonthDays(days) => {
                let last = last_of_month(first);
                let day = |day: &i8| if *day < 0 { Some(last) } else { first.with_day(*day as u32) };
                let mut days: Vec<NaiveDate> = days.iter().filter_map(day).collect();
                days.sort_unstable();
                days.dedup();
                days
            }
            Pattern::MonthWeekday(-1, weekday) => {
                let last = last_of_month(first);
                let back = (7 + last.weekday().num_days_from_monday() - weekday.num_days_from_monday()) % 7;
                vec![last - TimeDelta::days(i64::from(back))]
            }
            Pattern::MonthWeekday(nth, weekday) => {
                let nth = u8::try_from(*nth).unwrap_or(1);
                let day = NaiveDate::from_weekday_of_month_opt(first.year(), first.month(), *weekday, nth);
                day.into_iter().collect()
            }
        }
    }
}

/// Takes the last day out of the rule. It is a day of the city's calendar: an instant would be another day in another zone.
fn without_until(text: &str) -> Result<(String, Option<NaiveDate>), Text> {
    let mut last_day = None;
    let mut rest = Vec::new();
    for part in text.split(';').filter(|part| !part.is_empty()) {
        match part.strip_prefix("UNTIL=") {
            Some(_) if last_day.is_some() => return Err(Text::new("rule.recurrence")),
            Some(day) => {
                let day = NaiveDate::parse_from_str(day, "%Y%m%d");
                last_day = Some(day.map_err(|_| Text::new("rule.recurrence_until"))?);
            }
            None => rest.push(part),
        }
    }
    Ok((rest.join(";"), last_day))
}

fn pattern(rule: &RRule<Unvalidated>, starts_on: NaiveDate) -> Result<Pattern, Text> {
    let outside = || Text::new("rule.recurrence_subset");
    let has_more = !rule.get_by_set_pos().is_empty()
        || !rule.get_by_month().is_empty()
        || !rule.get_by_year_day().is_empty()
        || !rule.get_by_week_no().is_empty()
        || !rule.get_by_hour().is_empty()
        || !rule.get_by_minute().is_empty()
        || !rule.get_by_second().is_empty()
        || rule.get_week_start() != Weekday::Mon;
    let (weekdays, month_days) = (rule.get_by_weekday(), rule.get_by_month_day());
    match (rule.get_freq(), weekdays, month_days) {
        _ if has_more => Err(outside()),
        (Frequency::Daily, [], []) => Ok(Pattern::Daily),
        (Frequency::Weekly, [], []) => Ok(Pattern::Weekly(vec![starts_on.weekday()])),
        (Frequency::Weekly, days, []) => {
            let day = |day: &NWeekday| match day {
                NWeekday::Every(day) => Some(*day),
                NWeekday::Nth(..) => None,
            };
            let mut days: Vec<Weekday> = days.iter().map(day).collect::<Option<_>>().ok_or_else(outside)?;
            days.sort_unstable_by_key(Weekday::num_days_from_monday);
            days.dedup();
            Ok(Pattern::Weekly(days))
        }
        (Frequency::Monthly, [], []) => Ok(Pattern::MonthDays(vec![starts_on.day() as i8])),
        (Frequency::Monthly, [], days) => {
            let mut days = days.to_vec();
            // The last day comes last.
            days.sort_unstable_by_key(|day| if *day < 0 { i8::MAX } else { *day });
            days.dedup();
            Ok(Pattern::MonthDays(days))
        }
        (Frequency::Monthly, [NWeekday::Nth(nth, day)], []) => {
            Ok(Pattern::MonthWeekday(i8::try_from(*nth).map_err(|_| outside())?, *day))
        }
        _ => Err(outside()),
    }
}

fn short(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "MO",
        Weekday::Tue => "TU",
        Weekday::Wed => "WE",
        Weekday::Thu => "TH",
        Weekday::Fri => "FR",
        Weekday::Sat => "SA",
        Weekday::Sun => "SU",
    }
}

fn monday(day: NaiveDate) -> NaiveDate {
    day - TimeDelta::days(i64::from(day.weekday().num_days_from_monday()))
}

fn months_of(day: NaiveDate) -> i64 {
    i64::from(day.year()) * 12 + i64::from(day.month0())
}

pub fn last_of_month(day: NaiveDate) -> NaiveDate {
    let first = day.with_day(1).unwrap_or(day);
    let next = first.checked_add_months(Months::new(1)).unwrap_or(first);
    next.pred_opt().unwrap_or(first)
}

#[cfg(test)]
mod tests;
