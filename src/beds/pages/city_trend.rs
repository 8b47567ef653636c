//! The line of a year: days across, beds lived in upwards from zero, both with what they are.

use crate::beds::DayOccupancy;
use crate::web::{Visitor, group_digits};

/// Height of the drawing; its width is 100.
const HEIGHT: f64 = 40.0;
/// Marks below, from the first day to the last.
const DAY_MARKS: usize = 5;

pub struct TrendView {
    pub points: String,
    pub summary: String,
    /// From the top down: the topmost value, half of it, zero.
    pub values: Vec<String>,
    pub months: Vec<String>,
}

pub fn trend(visitor: &Visitor, year: &[DayOccupancy]) -> TrendView {
    let most = year.iter().map(|day| day.lived_in).max().unwrap_or_default();
    let top = round_top(most);
    let last = year.len().saturating_sub(1);
    let points = year.iter().enumerate().map(|(index, day)| {
        let across = index as f64 * 100.0 / last.max(1) as f64;
        format!("{across:.2},{:.2}", HEIGHT - day.lived_in as f64 * HEIGHT / top as f64)
    });
    let end = |day: Option<&DayOccupancy>| {
        day.map(|day| (day.day.to_string(), group_digits(day.lived_in))).unwrap_or_default()
    };
    let (first_day, first) = end(year.first());
    let (last_day, now) = end(year.last());
    let values = [("first_day", &*first_day), ("first", &*first), ("last_day", &*last_day), ("last", &*now)];
    let months = (0..DAY_MARKS).filter_map(|mark| year.get(mark * last / (DAY_MARKS - 1)));
    TrendView {
        points: points.collect::<Vec<_>>().join(" "),
        summary: visitor.lang.fill("bed.trend_summary", &values),
        values: [top, top / 2, 0].map(group_digits).into(),
        months: months.map(|day| day.day.format("%Y-%m").to_string()).collect(),
    }
}

/// The next of 2, 4, 6, 8, 10 and their tens: even, so that half of it is whole.
fn round_top(most: i64) -> i64 {
    let mut unit = 2;
    while most > unit * 5 {
        unit *= 10;
    }
    (1..=5).map(|steps| unit * steps).find(|top| *top >= most).unwrap_or(unit * 5)
}

#[cfg(test)]
mod tests {
    use super::round_top;

    #[test]
    fn the_top_of_the_scale_is_a_round_number_not_far_above_the_line() {
        for (most, top) in [(0, 2), (2, 2), (3, 4), (10, 10), (11, 20), (99, 100), (101, 200), (4_301, 6_000)]
        {
            assert_eq!(round_top(most), top, "{most}");
        }
    }
}
