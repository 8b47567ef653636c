//! Everything that can go wrong between a sensor and a committed reading, and the devices' own list of what was acknowledged.

pub mod broken;
mod disk;
mod killed;
mod line;
mod oracle;
