//! The audit chain as the audit administrator reads and verifies it.

pub mod pages;
mod words;
