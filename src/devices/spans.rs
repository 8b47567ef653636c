//! What a device's channels measured over a day, a month or a year: out of sums that are kept, never out of the readings.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, TimeDelta};

use super::model::known;
use super::store::{self, SpanRow};
use crate::alerts::rules::{Rule, rule_of};
use crate::clock::{Calendar, Instant};
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::text::Text;
use crate::web::chart::Measure;

const QUARTER_S: i32 = 900;
const HOUR_S: i32 = 3_600;

crate::text_enum! {
    /// How much time a chart shows.
    pub enum ChartSpan {
        /// By the quarter of an hour.
        Day = "24h",
        /// By the hour.
        Month = "30d",
        /// By the day.
        Year = "365d",
    }
}

impl ChartSpan {
    /// What an address asks for; a day without it.
    pub fn of(query: &str) -> Result<ChartSpan> {
        let asked = query.split('&').find_map(|pair| pair.strip_prefix("span="));
        let unknown = || Error::field("span", Text::new("rule.choose"));
        asked.map_or(Ok(ChartSpan::Day), |name| ChartSpan::parse(name).ok_or_else(unknown))
    }

    fn kept_s(self) -> i32 {
        if self == ChartSpan::Day { QUARTER_S } else { HOUR_S }
    }

    /// `[from, to)`: whole quarters of an hour, or whole days of the city up to the end of today.
    pub fn bounds(self, calendar: Calendar, now: Instant) -> (Instant, Instant) {
        if self == ChartSpan::Day {
            let quarter_ms = i64::from(QUARTER_S) * 1_000;
            let past = crate::clock::to_millis(now).rem_euclid(quarter_ms);
            let to = now + TimeDelta::milliseconds(quarter_ms - past);
            return (to - TimeDelta::hours(24), to);
        }
        let days = if self == ChartSpan::Month { 30 } else { 365 };
        let today = calendar.day_of(now);
        let first = today.checked_sub_days(Days::new(days - 1)).unwrap_or(today);
        (calendar.bounds(first).0, calendar.bounds(today).1)
    }

    /// The longest pause in seconds that is no gap: one span may be missing.
    pub fn pause_s(self) -> i64 {
        match self {
            ChartSpan::Day => i64::from(QUARTER_S),
            ChartSpan::Month => i64::from(HOUR_S),
            ChartSpan::Year => 86_400,
        }
    }
}

/// What one channel measured in a span of time, as far as it can be true.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    pub starts_at: Instant,
    pub ends_at: Instant,
    pub readings: i64,
    pub doubted: i64,
    pub lowest: f64,
    pub highest: f64,
    pub total: f64,
}

impl Bucket {
    fn of(row: &SpanRow) -> Bucket {
        Bucket {
            starts_at: row.starts_at,
            ends_at: row.starts_at + TimeDelta::seconds(i64::from(row.span_s)),
            readings: row.readings,
            doubted: row.doubted,
            lowest: row.lowest.unwrap_or(f64::INFINITY),
            highest: row.highest.unwrap_or(f64::NEG_INFINITY),
            total: row.total,
        }
    }

    pub fn mean(&self) -> f64 {
        self.total / self.readings.max(1) as f64
    }

    pub fn measure(&self) -> Measure {
        Measure {
            from_s: self.starts_at.and_utc().timestamp(),
            to_s: self.ends_at.and_utc().timestamp(),
            lowest: self.lowest,
            highest: self.highest,
            mean: self.mean(),
        }
    }
}

/// Buckets as larger ones: those that have the same `place`, which follow each other. `bounds` gives a place's own.
pub fn merged<K: PartialEq>(
    buckets: &[Bucket],
    place: impl Fn(&Bucket) -> K,
    bounds: impl Fn(&K) -> (Instant, Instant),
) -> Vec<Bucket> {
    let runs = buckets.chunk_by(|one, next| place(one) == place(next));
    let whole = runs.filter_map(|run| {
        let (starts_at, ends_at) = bounds(&place(run.first()?));
        Some(run.iter().fold(
            Bucket {
                starts_at,
                ends_at,
                readings: 0,
                doubted: 0,
                lowest: f64::INFINITY,
                highest: f64::NEG_INFINITY,
                total: 0.0,
            },
            |sum, one| Bucket {
                readings: sum.readings + one.readings,
                doubted: sum.doubted + one.doubted,
                lowest: sum.lowest.min(one.lowest),
                highest: sum.highest.max(one.highest),
                total: sum.total + one.total,
                ..sum
            },
        ))
    });
    whole.collect()
}

/// The days of the city.
pub fn by_day(calendar: Calendar, buckets: &[Bucket]) -> Vec<Bucket> {
    merged(buckets, |one| calendar.day_of(one.starts_at), |day| calendar.bounds(*day))
}

/// The months of the city.
pub fn by_month(calendar: Calendar, buckets: &[Bucket]) -> Vec<Bucket> {
    use chrono::Datelike;
    let first = |at: Instant| {
        let day = calendar.day_of(at);
        day.with_day(1).unwrap_or(day)
    };
    let bounds = |first: &NaiveDate| {
        let next = first.checked_add_months(chrono::Months::new(1)).unwrap_or(*first);
        (calendar.bounds(*first).0, calendar.bounds(next).0)
    };
    merged(buckets, |one| first(one.starts_at), bounds)
}

