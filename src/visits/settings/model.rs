//! The settings, what each may be, and what each is from a day on.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::input::Checks;
use crate::text::Text;

const SOURCE_MAX: usize = 200;

crate::text_enum! {
    pub enum Setting {
        FenceM = "visit_fence_m",
        AccuracyMaxM = "visit_accuracy_max_m",
        EarlyMin = "visit_early_min",
        DurationFairPercent = "visit_duration_fair_percent",
        DurationWeakPercent = "visit_duration_weak_percent",
        SpeedMaxKmH = "visit_speed_max_km_h",
        ClockMaxS = "visit_clock_max_s",
        OverrunMin = "visit_overrun_min",
        UnseenDays = "visit_unseen_days",
        WelfareMin = "visit_welfare_min",
    }
}

impl Setting {
    /// What holds where the office has set nothing, the least, the most, and the name of the unit.
    const fn row(self) -> (i64, i64, i64, &'static str) {
        match self {
            Setting::FenceM => (150, 20, 5_000, "m"),
            Setting::AccuracyMaxM => (500, 10, 5_000, "m"),
            Setting::EarlyMin => (30, 0, 240, "min"),
            Setting::DurationFairPercent => (80, 1, 100, "percent"),
            Setting::DurationWeakPercent => (50, 0, 100, "percent"),
            Setting::SpeedMaxKmH => (80, 10, 200, "km_h"),
            Setting::ClockMaxS => (300, 10, 86_400, "s"),
            Setting::OverrunMin => (30, 0, 480, "min"),
            Setting::UnseenDays => (7, 1, 90, "days"),
            Setting::WelfareMin => (60, 5, 10_080, "min"),
        }
    }

    pub const fn plain(self) -> i64 {
        self.row().0
    }

    pub fn bounds(self) -> (i64, i64) {
        (self.row().1, self.row().2)
    }

    pub fn unit(self) -> &'static str {
        self.row().3
    }

    /// The setting that this one must not be above.
    pub fn not_above(self) -> Option<Setting> {
        (self == Setting::DurationWeakPercent).then_some(Setting::DurationFairPercent)
    }

    /// The setting that must not be above this one.
    pub fn not_below(self) -> Option<Setting> {
        (self == Setting::DurationFairPercent).then_some(Setting::DurationWeakPercent)
    }
}

/// A value from a day on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingInput {
    /// Tomorrow or later; of a known value of an earlier day only the source can be changed.
    pub effective_on: NaiveDate,
    pub value: i64,
    /// Where it comes from, such as the number of a document.
    pub source: String,
}

impl SettingInput {
    pub fn check(&self, setting: Setting) -> Result<()> {
        let (min, max) = setting.bounds();
        let mut checks = Checks::default();
        checks.require("value", (min..=max).contains(&self.value), || {
            Text::new("rule.range").with("min", min).with("max", max)
        });
        checks.text("source", &self.source, 1, SOURCE_MAX);
        checks.finish()
    }
}

/// A day on which a value begins to hold.
pub type Turn = (NaiveDate, i64);

/// What holds on a day.
pub fn held_on(setting: Setting, days: &[Turn], day: NaiveDate) -> i64 {
    let begun = days.iter().filter(|(from, _)| *from <= day);
    begun.max_by_key(|(from, _)| *from).map_or(setting.plain(), |(_, value)| *value)
}

/// The first day from `from` on at which `low` would be above `high`.
pub fn first_crossing(
    (low, low_days): (Setting, &[Turn]),
    (high, high_days): (Setting, &[Turn]),
    from: NaiveDate,
) -> Option<NaiveDate> {
    let mut turns: Vec<NaiveDate> =
        low_days.iter().chain(high_days).map(|(day, _)| *day).filter(|day| *day > from).collect();
    turns.push(from);
    turns.sort_unstable();
    turns.into_iter().find(|day| held_on(low, low_days, *day) > held_on(high, high_days, *day))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn every_plain_value_is_within_its_bounds() {
        for setting in Setting::ALL {
            let (min, max) = setting.bounds();
            assert!((min..=max).contains(&setting.plain()), "{}", setting.name());
        }
        assert!(Setting::DurationWeakPercent.plain() <= Setting::DurationFairPercent.plain());
    }

    #[test]
    fn a_value_holds_from_its_day_on() {
        let days = vec![(day("2026-12-01"), 200), (day("2025-01-01"), 150)];
        let held = |text: &str| held_on(Setting::FenceM, &days, day(text));
        assert_eq!(
            [held("2026-11-30"), held("2026-12-01"), held("2027-01-01"), held("2024-12-31")],
            [150, 200, 200, 150]
        );
        assert_eq!(held_on(Setting::WelfareMin, &[], day("2026-12-01")), 60);
    }

    #[test]
    fn the_first_day_of_a_crossing_is_found_also_where_a_later_change_makes_it() {
        let later = [(day("2026-12-01"), 60)];
        let weak = (Setting::DurationWeakPercent, &later[..]);
        let fair =
            |days: &[Turn]| first_crossing(weak, (Setting::DurationFairPercent, days), day("2026-11-24"));
        assert_eq!(fair(&[(day("2025-01-01"), 80)]), None);
        assert_eq!(fair(&[(day("2025-01-01"), 59)]), Some(day("2026-12-01")));
        assert_eq!(fair(&[(day("2025-01-01"), 80), (day("2027-01-01"), 40)]), Some(day("2027-01-01")));
        assert_eq!(fair(&[(day("2025-01-01"), 40)]), Some(day("2026-11-24")), "the plain 50 is above it");
    }
}
