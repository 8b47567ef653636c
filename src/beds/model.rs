mod check;
mod counts;
mod fit;
mod kinds;
mod trend;

pub use check::{
    BACKDATE_DAYS_MAX, DAY_PLACE_DAYS_MAX, HOLD_DAYS_MAX, NOTE_MAX, PLAN_DAYS_MAX, check_end, check_note,
    check_planned, check_reason, check_start, check_start_within,
};
pub use counts::{Counts, is_stale};
pub use fit::{BedFacts, Misfit, Person, Rules, distance_m, misfits};
pub use kinds::{
    BedKind, BedState, CareLevel, ClaimKind, Destination, Ending, GenderRule, HoldOutcome, LeaveKind,
    OutageReason, Risk, RuleCode, RuleMode, TransferState, WaitingState,
};
pub use trend::{DayForecast, DayOccupancy, Period, forecast, occupancy_by_day};
