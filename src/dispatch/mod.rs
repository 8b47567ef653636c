//! Dispatch: who goes to whom, and when.

pub mod solver;
