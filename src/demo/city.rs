//! What the subjects of one city pass to each other while it is made.

use super::facts::Town;
use super::options::DemoOptions;
use crate::access::seal::{Cell, Keys};
use crate::clock::{Calendar, Instant};
use crate::error::Result;

/// What stands before the first row.
pub(super) struct City<'a> {
    pub options: &'a DemoOptions,
    pub towns: &'a [Town],
    pub keys: &'a Keys,
    pub calendar: Calendar,
    pub now: Instant,
}

impl City<'_> {
    pub fn today(&self) -> chrono::NaiveDate {
        self.calendar.day_of(self.now)
    }

    pub fn seal(
        &self,
        table: &'static str,
        row: i64,
        column: &'static str,
        text: &str,
    ) -> Result<Option<Vec<u8>>> {
        Ok(Some(self.keys.seal(Cell { table, row, column }, text)?))
    }

    pub fn town_of(&self, code: &str) -> Option<&Town> {
        self.towns.iter().find(|town| town.code == code)
    }
}

/// An institution that was made, as beds, devices and users need it.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub id: i64,
    pub town_code: &'static str,
    pub name: String,
    pub kind: &'static str,
    pub micro_fire_station: bool,
    /// 0 while it is built.
    pub beds: i64,
    pub rehabilitation_beds: i64,
}