/// The hours, which begin with the city's.
pub fn by_hour(calendar: Calendar, buckets: &[Bucket]) -> Vec<Bucket> {
    let hour = |at: Instant| calendar.at(calendar.day_of(at), calendar.minute_of_day(at) / 60 * 60);
    merged(buckets, |one| hour(one.starts_at), |start| (*start, *start + TimeDelta::hours(1)))
}

/// What devices within the caller's reach measured where they stand now, by device and channel; spans without a value that can be
/// true are left out.
pub fn load(
    connection: &mut AnyConnection,
    device_ids: &[i64],
    (span, channel): (ChartSpan, Option<i16>),
    (calendar, now): (Calendar, Instant),
) -> Result<BTreeMap<(i64, i16), Vec<Bucket>>> {
    let bounds = span.bounds(calendar, now);
    let moved = store::moved_at(connection, device_ids)?;
    let mut found: BTreeMap<(i64, i16), Vec<Bucket>> = BTreeMap::new();
    for row in store::spans_of(connection, device_ids, (span.kept_s(), channel), bounds)? {
        // What was measured elsewhere may be an elder's; the span in which it moved holds some of it.
        if moved.get(&row.device_id).is_some_and(|at| row.starts_at < *at) {
            continue;
        }
        let buckets = found.entry((row.device_id, row.channel)).or_default();
        if row.readings > 0 {
            buckets.push(Bucket::of(&row));
        }
    }
    if span == ChartSpan::Year {
        for buckets in found.values_mut() {
            *buckets = by_day(calendar, buckets);
        }
    }
    Ok(found)
}

/// The values from which on a channel raises an alert, unless a device has limits of its own: below, above.
pub fn limits_of(channel: i16) -> (Option<f64>, Option<f64>) {
    raising(known(channel).and_then(rule_of))
}

/// The same of a rule.
pub fn raising(rule: Option<Rule>) -> (Option<f64>, Option<f64>) {
    let Some(Rule { channel, threshold, .. }) = rule else { return (None, None) };
    let value =
        |limit: Option<songhe_firmware_protocol::threshold::Limit>| Some(channel.value(limit?.raise_scaled));
    (value(threshold.low), value(threshold.high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use songhe_firmware_protocol::Channel;

    fn at(text: &str) -> Instant {
        chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap()
    }

    fn bucket(starts_at: &str, value: f64) -> Bucket {
        let starts_at = at(starts_at);
        let ends_at = starts_at + TimeDelta::hours(1);
        Bucket {
            starts_at,
            ends_at,
            readings: 2,
            doubted: 1,
            lowest: value - 1.0,
            highest: value + 1.0,
            total: 2.0 * value,
        }
    }

    #[test]
    fn a_span_is_whole_on_the_citys_clocks() {
        let calendar = Calendar::new(chrono_tz::Asia::Shanghai);
        let now = at("2026-11-23 06:07:00");
        for (span, from, to) in [
            (ChartSpan::Day, "2026-11-22 06:15:00", "2026-11-23 06:15:00"),
            (ChartSpan::Month, "2026-10-24 16:00:00", "2026-11-23 16:00:00"),
            (ChartSpan::Year, "2025-11-23 16:00:00", "2026-11-23 16:00:00"),
        ] {
            assert_eq!(span.bounds(calendar, now), (at(from), at(to)), "{}", span.name());
        }
        assert_eq!(ChartSpan::of("lang=en&span=30d").ok(), Some(ChartSpan::Month));
        assert_eq!(ChartSpan::of("").ok(), Some(ChartSpan::Day));
        assert!(ChartSpan::of("span=1h").is_err());
    }

    #[test]
    fn hours_add_up_to_days_and_months_of_the_city() {
        let calendar = Calendar::new(chrono_tz::Asia::Shanghai);
        // 15:00 and 16:00 UTC are two days there.
        let hours = [
            bucket("2026-10-30 03:00:00", 70.0),
            bucket("2026-10-31 15:00:00", 60.0),
            bucket("2026-10-31 16:00:00", 80.0),
        ];
        let days = by_day(calendar, &hours);
        let starts: Vec<Instant> = days.iter().map(|day| day.starts_at).collect();
        assert_eq!(starts, [at("2026-10-29 16:00:00"), at("2026-10-30 16:00:00"), at("2026-10-31 16:00:00")]);
        let months = by_month(calendar, &hours);
        assert_eq!(months.len(), 2);
        assert_eq!((months[0].readings, months[0].doubted, months[0].mean()), (4, 2, 65.0));
        assert_eq!((months[0].lowest, months[0].highest), (59.0, 71.0));
        assert_eq!(months[0].ends_at, at("2026-10-31 16:00:00"));
    }

    #[test]
    fn limits_are_those_that_raise() {
        assert_eq!(limits_of(Channel::Pulse.code() as i16), (Some(40.0), Some(131.0)));
        assert_eq!(limits_of(Channel::Smoke.code() as i16), (None, Some(0.5)));
        assert_eq!(limits_of(Channel::Weight.code() as i16), (None, None));
        assert_eq!(limits_of(-3), (None, None));
    }
}
