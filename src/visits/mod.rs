//! Visits: what is planned for an elder at home, who does it, and what happened.
//!
//! What caregivers report is in `checkin`, how well it proves a visit in `proof`, what somebody has to look at in `exceptions`,
//! `late` and `follow_ups`; who is away in `absences`; a caregiver's day on the phone in `today`; what the city's office sets of all
//! this in `reasons` and `settings`.
//!
//! Invariants: a visit moves only along the transitions of [`VisitState::apply`], which are those of the database; its
//! history is only ever added to and its state follows from it; a caregiver is in one place at a time; a caregiver reaches
//! only their own visits of today.

pub mod absences;
pub mod api;
mod assign;
pub mod catalogue;
pub mod checkin;
mod code;
pub mod corrections;
pub mod exceptions;
pub mod follow_ups;
pub mod late;
mod model;
mod offer;
pub mod pages;
mod pin;
mod plan;
mod planned;
mod progress;
pub mod proof;
pub mod reasons;
pub mod settings;
pub mod store;
mod timeline;
pub mod today;

pub use assign::{assign, release};
pub use code::{check_code, visit_code};
pub use model::{
    CaregiverRule, GroupRelation, Refusal, Shift, Skill, VisitEvent, VisitState, WithdrawReason,
};
pub use offer::{MakeUp, accept, confirm, confirm_each, decline, make_up, offer, reopen};
pub use pin::{pin, unpin};
pub use plan::{Plan, plan};
pub use planned::{Group, Withdrawal, plan_again, plan_many, put_groups, withdraw_many};
pub use progress::{Step, progress};
pub use timeline::timeline;
