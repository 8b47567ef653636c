use super::*;
use proptest::prelude::*;
use rrule::RRuleSet;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn weekdays() -> Vec<Weekday> {
    vec![Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun]
}

#[test]
fn what_is_left_open_is_that_of_the_first_day() {
    let rule = |text: &str| Recurrence::parse(text, day("2026-11-25")).unwrap().to_rule();
    assert_eq!(rule("FREQ=WEEKLY"), "FREQ=WEEKLY;BYDAY=WE");
    assert_eq!(rule("freq=monthly;interval=2"), "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=25");
    assert_eq!(rule("RRULE:FREQ=WEEKLY;BYDAY=FR,MO,FR"), "FREQ=WEEKLY;BYDAY=MO,FR");
    assert_eq!(rule("FREQ=MONTHLY;BYMONTHDAY=-1,15"), "FREQ=MONTHLY;BYMONTHDAY=15,-1");
    assert_eq!(rule("FREQ=DAILY;UNTIL=20261231"), "FREQ=DAILY;UNTIL=20261231");
}

#[test]
fn what_no_person_could_check_is_refused_by_name() {
    for (text, key) in [
        ("", "rule.recurrence"),
        ("every day", "rule.recurrence"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20270101", "rule.recurrence"),
        ("FREQ=SECONDLY", "rule.recurrence_subset"),
        ("FREQ=YEARLY", "rule.recurrence_subset"),
        ("FREQ=DAILY;BYDAY=MO", "rule.recurrence_subset"),
        ("FREQ=DAILY;BYHOUR=3", "rule.recurrence_subset"),
        ("FREQ=WEEKLY;BYDAY=MO;WKST=SU", "rule.recurrence_subset"),
        ("FREQ=MONTHLY;BYDAY=MO", "rule.recurrence_subset"),
        ("FREQ=MONTHLY;BYDAY=1MO,2TU", "rule.recurrence_subset"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1", "rule.recurrence_subset"),
        ("FREQ=MONTHLY;BYMONTHDAY=-2", "rule.recurrence_days"),
        ("FREQ=DAILY;INTERVAL=0", "rule.recurrence_interval"),
        ("FREQ=WEEKLY;INTERVAL=53", "rule.recurrence_interval"),
        ("FREQ=DAILY;COUNT=0", "rule.recurrence_count"),
        ("FREQ=DAILY;UNTIL=20271231T160000Z", "rule.recurrence_until"),
        ("FREQ=DAILY;UNTIL=20261124", "rule.recurrence_ends"),
    ] {
        assert_eq!(Recurrence::parse(text, day("2026-11-25")).unwrap_err().key, key, "{text}");
    }
}

fn recurrence() -> impl Strategy<Value = Recurrence> {
    let pattern = prop_oneof![
        Just(Pattern::Daily),
        proptest::sample::subsequence(weekdays(), 1..=7).prop_map(Pattern::Weekly),
        proptest::sample::subsequence((1_i8..=31).collect::<Vec<_>>(), 1..=4).prop_map(Pattern::MonthDays),
        Just(Pattern::MonthDays(vec![-1])),
        (prop_oneof![Just(-1_i8), 1_i8..=5], proptest::sample::select(weekdays()))
            .prop_map(|(nth, day)| Pattern::MonthWeekday(nth, day)),
    ];
    let until = prop_oneof![
        Just(Until::Never),
        (1_u32..40).prop_map(Until::Count),
        (0_i64..700).prop_map(|days| Until::Day(day("2026-01-01") + TimeDelta::days(days))),
    ];
    (pattern, 1_u16..=8, until).prop_map(|(pattern, interval, until)| Recurrence { pattern, interval, until })
}

/// What the crate says, which walks every day from the first one.
fn by_the_crate(rule: &Recurrence, start: NaiveDate, to: NaiveDate) -> Vec<NaiveDate> {
    let until = match rule.until {
        Until::Day(last) => format!(";UNTIL={}T000000Z", last.format("%Y%m%d")),
        _ => String::new(),
    };
    let open = Recurrence { until: if until.is_empty() { rule.until } else { Until::Never }, ..rule.clone() };
    let text = format!("DTSTART:{}T000000Z\nRRULE:{}{until}", start.format("%Y%m%d"), open.to_rule());
    let set: RRuleSet = text.parse().unwrap();
    set.into_iter().map(|at| at.date_naive()).take_while(|day| *day < to).collect()
}

proptest! {
    #[test]
    fn the_days_are_those_of_the_rrule_crate(
        rule in recurrence(), start in 0_i64..400, from in 0_i64..500, width in 0_i64..400,
    ) {
        let start = day("2025-12-01") + TimeDelta::days(start);
        let from = start + TimeDelta::days(from - 50);
        let to = from + TimeDelta::days(width);
        prop_assume!(!matches!(rule.until, Until::Day(last) if last < start));
        let wanted: Vec<NaiveDate> =
            by_the_crate(&rule, start, to).into_iter().filter(|day| *day >= from).collect();
        prop_assert_eq!(rule.days(start, from, to), wanted, "{} from {}", rule.to_rule(), start);
    }

    #[test]
    fn a_rule_round_trips(rule in recurrence(), start in 0_i64..20) {
        let start = day("2025-12-01") + TimeDelta::days(start);
        prop_assert_eq!(Recurrence::parse(&rule.to_rule(), start).unwrap(), rule);
    }
}
