//! The card at an elder's door: a code that is read there and nowhere else, so that whoever names it has been there.
//!
//! Invariants: an elder has one card that counts, which the database keeps; an ended card stays ended, and no code is ever
//! given twice; a code leaves the database in clear only for whoever plans visits, and on paper, which is written down; a card
//! tells a stranger nothing of the elder.

pub mod api;
mod check;
mod issue;
mod model;
pub mod pages;
mod store;

pub use check::{
    CardOf, Held, card_index, check_code, code_of, early_code, find_card, holder_at, index_of_typed,
};
pub use issue::{issue, issue_missing, revoke};
pub use model::{CodeFound, code_of_number, grouped};
