//! Beds: who lives where, what is free, who waits, and what will be.
//!
//! Invariants: stays, holds and outages of a bed never overlap, and an elder is in one bed at a time (the database refuses
//! anything else); a leave lies inside its stay; all periods are half-open `[starts_at, ends_at)`; what a bed is, is asked at
//! an instant and never stored, so the five states of the beds always add up to the beds.

mod admit;
mod agreed;
pub mod api;
mod blocking;
mod classes;
mod confirm;
mod correct;
mod discharge;
mod fit_out;
mod fitting;
mod hold;
mod leave;
mod model;
mod outage;
pub mod pages;
mod record;
pub mod reports;
mod rooms;
mod settle;
pub mod store;
mod timeline;
mod timer;
mod transfer;
mod used_up;
mod waited;
mod waiting;

pub use admit::{Admission, Whom, admit};
pub use agreed::{Agreed, Contact, agree, reveal_contact};
pub use classes::{add_class, change_class, class_input};
pub use confirm::{confirm, set_rule};
pub use correct::{Correction, correct_stay};
pub use discharge::{Departure, discharge, plan_discharge, record_death};
pub use fit_out::{Put, RoomSaid, put_bed, put_room, take_bed_back, take_room_back};
pub use fitting::{Candidate, candidates};
pub use hold::{Holding, expire_due, hold, release_hold};
pub use leave::{Going, end_leave, start_leave};
pub use model::{
    BedInput, BedKind, BedState, CareLevel, ClassInput, Counts, DayForecast, DayOccupancy, Destination,
    Ending, GenderRule, LeaveKind, Misfit, OutageReason, Period, Person, Risk, RoomInput, RuleCode, RuleMode,
    forecast, is_stale, occupancy_by_day,
};
pub use outage::{Taking, put_back, take_out};
pub use rooms::{add_bed, add_room, change_bed, change_room, close_bed, close_room, reopen_bed, reopen_room};
pub use settle::{ResidentSaid, Settled, TAKE_OVER, resident_of, settle, take_over, unsettle};
pub use timeline::timeline;
pub use timer::keep_expiring;
pub use transfer::{Move, accept_transfer, ask_transfer, close_transfer, move_within};
pub use used_up::{UsedUp, give_back};
pub use waited::{WaitSaid, put_in_line, take_entry_back, waits_so};
pub use waiting::{Waiting, ask_for_bed, jump, withdraw};
