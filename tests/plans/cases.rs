//! Recurrence against cases made by hand with a calendar at the side: each line is a rule and the days that a person expects.

use chrono::NaiveDate;
use songhe::clock::Calendar;
use songhe::plans::model::{
    Holiday, HolidayKind, HolidayRule, Holidays, PauseReason, Recurrence, Span, Why, Wish, occurrences,
};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap_or_else(|_| panic!("{text} is no day"))
}

fn days(text: &str) -> Vec<NaiveDate> {
    text.split_whitespace().map(day).collect()
}

/// Rule, its first day, the days asked for (the last one not among them), the days that it gives.
const RULES: &[(&str, &str, &str, &str, &str)] = &[
    // Every three weeks, on the weekday of the first day and on others.
    (
        "FREQ=WEEKLY;INTERVAL=3",
        "2026-11-23",
        "2026-11-23 2027-02-01",
        "2026-11-23 2026-12-14 2027-01-04 2027-01-25",
        "",
    ),
    (
        "FREQ=WEEKLY;INTERVAL=3;BYDAY=FR",
        "2026-11-23",
        "2026-11-23 2027-01-20",
        "2026-11-27 2026-12-18 2027-01-08",
        "",
    ),
    // The first day is a Thursday: its week counts as the first, though its Monday is over.
    (
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH",
        "2026-11-26",
        "2026-11-23 2026-12-25",
        "2026-11-26 2026-12-07 2026-12-10 2026-12-21 2026-12-24",
        "",
    ),
    // The first Monday, the last Friday, and a fifth weekday that not every month has.
    (
        "FREQ=MONTHLY;BYDAY=1MO",
        "2026-11-23",
        "2026-11-23 2027-04-01",
        "2026-12-07 2027-01-04 2027-02-01 2027-03-01",
        "",
    ),
    (
        "FREQ=MONTHLY;BYDAY=-1FR",
        "2026-11-23",
        "2026-11-23 2027-03-01",
        "2026-11-27 2026-12-25 2027-01-29 2027-02-26",
        "",
    ),
    ("FREQ=MONTHLY;BYDAY=5TU", "2026-11-23", "2026-11-23 2027-07-01", "2026-12-29 2027-03-30 2027-06-29", ""),
    // Month ends: the 31st passes short months over, the last day does not; 2028 has a 29 February.
    (
        "FREQ=MONTHLY;BYMONTHDAY=31",
        "2026-10-31",
        "2026-10-31 2027-06-01",
        "2026-10-31 2026-12-31 2027-01-31 2027-03-31 2027-05-31",
        "",
    ),
    (
        "FREQ=MONTHLY;BYMONTHDAY=-1",
        "2026-11-23",
        "2026-11-23 2027-04-01",
        "2026-11-30 2026-12-31 2027-01-31 2027-02-28 2027-03-31",
        "",
    ),
    (
        "FREQ=MONTHLY;BYMONTHDAY=29",
        "2027-01-29",
        "2027-02-01 2028-04-01",
        "2027-03-29 2027-04-29 2027-05-29 2027-06-29 2027-07-29 2027-08-29 2027-09-29 2027-10-29 2027-11-29 2027-12-29 2028-01-29 2028-02-29 2028-03-29",
        "",
    ),
    (
        "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=31",
        "2026-12-31",
        "2026-12-01 2028-01-01",
        "2026-12-31 2027-08-31 2027-10-31 2027-12-31",
        "",
    ),
    (
        "FREQ=MONTHLY;BYMONTHDAY=1,15",
        "2026-11-16",
        "2026-11-01 2027-01-02",
        "2026-12-01 2026-12-15 2027-01-01",
        "",
    ),
    // Days, with a year's end between them.
    ("FREQ=DAILY;INTERVAL=10", "2026-12-15", "2026-12-01 2027-01-10", "2026-12-15 2026-12-25 2027-01-04", ""),
    // UNTIL is a day of the city, and it is among the days.
    (
        "FREQ=DAILY;UNTIL=20261126",
        "2026-11-24",
        "2026-11-23 2026-12-01",
        "2026-11-24 2026-11-25 2026-11-26",
        "",
    ),
    (
        "FREQ=WEEKLY;BYDAY=MO;UNTIL=20261207",
        "2026-11-23",
        "2026-11-23 2027-01-01",
        "2026-11-23 2026-11-30 2026-12-07",
        "",
    ),
    (
        "FREQ=WEEKLY;BYDAY=MO;UNTIL=20261206",
        "2026-11-23",
        "2026-11-23 2027-01-01",
        "2026-11-23 2026-11-30",
        "",
    ),
    // COUNT counts from the first day, wherever one looks.
    ("FREQ=DAILY;COUNT=4", "2026-11-23", "2026-11-25 2027-01-01", "2026-11-25 2026-11-26", ""),
    (
        "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=3",
        "2026-11-24",
        "2026-11-24 2027-01-01",
        "2026-11-25 2026-11-30 2026-12-02",
        "",
    ),
    // The last day of the item is among the days.
    ("FREQ=DAILY", "2026-11-29", "2026-11-23 2027-01-01", "2026-11-29 2026-11-30 2026-12-01", "2026-12-01"),
    // Before its first day a rule gives nothing.
    ("FREQ=DAILY", "2026-12-24", "2026-11-01 2026-12-26", "2026-12-24 2026-12-25", ""),
];

