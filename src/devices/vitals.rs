//! An elder's vital signs over days, with the limits that hold for that elder.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, TimeDelta};
use songhe_firmware_protocol::Channel;

use super::spans::{Bucket, limits_of, merged};
use super::store::hours_between;
use crate::clock::{Calendar, Instant};
use crate::db::AnyConnection;
use crate::elders::store::{LimitRow, limits_of_elder};
use crate::error::Result;

crate::text_enum! {
    /// How many days are looked at.
    pub enum VitalDays {
        /// By the hour; the others by the day.
        Week = "7d",
        Month = "30d",
        Year = "365d",
    }
}

/// What is drawn together: the two pressures share a chart.
pub const GROUPS: [&[Channel]; 6] = [
    &[Channel::BloodPressureSystolic, Channel::BloodPressureDiastolic],
    &[Channel::Pulse],
    &[Channel::OxygenSaturation],
    &[Channel::Glucose],
    &[Channel::BodyTemperature],
    &[Channel::Weight],
];

/// Below and above which a value is out of the ordinary.
pub type Limits = (Option<f64>, Option<f64>);

impl VitalDays {
    fn count(self) -> u64 {
        match self {
            VitalDays::Week => 7,
            VitalDays::Month => 30,
            VitalDays::Year => 365,
        }
    }

    /// The first day and the last.
    pub fn days(self, today: NaiveDate) -> (NaiveDate, NaiveDate) {
        (today.checked_sub_days(Days::new(self.count() - 1)).unwrap_or(today), today)
    }

    /// People measure once or twice a day: a pause is a gap from here on.
    pub fn pause_s(self) -> i64 {
        match self {
            VitalDays::Week => 86_400,
            VitalDays::Month => 2 * 86_400,
            VitalDays::Year => 7 * 86_400,
        }
    }
}

/// One channel over the days, each bucket with the limits of its own day.
#[derive(Clone, Debug)]
pub struct Series {
    pub channel: Channel,
    pub buckets: Vec<(Bucket, Limits)>,
    /// The limits of today, and whether they are the elder's own.
    pub limits: Limits,
    pub is_own: bool,
}

#[derive(Clone, Debug)]
pub struct Vitals {
    pub days: VitalDays,
    /// Those of which something was measured.
    pub series: Vec<Series>,
}

/// What was measured of an elder whom the caller has reached.
pub fn load(
    connection: &mut AnyConnection,
    elder_id: i64,
    days: VitalDays,
    (calendar, now): (Calendar, Instant),
) -> Result<Vitals> {
    let today = calendar.day_of(now);
    let channels: Vec<i16> = GROUPS.iter().copied().flatten().map(|channel| channel.code() as i16).collect();
    let own = limits_of_elder(connection, elder_id)?;
    let mut by_channel: BTreeMap<i16, BTreeMap<Instant, Bucket>> = BTreeMap::new();
    for hour in hours_between(connection, elder_id, &channels, days.days(today))? {
        let (Some(lowest), Some(highest)) = (hour.lowest, hour.highest) else { continue };
        // Two devices may have measured in the same hour.
        let sum = by_channel.entry(hour.channel).or_default().entry(hour.hour_at).or_insert(Bucket {
            starts_at: hour.hour_at,
            ends_at: hour.hour_at + TimeDelta::hours(1),
            readings: 0,
            doubted: 0,
            lowest,
            highest,
            total: 0.0,
        });
        sum.readings += hour.readings;
        sum.doubted += hour.doubted;
        sum.lowest = sum.lowest.min(lowest);
        sum.highest = sum.highest.max(highest);
        sum.total += hour.total;
    }
    let series = GROUPS.iter().copied().flatten().filter_map(|channel| {
        let code = channel.code() as i16;
        let mut buckets: Vec<Bucket> = by_channel.remove(&code)?.into_values().collect();
        if days != VitalDays::Week {
            buckets = merged(&buckets, |one| calendar.day_of(one.starts_at), |day| calendar.bounds(*day));
        }
        let on = |one: Bucket| (one, limits_on(&own, *channel, calendar.day_of(one.starts_at)).0);
        let (limits, is_own) = limits_on(&own, *channel, today);
        Some(Series { channel: *channel, buckets: buckets.into_iter().map(on).collect(), limits, is_own })
    });
    Ok(Vitals { days, series: series.collect() })
}

/// The limits of a day: the elder's own that began last, or those of the protocol; and whether they are the elder's.
pub fn limits_on(own: &[LimitRow], channel: Channel, day: NaiveDate) -> (Limits, bool) {
    let code = channel.code() as i16;
    let begun = own.iter().filter(|row| row.fields.channel == code && row.fields.from_on <= day);
    match begun.max_by_key(|row| row.fields.from_on) {
        Some(row) => {
            // An elder's lowest and highest are ordinary still; those of the protocol raise already.
            let half = 0.5 * 10_f64.powi(-i32::from(channel.facts().decimals));
            ((row.fields.lowest.map(|low| low - half), row.fields.highest.map(|high| high + half)), true)
        }
        None => (limits_of(code), false),
    }
}
