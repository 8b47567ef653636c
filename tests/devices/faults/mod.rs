//! Everything that can go wrong between a sensor and a committed reading, and the devices' own list of what was acknowledged.

pub mod broken;
mod cut;
mod disk;
pub mod full;
mod killed;
mod line;
pub mod oracle;
