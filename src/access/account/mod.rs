//! What everybody may do with their own account: see it, choose another password, end their own sessions.

mod edit;
pub mod pages;

pub use edit::{change_password, set_work_phone};
