//! Songhe: elderly-care facilities and home-service dispatch for a city, in one program.

pub mod cli;
pub mod config;