fn plain(rule: &str, starts_on: NaiveDate, ends_on: Option<NaiveDate>) -> Wish {
    Wish {
        rule: Recurrence::parse(rule, starts_on).unwrap_or_else(|text| panic!("{rule}: {text:?}")),
        span: Span { from: starts_on, to: ends_on },
        plan: Span { from: day("2020-01-01"), to: None },
        holiday_rule: HolidayRule::AsPlanned,
        tolerance_days: 0,
        pauses: Vec::new(),
    }
}

#[test]
fn a_rule_gives_the_days_that_a_person_expects() {
    for (rule, starts_on, range, expected, ends_on) in RULES {
        let range = days(range);
        let wish = plain(rule, day(starts_on), ends_on.parse().ok());
        let given: Vec<NaiveDate> = occurrences(&wish, &Holidays::default(), range[0], range[1])
            .into_iter()
            .filter_map(|one| one.service_on)
            .collect();
        assert_eq!(given, days(expected), "{rule} from {starts_on}");
    }
}

/// The national holidays of 2026: 1 to 7 October off, Sunday 20 September and Saturday 10 October worked.
fn october() -> Holidays {
    let named = |kind| Holiday { kind, name_zh: "国庆节".into(), name_en: "National Day".into() };
    let off = (1..=7).map(|date| (day(&format!("2026-10-{date:02}")), named(HolidayKind::Off)));
    let worked = ["2026-09-20", "2026-10-10"].map(|text| (day(text), named(HolidayKind::Work)));
    Holidays::new(off.chain(worked))
}

