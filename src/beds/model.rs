mod check;
mod counts;
mod fit;
mod furnish;
mod kinds;
mod trend;

pub use check::{
    BACKDATE_DAYS_MAX, DAY_PLACE_DAYS_MAX, HOLD_DAYS_MAX, NOTE_MAX, PLAN_DAYS_MAX, check_end, check_note,
    check_planned, check_reason, check_start, check_start_within,
};
pub use counts::{Counts, Fullness, is_idle, is_stale};
pub use fit::{BedFacts, Misfit, Person, Rules, distance_m, misfits};
pub use furnish::{BedInput, ClassInput, ROOM_BEDS_MAX, RoomInput, check_code, misplaced};
pub use kinds::{
    BedKind, BedState, CareLevel, ClaimKind, Destination, Ending, GenderRule, HoldOutcome, LeaveKind,
    OutageReason, Risk, RuleCode, RuleMode, ShownState, TransferState, WaitingState,
};
pub use trend::{DayForecast, DayOccupancy, Period, forecast, occupancy_by_day};
