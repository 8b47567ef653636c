use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};

/// Six bytes of time: second, minute, hour, day, month, year of the century; on the city's clocks, without a zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Stamp(pub [u8; 6]);

const CENTURY: i32 = 2000;

impl Stamp {
    pub fn new(local: NaiveDateTime) -> Stamp {
        let year = (local.year() - CENTURY).rem_euclid(100);
        let number = |value: u32| value as u8;
        Stamp([
            number(local.second()),
            number(local.minute()),
            number(local.hour()),
            number(local.day()),
            number(local.month()),
            year as u8,
        ])
    }

    /// The local time; none where the bytes are no time, as of a clock that was never set.
    pub fn local(self) -> Option<NaiveDateTime> {
        let [second, minute, hour, day, month, year] = self.0.map(u32::from);
        let year = CENTURY + i32::try_from(year).ok().filter(|year| *year < 100)?;
        NaiveDate::from_ymd_opt(year, month, day)?.and_hms_opt(hour, minute, second)
    }
}
