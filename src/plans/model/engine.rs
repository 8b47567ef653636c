//! Which days a plan's item falls on: rule, holidays, pauses and ends in; days with their reasons out.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate, TimeDelta, Weekday};

use super::item::{HolidayKind, HolidayRule, PauseReason};
use super::rule::Recurrence;

/// How far a visit can be moved, in days.
pub const TOLERANCE_DAYS_MAX: i32 = 15;
/// Days around the asked ones that can send or take a moved visit.
const AROUND_DAYS: i64 = 2 * TOLERANCE_DAYS_MAX as i64 + 1;
/// How far ahead the next visits are looked for.
const LOOK_AHEAD_DAYS: i64 = 3 * 366;
const STRIDE_DAYS: i64 = 62;

/// A day of the public schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holiday {
    pub kind: HolidayKind,
    pub name_zh: String,
    pub name_en: String,
}

/// The public schedule: holidays and the days worked instead.
#[derive(Clone, Debug, Default)]
pub struct Holidays {
    days: BTreeMap<NaiveDate, Holiday>,
    years: BTreeSet<i32>,
}

impl Holidays {
    pub fn new(days: impl IntoIterator<Item = (NaiveDate, Holiday)>) -> Holidays {
        let days: BTreeMap<NaiveDate, Holiday> = days.into_iter().collect();
        let years = days.keys().map(NaiveDate::year).collect();
        Holidays { days, years }
    }

    /// Whether the schedule of the year is known; of another one only the weekends are.
    pub fn knows(&self, year: i32) -> bool {
        self.years.contains(&year)
    }

    pub fn get(&self, day: NaiveDate) -> Option<&Holiday> {
        self.days.get(&day)
    }

    /// A public holiday, weekends inside it included; an ordinary weekend is none.
    pub fn is_holiday(&self, day: NaiveDate) -> bool {
        self.get(day).is_some_and(|found| found.kind == HolidayKind::Off)
    }

    /// Monday to Friday without holidays, and the days that are worked instead.
    pub fn is_working_day(&self, day: NaiveDate) -> bool {
        match self.get(day) {
            Some(found) => found.kind == HolidayKind::Work,
            None => !matches!(day.weekday(), Weekday::Sat | Weekday::Sun),
        }
    }
}

/// Days from the first to the last; without a last day it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: NaiveDate,
    pub to: Option<NaiveDate>,
}

impl Span {
    pub fn holds(self, day: NaiveDate) -> bool {
        self.from <= day && self.to.is_none_or(|last| day <= last)
    }
}

/// An item as the engine sees it.
#[derive(Clone, Debug)]
pub struct Wish {
    pub rule: Recurrence,
    /// When the rule starts, and the item's last day.
    pub span: Span,
    /// When the plan holds.
    pub plan: Span,
    pub holiday_rule: HolidayRule,
    pub tolerance_days: i32,
    pub pauses: Vec<(Span, PauseReason)>,
}

/// Why a day of the rule is another day, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Moved from a holiday.
    Moved,
    /// A holiday, on which this item is left out.
    Holiday,
    /// A holiday with no working day within the tolerance.
    NoWorkingDay,
    /// Moved from a holiday to a day that has this item already.
    DayTaken,
    Paused(PauseReason),
    /// Moved past the first or last day.
    OutsidePlan,
}

/// A day that the rule gives, and what becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// The rule's own day: by it the visit is known, wherever it is moved.
    pub occurrence_on: NaiveDate,
    /// None where there is no visit.
    pub service_on: Option<NaiveDate>,
    pub why: Option<Why>,
}

impl Occurrence {
    /// The day at which it is shown in order.
    pub fn shown_on(&self) -> NaiveDate {
        self.service_on.unwrap_or(self.occurrence_on)
    }
}

/// What the rule gives in `[from, to)`, by the day of service where there is one, in order.
pub fn occurrences(wish: &Wish, holidays: &Holidays, from: NaiveDate, to: NaiveDate) -> Vec<Occurrence> {
    let around = TimeDelta::days(AROUND_DAYS);
    let first = from.checked_sub_signed(around).unwrap_or(from);
    let end = to.checked_add_signed(around).unwrap_or(to);
    let mut days = wish.rule.days(wish.span.from, first, end);
    days.retain(|day| wish.span.holds(*day) && wish.plan.holds(*day));
    // A moved visit never falls on a day that the rule itself fills.
    let moves = |day: NaiveDate| wish.holiday_rule != HolidayRule::AsPlanned && holidays.is_holiday(day);
    let mut taken: BTreeSet<NaiveDate> = days.iter().copied().filter(|day| !moves(*day)).collect();
    let mut found: Vec<Occurrence> = days
        .into_iter()
        .map(|day| {
            let (service_on, why) =
                if moves(day) { moved(wish, holidays, day, &mut taken) } else { (Some(day), None) };
            paused(wish, Occurrence { occurrence_on: day, service_on, why })
        })
        .filter(|one| (from..to).contains(&one.shown_on()))
        .collect();
    found.sort_by_key(|one| (one.shown_on(), one.occurrence_on));
    found
}

/// The next `count` visits from `from` on, and what is left out between them.
pub fn next(wish: &Wish, holidays: &Holidays, from: NaiveDate, count: usize) -> Vec<Occurrence> {
    let mut found: Vec<Occurrence> = Vec::new();
    let mut visits = 0;
    let mut start = from;
    while start < from + TimeDelta::days(LOOK_AHEAD_DAYS) {
        let end = start + TimeDelta::days(STRIDE_DAYS);
        for one in occurrences(wish, holidays, start, end) {
            found.push(one);
            visits += usize::from(one.service_on.is_some());
            if visits == count {
                return found;
            }
        }
        // Leaving out for years on end is said once.
        if found.len() > 4 * count {
            break;
        }
        start = end;
    }
    found
}

