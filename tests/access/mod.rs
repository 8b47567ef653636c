//! Who may do what, where: proven from outside, on both databases.

pub mod audit_chain;
mod errors;
mod examples;
mod headers;
mod origin;
mod outbox;
mod scope;
mod sealed;
mod set_up;
mod sign_in;
mod users;
