//! The whole path of a message: from a device's connection to the database and to the pages.

pub mod external;
mod numbers;
pub mod rig;
mod shown;
mod stored;

pub use external::turn_at_mosquitto;
