//! The tables of devices: who they are, where they stand, and what they sent.

mod append;
mod batch;
mod days;
mod hours;
mod keep;
mod limit;
mod places;
mod quarantine;
mod registry;
mod spans;

pub use append::append_readings;
pub use batch::*;
pub use days::*;
pub use hours::*;
pub use keep::*;
pub use limit::append_limit;
pub use places::*;
pub use quarantine::*;
pub use registry::*;
pub use spans::*;
