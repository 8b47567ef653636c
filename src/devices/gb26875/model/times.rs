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

/// Whether a panel is to be told the time: once in a day of the city, and when it is off.
pub fn is_clock_due(
    ahead_s: i64,
    told_at: Option<NaiveDateTime>,
    (now, day_began_at): (NaiveDateTime, NaiveDateTime),
) -> bool {
    let Some(told_at) = told_at else { return true };
    told_at < day_began_at || (ahead_s.abs() > OFF_MAX_S && now - told_at >= TOLD_AGAIN_AFTER)
}
