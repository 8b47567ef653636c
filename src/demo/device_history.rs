//! What the devices of stations and micro fire stations measured before the demo began, as the sums that charts are drawn from: a day
//! of quarter hours, a month of hours, and of one channel a year of an hour a day. Two channels each: the city is made while somebody
//! waits for it.

use chrono::{Datelike, TimeDelta, Timelike};
use songhe_firmware_protocol::Channel;

use super::city::City;
use super::dice::Dice;
use super::store::{DeviceRow, SpanHistoryRow, insert_spans};
use crate::clock::Instant;
use crate::db::AnyConnection;
use crate::error::Result;

/// Devices with a past: those of a city of the usual size.
const DEVICES_MAX: usize = 60;
const HOUR_S: i32 = 3_600;
const QUARTER_S: i32 = 900;
/// What the simulator's devices send.
const READ_EVERY_S: i32 = 30;
const QUARTERS_BACK: i64 = 96;
const MONTH_HOURS: i64 = 31 * 24;
const YEAR_HOURS: i64 = 365 * 24;
/// Doors are open and people are there between these hours.
const OPEN: std::ops::Range<u32> = 8..18;

/// How a channel goes: about its middle, with the year, with the day, and by chance.
struct Course {
    channel: Channel,
    middle: f64,
    year: f64,
    day: f64,
    chance: f64,
    /// Off and on instead of a value.
    is_switch: bool,
}

const fn course(channel: Channel, (middle, year, day, chance): (f64, f64, f64, f64)) -> Course {
    Course { channel, middle, year, day, chance, is_switch: false }
}

const STATION: [Course; 2] = [
    course(Channel::RoomTemperature, (23.0, 4.0, 1.2, 0.6)),
    Course { is_switch: true, ..course(Channel::Presence, (0.6, 0.0, 0.0, 0.3)) },
];
const FIRE: [Course; 2] =
    [course(Channel::WaterPressure, (0.35, 0.0, 0.01, 0.01)), course(Channel::Heat, (24.0, 3.0, 1.5, 0.5))];

pub(super) fn make(connection: &mut AnyConnection, city: &City<'_>, devices: &[DeviceRow]) -> Result<()> {
    let now =
        city.now.with_minute(0).and_then(|now| now.with_second(0)).and_then(|now| now.with_nanosecond(0));
    let now = now.unwrap_or(city.now);
    let stationed = devices.iter().filter(|row| row.elder_id.is_none() && !row.code.starts_with("FP-"));
    for row in stationed.take(DEVICES_MAX) {
        let courses: &[Course] = if row.kind == "fire_sensor" { &FIRE } else { &STATION };
        let mut spans = Vec::new();
        for (index, course) in courses.iter().enumerate() {
            let mut dice =
                Dice::new(city.options.seed, &format!("past/{}/{}", row.code, course.channel.code()));
            let spread = (dice.fraction() - 0.5) * course.chance * 2.0;
            let times = times(now, index == 0)
                .map(|(at, span_s)| span(city, (row.id, course), (at, span_s), (spread, &mut dice)));
            spans.extend(times);
        }
        insert_spans(connection, &spans)?;
    }
    Ok(())
}

/// Beginning and length of every span before `now`, which is a whole hour.
fn times(now: Instant, has_year: bool) -> impl Iterator<Item = (Instant, i32)> {
    let hours = 1..=if has_year { YEAR_HOURS } else { MONTH_HOURS };
    let hours = hours.filter(|back| *back <= MONTH_HOURS || back % 24 == 0);
    let hours = hours.map(move |back| (now - TimeDelta::hours(back), HOUR_S));
    let quarters = (1..=QUARTERS_BACK).map(move |back| (now - TimeDelta::minutes(15 * back), QUARTER_S));
    hours.chain(quarters)
}

fn span(
    city: &City<'_>,
    (device_id, course): (i64, &Course),
    (at, span_s): (Instant, i32),
    (spread, dice): (f64, &mut Dice),
) -> SpanHistoryRow {
    let local_hour = city.calendar.local(at).hour();
    let chance = (dice.fraction() - 0.5) * 2.0 * course.chance;
    let turn = |share: f64| (share * std::f64::consts::TAU).cos();
    let mean = if course.is_switch {
        if OPEN.contains(&local_hour) { (course.middle + chance).clamp(0.1, 1.0) } else { 0.0 }
    } else {
        // Warmest at the end of July and in the afternoon.
        let of_year = turn((f64::from(at.ordinal()) - 210.0) / 365.0);
        let of_day = turn((f64::from(local_hour) - 15.0) / 24.0);
        course.middle + spread + course.year * of_year + course.day * of_day + chance
    };
    let (lowest, highest) = if course.is_switch {
        (0.0, if mean > 0.0 { 1.0 } else { 0.0 })
    } else {
        (mean - course.chance / 2.0, mean + course.chance / 2.0)
    };
    let readings = i64::from(span_s / READ_EVERY_S);
    SpanHistoryRow {
        device_id,
        channel: course.channel.code() as i16,
        span_s,
        starts_at: at,
        readings,
        doubted: 0,
        lowest: Some(lowest),
        highest: Some(highest),
        total: mean * readings as f64,
        last_value: if course.is_switch { lowest } else { mean },
        last_at: at + TimeDelta::seconds(i64::from(span_s - READ_EVERY_S)),
    }
}
