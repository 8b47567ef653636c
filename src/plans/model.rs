//! Rules of care plans: recurrence, holidays, what follows from them, and what is entitled. No input or output.

mod engine;
mod entitlement;
mod item;
mod reconcile;
mod rule;

pub use engine::{Holiday, Holidays, Occurrence, Span, TOLERANCE_DAYS_MAX, Why, Wish, next, occurrences};
pub use entitlement::{
    AbilityLevel, Amount, Balance, Entitled, EntitlementInput, EntitlementUnit, Rule, entitled, level_of,
};
pub use item::{
    HolidayKind, HolidayRule, ItemInput, NOTE_MAX, PauseInput, PauseReason, PlanInput, PlanState, clock,
};
pub use reconcile::{Action, Content, Key, Known, reconcile};
pub use rule::{Pattern, Recurrence, Until, last_of_month};
