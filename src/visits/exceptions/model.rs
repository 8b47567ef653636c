//! Where an exception stands, how it moves, and how old it is.

use chrono::{NaiveDateTime, TimeDelta};

crate::text_enum! {
    pub enum ExceptionState {
        Open = "open",
        /// The caregiver or their provider was asked about it.
        Asked = "asked",
        Approved = "approved",
        Corrected = "corrected",
        Rejected = "rejected",
        /// The evidence that came later does not support it.
        Settled = "settled",
    }
}

crate::text_enum! {
    pub enum ExceptionEvent {
        Open = "open",
        Ask = "ask",
        Approve = "approve",
        Correct = "correct",
        Reject = "reject",
        Settle = "settle",
        Reopen = "reopen",
    }
}

crate::text_enum! {
    /// What somebody can decide of one or of many.
    pub enum Decision {
        Ask = "ask",
        Approve = "approve",
        Reject = "reject",
        Reopen = "reopen",
    }
}

crate::text_enum! {
    /// How long somebody has had to look at it.
    pub enum Age {
        Day = "day",
        ThreeDays = "three_days",
        Week = "week",
        Older = "older",
    }
}

impl Age {
    /// Hours, the second not included; the oldest have no end.
    const fn hours(self) -> (i64, Option<i64>) {
        match self {
            Age::Day => (0, Some(24)),
            Age::ThreeDays => (24, Some(72)),
            Age::Week => (72, Some(168)),
            Age::Older => (168, None),
        }
    }

    pub fn of(opened_at: NaiveDateTime, now: NaiveDateTime) -> Age {
        let hours = (now - opened_at).num_hours();
        let is_in = |age: &&Age| age.hours().1.is_none_or(|end| hours < end);
        Age::ALL.iter().find(is_in).copied().unwrap_or(Age::Older)
    }

    /// What is so old was opened after the first instant, where there is one, and not after the second.
    pub fn opened(self, now: NaiveDateTime) -> (Option<NaiveDateTime>, NaiveDateTime) {
        let (from, to) = self.hours();
        (to.map(|hours| now - TimeDelta::hours(hours)), now - TimeDelta::hours(from))
    }
}

impl Decision {
    pub fn event(self) -> ExceptionEvent {
        match self {
            Decision::Ask => ExceptionEvent::Ask,
            Decision::Approve => ExceptionEvent::Approve,
            Decision::Reject => ExceptionEvent::Reject,
            Decision::Reopen => ExceptionEvent::Reopen,
        }
    }
}

impl ExceptionState {
    /// Somebody still has to decide.
    pub fn is_open(self) -> bool {
        matches!(self, ExceptionState::Open | ExceptionState::Asked)
    }

    pub fn apply(self, event: ExceptionEvent) -> Option<ExceptionState> {
        use ExceptionEvent as E;
        use ExceptionState as S;
        match (self, event) {
            (S::Open | S::Asked, E::Ask) => Some(S::Asked),
            (S::Open | S::Asked, E::Approve) => Some(S::Approved),
            (S::Open | S::Asked, E::Correct) => Some(S::Corrected),
            (S::Open | S::Asked, E::Reject) => Some(S::Rejected),
            (S::Open | S::Asked, E::Settle) => Some(S::Settled),
            (S::Settled, E::Open) | (S::Approved | S::Corrected | S::Rejected, E::Reopen) => Some(S::Open),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_age_has_its_name_and_its_bounds_say_the_same() {
        let now: NaiveDateTime = "2026-11-23T01:00:00".parse().unwrap();
        for (hours, age) in [
            (0, Age::Day),
            (23, Age::Day),
            (24, Age::ThreeDays),
            (71, Age::ThreeDays),
            (72, Age::Week),
            (167, Age::Week),
            (168, Age::Older),
            (9_000, Age::Older),
        ] {
            let opened = now - TimeDelta::hours(hours);
            assert_eq!(Age::of(opened, now), age, "{hours}");
            for other in Age::ALL {
                let (after, until) = other.opened(now);
                let is_in = after.is_none_or(|after| opened > after) && opened <= until;
                assert_eq!(is_in, *other == age, "{hours} {}", other.name());
            }
        }
    }

    #[test]
    fn what_is_decided_is_only_reopened() {
        for state in [ExceptionState::Approved, ExceptionState::Corrected, ExceptionState::Rejected] {
            for event in ExceptionEvent::ALL {
                let next = state.apply(*event);
                assert_eq!(next.is_some(), *event == ExceptionEvent::Reopen, "{state:?} {event:?}");
            }
        }
    }
}
