//! The rows of a day, and proposals.

pub mod day;
pub mod lines;
pub mod proposals;
pub mod sheets;
