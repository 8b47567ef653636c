//! The tables of devices: who they are, and what they sent.

mod batch;
mod registry;

pub use batch::*;
pub use registry::*;
