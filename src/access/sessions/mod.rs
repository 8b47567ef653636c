//! Open sessions: seen and ended by the security administrator, and one's own by everybody.

mod edit;
pub mod pages;

pub use edit::{revoke, revoke_others, revoke_own};
