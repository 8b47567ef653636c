//! What has to be done after a visit that was not done: another attempt to reach somebody, and seeing that the elder is well.
//!
//! Invariants: each has a deadline from the moment it is opened; the office of its town has it until somebody takes it, and only
//! whoever assigns visits there can; it ends with a result and who gave it.

mod answer;
pub mod api;
mod hand_over;
pub(super) mod model;
pub mod pages;
pub mod store;
mod timeline;

pub use answer::{Answer, answer, open_follow_ups};
pub use hand_over::{hand_over, take};
pub use model::{FollowUpKind, FollowUpResult, Whom};
pub use timeline::timeline;
