//! The thresholds of lateness.

use chrono::{NaiveDateTime, TimeDelta};

crate::text_enum! {
    pub enum LateKind {
        Late15 = "late_15",
        Late30 = "late_30",
        Late60 = "late_60",
        Overrun = "overrun",
        ContactDue = "contact_due",
        WelfareDue = "welfare_due",
    }
}

/// Minutes after a visit should have begun, and what that is called.
pub const THRESHOLDS: [(i64, LateKind); 3] =
    [(15, LateKind::Late15), (30, LateKind::Late30), (60, LateKind::Late60)];

/// Whole minutes since a visit should have begun; none where it is not yet late.
pub fn late_min(expected_at: NaiveDateTime, now: NaiveDateTime) -> Option<i64> {
    let minutes = (now - expected_at).num_minutes();
    (minutes >= THRESHOLDS[0].0).then_some(minutes)
}

/// The thresholds that were passed by now, with the instants at which they were.
pub fn passed(expected_at: NaiveDateTime, now: NaiveDateTime) -> Vec<(LateKind, NaiveDateTime)> {
    THRESHOLDS
        .into_iter()
        .map(|(minutes, kind)| (kind, expected_at + TimeDelta::minutes(minutes)))
        .filter(|(_, due_at)| *due_at <= now)
        .collect()
}

/// The highest threshold that was passed.
pub fn level(expected_at: NaiveDateTime, now: NaiveDateTime) -> Option<LateKind> {
    passed(expected_at, now).pop().map(|(kind, _)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_passed_one_by_one() {
        let nine: NaiveDateTime = "2026-11-23T01:00:00".parse().unwrap();
        let after = |minutes| level(nine, nine + TimeDelta::minutes(minutes));
        assert_eq!(
            [after(14), after(15), after(29), after(30), after(60), after(900)],
            [
                None,
                Some(LateKind::Late15),
                Some(LateKind::Late15),
                Some(LateKind::Late30),
                Some(LateKind::Late60),
                Some(LateKind::Late60)
            ]
        );
        assert_eq!((late_min(nine, nine), late_min(nine, nine + TimeDelta::minutes(20))), (None, Some(20)));
    }
}
