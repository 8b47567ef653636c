//! The tables of devices: who they are, where they stand, and what they sent.

mod batch;
mod calibrations;
mod claims;
mod credentials;
mod health;
mod hours;
mod places;
mod quarantine;
mod records;
mod registry;
mod spans;

pub use batch::*;
pub use calibrations::*;
pub use claims::*;
pub use credentials::*;
pub use hours::*;
pub use places::*;
pub use quarantine::*;
pub use records::*;
pub use registry::*;
pub use spans::*;
