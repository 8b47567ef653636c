//! Whether a failure whose kind says nothing is the message's own.

use crate::error::Error;

/// So often in a row the same failure while the database answers is the message's own, where its kind does not say so.
const DOUBTS_MAX: u32 = 3;

/// The same failure again and again, while the database takes other things.
#[derive(Default)]
pub(super) struct Doubts {
    last: String,
    count: u32,
}

impl Doubts {
    pub fn confirm(&mut self, error: &Error) -> bool {
        let said = error.for_log();
        self.count = if said == self.last { self.count + 1 } else { 1 };
        self.last = said;
        self.count >= DOUBTS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_failure_in_a_row_is_believed() {
        let mut doubts = Doubts::default();
        let said: Vec<bool> =
            ["a", "a", "b", "a", "a", "a"].map(|text| doubts.confirm(&Error::internal(text))).to_vec();
        assert_eq!(said, [false, false, false, false, false, true]);
    }
}
