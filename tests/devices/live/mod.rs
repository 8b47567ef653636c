//! The whole path of a message: from a device's connection to the database and to the pages.

mod births;
pub mod external;
mod gaps;
mod numbers;
pub mod rig;
mod set_back;
mod shown;
mod stored;

pub use external::turn_at_mosquitto;
