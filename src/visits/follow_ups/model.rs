//! The kinds of follow-ups, and how far overdue one is.

use chrono::NaiveDateTime;

crate::text_enum! {
    pub enum FollowUpKind {
        SecondContact = "second_contact",
        WelfareCheck = "welfare_check",
    }
}

crate::text_enum! {
    /// Who was reached.
    pub enum Whom {
        Elder = "elder",
        Family = "family",
        Neighbour = "neighbour",
        Village = "village",
        Other = "other",
    }
}

crate::text_enum! {
    pub enum FollowUpResult {
        Well = "well",
        NeedsHelp = "needs_help",
        Hospital = "hospital",
        NotReached = "not_reached",
        NotNeeded = "not_needed",
    }
}

/// How urgent an open follow-up is: it climbs by itself the longer nobody answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    Waiting,
    /// Past its deadline.
    Due,
    /// Past it by an hour: whoever is responsible for the town has to see it.
    Escalated,
}

impl Urgency {
    pub fn of(due_at: NaiveDateTime, now: NaiveDateTime) -> Urgency {
        match (now - due_at).num_minutes() {
            ..0 => Urgency::Waiting,
            0..60 => Urgency::Due,
            60.. => Urgency::Escalated,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Urgency::Waiting => "waiting",
            Urgency::Due => "due",
            Urgency::Escalated => "escalated",
        }
    }

    pub fn tone(self) -> &'static str {
        match self {
            Urgency::Waiting => "wait",
            Urgency::Due => "warn",
            Urgency::Escalated => "bad",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unanswered_one_climbs_at_its_deadline_and_an_hour_later() {
        let due: NaiveDateTime = "2026-11-23T02:00:00".parse().unwrap();
        let after = |seconds| Urgency::of(due, due + chrono::TimeDelta::seconds(seconds));
        assert_eq!(
            [after(-61), after(0), after(3_599), after(3_600)],
            [Urgency::Waiting, Urgency::Due, Urgency::Due, Urgency::Escalated]
        );
    }
}
