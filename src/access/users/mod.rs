//! Users: added, disabled and given passwords by the system administrator, given roles by the security administrator.
//!
//! Invariants: nobody holds two of the three administrator roles; nobody changes their own rights or disables themselves;
//! a password that somebody else has seen is good for choosing another one only.

mod edit;
pub mod pages;

pub use edit::{add, enable, first_password, grant, reset_password, retire, revoke_grant};
