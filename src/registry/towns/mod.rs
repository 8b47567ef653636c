//! Towns and streets with their figures: villages, stations, coverage, institutions, beds.

pub mod api;
pub mod model;
pub mod pages;
pub mod store;