fn moved(
    wish: &Wish,
    holidays: &Holidays,
    day: NaiveDate,
    taken: &mut BTreeSet<NaiveDate>,
) -> (Option<NaiveDate>, Option<Why>) {
    let step = match wish.holiday_rule {
        HolidayRule::AsPlanned => return (Some(day), None),
        HolidayRule::Skip => return (None, Some(Why::Holiday)),
        HolidayRule::Next => 1,
        HolidayRule::Previous => -1,
    };
    let target = (1..=i64::from(wish.tolerance_days))
        .filter_map(|days| day.checked_add_signed(TimeDelta::days(step * days)))
        .find(|target| holidays.is_working_day(*target));
    match target {
        None => (None, Some(Why::NoWorkingDay)),
        Some(target) if !(wish.plan.holds(target) && wish.span.holds(target)) => {
            (None, Some(Why::OutsidePlan))
        }
        Some(target) if !taken.insert(target) => (None, Some(Why::DayTaken)),
        Some(target) => (Some(target), Some(Why::Moved)),
    }
}

fn paused(wish: &Wish, one: Occurrence) -> Occurrence {
    let Some(day) = one.service_on else { return one };
    match wish.pauses.iter().find(|(span, _)| span.holds(day)) {
        Some((_, reason)) => Occurrence { service_on: None, why: Some(Why::Paused(*reason)), ..one },
        None => one,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plans::model::rule::{Pattern, Until};
    use proptest::prelude::*;

    fn base() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).unwrap()
    }

    fn on(days: i64) -> NaiveDate {
        base() + TimeDelta::days(days)
    }

    fn holidays() -> impl Strategy<Value = Holidays> {
        proptest::collection::vec((0_i64..200, 1_i64..9, any::<bool>()), 0..8).prop_map(|blocks| {
            let named = |kind| Holiday { kind, name_zh: "节".into(), name_en: "H".into() };
            Holidays::new(blocks.into_iter().flat_map(|(start, length, off)| {
                let kind = if off { HolidayKind::Off } else { HolidayKind::Work };
                let length = if off { length } else { 1 };
                (start..start + length).map(move |days| (on(days), named(kind))).collect::<Vec<_>>()
            }))
        })
    }

    fn wish() -> impl Strategy<Value = Wish> {
        let pattern = prop_oneof![
            Just(Pattern::Daily),
            Just(Pattern::Weekly(vec![Weekday::Mon])),
            Just(Pattern::Weekly(vec![Weekday::Tue, Weekday::Sat])),
            Just(Pattern::MonthDays(vec![1, 31])),
            Just(Pattern::MonthWeekday(1, Weekday::Mon)),
        ];
        let rule = proptest::sample::select(HolidayRule::ALL);
        let pauses = proptest::collection::vec((0_i64..200, 0_i64..30), 0..3);
        (pattern, 1_u16..4, rule, 0..=TOLERANCE_DAYS_MAX, 0_i64..60, 60_i64..220, pauses).prop_map(
            |(pattern, interval, holiday_rule, tolerance_days, start, end, pauses)| Wish {
                rule: Recurrence { pattern, interval, until: Until::Never },
                span: Span { from: on(start), to: None },
                plan: Span { from: on(10), to: Some(on(end)) },
                holiday_rule,
                tolerance_days,
                pauses: pauses
                    .into_iter()
                    .map(|(from, days)| {
                        (Span { from: on(from), to: Some(on(from + days)) }, PauseReason::Hospital)
                    })
                    .collect(),
            },
        )
    }

    proptest! {
        #[test]
        fn every_visit_keeps_the_rules(wish in wish(), holidays in holidays()) {
            let all = occurrences(&wish, &holidays, on(0), on(240));
            let mut days = BTreeSet::new();
            for one in &all {
                let Some(day) = one.service_on else {
                    prop_assert!(one.why.is_some(), "left out without a reason");
                    continue;
                };
                prop_assert!(days.insert(day), "twice on {day}");
                prop_assert!(wish.plan.holds(day) && wish.span.holds(day), "outside of the plan");
                prop_assert!(wish.pauses.iter().all(|(span, _)| !span.holds(day)), "in a pause");
                let off = (day - one.occurrence_on).num_days();
                prop_assert!(off.abs() <= i64::from(wish.tolerance_days), "moved too far");
                prop_assert_eq!(off != 0, one.why == Some(Why::Moved));
                if off != 0 {
                    prop_assert!(holidays.is_holiday(one.occurrence_on) && holidays.is_working_day(day));
                    prop_assert_eq!(off > 0, wish.holiday_rule == HolidayRule::Next);
                }
                if wish.holiday_rule != HolidayRule::AsPlanned {
                    prop_assert!(!holidays.is_holiday(day), "on a holiday");
                }
            }
        }

        #[test]
        fn asking_in_parts_is_asking_as_a_whole(
            wish in wish(), holidays in holidays(), cuts in proptest::collection::vec(1_i64..60, 1..6),
        ) {
            let mut parts = Vec::new();
            let mut start = 0;
            for cut in cuts {
                parts.extend(occurrences(&wish, &holidays, on(start), on(start + cut)));
                start += cut;
            }
            prop_assert_eq!(parts, occurrences(&wish, &holidays, on(0), on(start)));
        }

        #[test]
        fn the_next_ones_are_the_first_ones(wish in wish(), holidays in holidays()) {
            let next = next(&wish, &holidays, on(0), 10);
            let all = occurrences(&wish, &holidays, on(0), on(LOOK_AHEAD_DAYS));
            prop_assert_eq!(&all[..next.len()], &next[..]);
        }
    }
}
