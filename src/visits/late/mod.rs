//! Visits that are late or take too long, and to-dos past their deadline.
//!
//! Invariants: lateness is asked of the rows and the clock and never stored; that it was noticed is written down once for each
//! threshold, whatever is restarted and however the clock jumps.

pub(super) mod model;
mod notice;
pub mod store;

pub use model::{LateKind, late_min};
pub use notice::{keep_noticing, notice_due};
