//! What has to be done after a visit that was not done: another attempt to reach somebody, and seeing that the elder is well.
//!
//! Invariants: each has a deadline and an owner from the moment it is opened; it ends with a result and who gave it.

mod answer;
pub(super) mod model;
pub mod pages;
pub mod store;
mod timeline;

pub use answer::{Answer, answer, open_follow_ups};
pub use model::{FollowUpKind, FollowUpResult, Whom};
pub use timeline::timeline;
