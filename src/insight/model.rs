//! Counts of towns, and the figures that are made of them.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use chrono::{NaiveDate, NaiveDateTime};

/// What is counted in one town, or in all towns within reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// By kind and state.
    pub institutions: BTreeMap<(String, String), i64>,
    /// Operating institutions with a micro fire station.
    pub micro_fire_stations: i64,
    /// Of operating institutions.
    pub beds: i64,
    pub rehabilitation_beds: i64,
    /// Beds of operating institutions with a stay now.
    pub occupied: i64,
    /// Beds of operating institutions that are held or out of service now.
    pub unavailable: i64,
    pub stations: i64,
    pub smart_stations: i64,
    /// Villages and communities of the 2019 list.
    pub villages: i64,
    /// Those with a station.
    pub villages_covered: i64,
    /// Of the business day, by state.
    pub visits: BTreeMap<String, i64>,
    pub clients: i64,
    pub devices: i64,
    pub devices_online: i64,
    /// The latest word of any device.
    pub devices_heard_at: Option<NaiveDateTime>,
    pub open_alerts: i64,
}

impl Tally {
    pub fn institutions_in(&self, state: &str) -> i64 {
        self.institutions.iter().filter(|((_, in_state), _)| in_state == state).map(|(_, count)| count).sum()
    }

    pub fn operating_of(&self, kind: &str) -> i64 {
        self.institutions.get(&(kind.to_owned(), "operating".to_owned())).copied().unwrap_or(0)
    }

    pub fn visits_in_all(&self) -> i64 {
        self.visits.values().sum()
    }

    pub fn visits_in(&self, state: &str) -> i64 {
        self.visits.get(state).copied().unwrap_or(0)
    }

    /// Percent of the listed villages that have a station.
    pub fn coverage(&self) -> Option<f64> {
        share(self.villages_covered, self.villages)
    }

    /// Percent of the beds that are taken.
    pub fn occupancy(&self) -> Option<f64> {
        share(self.occupied, self.beds)
    }
}

fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 * 100.0 / whole as f64)
}

impl AddAssign<&Tally> for Tally {
    fn add_assign(&mut self, other: &Tally) {
        for (key, count) in &other.institutions {
            *self.institutions.entry(key.clone()).or_default() += count;
        }
        for (key, count) in &other.visits {
            *self.visits.entry(key.clone()).or_default() += count;
        }
        self.micro_fire_stations += other.micro_fire_stations;
        self.beds += other.beds;
        self.rehabilitation_beds += other.rehabilitation_beds;
        self.occupied += other.occupied;
        self.unavailable += other.unavailable;
        self.stations += other.stations;
        self.smart_stations += other.smart_stations;
        self.villages += other.villages;
        self.villages_covered += other.villages_covered;
        self.clients += other.clients;
        self.devices += other.devices;
        self.devices_online += other.devices_online;
        self.devices_heard_at = self.devices_heard_at.max(other.devices_heard_at);
        self.open_alerts += other.open_alerts;
    }
}

/// A number that holds from a day on, with where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatedNumber {
    pub effective_on: NaiveDate,
    pub value: i64,
}

/// A figure's number as it is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    Count(i64),
    /// So many of so many.
    Part(i64, i64),
    /// Percent or ratio, with its decimals; none where there is nothing to divide by.
    Ratio(Option<f64>, usize),
}

/// How much a figure can be relied on now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Counted now, or heard of within minutes.
    Fresh,
    Late,
    /// Nothing was ever heard, or not for a long time.
    Silent,
}

impl Freshness {
    /// The chip's tone, and the last part of its text key.
    pub fn name(self) -> &'static str {
        match self {
            Freshness::Fresh => "ok",
            Freshness::Late => "warn",
            Freshness::Silent => "off",
        }
    }
}

/// Where a figure stands on the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    Today,
    Facilities,
    Capacity,
}

impl Group {
    pub const ALL: [Group; 3] = [Group::Today, Group::Facilities, Group::Capacity];

    /// The last part of its text key.
    pub fn name(self) -> &'static str {
        match self {
            Group::Today => "today",
            Group::Facilities => "facilities",
            Group::Capacity => "capacity",
        }
    }
}

/// A figure with everything that makes it more than a number. Texts: `figure.KEY.label`, `.unit` and `.definition`.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    pub key: &'static str,
    pub group: Group,
    pub value: Value,
    pub as_of: NaiveDateTime,
    /// Only the day of `as_of` is known.
    pub by_day: bool,
    pub freshness: Freshness,
    /// Where its rows are, without the town.
    pub rows: &'static str,
}
