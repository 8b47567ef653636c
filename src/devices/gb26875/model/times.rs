use chrono::{NaiveDateTime, TimeDelta};

/// A panel's time is believed when it is this close to the receipt.
const SKEW_MAX: TimeDelta = TimeDelta::minutes(5);
/// A panel whose clock is further off is told the time.
const OFF_MAX_S: i64 = 60;
/// One that does not take it is not told again sooner.
const TOLD_AGAIN_AFTER: TimeDelta = TimeDelta::minutes(10);
/// A frame of a clock that goes is the same one however late it is repeated; of any other clock only for so long.
const REPEATED_FOR: TimeDelta = TimeDelta::hours(1);
const GOING_FOR: TimeDelta = TimeDelta::days(30);

/// When something happened: as the panel says where its clock can be believed, else at the receipt. A report that comes late
/// from a panel whose clock is known to be right keeps its time. Never later than the receipt: a clock that is set back must not
/// make new states look older than those before them.
pub fn time_used(
    said: Option<NaiveDateTime>,
    received_at: NaiveDateTime,
    ahead_s: Option<i64>,
) -> NaiveDateTime {
    let Some(said) = said else { return received_at };
    let is_near = (said - received_at).abs() <= SKEW_MAX;
    let is_right = ahead_s.is_some_and(|ahead_s| ahead_s.abs() <= SKEW_MAX.num_seconds());
    let is_late = said < received_at && received_at - said <= GOING_FOR;
    if is_near || (is_right && is_late) { said.min(received_at) } else { received_at }
}

/// Whether a frame is one that was stored `before`, being the same to the byte. Its own time is part of it, so that only a panel
/// whose clock stands still sends two alike; to take the second for the first would lose an alarm.
pub fn is_repeated(said: Option<NaiveDateTime>, before: NaiveDateTime, received_at: NaiveDateTime) -> bool {
    let is_going = said.is_some_and(|said| (said - received_at).abs() <= GOING_FOR);
    is_going || received_at - before <= REPEATED_FOR
}

/// Whether a frame tells how its panel's clock goes now, given how that is known to go. A frame that was kept during an outage and is
/// sent again to the byte tells of the past: it looks like a clock that is behind, of a panel whose clock is right. A sign of life is
/// never kept.
pub fn tells_clock(ahead_s: i64, known_s: Option<i64>, is_sign_of_life: bool) -> bool {
    let right_s = SKEW_MAX.num_seconds();
    let is_known_right = known_s.is_some_and(|known_s| known_s.abs() <= right_s);
    is_sign_of_life || !(is_known_right && ahead_s < -right_s)
}

/// Whether a panel is to be told the time: once in a day of the city, and when it is off.
pub fn is_clock_due(
    ahead_s: i64,
    told_at: Option<NaiveDateTime>,
    (now, day_began_at): (NaiveDateTime, NaiveDateTime),
) -> bool {
    let Some(told_at) = told_at else { return true };
    told_at < day_began_at || (ahead_s.abs() > OFF_MAX_S && now - told_at >= TOLD_AGAIN_AFTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> NaiveDateTime {
        "2026-11-23T09:30:05".parse::<NaiveDateTime>().unwrap() + TimeDelta::seconds(seconds)
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
    fn a_late_frame_says_nothing_of_a_clock_that_is_right() {
        for (ahead_s, known_s, tells) in [
            (-3_600, None, true),
            (-3_600, Some(-301), true),
            (-3_600, Some(-300), false),
            (-301, Some(300), false),
            (-300, Some(0), true),
            (3_600, Some(0), true),
        ] {
            assert_eq!(tells_clock(ahead_s, known_s, false), tells, "{ahead_s} {known_s:?}");
            assert!(tells_clock(ahead_s, known_s, true), "a sign of life is of now");
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
}
