mod cells;
mod columns;
mod problem;
mod states;

pub use cells::{
    clock, days_of_week, fold, is_emptying, is_fault, is_masked, list_of, moment, plain_number, yes_or_no,
};
pub use columns::{Column, Mapping, Values, guess, knows, normal_heading};
pub use problem::{Made, Problem};
pub use states::{BatchState, ImportKind, RowOutcome};
