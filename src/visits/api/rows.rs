//! What became of several records, each decided by itself.

use serde::Serialize;
use utoipa::ToSchema;

use crate::error::Error;
use crate::web::Visitor;

/// What became of each; the others stay as they were.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RowOutcomes {
    /// How many were done.
    done: i64,
    /// In the order in which they were sent.
    items: Vec<RowOutcome>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RowOutcome {
    id: i64,
    done: bool,
    /// Code of the problem where it was not done, such as `stale`.
    problem: Option<String>,
    /// The same for people, in the asker's language.
    detail: Option<String>,
}

impl RowOutcomes {
    pub fn new(visitor: &Visitor, outcomes: Vec<(i64, Option<Error>)>) -> RowOutcomes {
        let item = |(id, refusal): (i64, Option<Error>)| RowOutcome {
            id,
            done: refusal.is_none(),
            problem: refusal.as_ref().map(|error| error.code.name().to_owned()),
            detail: refusal.map(|error| error.text.to(visitor.lang)),
        };
        let items: Vec<RowOutcome> = outcomes.into_iter().map(item).collect();
        RowOutcomes { done: items.iter().filter(|item| item.done).count() as i64, items }
    }
}
