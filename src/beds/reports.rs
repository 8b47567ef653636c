//! Occupancy over the past year and free beds of the coming days.

use chrono::{Days, NaiveDate};

use super::model::{DayForecast, DayOccupancy, forecast, occupancy_by_day};
use super::store;
use crate::access::Scope;
use crate::clock::{Calendar, Instant};
use crate::db::AnyConnection;
use crate::error::Result;

const TREND_DAYS: u64 = 365;
const FORECAST_DAYS: u64 = 14;

/// What was and what will be.
#[derive(Clone, Debug)]
pub struct Report {
    /// Of operating institutions.
    pub beds: i64,
    pub year: Vec<DayOccupancy>,
    pub forecast: Vec<DayForecast>,
}

/// The year that ends with today, and today with the days after it, of what is within reach: one institution or all.
pub fn report(
    connection: &mut AnyConnection,
    scope: &Scope,
    institution: Option<i64>,
    calendar: Calendar,
    now: Instant,
) -> Result<Report> {
    let today = calendar.day_of(now);
    let first = today.checked_sub_days(Days::new(TREND_DAYS - 1)).unwrap_or(today);
    let ends = |from: NaiveDate, days: u64| -> Vec<(NaiveDate, Instant)> {
        let days = (0..days).filter_map(|ahead| from.checked_add_days(Days::new(ahead)));
        days.map(|day| (day, calendar.bounds(day).1)).collect()
    };
    let mut year = ends(first, TREND_DAYS);
    if let Some((_, end)) = year.last_mut() {
        // Today is counted as it stands.
        *end = now;
    }
    let from = calendar.bounds(first).0;
    let stays = store::lived_in_between(
        connection,
        scope,
        institution,
        from,
        now + chrono::TimeDelta::milliseconds(1),
    )?;
    let (beds, claims) = store::claims_within(connection, scope, institution, now)?;
    Ok(Report {
        beds,
        year: occupancy_by_day(&year, &stays),
        forecast: forecast(now, &ends(today, FORECAST_DAYS), beds, &claims),
    })
}
