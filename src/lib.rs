//! Songhe: elderly-care facilities and home-service dispatch for a city, in one binary.
pub mod access;
pub mod app;
pub mod bus;
pub mod clock;
pub mod config;
pub mod db;
pub mod devices;
pub mod error;
pub mod text;