/// Rule, what to do on holidays with its tolerance, and the lines from 28 September to 12 October: the rule's day, then the day
/// of service or `-`.
const SHIFTS: &[(&str, HolidayRule, i32, &str)] = &[
    // Thursdays. 1 October is off; the next working day is Thursday the 8th, which is a Thursday of the rule itself.
    ("FREQ=WEEKLY;BYDAY=TH", HolidayRule::AsPlanned, 0, "10-01>10-01 10-08>10-08"),
    ("FREQ=WEEKLY;BYDAY=TH", HolidayRule::Skip, 0, "10-01>- 10-08>10-08"),
    ("FREQ=WEEKLY;BYDAY=TH", HolidayRule::Next, 10, "10-01>- 10-08>10-08"),
    ("FREQ=WEEKLY;BYDAY=TH", HolidayRule::Previous, 3, "10-01>09-30 10-08>10-08"),
    // Saturdays: the 3rd is off and goes to Thursday the 8th; the 10th is a worked Saturday and stays.
    ("FREQ=WEEKLY;BYDAY=SA", HolidayRule::Next, 7, "10-03>10-08 10-10>10-10"),
    // Tuesdays: the 6th needs two days.
    ("FREQ=WEEKLY;BYDAY=TU", HolidayRule::Next, 2, "09-29>09-29 10-06>10-08"),
    ("FREQ=WEEKLY;BYDAY=TU", HolidayRule::Next, 1, "09-29>09-29 10-06>-"),
    // Backwards six days from the 6th to 30 September, and no further.
    ("FREQ=WEEKLY;BYDAY=TU", HolidayRule::Previous, 6, "09-29>09-29 10-06>09-30"),
    ("FREQ=WEEKLY;BYDAY=TU", HolidayRule::Previous, 5, "09-29>09-29 10-06>-"),
    // An ordinary weekend is no holiday.
    ("FREQ=WEEKLY;BYDAY=SU", HolidayRule::Next, 3, "10-04>- 10-11>10-11"),
    ("FREQ=WEEKLY;BYDAY=SU", HolidayRule::Next, 4, "10-04>10-08 10-11>10-11"),
    // Every second day: of three holidays that go to the 8th the first does; the 9th is the rule's own.
    (
        "FREQ=DAILY;INTERVAL=2",
        HolidayRule::Next,
        7,
        "09-29>09-29 10-01>10-08 10-03>- 10-05>- 10-07>- 10-09>10-09 10-11>10-11",
    ),
];

#[test]
fn holidays_shift_both_ways_within_the_tolerance() {
    for (rule, holiday_rule, tolerance_days, expected) in SHIFTS {
        let wish = Wish {
            holiday_rule: *holiday_rule,
            tolerance_days: *tolerance_days,
            ..plain(rule, day("2026-09-29"), None)
        };
        let mut given = occurrences(&wish, &october(), day("2026-09-28"), day("2026-10-12"));
        given.sort_by_key(|one| one.occurrence_on);
        let short = |day: NaiveDate| day.format("%m-%d").to_string();
        let lines: Vec<String> = given
            .iter()
            .map(|one| format!("{}>{}", short(one.occurrence_on), one.service_on.map_or("-".into(), short)))
            .collect();
        assert_eq!(lines.join(" "), *expected, "{rule} {holiday_rule:?} {tolerance_days}");
    }
}

#[test]
fn each_shift_says_why() {
    let why = |holiday_rule, tolerance_days, rule: &str, of: &str| {
        let wish = Wish { holiday_rule, tolerance_days, ..plain(rule, day("2026-09-29"), None) };
        let all = occurrences(&wish, &october(), day("2026-09-28"), day("2026-10-12"));
        all.into_iter().find(|one| one.occurrence_on == day(of)).and_then(|one| one.why)
    };
    assert_eq!(why(HolidayRule::Skip, 0, "FREQ=WEEKLY;BYDAY=TH", "2026-10-01"), Some(Why::Holiday));
    assert_eq!(why(HolidayRule::Next, 7, "FREQ=WEEKLY;BYDAY=TH", "2026-10-01"), Some(Why::DayTaken));
    assert_eq!(why(HolidayRule::Next, 1, "FREQ=WEEKLY;BYDAY=TU", "2026-10-06"), Some(Why::NoWorkingDay));
    assert_eq!(why(HolidayRule::Next, 2, "FREQ=WEEKLY;BYDAY=TU", "2026-10-06"), Some(Why::Moved));
    assert_eq!(why(HolidayRule::Next, 2, "FREQ=WEEKLY;BYDAY=TU", "2026-09-29"), None);
}

