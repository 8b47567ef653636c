//! The tables of devices: who they are, where they stand, and what they sent.

mod batch;
mod cards;
mod hours;
mod limits;
mod places;
mod presence;
mod registry;

pub use batch::*;
pub use cards::*;
pub use hours::*;
pub use limits::*;
pub use places::*;
pub use presence::*;
pub use registry::*;
