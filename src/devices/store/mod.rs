//! The tables of devices: who they are, where they stand, and what they sent.

mod append;
mod batch;
mod calibrations;
mod cards;
mod claims;
mod credentials;
mod days;
mod health;
mod hours;
mod keep;
mod limit;
mod limits;
mod places;
mod presence;
mod quarantine;
mod records;
mod registry;
mod spans;

pub use append::append_readings;
pub use batch::*;
pub use calibrations::*;
pub use cards::*;
pub use claims::*;
pub use credentials::*;
pub use days::*;
pub use hours::*;
pub use keep::*;
pub use limit::append_limit;
pub use limits::*;
pub use places::*;
pub use presence::*;
pub use quarantine::*;
pub use records::*;
pub use registry::*;
pub use spans::*;
