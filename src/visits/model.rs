use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta};

use crate::error::{Code, Error};
use crate::text::Text;

/// How far ahead a visit can be planned, in days.
pub const PLAN_DAYS_MAX: i64 = 366;
/// Letters of a note.
pub const NOTE_MAX: usize = 200;
/// Letters of the reason for a pin.
pub const PIN_REASON_MAX: usize = 100;

crate::text_enum! {
    /// Where a visit stands.
    pub enum VisitState {
        /// A record without its first event, or withdrawn; nobody sees it.
        Unplanned = "none",
        Planned = "planned",
        /// A caregiver is asked whether they take it; until they answer it keeps their time.
        Offered = "offered",
        Assigned = "assigned",
        OnTheWay = "on_the_way",
        Arrived = "arrived",
        Done = "done",
        /// Done, and somebody has seen to it that it was.
        Confirmed = "confirmed",
        NotDone = "not_done",
    }
}

crate::text_enum! {
    /// What can happen to a visit.
    pub enum VisitEvent {
        Plan = "plan",
        Offer = "offer",
        Accept = "accept",
        Decline = "decline",
        Assign = "assign",
        Release = "release",
        Depart = "depart",
        Arrive = "arrive",
        Finish = "finish",
        Confirm = "confirm",
        Fail = "fail",
        /// It was reported as done and is not believed.
        Reject = "reject",
        /// What was reported of it was wrong; somebody else has agreed.
        Correct = "correct",
        /// A confirmation is taken back, or a visit that was not done is to be done after all.
        Reopen = "reopen",
        /// Its plan no longer asks for it: nobody sees it any more, until it is planned again.
        Withdraw = "withdraw",
    }
}

pub use crate::registry::caregivers::Skill;

crate::text_enum! {
    /// Whether the second visit of a pair is done by who did the first one.
    pub enum CaregiverRule {
        Any = "any",
        Same = "same",
        Different = "different",
    }
}

crate::text_enum! {
    /// How visits of a group belong together.
    pub enum GroupRelation {
        Together = "together",
        After = "after",
        Independent = "independent",
    }
}

crate::text_enum! {
    /// Why a visit that was only planned is no longer asked for.
    pub enum WithdrawReason {
        Plan = "plan",
        Paused = "paused",
        Holiday = "holiday",
        Resident = "resident",
        Died = "died",
        NotClient = "not_client",
    }
}

/// The state does not allow the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub state: VisitState,
    pub event: VisitEvent,
}

impl VisitState {
    /// The legal moves, by where they lead: the same as the table `visit_transitions`, which a test compares.
    pub fn apply(self, event: VisitEvent) -> Result<VisitState, Refusal> {
        use VisitEvent as E;
        use VisitState as S;
        match (self, event) {
            (S::Planned, E::Withdraw) => Ok(S::Unplanned),
            (S::Unplanned, E::Plan)
            | (S::Offered, E::Decline)
            | (S::Offered | S::Assigned | S::OnTheWay, E::Release)
            | (S::NotDone, E::Reopen) => Ok(S::Planned),
            (S::Planned | S::Offered, E::Offer) => Ok(S::Offered),
            (S::Planned | S::Offered | S::Assigned | S::OnTheWay, E::Assign) | (S::Offered, E::Accept) => {
                Ok(S::Assigned)
            }
            (S::Assigned, E::Depart) => Ok(S::OnTheWay),
            (S::Assigned | S::OnTheWay, E::Arrive) | (S::Arrived, E::Correct) => Ok(S::Arrived),
            (S::Arrived, E::Finish) | (S::Done, E::Correct) | (S::Confirmed, E::Reopen) => Ok(S::Done),
            (S::Done, E::Confirm) | (S::Confirmed, E::Correct) => Ok(S::Confirmed),
            (S::Planned | S::Offered | S::Assigned | S::OnTheWay | S::Arrived, E::Fail)
            | (S::Done, E::Reject)
            | (S::NotDone, E::Correct) => Ok(S::NotDone),
            _ => Err(Refusal { state: self, event }),
        }
    }

    /// Somebody has it, and has not come yet.
    pub fn is_expected(self) -> bool {
        matches!(self, VisitState::Offered | VisitState::Assigned | VisitState::OnTheWay)
    }

    /// Somebody still has to do something for it.
    pub fn is_open(self) -> bool {
        self.is_expected() || matches!(self, VisitState::Planned | VisitState::Arrived)
    }

    pub fn allows(self, event: VisitEvent) -> bool {
        self.apply(event).is_ok()
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let text = Text::new("error.illegal_move")
            .with("state", format!("@enums.visit_state.{}", refusal.state.name()))
            .with("step", format!("@enums.visit_event.{}", refusal.event.name()));
        Error::new(Code::IllegalMove, text)
    }
}

