//! What devices measured with elders, by the hour.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Double, Nullable, SmallInt, Timestamp};

use super::adding::adding;
use crate::clock::Instant;
use crate::db::schema::{devices, elder_hours};
use crate::db::{AnyConnection, write_rows};
use crate::error::Result;
use crate::written;

/// Days looked through at once for a page of the timeline.
const DAYS_AT_ONCE: i64 = 8;

/// An hour of one channel. A doubted value counts for nothing but `doubted`, unless there are no others.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = elder_hours)]
pub struct HourRow {
    pub elder_id: i64,
    pub day: NaiveDate,
    pub device_id: i64,
    pub channel: i16,
    pub hour_at: Instant,
    /// Values that can be true.
    pub readings: i64,
    pub doubted: i64,
    pub lowest: Option<f64>,
    pub highest: Option<f64>,
    /// Sum of the values that can be true.
    pub total: f64,
    pub last_value: f64,
    pub last_at: Instant,
}

written!(HourRow, "elder_hours", adding!("elder_hours", "elder_id, day, device_id, channel, hour_at"), {
    elder_id: BigInt,
    day: Date,
    device_id: BigInt,
    channel: SmallInt,
    hour_at: Timestamp,
    readings: BigInt,
    doubted: BigInt,
    lowest: Nullable<Double>,
    highest: Nullable<Double>,
    total: Double,
    last_value: Double,
    last_at: Timestamp,
});

/// Adds to hours what a batch brought, each of them once.
pub(in crate::devices) fn add_hours(connection: &mut AnyConnection, rows: &[HourRow]) -> Result<()> {
    write_rows(connection, rows)
}

/// How many values an hour counts.
pub(in crate::devices) fn counted(
    connection: &mut AnyConnection,
    (elder_id, day): (i64, NaiveDate),
    (device_id, channel, hour_at): (i64, i16, Instant),
) -> Result<i64> {
    let one = elder_hours::table.find((elder_id, day, device_id, channel, hour_at));
    let found = one.select(elder_hours::readings + elder_hours::doubted).first(connection).optional()?;
    Ok(found.unwrap_or(0))
}

/// Forgets an hour, to be counted anew.
pub(in crate::devices) fn drop_hour(
    connection: &mut AnyConnection,
    (elder_id, day): (i64, NaiveDate),
    (device_id, channel, hour_at): (i64, i16, Instant),
) -> Result<()> {
    diesel::delete(elder_hours::table.find((elder_id, day, device_id, channel, hour_at)))
        .execute(connection)?;
    Ok(())
}

/// A day, or an hour, of one device's channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    pub day: NaiveDate,
    pub device_id: i64,
    pub device: String,
    pub channel: i16,
    /// When the hour began; the day's first hour for a day.
    pub hour_at: Instant,
    pub readings: i64,
    pub doubted: i64,
    pub lowest: Option<f64>,
    pub highest: Option<f64>,
    pub mean: Option<f64>,
    pub last_value: f64,
    pub last_at: Instant,
}

/// The hours of an elder's day, by device, channel and time. The caller has reached the elder.
pub fn hours_of(connection: &mut AnyConnection, elder_id: i64, day: NaiveDate) -> Result<Vec<Measured>> {
    let rows = hours_on(connection, elder_id, &[day])?;
    let each = rows.into_iter().map(|(row, device)| measured(&[row], device));
    Ok(each.flatten().collect())
}

/// The hours of some channels of an elder on days from the first to the last, by time. The caller has reached the elder.
pub fn hours_between(
    connection: &mut AnyConnection,
    elder_id: i64,
    channels: &[i16],
    (first, last): (NaiveDate, NaiveDate),
) -> Result<Vec<HourRow>> {
    Ok(elder_hours::table
        .filter(elder_hours::elder_id.eq(elder_id))
        .filter(elder_hours::day.between(first, last))
        .filter(elder_hours::channel.eq_any(channels.to_vec()))
        .order((elder_hours::hour_at, elder_hours::device_id))
        .select(HourRow::as_select())
        .load(connection)?)
}

/// What was measured with an elder on a day, one entry for each device and channel, last measured before an instant, the newest
/// first; `limit` of them at most. The caller has reached the elder.
pub fn days_before(
    connection: &mut AnyConnection,
    elder_id: i64,
    (before, limit): (Instant, i64),
) -> Result<Vec<Measured>> {
    let mut found = Vec::new();
    let mut since: Option<NaiveDate> = None;
    while (found.len() as i64) < limit {
        let mut days = elder_hours::table
            .filter(elder_hours::elder_id.eq(elder_id))
            .filter(elder_hours::last_at.lt(before))
            .select(elder_hours::day)
            .distinct()
            .order(elder_hours::day.desc())
            .limit(DAYS_AT_ONCE)
            .into_boxed();
        if let Some(day) = since {
            days = days.filter(elder_hours::day.lt(day));
        }
        let days: Vec<NaiveDate> = days.load(connection)?;
        let Some(last) = days.last() else { break };
        since = Some(*last);
        let mut by_channel: BTreeMap<(NaiveDate, i64, i16), (Vec<HourRow>, String)> = BTreeMap::new();
        for (row, device) in hours_on(connection, elder_id, &days)? {
            let key = (row.day, row.device_id, row.channel);
            by_channel.entry(key).or_insert_with(|| (Vec::new(), device)).0.push(row);
        }
        let whole = by_channel.into_values().filter_map(|(hours, device)| measured(&hours, device));
        found.extend(whole.filter(|day| day.last_at < before));
    }
    found.sort_by(|a, b| b.last_at.cmp(&a.last_at).then(a.channel.cmp(&b.channel)));
    found.truncate(limit as usize);
    Ok(found)
}

fn hours_on(
    connection: &mut AnyConnection,
    elder_id: i64,
    days: &[NaiveDate],
) -> Result<Vec<(HourRow, String)>> {
    Ok(elder_hours::table
        .inner_join(devices::table)
        .filter(elder_hours::elder_id.eq(elder_id))
        .filter(elder_hours::day.eq_any(days.to_vec()))
        .order((elder_hours::device_id, elder_hours::channel, elder_hours::hour_at))
        .select((HourRow::as_select(), devices::name))
        .load(connection)?)
}

/// Hours of one device's channel as one.
fn measured(hours: &[HourRow], device: String) -> Option<Measured> {
    let (first, last) = (hours.first()?, hours.iter().max_by_key(|hour| hour.last_at)?);
    let readings: i64 = hours.iter().map(|hour| hour.readings).sum();
    let total: f64 = hours.iter().map(|hour| hour.total).sum();
    Some(Measured {
        day: first.day,
        device_id: first.device_id,
        device,
        channel: first.channel,
        hour_at: first.hour_at,
        readings,
        doubted: hours.iter().map(|hour| hour.doubted).sum(),
        lowest: hours.iter().filter_map(|hour| hour.lowest).reduce(f64::min),
        highest: hours.iter().filter_map(|hour| hour.highest).reduce(f64::max),
        mean: (readings > 0).then(|| total / readings as f64),
        last_value: last.last_value,
        last_at: last.last_at,
    })
}
