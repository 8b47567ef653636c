//! Elders: who they are, what they are entitled to, and their personal data behind masks.
//!
//! Invariants: identity number, phone and address are sealed in the database and leave it in clear only through
//! [`reveal`], [`reveal_addresses`] and [`phone_to_call`], each with an audit row in the same transaction; an elder is within reach by town,
//! by a stay in an institution, a hold of a bed there or a provider's visit, until thirty days after they ended, and by waiting
//! for an institution or being asked to be taken in there.

pub mod api;
mod edit;
mod model;
pub mod pages;
mod personal;
mod register;
pub mod store;

pub use edit::{ElderInput, add, change, identify, keep, register_resident, remove, restore, same_personal};
pub use model::{Category, Gender, age_years, is_identity, is_valid_identity, mask_identity, mask_phone};
pub use personal::{
    Found, Personal, PersonalColumns, find_by_identity, find_for_admission, phone_to_call, reveal,
    reveal_addresses, seal,
};
pub use register::{NewElder, register};
