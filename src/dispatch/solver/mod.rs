//! The solver: plans a day of visits, repairs a running one, and says why.
//!
//! A pure library: it reads no clock but to compare it with the deadline it is given, and does no input or output. [`Problem`] is what is
//! to be planned, [`Plan`] the answer. [`solve`] plans, [`insert`] and [`release`] repair, [`explain`](explain()) tells who could make a visit
//! and why others cannot; [`check`](check()) tests a plan with code of its own.
//!
//! How it works: ruin and recreate with annealed acceptance ([`search`]) on one of two states. Problems in which time only means
//! feasible or not ([`plain`]) are judged in constant time for each place, with earliest and latest times. All others ([`network`])
//! get their starts from longest paths through routes and groups. Where there is time for it, the plain search cools down several times
//! and puts the routes of its good plans together to a better one ([`search`]'s pool and partition).

mod check;
mod count;
mod data;
mod explain;
mod legs;
mod network;
mod plain;
mod plan;
mod problem;
mod refuse;
mod repair;
mod search;
mod solve;

pub use self::check::{Violation, check};
pub use self::explain::{Candidate, Explanation, Reason, Rejected, Relaxation, explain, explain_unserved};
pub use self::plan::*;
pub use self::problem::*;
pub use self::refuse::{Item, Refusal, Rule, validate};
pub use self::repair::{Change, Repair, RepairOptions, insert, release};
pub use self::solve::{Options, Progress, Solved, solve};
