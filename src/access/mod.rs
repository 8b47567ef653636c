//! Who may do what, where: users, roles at places, sessions, the audit chain, sealed fields.
//!
//! Invariants: every function that reads or writes for a person takes that person's [`Scope`]; what is outside it does not
//! exist for them; personal data is sealed before it reaches the database; every change adds an audit row in its own
//! transaction.

pub mod account;
pub mod api;
pub mod audit;
pub mod audit_log;
mod login;
mod model;
pub mod pages;
mod password;
mod scope;
pub mod seal;
pub mod sessions;
pub mod store;
pub mod users;

pub use login::{
    Admission, Credentials, add_user, admit, check_login, close, disable, enter, is_set_up_open, leave,
    offer_set_up, set_up,
};
pub use model::{Grant, Permission, Place, Role};
pub(crate) use password::hash as hash_password;
pub use password::{Passwords, check_length};
pub use scope::{Reach, Scope};