#[test]
fn a_year_without_a_schedule_has_weekends_only() {
    let holidays = october();
    assert!(holidays.knows(2026) && !holidays.knows(2027));
    // 1 October 2027 is a Friday of which nothing is known: it is a working day, and nothing moves.
    assert!(holidays.is_working_day(day("2027-10-01")) && !holidays.is_working_day(day("2027-10-02")));
    let wish = Wish {
        holiday_rule: HolidayRule::Next,
        tolerance_days: 7,
        ..plain("FREQ=DAILY", day("2027-10-01"), None)
    };
    let given = occurrences(&wish, &holidays, day("2027-10-01"), day("2027-10-04"));
    assert!(given.iter().all(|one| one.why.is_none()) && given.len() == 3);
}

#[test]
fn a_pause_takes_its_first_and_its_last_day_and_no_other() {
    let pause =
        |from: &str, to: Option<&str>| (Span { from: day(from), to: to.map(day) }, PauseReason::Hospital);
    let given = |pauses| {
        let wish = Wish { pauses, ..plain("FREQ=DAILY", day("2026-11-23"), None) };
        let all = occurrences(&wish, &Holidays::default(), day("2026-11-23"), day("2026-11-29"));
        let kept: Vec<NaiveDate> = all.iter().filter_map(|one| one.service_on).collect();
        let left_out = all.iter().filter(|one| one.service_on.is_none());
        assert!(left_out.into_iter().all(|one| one.why == Some(Why::Paused(PauseReason::Hospital))));
        kept
    };
    assert_eq!(
        given(vec![pause("2026-11-24", Some("2026-11-26"))]),
        days("2026-11-23 2026-11-27 2026-11-28")
    );
    assert_eq!(given(vec![pause("2026-11-25", None)]), days("2026-11-23 2026-11-24"));
    assert_eq!(given(vec![pause("2026-11-28", Some("2026-11-28"))]).len(), 5);
}

#[test]
fn a_day_moved_beyond_the_plan_is_left_out() {
    let wish = Wish {
        holiday_rule: HolidayRule::Next,
        tolerance_days: 7,
        plan: Span { from: day("2026-09-01"), to: Some(day("2026-10-07")) },
        ..plain("FREQ=WEEKLY;BYDAY=SA", day("2026-09-29"), None)
    };
    let given = occurrences(&wish, &october(), day("2026-09-28"), day("2026-10-12"));
    assert_eq!(given.len(), 1);
    assert_eq!((given[0].service_on, given[0].why), (None, Some(Why::OutsidePlan)));
}

/// Zone, day, minutes from midnight, the instant in UTC.
const INSTANTS: &[(&str, &str, i32, &str)] = &[
    // China has one zone and no clock change: its midnight is 16:00 UTC of the day before.
    ("Asia/Shanghai", "2026-11-23", 0, "2026-11-22 16:00"),
    ("Asia/Shanghai", "2026-11-23", 8 * 60, "2026-11-23 00:00"),
    ("Asia/Shanghai", "2026-12-31", 23 * 60, "2026-12-31 15:00"),
    // A window that passes midnight ends on the next day, also over the end of the year.
    ("Asia/Shanghai", "2026-12-31", 25 * 60, "2026-12-31 17:00"),
    ("Asia/Shanghai", "2026-11-23", 24 * 60, "2026-11-23 16:00"),
    // Where clocks change, the hour on the wall is kept: 09:00 is an hour earlier in UTC in summer.
    ("Europe/Berlin", "2026-03-28", 9 * 60, "2026-03-28 08:00"),
    ("Europe/Berlin", "2026-03-29", 9 * 60, "2026-03-29 07:00"),
    ("Europe/Berlin", "2026-10-25", 9 * 60, "2026-10-25 08:00"),
];

#[test]
fn a_window_is_told_on_the_citys_clocks() {
    for (zone, on, minutes, utc) in INSTANTS {
        let calendar = Calendar::new(zone.parse().unwrap());
        let at = calendar.at(day(on), *minutes);
        assert_eq!(at.format("%Y-%m-%d %H:%M").to_string(), *utc, "{zone} {on} {minutes}");
    }
}
