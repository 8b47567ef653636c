//! Beds: who lives where, what is free, who waits, and what will be.
//!
//! Invariants: stays, holds and outages of a bed never overlap, and an elder is in one bed at a time (the database refuses
//! anything else); a leave lies inside its stay; all periods are half-open `[starts_at, ends_at)`; what a bed is, is asked at
//! an instant and never stored, so the five states of the beds always add up to the beds.

mod admit;
mod agreed;
pub mod api;
mod blocking;
mod confirm;
mod correct;
mod discharge;
mod fitting;
mod hold;
mod leave;
mod model;
mod outage;
pub mod pages;
mod record;
pub mod reports;
pub mod store;
mod timeline;
mod timer;
mod transfer;
mod waiting;

pub use admit::{Admission, Whom, admit};
pub use agreed::{Agreed, Contact, agree, reveal_contact};
pub use confirm::{confirm, set_rule};
pub use correct::{Correction, correct_stay};
pub use discharge::{Departure, discharge, plan_discharge, record_death};
pub use fitting::{Candidate, candidates};
pub use hold::{Holding, expire_due, hold, release_hold};
pub use leave::{Going, end_leave, start_leave};
pub use model::{
    BedKind, BedState, CareLevel, Counts, DayForecast, DayOccupancy, Destination, Ending, LeaveKind, Misfit,
    OutageReason, Period, Person, Risk, RuleCode, RuleMode, forecast, is_stale, occupancy_by_day,
};
pub use outage::{Taking, put_back, take_out};
pub use timeline::timeline;
pub use timer::keep_expiring;
pub use transfer::{Move, accept_transfer, ask_transfer, close_transfer, move_within};
pub use waiting::{Waiting, ask_for_bed, jump, withdraw};
