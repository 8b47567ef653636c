//! What devices measure with elders: counted by the hour in the transaction that stores it, for the place where the device stood
//! when it measured.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;

use super::Batch;
use crate::clock::{Calendar, Instant};
use crate::devices::model::is_plausible;
use crate::devices::store::{HourRow, Latest, PlaceRow};

/// By elder, device, channel and hour.
pub(in crate::devices) type Hours = BTreeMap<(i64, i64, i16, Instant), HourRow>;

/// When devices stood with elders, by device: a batch asks twice for each of its values.
pub(super) struct WithElders(HashMap<i64, Vec<PlaceRow>>);

impl WithElders {
    pub fn new(rows: Vec<PlaceRow>) -> WithElders {
        let mut places: HashMap<i64, Vec<PlaceRow>> = HashMap::new();
        for row in rows {
            places.entry(row.device_id).or_default().push(row);
        }
        WithElders(places)
    }

    fn of(&self, device_id: i64) -> &[PlaceRow] {
        self.0.get(&device_id).map_or(&[], Vec::as_slice)
    }
}

impl Batch {
    pub(super) fn note_with_elder(&mut self, one: Latest) {
        let place = self.with_elders.of(one.device_id).iter().find(|place| place.holds_at(one.at));
        let Some(elder_id) = place.and_then(|place| place.elder_id) else { return };
        add_to(&mut self.hours, self.calendar, elder_id, one);
    }

    /// Whether a device measured it before it came to the elder with whom it stands, or with one with whom it stands no more: then
    /// it is no value of its present place.
    pub(super) fn is_of_another_place(&self, one: Latest) -> bool {
        self.with_elders
            .of(one.device_id)
            .iter()
            .map(|place| place.to_at.unwrap_or(place.from_at))
            .any(|since| one.at < since)
    }

    /// In an order that two processes share.
    pub(super) fn hours_to_add(&mut self) -> Vec<HourRow> {
        std::mem::take(&mut self.hours).into_values().collect()
    }
}

/// The day and the hour in which a value counts.
pub(in crate::devices) fn hour_of(calendar: Calendar, at: Instant) -> (NaiveDate, Instant) {
    let day = calendar.day_of(at);
    (day, calendar.at(day, calendar.minute_of_day(at) / 60 * 60))
}

/// Counts a value that is an elder's.
pub(in crate::devices) fn add_to(hours: &mut Hours, calendar: Calendar, elder_id: i64, one: Latest) {
    let (day, hour_at) = hour_of(calendar, one.at);
    let hour = hours.entry((elder_id, one.device_id, one.channel, hour_at)).or_insert(HourRow {
        elder_id,
        day,
        device_id: one.device_id,
        channel: one.channel,
        hour_at,
        readings: 0,
        doubted: 0,
        lowest: None,
        highest: None,
        total: 0.0,
        last_value: one.value,
        last_at: one.at,
    });
    if one.at >= hour.last_at {
        (hour.last_value, hour.last_at) = (one.value, one.at);
    }
    if !is_plausible(one.channel, one.value) {
        hour.doubted += 1;
        return;
    }
    hour.readings += 1;
    hour.total += one.value;
    hour.lowest = Some(hour.lowest.map_or(one.value, |lowest| lowest.min(one.value)));
    hour.highest = Some(hour.highest.map_or(one.value, |highest| highest.max(one.value)));
}