/// When a caregiver works: days of the week by ISO number (1 is Monday), minutes after midnight; an end above 1440 is on
/// the next day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    pub days: Vec<u32>,
    pub starts_min: i32,
    pub ends_min: i32,
}

impl Shift {
    /// From the stored columns; `days` is such as `1,2,3`.
    pub fn new(days: &str, starts_min: i32, ends_min: i32) -> Shift {
        let days = days.split(',').filter_map(|day| day.trim().parse().ok()).collect();
        Shift { days, starts_min, ends_min }
    }

    /// The shifts that touch `day`, as day and minutes: the day's own, and the one before it where it goes past midnight.
    pub fn around(&self, day: NaiveDate) -> Vec<(NaiveDate, i32, i32)> {
        let works = |day: &NaiveDate| self.days.contains(&day.weekday().number_from_monday());
        let before = day.pred_opt().filter(|_| self.ends_min > 24 * 60);
        before
            .into_iter()
            .chain([day])
            .filter(works)
            .map(|day| (day, self.starts_min, self.ends_min))
            .collect()
    }
}

/// The first instant from `from` on, before `to`, at which `length` fits between the `busy` periods, which are half-open
/// and in order of their starts, and ends by `end`.
pub fn first_gap(
    from: NaiveDateTime,
    to: NaiveDateTime,
    end: NaiveDateTime,
    length: TimeDelta,
    busy: &[(NaiveDateTime, NaiveDateTime)],
) -> Option<NaiveDateTime> {
    let mut start = from;
    for (busy_from, busy_to) in busy {
        if *busy_from < start + length && start < *busy_to {
            start = *busy_to;
        }
    }
    (start < to && start + length <= end).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(minutes: i64) -> NaiveDateTime {
        NaiveDateTime::default() + TimeDelta::minutes(minutes)
    }

    #[test]
    fn a_shift_past_midnight_touches_the_next_day() {
        let monday = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        let tuesday = monday.succ_opt().unwrap();
        let night = Shift::new("1", 22 * 60, 30 * 60);
        assert_eq!(night.around(monday), [(monday, 1320, 1800)]);
        assert_eq!(night.around(tuesday), [(monday, 1320, 1800)]);
        assert_eq!(Shift::new("1", 480, 1080).around(tuesday), []);
        assert_eq!(Shift::new("7,1", 480, 1080).around(monday), [(monday, 480, 1080)]);
    }

    fn events() -> impl Strategy<Value = Vec<VisitEvent>> {
        proptest::collection::vec(proptest::sample::select(VisitEvent::ALL), 0..40)
    }

    proptest! {
        #[test]
        fn no_sequence_of_events_leaves_the_table_or_an_end(events in events()) {
            let mut state = VisitState::Unplanned;
            for event in events {
                match state.apply(event) {
                    Ok(next) => {
                        prop_assert!(state != VisitState::Confirmed
                            || matches!(event, VisitEvent::Correct | VisitEvent::Reopen), "an end is left");
                        prop_assert_eq!(next == VisitState::Unplanned, event == VisitEvent::Withdraw);
                        prop_assert!(next != VisitState::Done
                            || matches!(state, VisitState::Arrived | VisitState::Done | VisitState::Confirmed),
                            "done without arriving");
                        prop_assert_eq!(next == VisitState::Confirmed && state != VisitState::Confirmed,
                            event == VisitEvent::Confirm);
                        state = next;
                    }
                    Err(refusal) => prop_assert_eq!(refusal, Refusal { state, event }),
                }
            }
        }

        #[test]
        fn the_first_gap_is_free_in_time_and_the_earliest(
            from in 0_i64..200, width in 1_i64..200, slack in 0_i64..100, length in 1_i64..90,
            starts in proptest::collection::vec((0_i64..300, 1_i64..60), 0..6),
        ) {
            let mut sorted = starts;
            sorted.sort_unstable();
            let busy: Vec<_> = sorted.iter().map(|(start, long)| (at(*start), at(start + long))).collect();
            let (to, end, long) = (at(from + width), at(from + width + slack), TimeDelta::minutes(length));
            let fits = |start: NaiveDateTime| {
                start >= at(from) && start < to && start + long <= end
                    && busy.iter().all(|(busy_from, busy_to)| start + long <= *busy_from || start >= *busy_to)
            };
            let earliest = (from..from + width).map(at).find(|start| fits(*start));
            prop_assert_eq!(first_gap(at(from), to, end, long, &busy), earliest);
        }
    }
}
