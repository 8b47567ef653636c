//! Time: the only reader of the wall clock, and the city's calendar.
//!
//! Invariant: an instant is UTC and whole milliseconds; a business day is a day in the city's zone, and its UTC bounds are
//! computed here, never in SQL.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Instant as Monotonic;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike};
use chrono_tz::Tz;

/// A moment in UTC, truncated to milliseconds.
pub type Instant = NaiveDateTime;

/// Where every instant of the program comes from.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(Arc<Hands>),
}

#[derive(Debug)]
struct Hands {
    millis: AtomicI64,
    /// What of it was no time that passed.
    jumped: AtomicI64,
}

/// Moves a manual clock; for tests.
#[derive(Clone, Debug)]
pub struct Hand(Arc<Hands>);

impl Clock {
    pub fn system() -> Self {
        Clock(Source::System)
    }

    /// A clock that stands at `at` until its hand moves it.
    pub fn manual(at: Instant) -> (Self, Hand) {
        let millis = AtomicI64::new(at.and_utc().timestamp_millis());
        let hands = Arc::new(Hands { millis, jumped: AtomicI64::new(0) });
        (Clock(Source::Manual(Arc::clone(&hands))), Hand(hands))
    }

    pub fn now(&self) -> Instant {
        match &self.0 {
            Source::System => wall_time(),
            Source::Manual(hands) => from_millis(hands.millis.load(Ordering::SeqCst)),
        }
    }

    /// Milliseconds that have passed since some beginning, whatever is done to the wall clock meanwhile.
    pub fn steady_ms(&self) -> i64 {
        static BEGINNING: LazyLock<Monotonic> = LazyLock::new(Monotonic::now);
        match &self.0 {
            Source::System => i64::try_from(BEGINNING.elapsed().as_millis()).unwrap_or(i64::MAX),
            Source::Manual(hands) => {
                hands.millis.load(Ordering::SeqCst) - hands.jumped.load(Ordering::SeqCst)
            }
        }
    }
}

impl Hand {
    pub fn advance(&self, by: TimeDelta) {
        self.0.millis.fetch_add(by.num_milliseconds(), Ordering::SeqCst);
    }

    pub fn set(&self, at: Instant) {
        self.0.millis.store(at.and_utc().timestamp_millis(), Ordering::SeqCst);
    }

    /// The wall clock is set ahead, or back, and no time passes.
    pub fn jump(&self, by: TimeDelta) {
        self.0.jumped.fetch_add(by.num_milliseconds(), Ordering::SeqCst);
        self.advance(by);
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
fn wall_time() -> Instant {
    from_millis(chrono::Utc::now().timestamp_millis())
}

/// The instant `millis` milliseconds after 1970-01-01T00:00Z; out of range gives the epoch.
pub fn from_millis(millis: i64) -> Instant {
    DateTime::from_timestamp_millis(millis).unwrap_or_default().naive_utc()
}

/// Milliseconds since 1970-01-01T00:00Z.
pub fn to_millis(at: Instant) -> i64 {
    at.and_utc().timestamp_millis()
}

/// The city's calendar: instants shown, days bounded.
#[derive(Clone, Copy, Debug)]
pub struct Calendar {
    zone: Tz,
}

impl Calendar {
    pub fn new(zone: Tz) -> Self {
        Calendar { zone }
    }

    /// The business day that `at` falls on.
    pub fn day_of(&self, at: Instant) -> NaiveDate {
        self.zone.from_utc_datetime(&at).date_naive()
    }

    /// UTC bounds `[from, to)` of a business day.
    pub fn bounds(&self, day: NaiveDate) -> (Instant, Instant) {
        (self.start_of(day), self.start_of(day.succ_opt().unwrap_or(day)))
    }

    fn start_of(self, day: NaiveDate) -> Instant {
        self.at(day, 0)
    }

    /// The instant `minutes` after midnight of `day` on the city's clocks (minutes may pass 24 hours).
    pub fn at(&self, day: NaiveDate, minutes: i32) -> Instant {
        self.instant(day.and_time(NaiveTime::MIN) + TimeDelta::minutes(i64::from(minutes)))
    }

    /// The instant at which the city's clocks say `local`, the first of two.
    pub fn instant(&self, local: NaiveDateTime) -> Instant {
        // A gap of a clock change has no such local time: the first instant after the gap is meant.
        match self.zone.from_local_datetime(&local).earliest() {
            Some(found) => found.naive_utc(),
            None => (self.zone.from_local_datetime(&(local + TimeDelta::hours(1))).earliest())
                .map_or(local, |found| found.naive_utc()),
        }
    }

    /// What the city's clocks say at an instant.
    pub fn local(&self, at: Instant) -> NaiveDateTime {
        self.zone.from_utc_datetime(&at).naive_local()
    }

    /// Minutes since the city's midnight.
    pub fn minute_of_day(&self, at: Instant) -> i32 {
        let local = self.zone.from_utc_datetime(&at).time();
        (local.hour() * 60 + local.minute()) as i32
    }

    /// `2026-11-23 14:05` on the city's clocks.
    pub fn show(&self, at: Instant) -> String {
        self.zone.from_utc_datetime(&at).format("%Y-%m-%d %H:%M").to_string()
    }

    /// `2026-11-23 14:05:09` on the city's clocks.
    pub fn show_to_second(&self, at: Instant) -> String {
        self.zone.from_utc_datetime(&at).format("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// `14:05` on the city's clocks.
    pub fn show_time(&self, at: Instant) -> String {
        self.zone.from_utc_datetime(&at).format("%H:%M").to_string()
    }

    /// `14:05:09` on the city's clocks.
    pub fn show_seconds(&self, at: Instant) -> String {
        self.zone.from_utc_datetime(&at).format("%H:%M:%S").to_string()
    }

    /// RFC 3339 with the city's offset, for the API.
    pub fn rfc3339(&self, at: Instant) -> String {
        self.zone.from_utc_datetime(&at).to_rfc3339_opts(chrono::SecondsFormat::Millis, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str) -> Instant {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap()
    }

    #[test]
    fn a_business_day_is_a_day_in_the_citys_zone() {
        let calendar = Calendar::new(chrono_tz::Asia::Shanghai);
        let day = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        assert_eq!(calendar.day_of(instant("2026-11-22 16:00:00")), day);
        assert_eq!(calendar.day_of(instant("2026-11-22 15:59:59")), day.pred_opt().unwrap());
        assert_eq!(calendar.bounds(day), (instant("2026-11-22 16:00:00"), instant("2026-11-23 16:00:00")));
        assert_eq!(calendar.show(instant("2026-11-23 06:05:00")), "2026-11-23 14:05");
    }

    #[test]
    fn days_of_a_clock_change_have_23_and_25_hours() {
        let calendar = Calendar::new(chrono_tz::Europe::Berlin);
        let hours = |y, m, d| {
            let (from, to) = calendar.bounds(NaiveDate::from_ymd_opt(y, m, d).unwrap());
            (to - from).num_hours()
        };
        assert_eq!((hours(2026, 3, 29), hours(2026, 10, 25)), (23, 25));
    }

    #[test]
    fn a_manual_clock_stands_until_moved() {
        let (clock, hand) = Clock::manual(instant("2026-11-23 00:00:00"));
        assert_eq!(clock.now(), clock.now());
        hand.advance(TimeDelta::minutes(5));
        assert_eq!(clock.now(), instant("2026-11-23 00:05:00"));
    }
}
