use crate::error::{Code, Error};
use crate::text::Text;

crate::text_enum! {
    /// Where an assessment stands.
    pub enum AssessmentState {
        /// A record without its first event; nobody sees it.
        Unordered = "none",
        Ordered = "ordered",
        Done = "done",
        Reviewed = "reviewed",
        InForce = "in_force",
        Disputed = "disputed",
        Superseded = "superseded",
        Withdrawn = "withdrawn",
    }
}

crate::text_enum! {
    /// What can happen to an assessment.
    pub enum AssessmentEvent {
        Order = "order",
        Finish = "finish",
        /// Other answers, with the reason.
        Correct = "correct",
        /// The reviewer wants it done again.
        GiveBack = "give_back",
        Review = "review",
        Enact = "enact",
        Dispute = "dispute",
        /// The dispute was not justified.
        Uphold = "uphold",
        /// A newer one came into force.
        Supersede = "supersede",
        Withdraw = "withdraw",
    }
}

crate::text_enum! {
    /// Why somebody is assessed.
    pub enum Reason {
        First = "first",
        Routine = "routine",
        /// The elder's state changed.
        Immediate = "immediate",
        Doubt = "doubt",
        Other = "other",
    }
}

crate::text_enum! {
    /// Why somebody stands on the list of those due.
    pub enum DueKind {
        Ordered = "ordered",
        Renewal = "renewal",
        First = "first",
    }
}

/// The state does not allow the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IllegalStep {
    pub state: AssessmentState,
    pub event: AssessmentEvent,
}

impl AssessmentEvent {
    /// The state that the event leads to, wherever it is allowed.
    pub fn leads_to(self) -> AssessmentState {
        use AssessmentEvent as E;
        use AssessmentState as S;
        match self {
            E::Order | E::GiveBack => S::Ordered,
            E::Finish | E::Correct => S::Done,
            E::Review => S::Reviewed,
            E::Enact | E::Uphold => S::InForce,
            E::Dispute => S::Disputed,
            E::Supersede => S::Superseded,
            E::Withdraw => S::Withdrawn,
        }
    }

    pub fn action(self) -> &'static str {
        use AssessmentEvent as E;
        match self {
            E::Order => "assessment.order",
            E::Finish => "assessment.finish",
            E::Correct => "assessment.correct",
            E::GiveBack => "assessment.give_back",
            E::Review => "assessment.review",
            E::Enact => "assessment.enact",
            E::Dispute => "assessment.dispute",
            E::Uphold => "assessment.uphold",
            E::Supersede => "assessment.supersede",
            E::Withdraw => "assessment.withdraw",
        }
    }
}

impl AssessmentState {
    /// The legal moves: the same as the table `assessment_transitions`, which a test compares.
    pub fn apply(self, event: AssessmentEvent) -> Result<AssessmentState, IllegalStep> {
        use AssessmentEvent as E;
        use AssessmentState as S;
        let legal = match self {
            S::Unordered => matches!(event, E::Order),
            S::Ordered => matches!(event, E::Finish | E::Withdraw),
            S::Done => matches!(event, E::Correct | E::GiveBack | E::Review),
            S::Reviewed => matches!(event, E::Enact | E::Dispute),
            S::InForce => matches!(event, E::Dispute | E::Supersede),
            S::Disputed => matches!(event, E::Uphold | E::Supersede),
            S::Superseded | S::Withdrawn => false,
        };
        if legal { Ok(event.leads_to()) } else { Err(IllegalStep { state: self, event }) }
    }

    pub fn allows(self, event: AssessmentEvent) -> bool {
        self.apply(event).is_ok()
    }

    /// Ordered and not yet decided on: of one elder and scale there is one such at a time.
    pub fn is_open(self) -> bool {
        matches!(self, AssessmentState::Ordered | AssessmentState::Done | AssessmentState::Reviewed)
    }
}

impl From<IllegalStep> for Error {
    fn from(refusal: IllegalStep) -> Self {
        let text = Text::new("assessment.illegal_step")
            .with("state", format!("@enums.assessment_state.{}", refusal.state.name()))
            .with("step", format!("@enums.assessment_event.{}", refusal.event.name()));
        Error::new(Code::IllegalMove, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_comes_into_force_without_being_done_and_reviewed(
            events in proptest::collection::vec(proptest::sample::select(AssessmentEvent::ALL), 0..60)
        ) {
            use AssessmentEvent as E;
            use AssessmentState as S;
            let (mut state, mut past) = (S::Unordered, Vec::new());
            for event in events {
                match state.apply(event) {
                    Ok(next) => {
                        prop_assert!(state != S::Superseded && state != S::Withdrawn, "an end is left");
                        prop_assert_eq!(next, event.leads_to());
                        prop_assert_ne!(next, S::Unordered);
                        past.push(event);
                        if next == S::InForce {
                            // The last that was said of the answers is that somebody reviewed them.
                            let said = past.iter().rev().find(|event| {
                                matches!(event, E::Finish | E::Correct | E::GiveBack | E::Review)
                            });
                            prop_assert_eq!(said, Some(&E::Review));
                            prop_assert!(past.contains(&E::Finish));
                        }
                        state = next;
                    }
                    Err(refusal) => prop_assert_eq!(refusal, IllegalStep { state, event }),
                }
            }
        }
    }
}
