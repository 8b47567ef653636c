//! Dispatch: who goes to whom, and when.
//!
//! Invariants: what is given to a caregiver goes through one use case, by hand or from a proposal, and breaks no rule of the day;
//! pinned visits and those under way are never moved by a proposal; a row of a proposal is accepted in the transaction that gives
//! its visit, or refused with its rule.
//!
//! The board on which a day is moved by hand belongs here too, beside the proposals.

mod accept;
pub mod api;
mod ask;
mod by_hand;
mod lawful;
mod model;
mod order;
pub mod pages;
mod part;
mod problem;
mod rows;
mod run;
mod search;
pub mod solver;
mod starts;
pub mod store;
mod travel;
mod words;

pub use accept::{Tally, Which, accept};
pub use ask::{Asked, ask, discard, stop};
pub use by_hand::{Choices, How, Offer, Refused, choices, give_by_hand};
pub use model::{ProposalState, RowChange, RowDecision, SECONDS, SECONDS_MAX, Said};
pub use run::{Planner, keep_planning, search_now};
