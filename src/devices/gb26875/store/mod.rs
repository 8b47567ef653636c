//! Panels, their frames and parts, refusals and guard checks. What a panel sends takes no scope; pages ask for the device first,
//! by scope.

mod frames;
mod guard;
mod panels;
mod parts;
mod refusals;

pub use frames::*;
pub use guard::*;
pub use panels::*;
pub use parts::*;
pub use refusals::*;
