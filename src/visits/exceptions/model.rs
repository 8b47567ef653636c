//! Where an exception stands, and how it moves.

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
    fn what_is_decided_is_only_reopened() {
        for state in [ExceptionState::Approved, ExceptionState::Corrected, ExceptionState::Rejected] {
            for event in ExceptionEvent::ALL {
                let next = state.apply(*event);
                assert_eq!(next.is_some(), *event == ExceptionEvent::Reopen, "{state:?} {event:?}");
            }
        }
    }
}
