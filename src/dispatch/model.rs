//! Words of proposals for a day.

use serde::{Deserialize, Serialize};

use crate::text::{Lang, Text};

/// Longest search, in seconds.
pub const SECONDS_MAX: i32 = 300;
/// A search that nobody said more of.
pub const SECONDS: i32 = 10;

crate::text_enum! {
    /// Where a proposal stands.
    pub enum ProposalState {
        Waiting = "waiting",
        Running = "running",
        /// The search came to its end.
        Ready = "ready",
        /// It was ended before; what it had found by then is there, if it had begun.
        Stopped = "stopped",
        Failed = "failed",
        /// All that it changes is so.
        Accepted = "accepted",
        PartlyAccepted = "partly_accepted",
        Discarded = "discarded",
    }
}

crate::text_enum! {
    /// What a proposal does with a visit.
    pub enum RowChange {
        New = "new",
        Moved = "moved",
        Same = "same",
        Unserved = "unserved",
    }
}

crate::text_enum! {
    /// What became of a row.
    pub enum RowDecision {
        Open = "open",
        Accepted = "accepted",
        Refused = "refused",
    }
}

impl ProposalState {
    /// Still being searched for.
    pub fn is_searching(self) -> bool {
        matches!(self, ProposalState::Waiting | ProposalState::Running)
    }

    /// Rows of it can be accepted.
    pub fn is_open(self) -> bool {
        matches!(self, ProposalState::Ready | ProposalState::Stopped | ProposalState::PartlyAccepted)
    }
}

impl RowChange {
    /// Something is to be done for it.
    pub fn is_change(self) -> bool {
        matches!(self, RowChange::New | RowChange::Moved)
    }
}

/// A text that is stored to be read later in either language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    pub key: String,
    #[serde(default)]
    pub arguments: Vec<(String, String)>,
}

impl Said {
    pub fn of(text: &Text) -> Said {
        let arguments = text.arguments.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        Said { key: text.key.to_owned(), arguments: arguments.collect() }
    }

    pub fn to(&self, lang: Lang) -> String {
        let mut shown = lang.t(&self.key).into_owned();
        for (name, value) in &self.arguments {
            let value = value.strip_prefix('@').map_or_else(|| value.clone(), |key| lang.t(key).into_owned());
            shown = shown.replace(&format!("{{{name}}}"), &value);
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_reads_as_it_was_said() {
        let text = Text::new("visit.no_skill").with("caregiver", "王").with("skill", "@enums.skill.health");
        let stored = serde_json::to_string(&Said::of(&text)).unwrap();
        let read: Said = serde_json::from_str(&stored).unwrap();
        for lang in [Lang::Chinese, Lang::English] {
            assert_eq!(read.to(lang), text.to(lang));
        }
    }
}
