//! Which time is used, what is a repetition, and when a clock is set.

use chrono::{NaiveDateTime, TimeDelta};

use super::*;

fn at(seconds: i64) -> NaiveDateTime {
    stamp().local().unwrap() + TimeDelta::seconds(seconds)
}

#[test]
fn a_panels_time_is_used_where_its_clock_can_be_believed() {
    for (said, ahead_s, used) in [
        (None, Some(0), 0),
        (Some(-300), None, -300),
        (Some(-301), None, 0),
        (Some(120), None, 0),
        (Some(300), None, 0),
        (Some(301), Some(0), 0),
        // Late, from a clock that is right, one that is not, and one from another year.
        (Some(-7_200), Some(300), -7_200),
        (Some(-7_200), Some(-301), 0),
        (Some(-40 * 86_400), Some(0), 0),
    ] {
        assert_eq!(time_used(said.map(at), at(0), ahead_s), at(used), "{said:?} {ahead_s:?}");
    }
}

#[test]
fn a_frame_is_a_repetition_for_ever_unless_its_clock_stands() {
    let hour = 3_600;
    assert!(is_repeated(Some(at(-20 * 86_400)), at(-20 * 86_400), at(0)));
    for (said, before, repeated) in
        [(None, -hour, true), (None, -hour - 1, false), (Some(at(-31 * 86_400)), -hour - 1, false)]
    {
        assert_eq!(is_repeated(said, at(before), at(0)), repeated, "{said:?} {before}");
    }
}

#[test]
fn a_clock_is_set_daily_and_when_it_is_off() {
    let day = at(-9 * 3_600);
    let due = |ahead_s, told: Option<i64>| is_clock_due(ahead_s, told.map(at), (at(0), day));
    assert!(due(0, None) && due(0, Some(-10 * 3_600)));
    assert!(!due(60, Some(-3_600)) && !due(-60, Some(-3_600)));
    assert!(due(61, Some(-600)) && due(-61, Some(-600)));
    assert!(!due(61, Some(-599)), "it was just told");
}
