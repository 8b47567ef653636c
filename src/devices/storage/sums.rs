//! Readings summed up by their times: pure.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::clock::{Instant, from_millis, to_millis};
use crate::devices::model::is_plausible;
use crate::devices::store::{Logged, SpanRow};

/// A quarter hour, for the charts of a day, and an hour, for those of a month and a year.
pub const SPANS_S: [i32; 2] = [900, 3_600];

/// By device, channel, length and start.
#[derive(Default)]
pub struct Sums(BTreeMap<(i64, i16, i32, Instant), SpanRow>);

impl Sums {
    pub fn add(&mut self, one: &Logged) {
        for span_s in SPANS_S {
            let starts_at = start_of(one.at, span_s);
            let row = self.0.entry((one.device_id, one.channel, span_s, starts_at)).or_insert(SpanRow {
                device_id: one.device_id,
                channel: one.channel,
                span_s,
                starts_at,
                readings: 0,
                doubted: 0,
                lowest: None,
                highest: None,
                total: 0.0,
                last_value: one.value,
                last_at: one.at,
            });
            add(row, one);
        }
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// In the order of the table's key: two programs lock its rows in the same one.
    pub fn into_rows(self) -> Vec<SpanRow> {
        self.0.into_values().collect()
    }
}

fn add(row: &mut SpanRow, one: &Logged) {
    if one.at >= row.last_at {
        (row.last_value, row.last_at) = (one.value, one.at);
    }
    if !is_plausible(one.channel, one.value) {
        row.doubted += 1;
        return;
    }
    row.readings += 1;
    row.total += one.value;
    row.lowest = Some(row.lowest.map_or(one.value, |lowest| lowest.min(one.value)));
    row.highest = Some(row.highest.map_or(one.value, |highest| highest.max(one.value)));
}

/// In UTC: the offset of every zone is whole quarter hours.
fn start_of(at: Instant, span_s: i32) -> Instant {
    let millis = TimeDelta::seconds(i64::from(span_s)).num_milliseconds();
    from_millis(to_millis(at).div_euclid(millis) * millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn a_reading_counts_once_in_each_length_and_a_doubted_one_for_nothing_else() {
        let mut sums = Sums::default();
        for (id, value, when) in [
            (1, 72.0, "2026-11-23T01:14:59.999"),
            (2, 900.0, "2026-11-23T01:15:00"),
            (3, 70.0, "2026-11-23T01:02:00"),
        ] {
            let pulse = songhe_firmware_protocol::Channel::Pulse.code() as i16;
            sums.add(&Logged { id, device_id: 7, channel: pulse, value, at: at(when) });
        }
        let rows = sums.into_rows();
        let told: Vec<_> = rows
            .iter()
            .map(|row| {
                (
                    row.span_s,
                    row.starts_at,
                    row.readings,
                    row.doubted,
                    row.lowest,
                    row.highest,
                    row.last_value,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                (900, at("2026-11-23T01:00:00"), 2, 0, Some(70.0), Some(72.0), 72.0),
                (900, at("2026-11-23T01:15:00"), 0, 1, None, None, 900.0),
                (3_600, at("2026-11-23T01:00:00"), 2, 1, Some(70.0), Some(72.0), 900.0),
            ]
        );
        assert!((rows[2].total - 142.0).abs() < 1e-9);
    }

    #[test]
    fn before_the_epoch_a_span_begins_before_its_readings_too() {
        assert_eq!(start_of(at("1969-12-31T23:59:59"), 900), at("1969-12-31T23:45:00"));
        assert_eq!(start_of(at("1970-01-01T00:00:00"), 3_600), at("1970-01-01T00:00:00"));
    }
}
