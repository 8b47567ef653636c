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
        Assigned = "assigned",
        Arrived = "arrived",
        Done = "done",
        NotDone = "not_done",
    }
}

crate::text_enum! {
    /// What can happen to a visit.
    pub enum VisitEvent {
        Plan = "plan",
        Assign = "assign",
        Release = "release",
        Arrive = "arrive",
        Finish = "finish",
        Fail = "fail",
        /// Its plan no longer asks for it: nobody sees it any more, until it is planned again.
        Withdraw = "withdraw",
    }
}

pub use crate::registry::caregivers::Skill;

crate::text_enum! {
    /// Why a visit was not done.
    pub enum FailReason {
        Absent = "absent",
        Declined = "declined",
        Hospital = "hospital",
        NoCaregiver = "no_caregiver",
        Other = "other",
    }
}

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

impl VisitEvent {
    /// The state that the event leads to, wherever it is allowed.
    pub fn leads_to(self) -> VisitState {
        match self {
            VisitEvent::Plan | VisitEvent::Release => VisitState::Planned,
            VisitEvent::Assign => VisitState::Assigned,
            VisitEvent::Arrive => VisitState::Arrived,
            VisitEvent::Finish => VisitState::Done,
            VisitEvent::Fail => VisitState::NotDone,
            VisitEvent::Withdraw => VisitState::Unplanned,
        }
    }
}

impl VisitState {
    /// The legal moves: the same as the table `visit_transitions`, which a test compares.
    pub fn apply(self, event: VisitEvent) -> Result<VisitState, Refusal> {
        use VisitEvent as E;
        use VisitState as S;
        match (self, event) {
            (S::Unplanned, E::Plan)
            | (S::Planned | S::Assigned, E::Assign)
            | (S::Assigned, E::Release | E::Arrive)
            | (S::Arrived, E::Finish)
            | (S::Planned, E::Withdraw)
            | (S::Planned | S::Assigned | S::Arrived, E::Fail) => Ok(event.leads_to()),
            (S::Unplanned, E::Assign | E::Release | E::Arrive | E::Finish | E::Fail | E::Withdraw)
            | (S::Planned, E::Plan | E::Release | E::Arrive | E::Finish)
            | (S::Assigned, E::Plan | E::Finish | E::Withdraw)
            | (S::Arrived, E::Plan | E::Assign | E::Release | E::Arrive | E::Withdraw)
            | (
                S::Done | S::NotDone,
                E::Plan | E::Assign | E::Release | E::Arrive | E::Finish | E::Fail | E::Withdraw,
            ) => Err(Refusal { state: self, event }),
        }
    }

    pub fn allows(self, event: VisitEvent) -> bool {
        self.apply(event).is_ok()
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let name = |state: VisitState| format!("@enums.visit_state.{}", state.name());
        let text = Text::new("error.illegal_move").with("state", name(refusal.state));
        Error::new(Code::IllegalMove, text.with("to", name(refusal.event.leads_to())))
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

/// The note of a failed visit: reason, then what was written.
pub fn failure_note(reason: FailReason, note: &str) -> String {
    if note.is_empty() { reason.name().to_owned() } else { format!("{}: {note}", reason.name()) }
}

/// Reason and text of a stored note.
pub fn read_note(stored: &str) -> (Option<FailReason>, &str) {
    let (name, text) = stored.split_once(": ").unwrap_or((stored, ""));
    match FailReason::parse(name) {
        Some(reason) => (Some(reason), text),
        None => (None, stored),
    }
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

    #[test]
    fn notes_give_back_their_reason() {
        assert_eq!(
            read_note(&failure_note(FailReason::Absent, "敲门: 无人")),
            (Some(FailReason::Absent), "敲门: 无人")
        );
        assert_eq!(read_note(&failure_note(FailReason::Other, "")), (Some(FailReason::Other), ""));
        assert_eq!(read_note("a: b"), (None, "a: b"));
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
                        prop_assert!(state != VisitState::Done && state != VisitState::NotDone, "an end is left");
                        prop_assert_eq!(next, event.leads_to());
                        prop_assert_eq!(next == VisitState::Unplanned, event == VisitEvent::Withdraw);
                        prop_assert!(next != VisitState::Done || state == VisitState::Arrived, "done without arriving");
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
